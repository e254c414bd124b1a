"""How good alerts are: labelled streams of anomalies, replayed through policies."""
