"""Text from the stream, made fit for a terminal and for a line of a log."""


def visible(data: bytes | str, most: int) -> str:
    """Write anything as printable characters of one line, `most` of the original at most."""
    if isinstance(data, bytes):
        # A character has 4 bytes at most; one that is cut here is beyond those shown.
        data = data[: 4 * most + 4].decode(errors="backslashreplace")
    shown = "".join(sign if sign.isprintable() else _escaped(sign) for sign in data[:most])
    return shown + "…" if len(data) > most else shown


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", errors="backslashreplace").decode("ascii")
