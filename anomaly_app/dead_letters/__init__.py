"""Dead letters on the command line: `faust -A anomaly_app.app dlq list` and `dlq replay`."""

from anomaly_app.dead_letters.command import dlq

__all__ = ["dlq"]
