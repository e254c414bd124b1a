"""Incidents in a worker: their state, kept like a memory, and the delivery of what it asks for.

One worker has the partition of the log of alerts. It applies the entries in order, publishes images
of the state, and delivers; what became of a notice is written to the log before the next one is
delivered.
"""
