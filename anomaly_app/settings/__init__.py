"""Every setting of the app, once."""

from anomaly_app.settings.app import Settings, change_settings, load_settings

__all__ = ["Settings", "change_settings", "load_settings"]
