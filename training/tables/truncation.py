"""What is shown of texts that may be of any length."""


def cut(text: str, most: int) -> str:
    """Give a text, or its first letters with an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"
