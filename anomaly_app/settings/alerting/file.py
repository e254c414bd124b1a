"""Read ``alerting.yml``, and say in one line what is wrong with it and where."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import msgspec

from anomaly_app.core.alerts.maintenance import Calendar
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.visible import listed, quoted
from anomaly_app.errors import DataError, SettingsError
from anomaly_app.settings.alerting.faults import in_words, mistake_in_words
from anomaly_app.settings.alerting.plain_yaml import read_yaml
from anomaly_app.settings.alerting.policy import Alerting, Route
from anomaly_app.settings.alerting.quantities import Duration, Rate
from anomaly_app.settings.alerting.receivers import LogReceiver, Receiver, SlackReceiver

WRITTEN = (Duration, Rate, Matcher, Calendar)
"""What is written as text and read by `parse`."""

MOST_NAMES = 5
"""Names in an error."""


def read_alerting(path: Path | None, *, slack: bool) -> Alerting:
    """Read and check the file.

    Parameters
    ----------
    path
        None if there is no file: then everything is the default.
    slack
        Whether there is a token for Slack; if so, and the file has no receivers, Slack is one.

    Raises
    ------
    SettingsError
        It cannot be read or is wrong; the text is one line with the file's name and the place.
    """
    if path is None:
        return _with_defaults(Alerting(), slack=slack)
    try:
        text = path.read_bytes().decode()
    except OSError as fault:
        raise SettingsError(f"{path.name}: it cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise SettingsError(f"{path.name}: byte {fault.start + 1} is not UTF-8") from None
    try:
        return parse_alerting(text, slack=slack)
    except DataError as fault:
        raise SettingsError(f"{path.name}: {fault}") from None


def parse_alerting(text: str, *, slack: bool) -> Alerting:
    """Read and check the text of the file; see `read_alerting`.

    Raises
    ------
    DataError
        It is wrong; the text is one line that begins with the place.
    """
    data = read_yaml(text)
    try:
        read = msgspec.convert({} if data is None else data, Alerting, dec_hook=_parse)
    except msgspec.ValidationError as fault:
        raise DataError(in_words(str(fault))) from None
    alerting = _with_defaults(read, slack=slack)
    for mistake in _mistakes(alerting):
        raise DataError(mistake)
    return alerting


def _parse(kind: type, value: object) -> object:
    for written in WRITTEN:
        if kind is written:
            if not isinstance(value, str):
                raise ValueError(mistake_in_words(value))
            try:
                return written.parse(value)
            except DataError as fault:
                raise ValueError(str(fault)) from None
    raise NotImplementedError(kind)


def _with_defaults(alerting: Alerting, *, slack: bool) -> Alerting:
    usual: Receiver = SlackReceiver(name="slack") if slack else LogReceiver(name="log")
    receivers = alerting.receivers or (usual,)
    routes = alerting.routes or (Route(receivers=tuple(one.name for one in receivers)),)
    return msgspec.structs.replace(alerting, receivers=receivers, routes=routes)


def _mistakes(alerting: Alerting) -> Iterator[str]:
    names = [one.name for one in alerting.receivers]
    yield from _twice("receivers", names)
    yield from _twice("maintenance", [one.name for one in alerting.maintenance])
    for index, route in enumerate(alerting.routes):
        for place, name in enumerate(route.receivers):
            if name not in names:
                yield (
                    f"routes[{index}].receivers[{place}]: there is no receiver {quoted(name)}; "
                    + _meant(name, names)
                )
            if name in route.receivers[:place]:
                yield f"routes[{index}].receivers[{place}]: {quoted(name)} is there twice"
    yield from _lost_or_unreached(alerting.routes, names[0])


def _twice(where: str, names: list[str]) -> Iterator[str]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"{where}[{index}].name: {quoted(name)} is there twice"


def _lost_or_unreached(routes: tuple[Route, ...], example: str) -> Iterator[str]:
    last = len(routes) - 1
    for index, route in enumerate(routes[:last]):
        if not route.match and not route.goes_on:
            yield (
                f"routes[{index + 1}]: it is never reached: routes[{index}] has no match, so it "
                "is for all incidents: add match or continue: true there"
            )
    if routes[last].match:
        yield (
            f"routes[{last}]: the last route has to be for all incidents, so that none is lost: "
            f"add one without match: - receivers: [{example}]"
        )


def _meant(name: str, names: list[str]) -> str:
    if close := get_close_matches(name, names, n=1):
        return f"did you mean {quoted(close[0])}?"
    return f"there are {listed(names, most=MOST_NAMES)}"
