"""The settings of the app."""

from anomaly_app.settings.app import Settings, change_settings, load_settings

__all__ = ["Settings", "change_settings", "load_settings"]
