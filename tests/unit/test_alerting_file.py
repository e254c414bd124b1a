"""The file alerting.yml: what it says, and the one line about what is wrong with it."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.scoring.severity import Severity
from anomaly_app.errors import DataError, SettingsError
from anomaly_app.settings.alerting.file import parse_alerting, read_alerting
from anomaly_app.settings.alerting.policy import Alerting
from anomaly_app.settings.alerting.quantities import Duration, Rate
from anomaly_app.settings.alerting.receivers import EmailReceiver, LogReceiver, SlackReceiver
from anomaly_app.settings.alerting.schema import alerting_schema
from anomaly_app.settings.alerting.secrets import needed_secret_of, secret_of

ROOT = Path(__file__).parents[2]

WHOLE = """
receivers:
  - {name: team, type: slack, channel: "#fraud", budget: 10/h}
  - {name: on-call, type: pagerduty, routing_key_env: PAGERDUTY_KEY}
  - {name: lines, type: log, file: /var/log/anomalies.jsonl}
  - name: mail
    type: email
    host: smtp.example.com
    user: alerts
    password_file: /run/secrets/smtp
    sender: alerts@example.com
    to: [fraud@example.com, "night.shift@example.com"]
  - {name: hook, type: webhook, url: "https://example.com/hooks", secret_env: HOOK_SECRET}
  - {name: am, type: alertmanager, url: "http://alertmanager:9093"}
  - {name: any, type: apprise, url_env: APPRISE_URL}
routes:
  - match: ["severity = critical", "merchant ~ shop-*"]
    receivers: [on-call, team]
    continue: true
  - match: ["severity >= high"]
    receivers: [team, mail]
    minimum_severity: high
  - receivers: [lines]
group:
  {by: [entity, country], reason: false, wait: 10s, interval: 1m, repeat: 1d, resolve_after: 1h}
budget: 50/d
digest: 30m
flapping: {changes: 6, within: 1h}
regime: {share: 0.5, entities: 100}
maintenance:
  - name: nightly
    when: 0 2 * * *
    for: 2h
    timezone: Europe/Berlin
    match: ["merchant ~ batch-*"]
"""

MAIL = "{type: email, name: m, host: h, sender: a@example.com, to: [b@example.com]"


def read(text: str) -> Alerting:
    return parse_alerting(text, slack=False)


def refusal(text: str) -> str:
    with pytest.raises(DataError) as refused:
        read(text)
    return str(refused.value)


def test_what_the_file_says_is_what_is_read() -> None:
    alerting = read(WHOLE)
    assert [one.name for one in alerting.receivers] == (
        ["team", "on-call", "lines", "mail", "hook", "am", "any"]
    )
    first, second, third = alerting.routes
    assert first.match[1] == Matcher("merchant", "~", "shop-*")
    assert (first.goes_on, second.goes_on) == (True, False)
    assert second.minimum_severity == Severity.HIGH
    assert third.match == ()
    assert (alerting.group.wait, alerting.group.repeat) == (10.0, 86_400.0)
    assert alerting.digest == 1800.0
    [window] = alerting.maintenance
    assert (str(window.when), str(window.lasts)) == ("0 2 * * *", "2h")
    assert window.timezone == "Europe/Berlin"


def test_a_budget_is_the_receivers_own_or_that_of_all() -> None:
    alerting = read(WHOLE)
    assert alerting.budget_of(alerting.receiver("team")) == Rate(10, 3600.0)
    assert alerting.budget_of(alerting.receiver("mail")) == Rate(50, 86_400.0)


def test_the_first_route_that_matches_counts_unless_it_continues() -> None:
    alerting = read(WHOLE)
    first, second, third = alerting.routes
    critical = {"severity": "critical", "merchant": "shop-1"}
    assert alerting.routes_of(critical) == (first, second)
    assert alerting.routes_of({"severity": "high"}) == (second,)
    assert alerting.routes_of({}) == (third,)
    assert str(first.mismatch({"severity": "critical"})) == "merchant ~ shop-*"


@pytest.mark.parametrize(
    ("slack", "receiver"), [(True, SlackReceiver(name="slack")), (False, LogReceiver(name="log"))]
)
def test_without_a_file_there_is_one_receiver_and_one_route(
    slack: bool, receiver: SlackReceiver | LogReceiver
) -> None:
    alerting = read_alerting(None, slack=slack)
    assert alerting.receivers == (receiver,)
    assert [route.receivers for route in alerting.routes] == [(receiver.name,)]
    assert parse_alerting("# nothing yet", slack=slack) == alerting


def test_the_defaults_are_alertmanagers_where_it_has_some() -> None:
    group = read("").group
    assert (group.wait, group.interval, group.repeat) == (30.0, 300.0, 4 * 3600.0)


def test_what_the_file_leaves_out_is_the_default() -> None:
    assert read("group: {wait: 1m}").group.repeat == Duration(4 * 3600)
    assert read("receivers: [{type: log, name: x}]").routes[0].receivers == ("x",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "receivers: [{type: log, name: fraud-team}]\nroutes: [{receivers: [fraud-teem]}]",
            'routes[0].receivers[0]: there is no receiver "fraud-teem"; did you mean "fraud-team"?',
        ),
        ("routes: [{receivers: [x]}]", 'there is no receiver "x"; there are log'),
        ("routes: [{receivers: []}]", "routes[0]: receivers: name at least one"),
        ("routes: [{receivers: [log, log]}]", 'routes[0].receivers[1]: "log" is there twice'),
        ("routes: [{match: ['a = b'], receivers: [log]}]", "routes[0]: the last route has to be"),
        (
            "routes: [{receivers: [log]}, {receivers: [log]}]",
            "routes[1]: it is never reached: routes[0] has no match",
        ),
        ("routes: [{match: ['a b'], receivers: [log]}]", 'routes[0].match[0]: matcher "a b"'),
        ("routes: [{receivers: [log], minimum_severity: low}]", '"low" is none of medium, high, c'),
        ("receivers: [{type: log, name: a}, {type: log, name: a}]", 'receivers[1].name: "a" is th'),
        ("receivers: [{type: sms, name: a}]", 'receivers[0].type: "sms" is none of slack, log'),
        ("receivers: [{name: a}]", "receivers[0]: type is missing"),
        ("receivers: [{type: log, name: no}]", "receivers[0].name: expected text, not true or f"),
        ("receivers: [{type: log, name: a b}]", 'receivers[0]: name "a b": it has 1 to 60'),
        ("grup: {}", 'there is no "grup" here; did you mean group?'),
        ("group: {wait: 30}", "group.wait: 30 has no unit"),
        ("group: {wait: 5 min}", 'group.wait: "5 min" is not a duration'),
        ("group: {wait: 999999999d}", "not a duration of at most a year"),
        ("group: {repeat: 0s}", "group: repeat has to be above 0"),
        ("group: {by: []}", "group: by: name entity"),
        ("group: {by: [reason]}", "write reason: true"),
        ("budget: 20", "budget: 20 has no unit"),
        ("budget: 20/m", 'budget: "20/m" is not a rate'),
        ("digest: 0s", "digest has to be above 0"),
        ("flapping: {changes: 1}", "flapping.changes: expected a whole number >= 2"),
        ("regime: {share: 20}", "regime.share: expected a number <= 1.0"),
        ("regime: {share: .nan}", "regime.share: expected a number > 0.0"),
        ("maintenance: [{name: n, when: 0 2 * *, for: 2h}]", "maintenance[0].when: "),
        ("maintenance: [{name: n, when: 0 2 * * *}]", "maintenance[0]: for is missing"),
        ("maintenance: [{name: n, when: 0 2 * * *, for: 32d}]", "maintenance[0]: for: a window"),
        ("maintenance: [{name: n, when: 0 2 * * *, for: 0s}]", "maintenance[0]: for: a window"),
        (
            "maintenance: [{name: n, when: 0 2 * * *, for: 2h, timezone: Mars}]",
            "maintenance[0]: timezone: there is no time zone 'Mars'",
        ),
        (f"receivers: [{MAIL}, user: u}}]", "receivers[0]: user and password go together"),
        (f"receivers: [{MAIL}, encryption: ssl}}]", '"ssl" is none of starttls, tls, none'),
        (
            f"receivers: [{MAIL}, user: u, password_env: P, encryption: none}}]",
            "receivers[0]: the password would be sent to h in the clear",
        ),
        (
            f"receivers: [{MAIL}, user: u, password_env: P, password_file: f}}]",
            "password_env and password_file are both there",
        ),
        (f"receivers: [{MAIL}, port: 99999}}]", "port 99999 is not between 1 and 65535"),
        (
            "receivers: [{type: email, name: m, host: h, sender: a@b, to: ['a@b\\nBcc: c@d']}]",
            "is not an e-mail address",
        ),
        ("receivers: [{type: webhook, name: w, secret_env: S}]", "one of url, url_env and url_fi"),
        ("receivers: [{type: webhook, name: w, url: 'ftp://x', secret_env: S}]", "url is not an a"),
        ("receivers: [{type: webhook, name: w, url: 'http://x'}]", "webhooks are always signed"),
        ("receivers: [{type: pagerduty, name: p}]", "routing_key_env or routing_key_file is miss"),
        (
            "receivers: [{type: pagerduty, name: p, routing_key_env: K, url: 'http://x'}]",
            "the routing key would be sent in the clear",
        ),
        ("receivers: [{type: apprise, name: a}]", "url_env or url_file is missing"),
        (
            "receivers: [{type: apprise, name: a, url_env: ANOMALY_APPRISE}]",
            "names that begin with ANOMALY_ are those of settings",
        ),
        ("a: 1\na: 2", "line 2, column 1: the name is there twice"),
        ("a: [1", "line 1, column"),
        ("\x00", "not YAML"),
        ("a: 2026-99-99", "put it in quotes"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4: tags"),
        ("[" * 50_000, "nested too deeply"),
        ("- 1", "expected names with values, not a list"),
        ("1: 2", "expected text"),
        ("a: " + "b" * 300_000, "longer than 200,000 characters"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_place_and_what_to_do(text: str, said: str) -> None:
    answer = refusal(text)
    assert said in answer
    assert answer.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        f"receivers: [{MAIL}, user: u, password: hunter2}}]",
        f"receivers: [{MAIL}, user: u, password_env: hunter2}}]",
        "receivers: [{type: webhook, name: w, url: 'http://me:hunter2@x', secret_env: S}]",
        "receivers: [{type: webhook, name: w, url: 'https/hunter2', secret_env: S}]",
        "receivers: [{type: webhook, name: w, url: 'http://x', secret: hunter2}]",
        "receivers: [{type: pagerduty, name: p, routing_key: hunter2}]",
        "receivers: [{type: apprise, name: a, url: 'discord://hunter2'}]",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(text: str) -> None:
    answer = refusal(text)
    assert "hunter2" not in answer
    assert "receivers[0]" in answer


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    began = time.process_time()
    assert "aliases (*name) are not read" in refusal("\n".join(lines))
    assert time.process_time() - began < 5.0


def test_errors_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "alerting.yml"
    with pytest.raises(SettingsError, match="alerting.yml: it cannot be read: No such file"):
        read_alerting(file, slack=False)
    file.write_bytes(b"a: \xff")
    with pytest.raises(SettingsError, match="alerting.yml: byte 4 is not UTF-8"):
        read_alerting(file, slack=False)
    file.write_text("routes: [{receivers: [x]}]")
    with pytest.raises(SettingsError, match=re.escape("alerting.yml: routes[0].receivers[0]: ")):
        read_alerting(file, slack=False)
    file.write_text(WHOLE)
    assert read_alerting(file, slack=True) == read(WHOLE)


PARTS = st.sampled_from(
    [
        *("receivers", "routes", "group", "match", "name", "type", "log", "by", "budget", "1"),
        *(": ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "'", '"', "? ", "|", ">", "%", "#"),
        *("&a", "*a", "!!set", "!x", "<<", "~", "null", "true", "2026-01-01", ".inf", "1:30"),
        *("\x1b", "\u202e", "0o7"),
    ]
)


@given(st.lists(PARTS, max_size=25).map("".join))
@example("? [1]\n: 2")
@example("receivers: [{type: log, name: a}]\nmaintenance: !!set {a}")
@example("receivers: {? !!set {a} : b}")
@example("a: !!binary x")
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        answer: object = read(text)
    except DataError as refused:
        answer = str(refused)
    assert isinstance(answer, Alerting) or str(answer).isprintable()


VARIABLE = "MAIL_PASSWORD"


def receiver_with(**places: Any) -> EmailReceiver:
    return EmailReceiver(
        name="mail", host="h", user="u", sender="a@example.com", to=("b@example.com",), **places
    )


def test_a_secret_is_in_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "hunter2")
    assert secret_of(receiver_with(password_env=VARIABLE), "password") == "hunter2"
    file = tmp_path / "password"
    file.write_text("hunter3\n")
    assert secret_of(receiver_with(password_file=str(file)), "password") == "hunter3"
    nobody = EmailReceiver(name="m", host="h", sender="a@example.com", to=("b@example.com",))
    assert secret_of(nobody, "password") is None


def test_a_secret_in_a_line_of_the_env_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"{VARIABLE}=hunter2\n")
    assert secret_of(receiver_with(password_env=VARIABLE), "password") == "hunter2"


def test_a_secret_that_is_not_there_is_said_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="receiver mail: password_env: set the environment"):
        needed_secret_of(receiver_with(password_env=VARIABLE), "password")
    file = tmp_path / "password"
    file.write_text("hunter2\nhunter3\n")
    with pytest.raises(SettingsError, match="must contain only the secret") as refused:
        needed_secret_of(receiver_with(password_file=str(file)), "password")
    assert "hunter" not in str(refused.value)
    monkeypatch.setenv(VARIABLE, "hunter2\x1b[2J")
    with pytest.raises(SettingsError) as refused:
        needed_secret_of(receiver_with(password_env=VARIABLE), "password")
    assert "hunter" not in str(refused.value)


def test_the_schema_for_editors_is_current() -> None:
    """Write it with ``python -m anomaly_app.settings.alerting.schema``."""
    assert (ROOT / "docs/alerting.schema.json").read_text() == alerting_schema()
