"""How every client of the broker is set up: its addresses, TLS, and the app's user.

Whoever takes options from here also gets logs without passwords.
"""

import logging
import ssl
from typing import Any

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings

SASL_MESSAGES = ("SaslAuthenticateRequest", "SaslAuthenticateResponse")


def client_options(settings: Settings) -> dict[str, Any]:
    """Give the keyword arguments with which a client of aiokafka reaches the broker.

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
    """Build what checks the broker's certificate and its host name; None without TLS.

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
            f"ANOMALY_TLS_CA_FILE: {settings.tls_ca_file} holds no certificates in PEM format"
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
        "ANOMALY_TLS_KEY_FILE has a passphrase, which nobody is there to enter: remove it with "
        "openssl pkey, and let only the worker read the file"
    )


def password(settings: Settings) -> str | None:
    """Give the user's password in the clear."""
    return settings.sasl_password.get_secret_value() if settings.sasl_password else None


def _has_no_secret(record: logging.LogRecord) -> bool:
    args = record.args if isinstance(record.args, tuple) else ()
    return not any(type(arg).__name__.startswith(SASL_MESSAGES) for arg in args)


# At level debug aiokafka logs every request whole, also the one that carries the password.
logging.getLogger("aiokafka.conn").addFilter(_has_no_secret)
