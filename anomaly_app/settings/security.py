"""The settings for credentials, encryption and secrets."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts to which a password may be sent in the clear."""


def _is_readable(path: Path) -> Path:
    try:
        path.open("rb").close()
    except OSError as fault:
        raise ValueError(f"the file cannot be read: {fault.strerror}") from None
    return path


def _empty_is_unset(value: object) -> object:
    return None if value == "" else value


def secret_in(path: Path) -> str:
    """Read a secret from a file.

    Raises
    ------
    ValueError
        The file cannot be read, or has more than one line of text.
    """
    try:
        secret = path.read_bytes().decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret or not secret.isprintable():
        raise ValueError(f"the file {path} must contain only the secret, as one line of text")
    return secret


def _or_from_file(value: object, info: ValidationInfo) -> object:
    """Read a secret from the file in the setting of the same name with ``_file`` appended."""
    path: Path | None = info.data.get(f"{info.field_name}_file")
    given = _empty_is_unset(value)
    if path is None:
        return given
    secret = secret_in(path)
    given_text = given.get_secret_value() if isinstance(given, SecretStr) else given
    if given_text not in {None, secret}:
        raise ValueError(
            f"it is set, but the file {path} contains a different secret: remove one of them"
        )
    return SecretStr(secret)


class Unshown:
    """Marks a setting whose invalid value is not shown: it may be the secret itself."""


ReadableFile = Annotated[Path | None, AfterValidator(lambda path: path and _is_readable(path))]
"""A file that the process can read; empty means none."""

SecretFile = Annotated[ReadableFile, Unshown]
"""A file that holds a secret."""

Secret = Annotated[SecretStr | None, BeforeValidator(_or_from_file), Field(validate_default=True)]
"""A secret, never printed; the field with ``_file`` appended must come first, and has its file."""


class SecuritySettings(BaseSettings):
    """The broker's protocol, the app's user, and the certificates, in Kafka's own terms."""

    security_protocol: SecurityProtocol = "PLAINTEXT"
    """Protocol of the broker's listener."""
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    """How the user authenticates."""
    sasl_username: str | None = None
    """The app's user on the broker."""
    sasl_password_file: SecretFile = None
    """File with the user's password, such as a container secret."""
    sasl_password: Secret = None
    """The user's password."""
    tls_ca_file: ReadableFile = None
    """PEM file of the certificate authorities to trust."""
    tls_cert_file: ReadableFile = None
    """PEM file of the app's client certificate, if the broker requires one."""
    tls_key_file: SecretFile = None
    """PEM file of that certificate's key, without a passphrase."""
    schema_registry: str | None = None
    """Address of the schema registry for framed records."""
    schema_registry_user: str | None = None
    """The app's user on the schema registry."""
    schema_registry_password_file: SecretFile = None
    """File with that user's password, such as a container secret."""
    schema_registry_password: Secret = None
    """That user's password."""

    @field_validator(
        "sasl_username",
        "sasl_password_file",
        *("tls_ca_file", "tls_cert_file", "tls_key_file"),
        *("schema_registry", "schema_registry_user", "schema_registry_password_file"),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return _empty_is_unset(value)

    @field_validator("schema_registry")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or parts.query or parts.fragment or not value.isprintable():
            raise ValueError("it must be of the form https://host:port or https://host/path")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _user_fits_protocol(self) -> Self:
        protocol = self.security_protocol
        user = {
            "ANOMALY_SASL_USERNAME": self.sasl_username,
            "ANOMALY_SASL_PASSWORD (or ANOMALY_SASL_PASSWORD_FILE)": self.sasl_password,
        }
        if not self.uses_sasl and (given := [name for name, value in user.items() if value]):
            raise ValueError(
                f"{given[0]} is set, but ANOMALY_SECURITY_PROTOCOL is {protocol}, which has no "
                "users: set it to SASL_SSL"
            )
        if self.uses_sasl and (missing := [name for name, value in user.items() if not value]):
            raise ValueError(
                f"ANOMALY_SECURITY_PROTOCOL is {protocol}: set {' and '.join(missing)}"
            )
        if protocol == "SASL_PLAINTEXT" and self.sasl_mechanism == "PLAIN":
            raise ValueError(
                "ANOMALY_SASL_MECHANISM is PLAIN, which sends the password in the clear, and "
                "ANOMALY_SECURITY_PROTOCOL is SASL_PLAINTEXT, which encrypts nothing: "
                "use SASL_SSL, or a SCRAM mechanism"
            )
        return self

    @model_validator(mode="after")
    def _files_fit_protocol(self) -> Self:
        files = {
            "ANOMALY_TLS_CA_FILE": None if self.registry_uses_tls else self.tls_ca_file,
            "ANOMALY_TLS_CERT_FILE": self.tls_cert_file,
            "ANOMALY_TLS_KEY_FILE": self.tls_key_file,
        }
        if not self.uses_tls and (given := [name for name, path in files.items() if path]):
            raise ValueError(
                f"{given[0]} is set, but ANOMALY_SECURITY_PROTOCOL is {self.security_protocol}, "
                "which encrypts nothing: set it to SSL or SASL_SSL"
            )
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError(
                "ANOMALY_TLS_CERT_FILE and ANOMALY_TLS_KEY_FILE belong together: "
                "set both or neither"
            )
        return self

    @model_validator(mode="after")
    def _registry_has_its_user(self) -> Self:
        address = self.schema_registry
        user = {
            "ANOMALY_SCHEMA_REGISTRY_USER": self.schema_registry_user,
            "ANOMALY_SCHEMA_REGISTRY_PASSWORD (or ANOMALY_SCHEMA_REGISTRY_PASSWORD_FILE)": (
                self.schema_registry_password
            ),
        }
        given = [name for name, value in user.items() if value]
        missing = [name for name, value in user.items() if not value]
        if given and address is None:
            raise ValueError(f"{given[0]} is set, but ANOMALY_SCHEMA_REGISTRY is not: set it")
        if ":" in (self.schema_registry_user or ""):
            raise ValueError("ANOMALY_SCHEMA_REGISTRY_USER has a colon, which HTTP does not allow")
        if given and missing:
            raise ValueError(f"{given[0]} is set, but {missing[0]} is not: set both or neither")
        if address is None:
            return self
        parts = urlsplit(address)
        if parts.username is not None:
            raise ValueError(
                "ANOMALY_SCHEMA_REGISTRY has a user in its address: put the user in "
                "ANOMALY_SCHEMA_REGISTRY_USER and the password in ANOMALY_SCHEMA_REGISTRY_PASSWORD"
            )
        if given and not self.registry_uses_tls and parts.hostname not in LOOPBACK:
            raise ValueError(
                "ANOMALY_SCHEMA_REGISTRY_PASSWORD is set, and ANOMALY_SCHEMA_REGISTRY begins with "
                "http, which sends the password in the clear: use https"
            )
        return self

    @property
    def registry_uses_tls(self) -> bool:
        """Whether the connection to the schema registry is encrypted."""
        return (self.schema_registry or "").startswith("https://")

    @property
    def uses_sasl(self) -> bool:
        """Whether the app authenticates with a user and a password."""
        return self.security_protocol.startswith("SASL_")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection to the broker is encrypted."""
        return self.security_protocol.endswith("SSL")
