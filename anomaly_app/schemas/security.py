"""TLS and credentials of the schema registry's client."""

import ssl
from base64 import b64encode

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings


def authorization(settings: Settings) -> dict[str, str]:
    """Return the Authorization header; empty if no user is set."""
    user, password = settings.schema_registry_user, settings.schema_registry_password
    if user is None or password is None:
        return {}
    login = b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Build the context that checks the registry's certificate and host name; None without TLS.

    Raises
    ------
    SettingsError
        The CA file cannot be used.
    """
    if not settings.registry_uses_tls:
        return None
    context = ssl.create_default_context()
    if settings.tls_ca_file:
        # In addition to the system's: broker and registry may use different authorities.
        try:
            context.load_verify_locations(settings.tls_ca_file)
        except OSError:
            raise SettingsError(
                f"ANOMALY_TLS_CA_FILE: {settings.tls_ca_file} contains no PEM certificates"
            ) from None
    return context
