"""A worker's HTTP pages."""

from anomaly_app.web.views import define_views

__all__ = ["define_views"]
