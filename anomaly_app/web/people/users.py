"""The file of users: who has which role, and the hash of whose token.

A line for each, such as ``ada reviewer 9f86d081…``. Tokens are random, of 256 bits, so that a plain
hash protects them: they cannot be guessed.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from anomaly_app.core.visible import quoted
from anomaly_app.errors import SettingsError
from anomaly_app.web.people.roles import Person, Role

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
DIGEST = re.compile(r"[0-9a-f]{64}")

MOST_BYTES = 1_000_000


class User(NamedTuple):
    """Somebody in the file."""

    name: str
    role: Role
    digest: str
    """SHA-256 of the token, in hexadecimal digits."""

    @property
    def line(self) -> str:
        """The line of the file."""
        return f"{self.name} {self.role} {self.digest}"


def new_user(name: str, role: Role) -> tuple[User, str]:
    """Make a user and a token, which is kept nowhere.

    Raises
    ------
    SettingsError
        The name has other characters than letters, digits and ``.``, ``_``, ``@``, ``-``.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"{quoted(name)} is no name of a user: it has 1 to 64 letters, digits, '.', '_', '@' "
            "and '-', and begins with a letter or a digit"
        )
    token = secrets.token_urlsafe(32)
    return User(name, role, digest_of(token)), token


def digest_of(token: str) -> str:
    """Return the hash of a token."""
    # Bytes that are not UTF-8 come as surrogates in a header.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def parse_users(text: str, where: str) -> dict[str, User]:
    """Read the file's text; empty lines and those that begin with ``#`` are left out.

    Raises
    ------
    SettingsError
        A line is wrong; the error has its number, and nothing of the hash.
    """
    users: dict[str, User] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != len(User._fields):
            raise SettingsError(f"{where} line {number}: a user is NAME ROLE HASH")
        name, role, digest = words
        if not NAME.fullmatch(name) or name in users:
            why = "is there twice" if name in users else "is no name of a user"
            raise SettingsError(f"{where} line {number}: {quoted(name)} {why}")
        if role not in [*Role]:
            raise SettingsError(
                f"{where} line {number}: {quoted(role)} is no role; roles are {', '.join(Role)}"
            )
        if not DIGEST.fullmatch(digest):
            raise SettingsError(
                f"{where} line {number}: the hash of {name} is not 64 hexadecimal digits: "
                "`user add` writes such lines"
            )
        users[name] = User(name, Role(role), digest)
    return users


class Users:
    """The users, as the file has them now: who is taken out of it is out at once.

    Parameters
    ----------
    file
        None has no users.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._read: tuple[int, int] | None = None
        self._users: dict[str, User] = {}

    def load(self) -> Mapping[str, User]:
        """Return the users; the file is read again when it has changed.

        Raises
        ------
        SettingsError
            It cannot be read, or a line is wrong.
        """
        if self._file is None:
            return {}
        try:
            stat = self._file.stat()
            state = stat.st_mtime_ns, stat.st_size
            if state != self._read:
                text = self._file.read_bytes()[:MOST_BYTES].decode()
                self._users = parse_users(text, f"{self._file} (ANOMALY_WEB_USERS)")
                self._read = state
        except (OSError, UnicodeDecodeError) as fault:
            raise SettingsError(
                f"the users in {self._file} (ANOMALY_WEB_USERS) cannot be read: {fault}"
            ) from None
        return self._users

    def with_token(self, token: str) -> Person | None:
        """Return the person with a token."""
        digest = digest_of(token)
        for user in self.load().values():
            if hmac.compare_digest(user.digest, digest):
                return Person(user.name, user.role)
        return None
