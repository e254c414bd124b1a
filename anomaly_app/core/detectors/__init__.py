"""Detectors, one per file: scikit-learn estimators that learn what is ordinary.

`make_detector` builds one by name, `DETECTORS` lists them. A detector is a subclass of
`anomaly_app.core.detectors.base.Detector`, named after its algorithm as in scikit-learn or the
paper, with the suffix ``Detector``.
"""

from typing import Any, TypeAlias

from anomaly_app.core.detectors.autoencoder import AutoencoderDetector
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.ecod import ECODDetector
from anomaly_app.core.detectors.ensemble import EnsembleDetector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixtureDetector
from anomaly_app.core.detectors.gradient_boosting import GradientBoostingDetector
from anomaly_app.core.detectors.isolation_forest import IsolationForestDetector
from anomaly_app.core.detectors.kmeans import KMeansDetector
from anomaly_app.core.detectors.knn import NearestNeighborsDetector
from anomaly_app.core.detectors.local_outlier_factor import LocalOutlierFactorDetector
from anomaly_app.core.detectors.one_class_svm import OneClassSVMDetector
from anomaly_app.core.detectors.pca import PCADetector
from anomaly_app.core.detectors.robust_zscore import RobustZScoreDetector

__all__ = ["DETECTORS", "NEEDS_LABELS", "AnyDetector", "Detector", "make_detector"]

AnyDetector: TypeAlias = Detector | GradientBoostingDetector

DETECTORS: dict[str, type[AnyDetector]] = {
    "default": EnsembleDetector,
    "isolation_forest": IsolationForestDetector,
    "robust_zscore": RobustZScoreDetector,
    "local_outlier_factor": LocalOutlierFactorDetector,
    "knn": NearestNeighborsDetector,
    "one_class_svm": OneClassSVMDetector,
    "kmeans": KMeansDetector,
    "gaussian_mixture": GaussianMixtureDetector,
    "pca": PCADetector,
    "autoencoder": AutoencoderDetector,
    "ecod": ECODDetector,
    "gradient_boosting": GradientBoostingDetector,
}
"""All detectors by name."""

NEEDS_LABELS = frozenset({"gradient_boosting"})
"""Detectors that learn from labels; all others never see any."""


def make_detector(name: str = "default", **params: Any) -> AnyDetector:
    """Build an unfitted detector.

    Parameters
    ----------
    name
        One of `DETECTORS`.
    **params
        Parameters of its constructor.

    Raises
    ------
    ValueError
        There is no such detector.
    TypeError
        It has no such parameter.
    """
    if name not in DETECTORS:
        raise ValueError(f"there is no detector {name!r}; choose from {', '.join(DETECTORS)}")
    return DETECTORS[name](**params)
