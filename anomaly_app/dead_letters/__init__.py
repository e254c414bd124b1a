"""Dead letters on the command line: `faust -A anomaly_app.app dlq list` and `dlq replay`."""
