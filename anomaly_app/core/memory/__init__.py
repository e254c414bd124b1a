"""The memory of every entity: what its past says about its next event.

`spec.MemorySpec` says which keys and features there are, `layout.Plan` lays one key's records out,
and `partition_memory.PartitionMemory` is the state of one partition: it takes events in the order
of their offsets and returns features, each the state before the event combined with the event. The
state is a function of the log alone: not of the size of batches, of clocks or of the machine.
"""

__all__ = [
    "events",
    "features",
    "hashing",
    "image",
    "layout",
    "partition_memory",
    "profile",
    "profile_data",
    "spec",
    "wording",
]
