"""Truncation of texts in messages."""


def cut(text: str, most: int) -> str:
    """Return a text, cut to a maximum length with an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"
