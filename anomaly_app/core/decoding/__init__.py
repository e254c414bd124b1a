"""Decoding: from a record's bytes to rows of the model's matrix."""
