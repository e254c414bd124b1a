"""The command `profile`: what is remembered of an entity, from a running worker."""

import asyncio
import os
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from anomaly_app.core.visible import visible
from anomaly_app.errors import PageUnreachable, ProfileMissing, SettingsError
from anomaly_app.settings import Settings, load_settings
from anomaly_app.settings.web import EVERY_ADDRESS
from anomaly_app.terminal import one_line_errors, say
from anomaly_app.web.address import address_of
from anomaly_app.web.peers import Answer, ask, open_session
from anomaly_app.web.search import KEYS, Question

OK = 200

TIMEOUT = 20.0
"""Seconds for the answer: the worker may have to look for the owner, and to ask others."""

LONGEST_LINE = 300
"""Characters of a line that are shown."""


@click.command(context_settings={"max_content_width": 100})
@click.argument("entity")
@click.option(
    "--key",
    type=click.Choice(KEYS),
    default=KEYS[0],
    show_default=True,
    help="What ENTITY is: what transactions belong to, or what they name beside it.",
)
@click.option(
    "--url",
    metavar="URL",
    help="Pages of a worker, any of the group.  [default: those of the settings]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
@one_line_errors
def profile(
    context: click.Context, entity: str, key: str, url: str | None, *, as_json: bool
) -> None:
    """Show what is remembered of ENTITY: windows, usual hours, last values.

    \b
    Examples:
      faust -A anomaly_app.app profile card-0042
      faust -A anomaly_app.app profile shop-7 --key counterpart
      faust -A anomaly_app.app profile card-0042 --url http://worker-2:6066 --json

    A running worker is asked, any of the group: it asks the one that has the entity. It needs the
    workers' ANOMALY_WEB_TOKEN. If nothing is remembered, the exit code is 1.
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    settings = load_settings()
    # Bytes that are not UTF-8 on the command line come as surrogates.
    name = os.fsencode(entity).decode(errors="replace")
    found = asyncio.run(fetch(Question(name, key), _address(url, settings), settings))
    if as_json or context.find_root().params.get("json", False):
        say(msgspec.json.encode(found).decode())
        return
    for line in found["lines"]:
        say(visible(str(line), LONGEST_LINE))


async def fetch(question: Question, address: str, settings: Settings) -> dict[str, Any]:
    """Ask a worker for a profile.

    Parameters
    ----------
    question
        Whose profile.
    address
        Of the worker's pages.
    settings
        Have the token.

    Raises
    ------
    SettingsError
        There is no token.
    PageUnreachable
        No worker answers.
    ProfileMissing
        It shows no profile; the text says why.
    """
    if settings.web_token is None:
        raise SettingsError("set ANOMALY_WEB_TOKEN or ANOMALY_WEB_TOKEN_FILE to the workers' token")
    if question.fault is not None:
        raise ProfileMissing(question.fault)
    authorization = f"Bearer {settings.web_token.get_secret_value()}"
    async with open_session(TIMEOUT) as session:
        try:
            answer = await ask(session, address, question.path, authorization)
        except PageUnreachable as fault:
            raise PageUnreachable(
                f"{address} {fault}: start a worker, or name the pages of one with --url"
            ) from None
    return read_profile(answer, address)


def read_profile(answer: Answer, address: str) -> dict[str, Any]:
    """Read what a worker has answered.

    Raises
    ------
    ProfileMissing
        It is not a profile.
    """
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        found = {}
    if answer.status == OK and isinstance(found.get("lines"), list):
        return found
    said = found.get("error")
    if isinstance(said, str):
        raise ProfileMissing(visible(said, LONGEST_LINE))
    raise ProfileMissing(f"{address} is not a worker of this version (HTTP {answer.status})")


def _address(url: str | None, settings: Settings) -> str:
    """Return the address of a worker: the given one, or that of this host."""
    if url is None:
        bind = settings.web_bind
        return address_of("127.0.0.1" if bind in EVERY_ADDRESS else bind, settings.web_port)
    parts = urlsplit(url)
    is_address = parts.scheme in {"http", "https"} and parts.hostname and url.isprintable()
    if not is_address or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError("--url is of the form http://host:port")
    return url.rstrip("/")
