"""What the name of a column says of its part: compared without case, spaces and prefixes."""

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
"""Names in order of preference by the part that they suggest, as `plain_name` writes them."""

PREFIXES = ("event", "transaction", "trans", "txn", "tx")
"""What a name may begin with and still mean the same."""


def plain_name(name: str) -> str:
    """Write a name without case, spaces, underscores, dashes, slashes, question marks and dots."""
    return re.sub(r"[\s_\-/?.]", "", name.casefold())


def words_of(name: str) -> list[str]:
    """List the words of a name, without case: of ``isFraud``, ``is_fraud`` and ``Is Fraud?``."""
    parts = re.split(r"[\W_]+", name)
    found = [re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\d]+|\d+", part) for part in parts]
    return [word.casefold() for words in found for word in words]


def may_be_label(column: str) -> bool:
    """Tell whether a column's name is one of a label: it is no feature unless it is named."""
    return bool(_meanings(column) & set(NAMES["label"]))


def suggested(part: str, columns: Sequence[str]) -> list[str]:
    """List the columns whose names suggest a part, the most telling first."""
    ranks = {name: rank for rank, name in reversed([*enumerate(NAMES[part])])}
    found = [
        (min(ranks[name] for name in meant), index, column)
        for index, column in enumerate(columns)
        if (meant := _meanings(column) & ranks.keys())
    ]
    return [column for _, _, column in sorted(found)]


def _meanings(column: str) -> set[str]:
    """List what a name may mean: itself, and itself without a prefix of `PREFIXES`."""
    name = plain_name(column)
    return {name, *(name.removeprefix(prefix) for prefix in PREFIXES)}
