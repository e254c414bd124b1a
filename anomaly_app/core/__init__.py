"""The pure rooms: bytes and arrays in, verdicts out; no Faust, no I/O, no clock."""
