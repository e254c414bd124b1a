"""Texts from the stream and from people, made short and printable."""

LONGEST = 80
"""Characters of a single name or value, unless said otherwise."""


def shortened(value: object, most: int = LONGEST) -> str:
    """Return anything as printable text on one line, with an ellipsis if it is cut."""
    text = " ".join(str(value)[: 4 * most].split())[: most + 1]
    if not text.isprintable():
        # Unprintable characters could overwrite a terminal's line or reverse its text.
        text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= most else text[: most - 1] + "…"
