"""The secrets of receivers: in environment variables, or in files, that the receivers name."""

import os
from pathlib import Path

from dotenv import dotenv_values

from anomaly_app.errors import SettingsError
from anomaly_app.settings.alerting.receivers import BaseReceiver
from anomaly_app.settings.app import ENV_FILE
from anomaly_app.settings.security import secret_in


def secret_of(receiver: BaseReceiver, name: str) -> str | None:
    """Return a secret of a receiver; None if the receiver names no place for it.

    Parameters
    ----------
    receiver
        Names an environment variable (or a line of ``.env``) in the field with ``_env`` appended,
        or a file in the one with ``_file``.
    name
        Such as ``password``.

    Raises
    ------
    SettingsError
        The secret is not where it should be; the text does not show it.
    """
    variable, file = (getattr(receiver, f"{name}_{where}") for where in ("env", "file"))
    if file is not None:
        try:
            return secret_in(Path(file))
        except ValueError as fault:
            raise SettingsError(f"receiver {receiver.name}: {name}_file: {fault}") from None
    if variable is None:
        return None
    secret = os.environ.get(variable) or dotenv_values(ENV_FILE).get(variable)
    if not secret or not secret.isprintable():
        raise SettingsError(
            f"receiver {receiver.name}: {name}_env: set the environment variable {variable} to the "
            "secret, as one line of text"
        )
    return secret


def needed_secret_of(receiver: BaseReceiver, name: str) -> str:
    """Return a secret that a receiver always names a place for.

    Raises
    ------
    SettingsError
        The secret is not where it should be.
    """
    secret = secret_of(receiver, name)
    if secret is None:
        raise SettingsError(f"receiver {receiver.name}: {name}_env or {name}_file is missing")
    return secret
