"""The features of the preset ``card-transactions``, as one writes them on a store of values.

Both peers use them: an entity's past is one JSON object, read and written once for each event.
Windows are rings of buckets, and the usual amount has a weight that halves every thirty days.
"""

import math
from datetime import datetime
from typing import Any, TypeAlias

HOUR, DAY = 3_600, 86_400
WINDOWS = {"1h": (HOUR, 600), "1d": (DAY, 14_400), "7d": (7 * DAY, DAY), "30d": (30 * DAY, 5 * DAY)}
"""Length and bucket of each window, in seconds."""

HALF_LIFE = 30 * DAY

Past: TypeAlias = dict[str, Any]


def features_and_past(past: Past, payment: dict[str, Any]) -> tuple[dict[str, float], Past]:
    """Return the features of a payment, and the past with the payment in it."""
    time = datetime.fromisoformat(payment["time"]).timestamp()
    amount = payment["features"]["amount"]
    counts, sums, windows = {}, {}, {}
    for name, (length, bucket) in WINDOWS.items():
        first = (time - length) // bucket
        kept = [each for each in past.get("windows", {}).get(name, ()) if each[0] >= first]
        counts[name] = sum(each[1] for each in kept)
        sums[name] = sum(each[2] for each in kept)
        number = time // bucket
        if kept and kept[-1][0] == number:
            kept[-1] = [number, kept[-1][1] + 1, kept[-1][2] + amount]
        else:
            kept.append([number, 1, amount])
        windows[name] = kept
    features = {}
    for name in ("1h", "1d", "7d"):
        share = WINDOWS[name][0] / WINDOWS["30d"][0]
        features[f"ratio:count:{name}"] = (counts[name] + 1) / (counts["30d"] * share + 1)
        usual = sums["30d"] / max(counts["30d"], 1) or amount
        features[f"ratio:sum:{name}"] = (sums[name] + amount) / (sums["30d"] * share + usual)
    weight, mean = past.get("weight", 0.0), past.get("mean", 0.0)
    logarithm = math.log1p(max(amount, 0.0))
    features["relative:amount"] = logarithm - mean if weight else 0.0
    weight = weight * 0.5 ** ((time - past.get("time", time)) / HALF_LIFE) + 1.0
    mean += (logarithm - mean) / weight
    return features, {"windows": windows, "weight": weight, "mean": mean, "time": time}
