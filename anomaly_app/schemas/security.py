"""How the schema registry is known, and who asks it."""

import ssl
from base64 import b64encode

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings


def authorization(settings: Settings) -> dict[str, str]:
    """Give the header that says who asks; none where nobody is named."""
    user, password = settings.schema_registry_user, settings.schema_registry_password
    if user is None or password is None:
        return {}
    login = b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Build what checks the registry's certificate and its host name; None without TLS.

    Raises
    ------
    SettingsError
        The file of authorities cannot be used.
    """
    if not settings.registry_uses_tls:
        return None
    context = ssl.create_default_context()
    if settings.tls_ca_file:
        # Beside the system's: broker and registry may have authorities of different kinds.
        try:
            context.load_verify_locations(settings.tls_ca_file)
        except OSError:
            raise SettingsError(
                f"ANOMALY_TLS_CA_FILE: {settings.tls_ca_file} holds no certificates in PEM format"
            ) from None
    return context
