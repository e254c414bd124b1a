"""Records as broken producers write them."""

from collections.abc import Mapping
from typing import Any

import msgspec


def malformed(transaction: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return broken versions of a record.

    Parameters
    ----------
    transaction
        A record in the documented format; the last of its features is a number.
    """
    features: dict[str, Any] = transaction["features"]
    number = list(features)[-1]
    whole = msgspec.json.encode(transaction)

    def with_features(changed: object) -> bytes:
        return msgspec.json.encode({**transaction, "features": changed})

    return (
        whole[: len(whole) * 2 // 3],
        with_features({**features, number: "twelve"}),
        with_features({**features, number: msgspec.Raw(b"NaN")}),
        with_features([1.0]),
        msgspec.json.encode({**transaction, "time": "9999-12-31T00:00:00Z"}),
        ";".join(f"{name}={value}" for name, value in features.items()).encode(),
        msgspec.json.encode({**transaction, "entity": "?"}).replace(b'"?"', b'"\xff\xfe"'),
    )
