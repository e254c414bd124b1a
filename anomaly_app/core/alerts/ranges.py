"""The values of one reason of an incident's members."""

import math

import msgspec

MOST_WORDS = 5


class Range(msgspec.Struct, array_like=True):
    """What is known of one reason of an incident's members."""

    members: int = 0
    share: float = 0.0
    """Sum of the shares."""
    lowest: float | None = None
    highest: float | None = None
    words: dict[str, int] = {}
    """Values that are no numbers, with their counts; some of them."""
    expected: float | str | None = None

    def add(self, actual: float | str | None, expected: float | str | None, share: float) -> None:
        """Add the reason of a member."""
        self.members += 1
        self.share += share
        self.expected = expected
        if isinstance(actual, float) and math.isfinite(actual):
            self.lowest = actual if self.lowest is None else min(self.lowest, actual)
            self.highest = actual if self.highest is None else max(self.highest, actual)
        elif isinstance(actual, str) and (actual in self.words or len(self.words) < MOST_WORDS):
            self.words[actual] = self.words.get(actual, 0) + 1

    def join(self, other: "Range") -> None:
        """Add what is known of the same reason of other members."""
        self.members += other.members
        self.share += other.share
        self.expected = self.expected if self.expected is not None else other.expected
        lows = [low for low in (self.lowest, other.lowest) if low is not None]
        highs = [high for high in (self.highest, other.highest) if high is not None]
        self.lowest, self.highest = min(lows, default=None), max(highs, default=None)
        for word, count in other.words.items():
            if word in self.words or len(self.words) < MOST_WORDS:
                self.words[word] = self.words.get(word, 0) + count
