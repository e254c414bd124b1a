"""The model: its schema, manifest, estimator and explanations."""
