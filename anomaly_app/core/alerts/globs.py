"""Patterns with ``*`` and ``?``, in time that no pattern can stretch."""

from functools import lru_cache


def is_glob_of(pattern: str, text: str) -> bool:
    """Return whether a pattern matches a whole text.

    All states of the pattern's automaton are bits of one integer, which are moved together by one
    character (Baeza-Yates and Gonnet 1992): there is no backtracking, and time grows with the
    length of the text, whatever the pattern.

    Parameters
    ----------
    pattern
        ``*`` stands for any text, ``?`` for any character, all others for themselves.
    text
        Upper and lower case differ.
    """
    takes, any_sign, stays, last = _automaton(pattern)
    states = 1
    for sign in text:
        states = ((states & (takes.get(sign, 0) | any_sign)) << 1) | (states & stays)
        if not states:
            return False
    return bool(states & last)


@lru_cache(maxsize=1024)
def _automaton(pattern: str) -> tuple[dict[str, int], int, int, int]:
    """Return the states that a sign takes on, that any sign does, that stay, and the last one."""
    takes: dict[str, int] = {}
    any_sign = stays = 0
    state = 1
    for sign in pattern:
        if sign == "*":
            stays |= state
            continue
        if sign == "?":
            any_sign |= state
        else:
            takes[sign] = takes.get(sign, 0) | state
        state <<= 1
    return takes, any_sign, stays, state
