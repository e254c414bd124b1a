"""Words in the names of label columns."""

from difflib import get_close_matches

from anomaly_app.core.roles.column_names import words_of

SURELY = frozenset(
    {
        *("fraud", "fraudulent", "frauds", "anomaly", "anomalous", "anomalies", "outlier"),
        *("outliers", "attack", "attacked", "intrusion", "malicious", "malware", "scam"),
        *("laundering", "phishing", "illicit", "chargeback", "suspicious", "spam"),
        *("botnet", "ddos", "ransomware", "exploit"),
    }
)
LIKELY = frozenset(
    {
        *("label", "labels", "labeled", "labelled", "abnormal", "failure", "failures", "fault"),
        *("faulty", "defect", "defective", "alarm", "breakdown", "broken", "groundtruth"),
        *("fail", "failed", "bankrupt", "bankruptcy", "delinquent", "delinquency"),
    }
)
PERHAPS = frozenset(
    {
        *("churn", "churned", "attrition", "default", "defaulted", "target", "flag", "flagged"),
        *("outcome", "exited", "rejected", "error"),
    }
)
"""Words in names of labels, from certain to possible."""

NO_LABELS = frozenset(
    {
        *("count", "counts", "value", "values", "id", "number", "num", "no", "nr", "rate", "ratio"),
        *("score", "temperature", "temp", "time", "date", "at", "amount", "total", "sum", "mean"),
        *("avg", "min", "max", "days", "reason", "level", "size", "pressure", "speed", "setpoint"),
        *("previous", "prev", "prior", "past", "last", "history", "ever", "code", "url", "text"),
        *("holiday", "weekend", "weekday", "workday", "protection", "device"),
        *("probability", "prob", "prediction", "predicted", "threshold", "limit", "name"),
    }
)
"""Words beside them that rule out a label."""

KINDS = frozenset({"type", "kind", "cat", "category", "class", "family"})
"""Words beside them that mean the type of attack or failure."""

LONG = 8
"""Minimum length of words that are recognised with typos."""

ALIKE = 0.9
"""Minimum similarity of such a word, 0 to 1."""

BY_RANK = (SURELY, LIKELY, PERHAPS)
RANKS = len(BY_RANK)


def word_of_label(column: str) -> tuple[int, str] | None:
    """Return the word in a column's name that suggests a label, and its rank; lower is surer."""
    words = words_of(column)
    if NO_LABELS & {*words}:
        return None
    for rank, of_labels in enumerate(BY_RANK):
        if found := next((word for word in words if _is_one(word, of_labels)), None):
            return rank + RANKS * bool(KINDS & {*words}), found
    return None


def _is_one(word: str, of_labels: frozenset[str]) -> bool:
    if word in of_labels:
        return True
    # Long words may have typos.
    return len(word) >= LONG and bool(get_close_matches(word, of_labels, n=1, cutoff=ALIKE))
