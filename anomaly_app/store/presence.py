"""Whether there is a store: what the settings say, and what is installed."""

import logging
from importlib.util import find_spec

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

LIBRARIES = ("sqlalchemy", "alembic", "psycopg", "jinja2")

HOW = 'pip install "anomaly-app[store]"'


def has_store(settings: Settings) -> bool:
    """Return whether anomalies are to be stored, and can be.

    Raises
    ------
    SettingsError
        ANOMALY_STORE is set, and the packages that it needs are not installed.
    """
    if can_have_store(settings):
        return True
    if not settings.has_store:
        return False
    if settings.asks_for_store:
        raise SettingsError(f"ANOMALY_STORE needs packages that are not installed: {HOW}")
    return False


def can_have_store(settings: Settings) -> bool:
    """Return whether anomalies are to be stored, and what that needs is installed."""
    return settings.has_store and all(find_spec(library) is not None for library in LIBRARIES)


def say_why_not(settings: Settings) -> None:
    """Log how to get a store, if there is none because packages are missing."""
    if settings.has_store and not has_store(settings):
        logger.info("anomalies are not kept in SQL: %s (ANOMALY_STORE=none hides this line)", HOW)
