"""Pages that reveal data are for those who have the token."""

import base64

import pytest
from pydantic import SecretStr

from anomaly_app.settings import Settings
from anomaly_app.web.token import has_signature, has_token, is_of_a_worker, signed, why_not

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
        "Bearer \udcff",
    ],
)
def test_anything_else_does_not(sent: str) -> None:
    assert not has_token({"Authorization": sent}, OPEN)
    assert not has_token({}, OPEN)


def test_what_is_missing_is_said_without_the_token() -> None:
    assert "ANOMALY_WEB_TOKEN" in why_not(CLOSED)
    assert "Authorization" in why_not(OPEN)
    assert "sesame" not in why_not(OPEN)


NOW = 1_800_000_000.5


def test_a_signature_is_for_one_question_and_a_few_minutes() -> None:
    sent = {"Authorization": signed("entity\ncard-1", NOW, OPEN)}
    assert is_of_a_worker(sent)
    assert not has_token(sent, OPEN)
    for later in (-299.0, 0.0, 299.0):
        assert has_signature(sent, "entity\ncard-1", NOW + later, OPEN)
    for later in (-302.0, 301.0):
        assert not has_signature(sent, "entity\ncard-1", NOW + later, OPEN)
    assert not has_signature(sent, "entity\ncard-2", NOW, OPEN)
    assert not has_signature(sent, "entity\ncard-1", NOW, CLOSED)
    other = OPEN.model_copy(update={"web_token": SecretStr("another")})
    assert not has_signature(sent, "entity\ncard-1", NOW, other)


@pytest.mark.parametrize(
    "sent",
    ["", ":", "x:y", "1800000000", "1800000000:", "-1800000000:00", f"{'9' * 400}:00", "٣:\udcff"],
)
def test_what_is_no_signature_does_not_open(sent: str) -> None:
    headers = {"Authorization": f"Anomaly-Worker {sent}"}
    assert is_of_a_worker(headers)
    assert not has_signature(headers, "entity\ncard-1", NOW, OPEN)


def test_a_signature_does_not_tell_the_token() -> None:
    assert "sesame" not in signed("entity\ncard-1", NOW, OPEN)
    with pytest.raises(LookupError):
        signed("entity\ncard-1", NOW, CLOSED)
