"""Which values of a label mark anomalies."""

import re
from collections.abc import Collection

from anomaly_app.errors import DataError

ANOMALOUS = frozenset(
    {
        "1",
        "yes",
        "y",
        "ja",
        "oui",
        "si",
        "true",
        "t",
        "fraud",
        "fraudulent",
        "isfraud",
        "anomaly",
        "anomalous",
    }
    | {"anomalies", "anom", "abnormal", "attack", "outlier", "o", "bad", "malicious", "malware"}
    | {"intrusion", "failure", "fail", "failed", "fault", "faulty", "broken", "positive", "spam"}
    | {"suspicious", "scam", "illicit", "chargeback", "error", "defect", "defective"}
)
NORMAL = frozenset(
    {
        "0",
        "no",
        "n",
        "nein",
        "non",
        "false",
        "f",
        "legit",
        "legitimate",
        "genuine",
        "normal",
        "benign",
        "ok",
    }
    | {"okay", "good", "none", "nominal", "regular", "ordinary", "inlier", "healthy", "clean"}
    | {"pass", "passed", "nonfraud", "notfraud", "nofraud", "valid", "negative", "ham", "licit"}
    | {"nofailure", "noanomaly", "nonanomaly", "notanomaly", "noattack", "background", "nofault"}
)
"""Values of labels, as normalised by `plain`."""

MAX_CLASSES = 20
"""Maximum number of different whole numbers that may be classes, with 0 as the normal one."""

SHOWN = 8


def plain(text: str) -> str:
    """Normalise a value: no case, spaces, dashes, quotes or trailing decimals."""
    bare = re.sub(r"[\s_\-'\".]+$|^[\s'\"]+", "", text.casefold())
    if re.fullmatch(r"[+-]?\d+(\.0*)?", bare):
        return str(int(float(bare)))
    return re.sub(r"[\s_\-]", "", bare)


def anomalous_values(
    name: str, counts: dict[str, int], value: str | None, *, normal: Collection[str] = ()
) -> tuple[set[str], tuple[str, ...]]:
    """Select the values that mark anomalies, with a warning if they were inferred.

    Parameters
    ----------
    name
        Name of the column.
    counts
        Number of rows of each value.
    value
        The value that marks anomalies; None: the usual ones.
    normal
        Values that mean normal because they are placeholders, such as dashes.
    """
    words = {text: "none" if text in normal else plain(text) for text in counts}
    if value is not None:
        if plain(value) not in words.values():
            raise DataError(f"no row of {name!r} has the value {value!r}: {_listed(name, counts)}")
        return {text for text, word in words.items() if word == plain(value)}, ()
    kinds = set(words.values())
    if kinds <= ANOMALOUS | NORMAL:
        return {text for text, word in words.items() if word in ANOMALOUS}, ()
    if kinds in ({"1", "2"}, {"-1", "1"}):
        usual = "2" if "2" in kinds else "-1"
        sums = {kind: sum(counts[text] for text in counts if words[text] == kind) for kind in kinds}
        rarer = min(kinds, key=lambda kind: (sums[kind], kind != usual))
        return _concluded(name, counts, {text for text in counts if words[text] == rarer})
    # A single letter proves nothing beside unknown values: m and f, x and y.
    usual_ones = {text for text, word in words.items() if word in NORMAL and _tells(word)}
    numbers = all(re.fullmatch(r"-?\d+", kind) for kind in kinds)
    if usual_ones and (not _are_numbers(kinds) or (numbers and len(kinds) <= MAX_CLASSES)):
        return _concluded(name, counts, set(counts) - usual_ones)
    anomalous = {text for text, word in words.items() if word in ANOMALOUS and _tells(word)}
    if anomalous and len(kinds) == 2 and not _are_numbers(kinds):  # noqa: PLR2004
        return _concluded(name, counts, anomalous)
    raise DataError(
        f"cannot tell which values of the label {name!r} mark anomalies: {_listed(name, counts)}; "
        f"set --roles 'label={quoted(name)}:VALUE'"
    )


def _tells(word: str) -> bool:
    return len(word) > 1 or word == "0"


def _are_numbers(kinds: set[str]) -> bool:
    return all(re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", kind) for kind in kinds)


def _concluded(
    name: str, counts: dict[str, int], anomalous: set[str]
) -> tuple[set[str], tuple[str, ...]]:
    def shown(texts: list[str]) -> str:
        return ", ".join(map(repr, texts[:SHOWN])) + (", …" if len(texts) > SHOWN else "")

    normal = [text for text in counts if text not in anomalous]
    found = [text for text in counts if text in anomalous]
    return anomalous, (
        f"label {name}: {shown(found)} counts as an anomaly and {shown(normal)} as normal; to "
        f"change this, set label={quoted(name)}:VALUE",
    )


def _listed(name: str, counts: dict[str, int]) -> str:
    shown = [
        f"{text[:40]!r} ({many:,} row{'s' * (many != 1)})"
        for text, many in list(counts.items())[:SHOWN]
    ]
    more = f" and {len(counts) - SHOWN:,} more" if len(counts) > SHOWN else ""
    return f"its values are {', '.join(shown)}{more}" if shown else f"{name} is empty"


def quoted(name: str) -> str:
    """Quote a name for --roles if it needs quotes."""
    return f'"{name}"' if re.search(r"\s", name) else name
