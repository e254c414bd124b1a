"""The pages on which people review: what they show, what they keep, and who may see them."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.action import Action
from anomaly_app.core.learning.label import Label, Undo, Verdict
from anomaly_app.web.review.rendering import Answer, static
from tests.support.factories import NOON
from tests.support.review import Reviewed, asked, reviewed, text_of
from tests.support.stores import anomaly_id, found, incident, label, member

HOSTILE = '<script>alert("1")</script>'

ODD = ["1 a", "nan a", "inf a", "1e999 a", "\0", "\ud800"]
"""Queries that databases may not take."""


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Reviewed]:
    """Three critical anomalies, two medium ones, one of which was judged, in one incident."""
    messages = [
        *(found(n, f"card-{n}", NOON + n, severity="critical", p_value=1e-6) for n in range(3)),
        *(found(n, "card-1", NOON + n, severity="medium", p_value=0.009) for n in (3, 4)),
        *(member(n, "i-1") for n in (3, 4)),
        incident("i-1", title="two of card-1"),
        label(anomaly_id(4), Verdict.EXPECTED, note="her holiday"),
    ]
    with reviewed(tmp_path, *messages) as pages:
        yield pages


def listed(answer: Answer) -> list[str]:
    return re.findall(r'data-id="([^"]+)"', text_of(answer))


async def test_the_queue_has_what_nobody_has_judged_the_rarest_first(review: Reviewed) -> None:
    answer = await review.pages.queue(asked(), {})
    assert "To review: 3 critical, 1 medium" in text_of(answer)
    assert listed(answer)[-1] == anomaly_id(3)
    assert anomaly_id(4) not in listed(answer)
    assert "amount is 950, usually 20" in text_of(answer)


async def test_what_teaches_most_is_what_is_least_clear(review: Reviewed) -> None:
    assert listed(await review.pages.queue(asked(), {"order": "teaches"}))[0] == anomaly_id(3)


async def test_an_anomaly_is_shown_with_all_that_helps_to_judge_it(review: Reviewed) -> None:
    text = text_of(await review.pages.anomaly(asked(), anomaly_id(4), {}))
    for part in (
        "card-1",
        "transactions partition 0 offset 4",
        "amount",
        "What would make it ordinary",
        "The nearest ordinary transactions",
        "<svg",
        "her holiday",
        'href="/review/search?incident=i-1"',
    ):
        assert part in text
    assert text.count('class="current"') == 1


async def test_the_next_one_in_the_queue_is_a_click_away(review: Reviewed) -> None:
    seen = [listed(await review.pages.queue(asked(), {}))[0]]
    for _ in range(3):
        text = text_of(await review.pages.anomaly(asked(), seen[-1], {}))
        [onward] = re.findall(r'id="next" rel="next" href="([^"]+)"', text)
        seen.append(onward.split("/")[-1].split("?")[0])
    assert seen == listed(await review.pages.queue(asked(), {}))


async def test_after_the_last_one_there_is_the_queue(review: Reviewed) -> None:
    text = text_of(await review.pages.anomaly(asked(), anomaly_id(3), {}))
    assert 'id="next" rel="next" href="/review?order=severity"' in text


async def test_a_label_is_kept_and_leads_on(review: Reviewed) -> None:
    form = {
        "anomaly": anomaly_id(0),
        "verdict": "fraud",
        "note": "called",
        "id": "l-9",
        "back": f"/review/anomalies/{anomaly_id(1)}?order=severity",
    }
    answer = await review.pages.label(asked(), form)
    [said] = review.said
    assert isinstance(said, Label)
    assert (said.id, said.name, said.verdict, said.user) == ("l-9", anomaly_id(0), "fraud", "token")
    assert (said.note, said.via, said.at) == ("called", "page", NOON)
    assert answer.status == 303
    onward = answer.headers["Location"]
    assert onward == f"/review/anomalies/{anomaly_id(1)}?order=severity&said=l-9&verdict=fraud"
    text = text_of(
        await review.pages.anomaly(asked(), anomaly_id(1), {"said": "l-9", "verdict": "fraud"})
    )
    assert "of the one before" in text


async def test_a_script_is_answered_with_the_id(review: Reviewed) -> None:
    form = {"anomaly": anomaly_id(0), "verdict": "expected"}
    answer = await review.pages.label(asked(Accept="application/json"), form)
    assert msgspec.json.decode(answer.body) == {"id": review.said[0].id}


async def test_an_incident_is_labelled_by_an_answer(review: Reviewed) -> None:
    await review.pages.label(asked(), {"incident": "i-1", "verdict": "fraud"})
    [said] = review.said
    assert isinstance(said, Press)
    assert (said.incident, said.action) == ("i-1", "fraud")


async def test_a_label_can_be_taken_back(review: Reviewed) -> None:
    answer = await review.pages.undo(asked(), {"said": "l-1", "back": "/review"})
    [said] = review.said
    assert isinstance(said, Undo)
    assert (said.said, said.user) == ("l-1", "token")
    assert answer.headers["Location"] == "/review"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"anomaly": anomaly_id(0), "verdict": "maybe"},
        {"anomaly": "no anomaly", "verdict": "fraud"},
        {"incident": HOSTILE, "verdict": "fraud"},
        {"anomaly": anomaly_id(0), "verdict": "fraud", "id": "../x"},
    ],
)
async def test_what_is_no_label_is_refused_in_a_line(
    review: Reviewed, form: dict[str, str]
) -> None:
    answer = await review.pages.label(asked(), form)
    assert "this is no label" in text_of(answer, 400)
    assert review.said == []


async def test_what_the_broker_does_not_take_was_not_said(review: Reviewed) -> None:
    review.is_down = True
    form = {"anomaly": anomaly_id(0), "verdict": "fraud"}
    assert "nothing was said: writing to feedback" in text_of(
        await review.pages.label(asked(), form), 503
    )
    assert "nothing was said" in text_of(await review.pages.undo(asked(), {"said": "l-1"}), 503)
    assert "writing to feedback" in text_of(await review.pages.export(asked(), {}), 503)


async def test_a_search_finds_and_its_export_is_in_the_audit_trail(review: Reviewed) -> None:
    query = {"entity": "card-1", "severity": "medium"}
    assert listed(await review.pages.search(asked(), query)) == [anomaly_id(4), anomaly_id(3)]
    exported = await review.pages.export(asked(), query)
    rows = [*csv.DictReader(io.StringIO(exported.body.decode()))]
    assert [(row["id"], row["verdict"]) for row in rows] == [
        (anomaly_id(4), "expected"),
        (anomaly_id(3), ""),
    ]
    [said] = review.said
    assert isinstance(said, Action)
    assert (said.action, said.subject) == ("export", "entity=card-1 severity=medium")


async def test_an_incident_is_shown_above_its_anomalies(review: Reviewed) -> None:
    answer = await review.pages.search(asked(), {"incident": "i-1"})
    assert "two of card-1" in text_of(answer)
    assert listed(answer) == [anomaly_id(4), anomaly_id(3)]


async def test_a_time_that_is_none_is_a_fault_in_a_line(review: Reviewed) -> None:
    answer = await review.pages.search(asked(), {"since": "soon"})
    assert "since: bad-time" in text_of(answer, 400)


async def test_a_cell_that_begins_like_a_formula_is_none(tmp_path: Path) -> None:
    with reviewed(tmp_path, found(0, "=cmd()")) as review:
        rows = (await review.pages.export(asked(), {})).body.decode().splitlines()
    assert rows[1].split(",")[1] == "'=cmd()"


async def test_pages_go_on_where_the_one_before_has_ended(tmp_path: Path) -> None:
    many = [found(n, f"card-{n}", NOON + n) for n in range(120)]
    with reviewed(tmp_path, *many) as review:
        for page, path in (
            (review.pages.queue, "/review"),
            (review.pages.search, "/review/search"),
        ):
            seen, query = [], dict[str, str]()
            while True:
                answer = await page(asked(), query)
                seen += listed(answer)
                more = re.findall(r'<p><a rel="next" href="([^"]+)"', text_of(answer))
                if not more:
                    break
                assert more[0].startswith(path)
                query = queried(more[0])
            assert sorted(seen) == sorted(anomaly_id(n) for n in range(120))


def queried(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path.replace("&amp;", "&")).query))


async def test_nothing_from_the_stream_is_markup(tmp_path: Path) -> None:
    messages = [
        found(0, HOSTILE, severity=HOSTILE, transaction=msgspec.Raw(msgspec.json.encode(HOSTILE))),
        member(0, HOSTILE),
        incident(HOSTILE, title=HOSTILE),
        label(note=HOSTILE, user=HOSTILE),
    ]
    with reviewed(tmp_path, *messages) as review:
        for answer in (
            await review.pages.queue(asked(), {}),
            await review.pages.anomaly(asked(), anomaly_id(0), {"said": HOSTILE}),
            await review.pages.search(asked(), {"incident": HOSTILE, "entity": HOSTILE}),
            await review.pages.audit(asked(), {}),
        ):
            assert "<script>" not in text_of(answer)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    query=st.dictionaries(
        st.sampled_from(
            ["after", "order", "entity", "id", "incident", "since", "until", "verdict", "skip"]
        ),
        st.text(max_size=30)
        | st.sampled_from(["1 a", "nan a", "inf a", "1e999 a", "\0", "\ud800"]),
    )
)
async def test_any_query_is_answered(review: Reviewed, query: dict[str, str]) -> None:
    for page in (review.pages.queue, review.pages.search, review.pages.audit, review.pages.export):
        assert (await page(asked(), query)).status in {200, 400}
    name = query.get("id", "")
    assert (await review.pages.anomaly(asked(), name, query)).status in {200, 404}


async def test_a_store_that_is_gone_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reviewed(tmp_path, found(0)) as review:
        with review.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE anomalies RENAME TO others")
        answer = await review.pages.queue(asked(), {})
    assert "no such table" in text_of(answer, answer.status)
    assert answer.status in {400, 503}


def test_what_pages_load_is_theirs_and_small() -> None:
    names = ("review.css", "review.js")
    assert [static(name).status for name in names] == [200, 200]
    assert sum(len(static(name).body) for name in names) < 12_000
    assert static("base.html").status == static("../pages.py").status == 404


async def test_a_page_of_the_queue_is_small(tmp_path: Path) -> None:
    many = [found(n, f"card-{n:016d}", NOON + n) for n in range(60)]
    with reviewed(tmp_path, *many) as review:
        answer = await review.pages.queue(asked(), {})
    assert len(listed(answer)) == 50
    assert (
        len(answer.body) + sum(len(static(one).body) for one in ("review.css", "review.js"))
        < 60_000
    )
