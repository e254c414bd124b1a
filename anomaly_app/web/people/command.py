"""The commands `user add` and `user list`: who may see the pages, and answer on them."""

import os
from pathlib import Path

import click

from anomaly_app.errors import SettingsError
from anomaly_app.settings import load_settings
from anomaly_app.terminal import one_line_errors, say
from anomaly_app.web.people.roles import Role
from anomaly_app.web.people.users import Users, new_user

USUAL_FILE = Path("users")

PRIVATE = 0o600


@click.group(context_settings={"max_content_width": 100})
def user() -> None:
    """Say who may see the pages of a worker, and answer on them.

    A viewer sees. A reviewer labels, answers incidents and exports as well. An admin also sees
    what others did. This is about /review; other pages need ANOMALY_WEB_TOKEN.

    Workers read the file in ANOMALY_WEB_USERS; they notice when it changes.

    \b
    Give somebody a token, which is printed once:
      faust -A anomaly_app.app user add ada --role reviewer
    See who has one:
      faust -A anomaly_app.app user list
    To take a user out, delete the line: tokens and sessions end at once.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


file_option = click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of users.  [default: ANOMALY_WEB_USERS, or users]",
)


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.REVIEWER.value,
    show_default=True,
    help="What NAME may do.",
)
@file_option
@one_line_errors
def add(name: str, role: str, file: Path | None) -> None:
    """Add NAME to the file of users, and print a token.

    The token signs in on the page /review, and is a bearer token for its pages. The file has its
    hash only: a token that is lost is replaced by taking the line out and adding NAME again.
    """
    path = _path(file)
    made, token = new_user(name, Role(role))
    if path.exists() and name in Users(path).load():
        raise SettingsError(f"{name} is in {path} already: take the line out for another token")
    try:
        _append(path, made.line)
    except OSError as fault:
        raise SettingsError(f"{path} cannot be written: {fault.strerror}") from None
    say(token)
    say(f"{name} is a {made.role} in {path}", err=True)


@user.command("list")
@file_option
@one_line_errors
def list_users(file: Path | None) -> None:
    """List the users and their roles."""
    found = Users(_path(file)).load()
    width = max(map(len, found), default=0)
    for one in found.values():
        say(f"{one.name.ljust(width)}  {one.role}")
    if not found:
        say("there is nobody: `user add` adds somebody")


def _path(file: Path | None) -> Path:
    return file or load_settings().web_users or USUAL_FILE


def _append(path: Path, line: str) -> None:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE), "r+") as file:
        ends = not (before := file.read()) or before.endswith("\n")
        file.write(f"{line}\n" if ends else f"\n{line}\n")
