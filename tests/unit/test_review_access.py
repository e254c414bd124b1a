"""Who may see the pages of the review, and from where something may be changed on them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomaly_app.web.people.identity import Asked
from anomaly_app.web.people.roles import Role
from anomaly_app.web.people.session import COOKIE
from anomaly_app.web.people.users import new_user
from anomaly_app.web.review.signing import path_in
from tests.support.review import Reviewed, asked, reviewed, text_of
from tests.support.stores import anomaly_id, found, label

ELSEWHERE = ["https://elsewhere", "//elsewhere", "/reviewer", "/stats", "/review\r\nX: 1", ""]

SAME_SITE = {"Sec_Fetch_Site": "same-origin"}


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Reviewed]:
    with reviewed(tmp_path, found(0), found(1)) as pages:
        yield pages


async def test_who_is_nobody_is_asked_for_a_token(review: Reviewed) -> None:
    for answer in (
        await review.pages.queue(asked(""), {}),
        await review.pages.anomaly(asked("wrong"), anomaly_id(0), {}),
        await review.pages.label(asked(""), {"anomaly": anomaly_id(0), "verdict": "fraud"}),
    ):
        assert "Sign in" in text_of(answer, 401)
        assert "card-" not in text_of(answer, 401)
    assert review.said == []


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.VIEWER, (200, 403, 403, 403)),
        (Role.REVIEWER, (200, 303, 200, 403)),
        (Role.ADMIN, (200, 303, 200, 200)),
    ],
)
async def test_a_role_opens_what_it_is_for(
    tmp_path: Path, role: Role, statuses: tuple[int, ...]
) -> None:
    user, token = new_user("ada", role)
    (tmp_path / "users").write_text(user.line)
    with reviewed(tmp_path, found(0)) as review:
        pages, ada = review.pages, asked(token)
        answers = (
            await pages.queue(ada, {}),
            await pages.label(ada, {"anomaly": anomaly_id(0), "verdict": "fraud"}),
            await pages.export(ada, {}),
            await pages.audit(ada, {}),
        )
    assert tuple(answer.status for answer in answers) == statuses
    assert all(getattr(said, "user", "") == "ada" for said in review.said)


async def test_a_viewer_has_no_buttons(tmp_path: Path) -> None:
    user, token = new_user("ada", Role.VIEWER)
    (tmp_path / "users").write_text(user.line)
    with reviewed(tmp_path, found(0), label(), found(1)) as review:
        for answer in (
            await review.pages.queue(asked(token), {}),
            await review.pages.anomaly(asked(token), anomaly_id(0), {}),
            await review.pages.search(asked(token), {}),
        ):
            assert not re.search(r'value="(fraud|expected)"|Take back|Export', text_of(answer))


async def test_a_session_is_begun_with_a_token_and_ended(review: Reviewed) -> None:
    signing, browser = review.pages.signing, asked("", **SAME_SITE)
    refused = signing.sign_in(browser, {"token": "wrong"})
    assert "nobody has this token" in text_of(refused, 401)
    begun = signing.sign_in(
        browser, {"token": "open-sesame", "name": "grace", "back": "/review/search?entity=a"}
    )
    assert (begun.status, begun.headers["Location"]) == (303, "/review/search?entity=a")
    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    value = re.match(rf"{COOKIE}=([^;]+);", cookie)
    assert value is not None
    signed_in = Asked({"Sec-Fetch-Site": "same-origin"}, {COOKIE: value[1]}, "127.0.0.1")
    assert "grace, admin" in text_of(await review.pages.queue(signed_in, {}))
    assert "Max-Age=0" in signing.sign_out(browser).headers["Set-Cookie"]


async def test_another_site_cannot_label_through_a_session(review: Reviewed) -> None:
    begun = review.pages.signing.sign_in(asked("", **SAME_SITE), {"token": "open-sesame"})
    value = begun.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    form = {"anomaly": anomaly_id(0), "verdict": "fraud"}
    for site in ("cross-site", "same-site", "none"):
        strange = Asked({"Sec-Fetch-Site": site}, {COOKIE: value}, "127.0.0.1")
        for act in (review.pages.label, review.pages.undo):
            assert "from another site" in text_of(await act(strange, form), 403)
    strange = asked("", Sec_Fetch_Site="cross-site")
    assert review.pages.signing.sign_in(strange, {"token": "open-sesame"}).status == 403
    assert review.said == []


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere",
        "//elsewhere",
        "/reviewer",
        "/stats",
        "/review\r\nX: 1",
        "",
        "/review/" + "a" * 3_000,
    ],
)
def test_a_form_leads_nowhere_else(path: str) -> None:
    assert path_in(path) == "/review"
