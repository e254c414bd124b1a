"""What an operator asks of memories: how far they are, whether they are right, and a new start."""
