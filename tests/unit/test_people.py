"""Who asks for a page, and what they may do."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.errors import SettingsError
from anomaly_app.settings import Settings
from anomaly_app.web.people.identity import SHARED, Asked, Identity, is_from_elsewhere
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.people.session import COOKIE, VALID, new_session, user_in
from anomaly_app.web.people.users import Users, new_user, parse_users

NOW = 1_800_000_000.0
TOKEN = "open-sesame"  # noqa: S105
PROXY = "10.0.0.7"


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    """The tokens of ada, a reviewer, and bob, a viewer, whose file is `users` in the folder."""
    made = {name: new_user(name, role) for name, role in PEOPLE.items()}
    lines = ["# who may review", "", *(user.line for user, _ in made.values())]
    (tmp_path / "users").write_text("\n".join(lines))
    return {name: token for name, (_, token) in made.items()}


PEOPLE = {"ada": Role.REVIEWER, "bob": Role.VIEWER}


def identity(folder: Path, **settings: Any) -> Identity:
    file = folder / "users"
    return Identity(
        Settings(web_token=TOKEN, web_users=file if file.exists() else None, **settings),
        Users(file if file.exists() else None),
    )


def asked(remote: str = "127.0.0.1", cookie: str = "", **headers: str) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(named, {COOKIE: cookie} if cookie else {}, remote)


def bearer(token: str) -> Asked:
    return asked(Authorization=f"Bearer {token}")


def test_roles_include_those_before_them() -> None:
    assert [[one.may(least) for least in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_user_is_known_by_the_token_and_has_the_role_of_the_file(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    known = identity(tmp_path)
    assert known.of(bearer(tokens["ada"]), NOW) == Person("ada", Role.REVIEWER)
    assert known.of(bearer(tokens["bob"]), NOW) == Person("bob", Role.VIEWER)
    assert known.of(bearer(tokens["bob"] + "x"), NOW) is None
    assert known.of(asked(), NOW) is None


def test_the_file_has_no_token(tmp_path: Path, tokens: dict[str, str]) -> None:
    text = (tmp_path / "users").read_text()
    assert not any(token in text for token in tokens.values())


def test_who_has_the_shared_token_is_an_admin_under_a_name_that_is_free(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    known = identity(tmp_path)
    assert known.of(bearer(TOKEN), NOW) == Person(SHARED, Role.ADMIN)
    assert known.with_token(TOKEN, "grace") == Person("grace", Role.ADMIN)
    assert known.with_token(TOKEN, "ada") == Person(SHARED, Role.ADMIN)
    assert known.with_token(TOKEN, "<b>") == Person(SHARED, Role.ADMIN)


def test_a_session_lasts_for_hours_and_ends_with_the_token(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    known = identity(tmp_path)
    ada = known.with_token(tokens["ada"])
    assert ada is not None
    cookie = known.session_of(ada, NOW)
    by_browser = Person("ada", Role.REVIEWER, is_by_browser=True)
    assert known.of(asked(cookie=cookie), NOW + VALID - 1) == by_browser
    assert known.of(asked(cookie=cookie), NOW + VALID) is None
    (tmp_path / "users").write_text(new_user("ada", Role.VIEWER)[0].line + "\n# another token")
    assert known.of(asked(cookie=cookie), NOW) is None


def test_who_is_taken_out_of_the_file_is_out_at_once(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    known = identity(tmp_path)
    cookie = known.session_of(Person("ada", Role.REVIEWER), NOW)
    (tmp_path / "users").write_text("# nobody")
    assert known.of(bearer(tokens["ada"]), NOW) is None
    assert known.of(asked(cookie=cookie), NOW) is None


def test_the_session_of_a_shared_token_keeps_the_name(tmp_path: Path) -> None:
    known = identity(tmp_path)
    cookie = known.session_of(Person("grace", Role.ADMIN), NOW)
    assert known.of(asked(cookie=cookie), NOW) == Person("grace", Role.ADMIN, is_by_browser=True)


def test_a_cookie_of_another_name_or_end_is_none() -> None:
    cookie = new_session("ada", NOW, "secret")
    name, ends, signature = cookie.split(".")
    other = new_session("bob", NOW, "secret").split(".")[0]
    for forged in (
        f"{other}.{ends}.{signature}",
        f"{name}.{int(ends) + 1}.{signature}",
        f"{name}.{ends}.{signature[:-1]}0",
        f"{name}.{ends}",
        "",
    ):
        assert user_in(forged, NOW, lambda _: "secret") in {None} | {
            "ada" if forged == cookie else None
        }
    assert user_in(cookie, NOW, lambda _: "secret") == "ada"
    assert user_in(cookie, NOW, lambda _: "another") is None
    assert user_in(cookie, NOW, lambda _: None) is None


@given(st.text(max_size=200))
def test_no_cookie_of_a_stranger_is_a_session_or_an_error(text: str) -> None:
    assert user_in(text, NOW, lambda _: "secret") is None


def test_a_proxy_names_the_user_and_nobody_else_does(tmp_path: Path) -> None:
    known = identity(tmp_path, web_user_header="X-Forwarded-User", web_proxies=PROXY)
    by_proxy = asked(PROXY, X_Forwarded_User="eve")
    assert known.of(by_proxy, NOW) == Person("eve", Role.VIEWER, is_by_browser=True)
    assert known.of(asked("10.0.0.8", X_Forwarded_User="eve"), NOW) is None
    assert known.of(asked("nowhere", X_Forwarded_User="eve"), NOW) is None
    assert known.of(asked(PROXY, X_Forwarded_User="<script>"), NOW) is None
    assert known.of(asked(PROXY), NOW) is None


def test_the_file_says_the_role_of_whom_a_proxy_names(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    known = identity(
        tmp_path, web_user_header="X-User", web_proxies="10.0.0.0/8", web_user_role="viewer"
    )
    assert known.of(asked(PROXY, X_User="ada"), NOW) == Person("ada", Role.REVIEWER, True)


@pytest.mark.parametrize("settings", [{"web_user_header": "X-User"}, {"web_proxies": "10.0.0.1"}])
def test_a_header_without_proxies_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        Settings(**settings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ada reviewer", "line 1: a user is NAME ROLE HASH"),
        ("\nada king " + "0" * 64, 'line 2: "king" is no role; roles are viewer, reviewer, admin'),
        ("ada viewer 0123", "line 1: the hash of ada is not 64 hexadecimal digits"),
        ("-x viewer " + "0" * 64, 'line 1: "-x" is no name of a user'),
        (("ada viewer " + "0" * 64 + "\n") * 2, 'line 2: "ada" is there twice'),
    ],
)
def test_a_wrong_line_is_named(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_users(text, "users")
    assert why in str(raised.value)


def test_a_file_that_is_gone_is_one_line(tmp_path: Path) -> None:
    users = Users(tmp_path / "missing")
    with pytest.raises(SettingsError, match=r"cannot be read.*No such file"):
        users.load()


@pytest.mark.parametrize(
    ("headers", "is_elsewhere"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "http://here", "Host": "here"}, True),
        ({"Sec_Fetch_Site": "same-site"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Origin": "http://here:6066", "Host": "here:6066"}, False),
        ({"Origin": "http://there:6066", "Host": "here:6066"}, True),
        ({"Origin": "null", "Host": "here:6066"}, True),
        ({}, True),
    ],
)
def test_another_site_cannot_make_a_browser_act(
    headers: dict[str, str], is_elsewhere: bool
) -> None:
    assert is_from_elsewhere(asked(**headers)) == is_elsewhere
