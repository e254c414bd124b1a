"""The model: its schema, manifest, estimator and explanations.

`model.Model` scores a matrix, `manifest.Manifest` describes the model, `schema.FeatureSchema`
builds the matrix, and training fits the pipeline of `estimator.make_estimator`. The other modules
support these.
"""

__all__ = ["estimator", "explain", "manifest", "model", "schema", "wording"]
