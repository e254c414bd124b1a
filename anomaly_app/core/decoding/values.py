"""Read and check a single value of a feature."""

import math
from typing import Any

from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.json_reading import number_in
from anomaly_app.core.model.feature import Feature, FeatureValue
from anomaly_app.core.visible import quoted
from anomaly_app.errors import RecordRejected, Rejection


def read_value(feature: Feature, value: Any, wire: Wire, texts: list[str]) -> FeatureValue:
    """Read one feature's value; a number in a string is also added to `texts`.

    Raises
    ------
    RecordRejected
        It has the wrong type.
    """
    if value is None:
        return None
    if feature.kind == "category":
        if type(value) in (str, int):
            text: FeatureValue = value
            return text
        raise _wrong(feature, value, "a string")
    if type(value) is str:
        number = number_in(value)
        if number is None:
            raise _wrong(feature, value, "a number")
        if wire.strict:
            shown = value.strip()[:40]
            raise RecordRejected(
                Rejection.WRONG_TYPE,
                f"feature {feature.name!r} is a string; send {shown}, not {quoted(value)}",
            )
        texts.append(value)
    elif type(value) in (int, float, bool):
        number = _to_float(value)
    else:
        raise _wrong(feature, value, "a number")
    if not math.isfinite(number):
        raise RecordRejected(
            Rejection.NOT_FINITE, f"feature {feature.name!r} is larger than a double can hold"
        )
    return None if number in wire.roles.missing else number


def _to_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _wrong(feature: Feature, value: Any, expected: str) -> RecordRejected:
    return RecordRejected(
        Rejection.WRONG_TYPE, f"feature {feature.name!r} is {name_of(value)}; send {expected}"
    )


def name_of(value: Any) -> str:
    """Describe a value, to be used within a sentence."""
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {str(value)[:40]}"
    return "an object" if isinstance(value, dict) else "a list"
