"""Windows of maintenance: by the calendar of a place, also on days when clocks are set."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.alerts.maintenance import Calendar, end_of_window
from anomaly_app.errors import DataError

BERLIN = "Europe/Berlin"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def moment(text: str, *, second: bool = False) -> float:
    """The second of two equal times is the one after clocks were set back."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN), fold=int(second))
    return local.timestamp()


def is_open(when: str, hours: float, now: float) -> bool:
    return end_of_window(Calendar(when), hours * HOUR, BERLIN, now) is not None


def test_a_window_is_open_from_its_begin_to_before_its_end() -> None:
    assert not is_open("0 2 * * *", 2, moment("2026-07-01T01:59:59"))
    assert is_open("0 2 * * *", 2, moment("2026-07-01T02:00"))
    assert is_open("0 2 * * *", 2, moment("2026-07-01T03:59:59"))
    assert not is_open("0 2 * * *", 2, moment("2026-07-01T04:00"))


def test_the_end_of_the_window_is_told() -> None:
    end = end_of_window(Calendar("30 22 * * SUN"), 4 * HOUR, BERLIN, moment("2026-07-06T01:00"))
    assert end == moment("2026-07-06T02:30")


def test_the_calendar_is_that_of_the_place() -> None:
    now = moment("2026-07-01T02:30")
    assert end_of_window(Calendar("0 2 * * *"), HOUR, BERLIN, now) is not None
    assert end_of_window(Calendar("0 2 * * *"), HOUR, "UTC", now) is None


def test_a_window_in_an_hour_that_is_left_out_opens_at_its_end() -> None:
    assert not is_open("30 2 * * *", 1, moment("2026-03-29T01:59"))
    assert is_open("30 2 * * *", 1, moment("2026-03-29T03:00"))
    assert not is_open("30 2 * * *", 1, moment("2026-03-29T04:00"))


def test_a_window_in_an_hour_that_comes_twice_opens_once_and_lasts_as_long_as_ever() -> None:
    first, second = moment("2026-10-25T02:15"), moment("2026-10-25T02:15", second=True)
    assert second - first == HOUR
    assert is_open("15 2 * * *", 0.5, first)
    assert not is_open("15 2 * * *", 0.5, second)
    assert is_open("15 2 * * *", 2, moment("2026-10-25T02:05", second=True))
    assert not is_open("15 2 * * *", 2, first + 2 * HOUR)


def test_a_window_of_every_hour_opens_in_both_of_two_equal_hours() -> None:
    assert is_open("15 * * * *", 0.25, moment("2026-10-25T02:20"))
    assert is_open("15 * * * *", 0.25, moment("2026-10-25T02:20", second=True))


def part(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.just("*") | number.map(str) | ranges | number.map(lambda n: f"*/{n or 1}")


NEAR_SHIFTS = st.sampled_from(["2026-03-29T00:00", "2026-10-25T00:00", "2026-12-31T12:00"])


@given(part(0, 59), part(0, 23), part(0, 6), NEAR_SHIFTS, st.integers(-60 * 6, 60 * 12))
def test_a_window_is_open_exactly_if_one_of_the_past_days_began_it(
    minute: str, hour: str, weekday: str, day: str, shift: int
) -> None:
    when, now = f"{minute} {hour} * * {weekday}", moment(day) + shift * MINUTE
    start = datetime.fromtimestamp(now - 8 * DAY, tz=ZoneInfo(BERLIN))
    begins = []
    for begin in CronSim(when, start):
        if begin.timestamp() > now:
            break
        begins.append(begin.timestamp())
    for hours in (0.5, 3.0, 30.0):
        latest = max((begin for begin in begins if now < begin + hours * HOUR), default=None)
        expected = None if latest is None else latest + hours * HOUR
        assert end_of_window(Calendar(when), hours * HOUR, BERLIN, now) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nightly",
        "0 2 * *",
        "0 0 2 * * *",
        "60 2 * * *",
        "0 24 * * *",
        "0 2 30 2 *",
        "0 2 * * FUN",
        "0 2 * * 1-\u0665",
        "*/0 * * * *",
        "L/x * * * *",
        "1," * 200 + "1 * * * *",
        "\x1b[2J 2 * * *",
    ],
)
def test_what_is_no_calendar_expression_gets_one_line(text: str) -> None:
    with pytest.raises(DataError, match="write minute, hour") as refused:
        Calendar(text)
    assert str(refused.value).isprintable()


def calendar_or_refusal(text: str) -> Calendar | str:
    try:
        return Calendar(text)
    except DataError as refused:
        return str(refused)


@given(st.text(st.sampled_from("0123456789*/-,L#W MONJAFEB\u0665"), max_size=20))
def test_any_text_is_a_calendar_or_gets_one_line(text: str) -> None:
    calendar = calendar_or_refusal(text)
    if isinstance(calendar, str):
        assert calendar.isprintable()
        return
    assert Calendar(str(calendar)) == calendar
    end_of_window(calendar, HOUR, BERLIN, moment("2026-03-29T03:00"))


def test_a_window_of_leap_days_is_open_on_one_and_not_on_the_next_day() -> None:
    leap = moment("2028-02-29T00:10")
    assert is_open("0 0 29 2 *", 1, leap)
    assert not is_open("0 0 29 2 *", 1, leap + DAY)
