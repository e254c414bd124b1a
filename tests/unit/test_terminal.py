"""How far a long read is, on a terminal and elsewhere."""

from contextlib import suppress
from io import StringIO

from anomaly_app.terminal import ERASE, Progress


class Screen(StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Tells the time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_long_read_is_spoken_of_in_one_line_that_is_gone_in_the_end() -> None:
    screen, clock = Screen(), Clock()
    with Progress("reading letters", screen, clock=clock) as progress:
        for clock.now, done in [(0.5, 100), (1.1, 12_000), (1.2, 12_100), (1.4, 15_000)]:
            progress(done, 20_000)
        progress(20_000, 20_000)
    assert screen.getvalue().split(ERASE) == [
        "",
        "reading letters: 12,000 of 20,000 (60 %)",
        "reading letters: 15,000 of 20,000 (75 %)",
        "",
    ]


def test_a_short_read_is_not_spoken_of() -> None:
    screen, clock = Screen(), Clock()
    with Progress("reading letters", screen, clock=clock) as progress:
        clock.now = 0.9
        progress(10, 20)
        clock.now = 1.5
        progress(20, 20)
    assert screen.getvalue() == ""


def test_where_there_is_no_terminal_nothing_is_said() -> None:
    file, clock = StringIO(), Clock()
    with Progress("reading letters", file, clock=clock) as progress:
        clock.now = 60.0
        progress(10, 20)
    assert file.getvalue() == ""


def test_a_fault_finds_an_empty_line() -> None:
    screen, clock = Screen(), Clock()
    with suppress(OSError), Progress("reading letters", screen, clock=clock) as progress:
        clock.now = 2.0
        progress(10, 20)
        raise OSError
    assert screen.getvalue().endswith(f"reading letters: 10 of 20 (50 %){ERASE}")
