"""What the page about alerting.yml says is so."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import yaml

from anomaly_app.channels.posting import ABOUT_THE_NOTICE
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.settings.alerting.file import parse_alerting
from anomaly_app.settings.alerting.policy import Alerting, Maintenance, Route
from anomaly_app.settings.alerting.receivers import Receiver
from anomaly_app.settings.alerting.schema import alerting_schema

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/alerting.md").read_text()
SCHEMA = jsonschema.Draft202012Validator(json.loads(alerting_schema()))


def section(heading: str) -> str:
    found = re.search(rf"^#+ {heading}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(heading: str) -> dict[str, str]:
    """Give the defaults of a table, by name."""
    found = re.findall(r"^\|([^|]*)\|([^|]*)\|", section(heading), re.MULTILINE)
    return {
        name: default.strip()
        for names, default in found
        for name in re.findall(r"`([\w.]+)`", names)
    }


def fields(kind: Any) -> set[str]:
    return {one.encode_name for one in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_are_read_and_fit_the_schema(example: str) -> None:
    assert parse_alerting(example, slack=True).routes
    SCHEMA.validate(yaml.safe_load(example))


def test_every_line_of_the_file_is_documented_with_its_default() -> None:
    shown, usual = rows("The file"), parse_alerting("", slack=False)
    inner = {"group", "flapping", "regime"}
    names = fields(Alerting) - inner
    for name in inner:
        names |= {f"{name}.{one}" for one in fields(getattr(usual, name))}
    assert set(shown) == names
    for name, text in shown.items():
        if text.startswith("`"):
            value: Any = usual
            for part in name.split("."):
                value = getattr(value, part)
            written = f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value).lower()
            assert text == f"`{written}`", name


@pytest.mark.parametrize(("heading", "kind"), [("Routes", Route), ("Maintenance", Maintenance)])
def test_every_line_of_a_route_and_a_window_is_documented(heading: str, kind: Any) -> None:
    assert set(rows(heading)) == fields(kind)


@pytest.mark.parametrize("kind", get_args(Receiver))
def test_every_line_of_a_receiver_is_documented(kind: Any) -> None:
    text = section(str(kind.__struct_config__.tag))
    for name in fields(kind) - {"name", "budget"}:
        assert f"`{name}`" in text, name


def test_every_matcher_of_the_page_can_be_read() -> None:
    matchers = re.findall(r"^\| `([^`]*)` \|", section("Matchers"), re.MULTILINE)
    assert len(matchers) >= 7
    for text in matchers:
        assert str(Matcher.parse(text)) == text


def test_the_answers_that_refuse_a_notice_are_those_of_the_page() -> None:
    [numbers] = re.findall(r"^\| ([\d, ]+) \| refused \|", PAGE, re.MULTILINE)
    assert {int(number) for number in numbers.split(", ")} == ABOUT_THE_NOTICE
