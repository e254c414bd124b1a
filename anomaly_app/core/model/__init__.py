"""The model: its schema, manifest, estimator and explanations.

`model.Model` is what judges a matrix, `manifest.Manifest` describes it, `schema.FeatureSchema`
makes the matrix, `estimator.make_estimator` is what training fits. The others serve these.
"""

__all__ = ["estimator", "explain", "manifest", "model", "schema", "wording"]
