"""What people say, as the messages of the feedback topic: answers, silences, labels."""

__all__ = ["messages"]
