"""Decoding: turn the bytes of records into rows of the model's matrix.

`decoder.Decoder` decodes a batch into `decoded.Decoded`; `wire.Wire` says where everything is in a
record. Most records take the fast path (`fast_path`, with the `typed_parser` of one of the
`layouts`), all others the slow path (`slow_path`); `reader_choice` decides which. `framing` handles
the prefix that a schema registry's serializers write before a value.
"""

__all__ = ["decoded", "decoder", "framing", "ordinary", "wire"]
