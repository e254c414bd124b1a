"""The pages to review on, of a real worker in a real browser."""

import statistics
import time
from typing import Any

import pytest
from playwright.async_api import Page

from anomaly_app.core.feedback.messages import read_feedback
from anomaly_app.core.learning.label import Label, Undo, Verdict
from harness.workers import Worker
from tests.support.alerts import TOKEN
from tests.support.browser import browser_page
from tests.support.kafka import Kafka
from tests.support.store_workers import in_a_file, odd, stored, until_stored
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

ANOMALIES = 24

LISTED = "[...document.querySelectorAll('tr[data-id]')].map(row => row.dataset.id)"

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
"""Milliseconds."""


async def sign_in(page: Page, worker: Worker, path: str = "/review") -> None:
    await page.goto(f"http://127.0.0.1:{worker.port}{path}")
    await page.fill("[name=token]", TOKEN)
    await page.fill("[name=name]", "grace")
    await page.press("[name=token]", "Enter")
    await page.wait_for_selector("tr.here")


async def said(kafka: Kafka) -> list[Any]:
    """What was said, by the feedback topic."""
    records = await kafka.read_all(kafka.feedback)
    found = [read_feedback(record.value, kafka.name) for record in records]
    return sorted((one for one in found if one is not None), key=lambda one: one.at)


async def test_anomalies_are_reviewed_by_keyboard_with_one_key_each(kafka: Kafka) -> None:
    in_a_file(kafka)
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker, browser_page() as page:
        await kafka.produce([odd(f"card-{n}", n) for n in range(ANOMALIES)])
        await until_stored(kafka, ANOMALIES)
        await sign_in(page, worker)
        rows: list[str] = await page.evaluate(LISTED)
        assert len(rows) == ANOMALIES
        # In the list: one key is a decision, and leads on.
        for place, key in enumerate("fef"):
            await page.keyboard.press(key)
            await page.wait_for_selector(f'tr[data-id="{rows[place]}"].done')
        labels = await eventually(lambda: said(kafka), lambda found: len(found) == 3)
        assert [(one.name, one.verdict) for one in labels] == [
            (rows[0], Verdict.FRAUD),
            (rows[1], Verdict.EXPECTED),
            (rows[2], Verdict.FRAUD),
        ]
        assert {(one.user, one.via) for one in labels} == {("grace", "page")}
        # What was said last is taken back.
        await page.keyboard.press("u")
        found = await eventually(lambda: said(kafka), lambda found: len(found) == 4)
        assert isinstance(found[3], Undo)
        assert found[3].said == found[2].id
        # On the page of one: the same keys, and the next one is there.
        await page.keyboard.press("Enter")
        for place, key in enumerate("ee", start=2):
            await page.wait_for_selector("#answer")
            assert rows[place] in page.url
            await page.keyboard.press(key)
            await page.wait_for_url(f"**/{rows[place + 1]}?*")
        await page.wait_for_selector(".undo button")
        await eventually(
            lambda: {row["id"]: row["verdict"] for row in stored(kafka) if row["verdict"]},
            lambda verdicts: (
                verdicts
                == {rows[0]: "fraud", rows[1]: "expected", rows[2]: "expected", rows[3]: "expected"}
            ),
        )
        await page.goto(f"http://127.0.0.1:{worker.port}/review")
        await page.wait_for_selector("tr.here")
        assert await page.locator("tr[data-id]").count() == ANOMALIES - 4


async def test_a_page_is_painted_soon_and_a_label_is_kept_soon(kafka: Kafka) -> None:
    in_a_file(kafka)
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker, browser_page() as page:
        await kafka.produce([odd(f"card-{n}", n) for n in range(60)])
        await until_stored(kafka, 60)
        await sign_in(page, worker)
        painted, kept = [], []
        for _ in range(5):
            await page.reload()
            await page.wait_for_selector("tr.here")
            painted.append(await page.evaluate(PAINTED))
        for key in "fe" * 10:
            begun = time.monotonic()
            async with page.expect_response("**/review/labels") as response:
                await page.keyboard.press(key)
            assert (await response.value).status == 200
            kept.append(time.monotonic() - begun)
        labels = [one for one in await said(kafka) if isinstance(one, Label)]
    assert len(labels) == 20
    # Far more than the goals of 200 ms, for a busy machine: docs/review.md has what was measured.
    assert statistics.median(painted) < 2_000.0
    assert statistics.median(kept) < 2.0


async def test_nobody_sees_a_page_without_a_token_or_labels_from_another_site(
    kafka: Kafka,
) -> None:
    in_a_file(kafka)
    kafka.settings["ANOMALY_WEB_TOKEN"] = TOKEN
    async with kafka.worker() as worker, browser_page() as page:
        await kafka.produce([odd("card-1")])
        [row] = await until_stored(kafka, 1)
        await page.goto(f"http://127.0.0.1:{worker.port}/review/anomalies/{row['id']}")
        assert "card-1" not in await page.content()
        await sign_in(page, worker)
        # Another host name is another site: its pages cannot act with the session.
        strange = f"http://localhost:{worker.port}/review/labels"
        form = f'<form method="post" action="http://127.0.0.1:{worker.port}/review/labels">'
        fields = f'<input name="anomaly" value="{row["id"]}"><input name="verdict" value="fraud">'
        await page.route(
            strange,
            lambda route: route.fulfill(body=f"{form}{fields}</form>", content_type="text/html"),
        )
        await page.goto(strange)
        await page.evaluate("document.forms[0].submit()")
        await page.wait_for_url(f"http://127.0.0.1:{worker.port}/**")
        assert "Refused" in await page.content() or "Sign in" in await page.content()
        assert await said(kafka) == []
