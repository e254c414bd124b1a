"""What a worker shows over HTTP."""

from anomaly_app.web.views import define_views

__all__ = ["define_views"]
