"""Mutated records on the whole way from a record's bytes to the words of an alert: `make fuzz`."""
