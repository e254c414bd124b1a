"""Detectors, one a file: scikit-learn estimators that learn what is ordinary.

`make_detector` builds one by name, `DETECTORS` lists them.
"""

from typing import Any, TypeAlias

from anomaly_app.core.detectors.autoencoder import Autoencoder
from anomaly_app.core.detectors.base import Detector
from anomaly_app.core.detectors.ecod import EmpiricalTails
from anomaly_app.core.detectors.ensemble import Ensemble
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixture
from anomaly_app.core.detectors.gradient_boosting import GradientBoosting
from anomaly_app.core.detectors.isolation_forest import IsolationForest
from anomaly_app.core.detectors.kmeans import KMeans
from anomaly_app.core.detectors.knn import NearestNeighbors
from anomaly_app.core.detectors.local_outlier_factor import LocalOutlierFactor
from anomaly_app.core.detectors.one_class_svm import OneClassSVM
from anomaly_app.core.detectors.pca import PCA
from anomaly_app.core.detectors.robust_zscore import RobustZScore

AnyDetector: TypeAlias = Detector | GradientBoosting

DETECTORS: dict[str, type[AnyDetector]] = {
    "default": Ensemble,
    "isolation_forest": IsolationForest,
    "robust_zscore": RobustZScore,
    "local_outlier_factor": LocalOutlierFactor,
    "knn": NearestNeighbors,
    "one_class_svm": OneClassSVM,
    "kmeans": KMeans,
    "gaussian_mixture": GaussianMixture,
    "pca": PCA,
    "autoencoder": Autoencoder,
    "ecdf": EmpiricalTails,
    "gradient_boosting": GradientBoosting,
}
"""Every detector by its name."""

NEEDS_LABELS = frozenset({"gradient_boosting"})
"""Those that learn from labels; all others never see any."""


def make_detector(name: str = "default", **params: Any) -> AnyDetector:
    """Build an unfitted detector.

    Parameters
    ----------
    name
        One of `DETECTORS`.
    **params
        Of its constructor.

    Raises
    ------
    ValueError
        There is no such detector.
    TypeError
        It has no such parameter.
    """
    if name not in DETECTORS:
        raise ValueError(f"there is no detector {name!r}; there are {', '.join(DETECTORS)}")
    return DETECTORS[name](**params)
