"""The kinds of features, and a feature's name taken apart: ``sum:amount:1d``."""

from typing import NamedTuple

from anomaly_app.core.memory.durations import DAY, SECOND, duration_of, duration_text
from anomaly_app.core.visible import quoted
from anomaly_app.errors import DataError

FORMS = (
    "count:WINDOW",
    "sum:NUMBER:WINDOW",
    "mean:NUMBER:WINDOW",
    "max:NUMBER:WINDOW",
    "min:NUMBER:WINDOW",
    "std:NUMBER:WINDOW",
    "distinct:TEXT:WINDOW",
    "distinct_rate:TEXT:WINDOW",
    "zscore:NUMBER:HALF_LIFE",
    "relative:NUMBER:HALF_LIFE",
    "shift:NUMBER:WINDOW:HALF_LIFE",
    "ratio:count:WINDOW:LONGER",
    "ratio:sum:NUMBER:WINDOW:LONGER",
    "ratio:mean:NUMBER:WINDOW:LONGER",
    "since_last",
    "first:TEXT",
    "first:TEXT:SPAN",
    "hours:HALF_LIFE",
    "distance:LATITUDE,LONGITUDE",
    "speed:LATITUDE,LONGITUDE",
    "slope:NUMBER:STEPS",
    "difference:NUMBER",
    "difference:NUMBER:WINDOW",
)
"""How a feature's name is written: words in capitals stand for fields, durations and numbers.

A number may be the logarithm of a field: ``zscore:log(amount):30d``."""

DURATIONS = {"WINDOW", "LONGER", "HALF_LIFE", "SPAN"}

WITHOUT_WINDOWS = {"zscore", "relative", "hours", "first"}
"""Kinds whose durations are half-lives or spans."""

WITH_ONE_WINDOW = {"shift"}
"""Kinds whose first duration is a window, and whose second one is a half-life."""

SHORTEST, LONGEST = SECOND, 30 * DAY
"""Windows and half-lives, in milliseconds."""

USUAL_SPAN = 30 * DAY
"""How long a value at least counts as known, unless a feature says otherwise."""

MOST_STEPS = 8
"""Values that a slope is taken over, at most."""


class Feature(NamedTuple):
    """A feature's name, taken apart."""

    name: str
    """In its usual spelling: ``count:60m`` is ``count:1h``."""
    kind: str
    """The words before the fields: ``sum``, ``ratio:mean``."""
    values: tuple[str, ...] = ()
    """Numbers that it reads: fields, or their logarithms, ``log(amount)``."""
    text: str | None = None
    """The field that it reads as text."""
    durations: tuple[int, ...] = ()
    """Windows, half-life or span, in milliseconds."""
    steps: int = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        """Fields that it reads as numbers."""
        return tuple(logarithm_of(value) or value for value in self.values)

    @property
    def window(self) -> int:
        """Its only or its shorter duration, in milliseconds."""
        return self.durations[0]

    @property
    def windows(self) -> tuple[int, ...]:
        """The durations that are windows, in milliseconds."""
        if self.kind in WITHOUT_WINDOWS:
            return ()
        return self.durations[:1] if self.kind in WITH_ONE_WINDOW else self.durations


def logarithm_of(number: str) -> str | None:
    """Return the field of ``log(field)``, and None for a field itself."""
    inner = number.removeprefix("log(").removesuffix(")")
    return inner if number == f"log({inner})" else None


def feature_of(name: str) -> Feature:
    """Take a feature's name apart.

    Raises
    ------
    DataError
        There is no such kind of feature, or a part of the name is not what its form says.
    """
    parts = [part.strip() for part in name.split(":")]
    forms = [form.split(":") for form in FORMS]
    of_kind = [form for form in forms if form[0] == parts[0]]
    if not of_kind:
        kinds = ", ".join(dict.fromkeys(form[0] for form in forms))
        raise DataError(
            f"feature {quoted(name)}: there is no kind {quoted(parts[0])}: choose from {kinds}"
        )
    for form in of_kind:
        if len(form) == len(parts) and all(
            wanted == part for wanted, part in zip(form, parts, strict=True) if wanted.islower()
        ):
            return _read(name, form, parts)
    written = " or ".join(":".join(form) for form in of_kind)
    raise DataError(f"feature {quoted(name)}: write it as {written}")


def _read(name: str, form: list[str], parts: list[str]) -> Feature:
    what = f"feature {quoted(name)}"
    kind = ":".join(part for part in form if part.islower())
    values: tuple[str, ...] = ()
    text, durations, steps, spelling = None, [], 0, []
    for wanted, part in zip(form, parts, strict=True):
        spelling.append(part)
        if wanted in DURATIONS:
            durations.append(_duration(part, what))
            spelling[-1] = duration_text(durations[-1])
        elif wanted == "STEPS":
            steps = _steps(part, what)
            spelling[-1] = str(steps)
        elif not wanted.islower():
            fields = tuple(field.strip() for field in part.split(",")) if "," in wanted else (part,)
            if len(fields) != wanted.count(",") + 1 or not all(fields):
                raise DataError(f"{what}: it names no {wanted.lower()}: write {':'.join(form)}")
            spelling[-1] = ",".join(fields)
            text = part if wanted == "TEXT" else text
            values = () if wanted == "TEXT" else fields
    if durations != sorted(set(durations)):
        raise DataError(f"{what}: the second duration has to be longer than the first")
    if kind == "first" and not durations:
        durations = [USUAL_SPAN]
    return Feature(":".join(spelling), kind, values, text, tuple(durations), steps)


def _duration(part: str, what: str) -> int:
    duration = duration_of(part, what)
    if not SHORTEST <= duration <= LONGEST:
        raise DataError(f"{what}: {part} is not between 1s and 30d")
    return duration


def _steps(part: str, what: str) -> int:
    if not part.isdecimal() or not 2 <= int(part) <= MOST_STEPS:  # noqa: PLR2004
        raise DataError(f"{what}: a slope is over 2 to {MOST_STEPS} values, not {part}")
    return int(part)
