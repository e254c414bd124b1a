"""Pages that reveal data are for those who have the token."""

import base64

import pytest
from pydantic import SecretStr

from anomaly_app.settings import Settings
from anomaly_app.web.token import has_token, why_not

OPEN = Settings(_env_file=None, web_token=SecretStr("open sesame"))
CLOSED = Settings(_env_file=None)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize("sent", ["Bearer open sesame", "bearer open sesame", basic("open sesame")])
def test_the_token_opens(sent: str) -> None:
    assert has_token({"Authorization": sent}, OPEN)
    assert not has_token({"Authorization": sent}, CLOSED)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer open",
        "open sesame",
        basic("open"),
        "Basic %%%",
        "Basic w6k=",
    ],
)
def test_anything_else_does_not(sent: str) -> None:
    assert not has_token({"Authorization": sent}, OPEN)
    assert not has_token({}, OPEN)


def test_what_is_missing_is_said_without_the_token() -> None:
    assert "ANOMALY_WEB_TOKEN" in why_not(CLOSED)
    assert "Authorization" in why_not(OPEN)
    assert "sesame" not in why_not(OPEN)
