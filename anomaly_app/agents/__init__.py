"""The edge: the only rooms that know Faust's consumer, topics and agents."""
