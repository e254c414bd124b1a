"""Guess the part of a column from its name, ignoring case, spaces and prefixes."""

import re
from collections.abc import Sequence

NAMES: dict[str, tuple[str, ...]] = {
    "label": (
        *("isfraud", "fraud", "fraudulent", "isfraudulent", "fraudlabel", "fraudflag", "label"),
        *("labels", "isanomaly", "anomaly", "anomalous", "outlier", "isoutlier", "attack"),
        *("isattack", "class", "target", "groundtruth", "y", "failure", "machinefailure"),
        *("changepoint",),
    ),
    "time": (
        *("time", "timestamp", "ts", "unixtime", "datetime", "timestampms", "epoch", "createdat"),
        *("currenttime", "transdatetranstime", "occurredat", "dt", "date", "eventtimestamp"),
    ),
    "key": (
        *("entity", "entityid", "key", "cust", "customer", "customerid", "account", "accountid"),
        *("card", "cardid", "cardnumber", "ccnum", "user", "userid", "client", "clientid"),
        *("device", "deviceid", "machine", "machineid", "sensor", "sensorid", "host", "hostname"),
        *("station", "stationid", "meter", "meterid", "patientid", "nameorig", "series"),
    ),
    "id": (*("id", "transnum", "transid", "txid", "uuid", "guid", "orderid", "recordid", "rowid"),),
}
"""Names that suggest each part, in order of preference, in the form of `plain_name`."""

PREFIXES = ("event", "transaction", "trans", "txn", "tx")
"""Prefixes that do not change the meaning of a name."""


def plain_name(name: str) -> str:
    """Return a name in lower case, without spaces or any of ``_-/?.``."""
    return re.sub(r"[\s_\-/?.]", "", name.casefold())


def words_of(name: str) -> list[str]:
    """Split a name such as ``isFraud``, ``is_fraud`` or ``Is Fraud?`` into lower-case words."""
    parts = re.split(r"[\W_]+", name)
    found = [re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\d]+|\d+", part) for part in parts]
    return [word.casefold() for words in found for word in words]


def may_be_label(column: str) -> bool:
    """Return whether a column may be a label, which is a feature only if named explicitly."""
    return bool(_meanings(column) & set(NAMES["label"]))


def suggested(part: str, columns: Sequence[str]) -> list[str]:
    """Return the columns whose names suggest a part, best match first."""
    ranks = {name: rank for rank, name in reversed([*enumerate(NAMES[part])])}
    found = [
        (min(ranks[name] for name in meant), index, column)
        for index, column in enumerate(columns)
        if (meant := _meanings(column) & ranks.keys())
    ]
    return [column for _, _, column in sorted(found)]


def _meanings(column: str) -> set[str]:
    """Return what a name may mean: itself, and itself without a prefix in `PREFIXES`."""
    name = plain_name(column)
    return {name, *(name.removeprefix(prefix) for prefix in PREFIXES)}
