"""The JSON schema of what webhooks get and log files hold."""

import sys

from anomaly_app.channels.document import (
    Anomaly,
    Answer,
    DigestData,
    DigestLine,
    Document,
    IncidentData,
    NoteData,
    Reason,
)
from anomaly_app.settings.alerting.schema import schema_of

STRUCTURES = (Document, IncidentData, DigestData, NoteData, Anomaly, Reason, Answer, DigestLine)


def document_schema() -> str:
    """Return the schema as JSON."""
    return schema_of(Document, STRUCTURES, title="A notice of anomaly-app")


if __name__ == "__main__":
    sys.stdout.write(document_schema())
