"""Options of every client of the broker: its addresses, TLS, and the app's user.

Importing this module also keeps passwords out of aiokafka's debug log.
"""

import logging
import ssl
from typing import Any

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings

SASL_MESSAGES = ("SaslAuthenticateRequest", "SaslAuthenticateResponse")


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments with which an aiokafka client reaches the broker.

    Raises
    ------
    SettingsError
        A certificate or key cannot be used.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "ssl_context": tls_context(settings),
    }
    if settings.uses_sasl:
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password(settings),
        }
    return options


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Build the context that checks the broker's certificate and host name; None without TLS.

    Raises
    ------
    SettingsError
        A certificate or key cannot be used.
    """
    if not settings.uses_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
    except OSError:
        raise SettingsError(
            f"ANOMALY_TLS_CA_FILE: {settings.tls_ca_file} contains no PEM certificates"
        ) from None
    if settings.tls_cert_file and settings.tls_key_file:
        try:
            context.load_cert_chain(
                settings.tls_cert_file, settings.tls_key_file, password=_no_passphrase
            )
        except OSError as fault:
            if "KEY_VALUES_MISMATCH" in str(fault):
                raise SettingsError(
                    "ANOMALY_TLS_KEY_FILE is not the key of ANOMALY_TLS_CERT_FILE"
                ) from None
            raise SettingsError(
                f"ANOMALY_TLS_CERT_FILE {settings.tls_cert_file} and ANOMALY_TLS_KEY_FILE "
                f"{settings.tls_key_file} are not a certificate and its key in PEM format"
            ) from None
    return context


def _no_passphrase() -> str:
    # Without an answer OpenSSL would ask the terminal.
    raise SettingsError(
        "ANOMALY_TLS_KEY_FILE has a passphrase, which a worker cannot enter: remove it with "
        "openssl pkey, and make the file readable only by the worker"
    )


def password(settings: Settings) -> str | None:
    """Return the user's password in the clear."""
    return settings.sasl_password.get_secret_value() if settings.sasl_password else None


def _has_no_secret(record: logging.LogRecord) -> bool:
    args = record.args if isinstance(record.args, tuple) else ()
    return not any(type(arg).__name__.startswith(SASL_MESSAGES) for arg in args)


# At level DEBUG aiokafka logs every request in full, including the one with the password.
logging.getLogger("aiokafka.conn").addFilter(_has_no_secret)
