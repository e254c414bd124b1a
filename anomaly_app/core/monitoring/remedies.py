"""What to do about each rejection."""

from anomaly_app.errors import Rejection

REMEDIES: dict[str, str] = {
    Rejection.NULL_VALUE: (
        "these are deletions in a compacted topic or a table, not transactions; keep them off "
        "this topic, or set ANOMALY_TRANSACTIONS_TOPIC to another one"
    ),
    Rejection.TOO_LARGE: "raise ANOMALY_MAX_RECORD_BYTES, or send smaller records",
    Rejection.NOT_UTF8: (
        "send JSON in UTF-8, or Avro or Protobuf with a schema registry; individually "
        "compressed values are not read"
    ),
    Rejection.NOT_JSON: (
        "send JSON, one object per record, or Avro or Protobuf with a schema registry; CSV, NaN "
        "and Infinity are not read"
    ),
    Rejection.NOT_AN_OBJECT: "send each transaction as a JSON object in a record of its own",
    Rejection.NO_SCHEMA: (
        "install anomaly-app[registry], set ANOMALY_SCHEMA_REGISTRY to the registry that the "
        "producers use, and replay the records"
    ),
    Rejection.SCHEMA_MISMATCH: (
        "make producers write with the serializer of their schema registry, and check that "
        "ANOMALY_SCHEMA_REGISTRY is that registry"
    ),
    Rejection.NO_FEATURES: (
        "set ANOMALY_PAYLOAD to where the transaction is, or ANOMALY_ROLES to which field is which "
        "feature (`python -m training inspect` with the model's folder lists them), or train on "
        "what is sent"
    ),
    Rejection.WRONG_LENGTH: (
        "send one transaction per message, with as many values as the model has features, in its "
        "order (`python -m training inspect` with the folder of ANOMALY_MODEL shows them), or "
        "send them by name"
    ),
    Rejection.WRONG_TYPE: (
        "send the fields named in the dead letters as described there, or train a model on the "
        "fields as they are sent"
    ),
    Rejection.NOT_FINITE: "send null if there is no number; 1e999 and the like are not read",
    Rejection.BAD_TIME: (
        "send `time` in ISO 8601 or as seconds since 1970, or leave it out: then Kafka's "
        "timestamp is used"
    ),
    Rejection.UNSCORABLE: (
        "the model or this app fails on these records, which is a bug: report the exception "
        "named in the dead letters, and replay them after an update"
    ),
    Rejection.UNALERTABLE: (
        "nobody was alerted to these anomalies, because the alert text could not be written: "
        "look at them, and report the error named in the dead letters"
    ),
}
"""One remedy per rejection, naming the setting or field to change."""


def remedy(reason: str) -> str:
    """Return short advice about a rejection."""
    return REMEDIES.get(reason, f"look at them: {list_command(reason)}")


def list_command(reason: str) -> str:
    """Return the command that shows the dead letters of a reason."""
    return f"faust -A anomaly_app.app dlq list --reason {reason}"
