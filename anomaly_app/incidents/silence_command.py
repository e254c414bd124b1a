"""The commands `silence add`, `silence list` and `silence expire`."""

import asyncio
import time

import click
import msgspec

from anomaly_app.channels.choice import alerting_of
from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.wish import NAME, Wish, silence_of
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import quoted, visible
from anomaly_app.errors import AlertsRefused
from anomaly_app.incidents.listing import silence_lines, silences_in
from anomaly_app.incidents.restored import restored_state
from anomaly_app.incidents.retained import preview_of
from anomaly_app.incidents.saying import check_feedback_topic, new_id, say_all
from anomaly_app.settings import Settings, load_settings
from anomaly_app.settings.alerting.for_core import policy_of
from anomaly_app.terminal import one_line_errors, say, user_option

LONGEST_LINE = 300


@click.group(context_settings={"max_content_width": 100})
def silence() -> None:
    """Let nobody be told of some incidents for a while.

    A silence learns what it covers: something else, or something worse, is told in spite of it.
    Before it ends, it says so; what is still going on then is told.

    \b
    Say nothing of a merchant for two hours:
      faust -A anomaly_app.app silence add "merchant = shop-7" --for 2h --note "price change"
    See what is silenced, and end a silence:
      faust -A anomaly_app.app silence list
      faust -A anomaly_app.app silence expire s-3fa94c10b2d7

    The commands use the same settings as a worker: run them in the worker's environment.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@silence.command()
@click.argument("matchers", nargs=-1)
@click.option("--incident", default="", metavar="ID", help="Only this incident, without matchers.")
@click.option("--for", "duration", default="", metavar="DURATION", help="Such as 30m, 2h or 1d.")
@click.option("--until", default=None, metavar="TIME", help="ISO 8601, instead of --for.")
@click.option("--note", required=True, help="Why, for those who wonder.")
@user_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_line_errors
def add(
    matchers: tuple[str, ...],
    *,
    incident: str,
    duration: str,
    until: str | None,
    note: str,
    user: str,
    yes: bool,
) -> None:
    """Add a silence for what matches all MATCHERS, after saying what it would have hidden.

    \b
    A matcher compares a label with a value:
      entity = card-0042        merchant ~ shop-*        severity < critical
      feature = amount          country != DE            amount_band >= 3
    Labels are entity, severity, feature, grouped_by, status, and the fields that all transactions
    of an incident share.
    """  # noqa: D301  # as above
    settings = load_settings()
    wish = Wish(
        matchers=matchers, incident=incident, duration=duration, ends=until, note=note, user=user
    )
    wanted = silence_of(wish, new_id(), time.time())
    asyncio.run(_add(wanted, settings, is_asked=not yes))


async def _add(wanted: Silence, settings: Settings, *, is_asked: bool) -> None:
    await check_feedback_topic(settings)
    if is_asked:
        found = await preview_of(wanted, policy_of(alerting_of(settings)), settings)
        if found.begins is not None:
            say(f"since {iso_time(found.begins)}, {found.text}")
        click.confirm(f"silence it until {iso_time(wanted.ends)}?", abort=True)
    await say_all([AddSilence(id=wanted.id, silence=wanted, at=wanted.begins)], settings)
    say(wanted.id)


@silence.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per silence.")
@click.pass_context
@one_line_errors
def list_silences(context: click.Context, *, as_json: bool) -> None:
    """List the silences, the one that ends first first."""
    settings = load_settings()
    memory = asyncio.run(restored_state(settings, policy_of(alerting_of(settings))))
    found = silences_in(memory.state, time.time())
    if as_json or context.find_root().params.get("json", False):
        for one in found:
            say(msgspec.json.encode(one).decode())
    elif found:
        for line in silence_lines(found):
            say(visible(line, LONGEST_LINE))
    else:
        say("nothing is silenced")


@silence.command()
@click.argument("silences", nargs=-1, required=True, metavar="ID...")
@user_option
@one_line_errors
def expire(silences: tuple[str, ...], *, user: str) -> None:
    """End silences: what they have covered and still goes on is told."""
    settings = load_settings()
    for name in silences:
        if not NAME.fullmatch(name):
            raise AlertsRefused(f"{quoted(name)} is not the id of a silence: `silence list` has it")
    asyncio.run(_expire(silences, user, settings))


async def _expire(silences: tuple[str, ...], user: str, settings: Settings) -> None:
    await check_feedback_topic(settings)
    memory = await restored_state(settings, policy_of(alerting_of(settings)))
    for name in silences:
        if name not in memory.state.silences:
            raise AlertsRefused(f"there is no silence {name}: `silence list` has those there are")
    now = time.time()
    said = [ExpireSilence(id=new_id(), silence=name, user=user, at=now) for name in silences]
    await say_all(said, settings)
    say(f"{len(said)} silence(s) end")
