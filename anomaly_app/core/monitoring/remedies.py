"""What to do about each rejection."""

from anomaly_app.errors import Rejection

REMEDIES: dict[str, str] = {
    Rejection.NULL_VALUE: (
        "these delete, from a compacted topic or from a table: they are no transactions; keep "
        "them off this topic, or name another one in ANOMALY_TRANSACTIONS_TOPIC"
    ),
    Rejection.TOO_LARGE: "raise ANOMALY_MAX_RECORD_BYTES, or send smaller records",
    Rejection.NOT_UTF8: (
        "send JSON in UTF-8, or Avro or Protobuf with a schema registry; values that are "
        "compressed on their own are not read"
    ),
    Rejection.NOT_JSON: (
        "send JSON, one object a record, or Avro or Protobuf with a schema registry; CSV, NaN and "
        "Infinity are not read"
    ),
    Rejection.NOT_AN_OBJECT: "send each transaction as a JSON object, and in a record of its own",
    Rejection.NO_SCHEMA: (
        "install anomaly-app[registry], set ANOMALY_SCHEMA_REGISTRY to the registry that the "
        "producers use, and replay the records"
    ),
    Rejection.SCHEMA_MISMATCH: (
        "let producers write with the serializer of their schema registry, and check that "
        "ANOMALY_SCHEMA_REGISTRY is that registry"
    ),
    Rejection.NO_FEATURES: (
        "set ANOMALY_PAYLOAD to where the transaction is, or ANOMALY_ROLES to which field is which "
        "feature (`python -m training inspect` with the model's folder lists them), or train on "
        "what is sent"
    ),
    Rejection.WRONG_LENGTH: (
        "send one transaction a message, with as many values as the model has features, in its "
        "order (`python -m training inspect` with the folder of ANOMALY_MODEL shows them), or "
        "send them by name"
    ),
    Rejection.WRONG_TYPE: (
        "send the field that the dead letters name as they say, or train a model on the fields "
        "as they are sent"
    ),
    Rejection.NOT_FINITE: "send null where there is no number; 1e999 and the like are not read",
    Rejection.BAD_TIME: (
        "send `time` in ISO 8601 or as seconds since 1970, or leave it out: Kafka's timestamp "
        "counts then"
    ),
    Rejection.UNSCORABLE: (
        "the model, or this app, raises at these records, which is a bug: report the exception "
        "that the dead letters name, and replay them after an update"
    ),
    Rejection.UNALERTABLE: (
        "nobody was alerted on these anomalies, since their words could not be written: look at "
        "them, and report the fault that the dead letters name"
    ),
}
"""For each rejection one remedy, naming the setting or field to change."""


def remedy(reason: str) -> str:
    """Say in short what to do about a rejection."""
    return REMEDIES.get(reason, f"look at them: {list_command(reason)}")


def list_command(reason: str) -> str:
    """Give the command that shows the dead letters of a reason."""
    return f"faust -A anomaly_app.app dlq list --reason {reason}"
