"""Who the app is and whom it trusts: every contradiction is named, and no secret is shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from anomaly_app.errors import SettingsError
from anomaly_app.settings.app import Settings, load_settings
from demo.__main__ import _settings as demo_settings
from demo.run import worker_environment

PASSWORD = "c0rrect-horse"  # noqa: S105

USER = {
    "ANOMALY_SECURITY_PROTOCOL": "SASL_SSL",
    "ANOMALY_SASL_USERNAME": "scorer",
    "ANOMALY_SASL_PASSWORD": PASSWORD,
}

REGISTRY = {
    "ANOMALY_SCHEMA_REGISTRY": "https://registry.example",
    "ANOMALY_SCHEMA_REGISTRY_USER": "scorer",
    "ANOMALY_SCHEMA_REGISTRY_PASSWORD": PASSWORD,
}

FROM_FILE = {"ANOMALY_SASL_PASSWORD_FILE": "password"}
TOKEN_FROM_FILE = {"SLACK_API_TOKEN_FILE": "token", "SLACK_CHANNEL": "#fraud"}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(Settings.environment_name(field), raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def password_of(settings: Settings) -> str | None:
    return settings.sasl_password.get_secret_value() if settings.sasl_password else None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ANOMALY_SECURITY_PROTOCOL": "TLS"}, "ANOMALY_SECURITY_PROTOCOL: .*SASL_SSL"),
        ({**USER, "ANOMALY_SASL_MECHANISM": "GSSAPI"}, "ANOMALY_SASL_MECHANISM: .*SCRAM-SHA-512"),
        (
            {"ANOMALY_SECURITY_PROTOCOL": "SASL_SSL"},
            "SASL_SSL: set ANOMALY_SASL_USERNAME and ANOMALY_SASL_PASSWORD ",
        ),
        ({**USER, "ANOMALY_SASL_PASSWORD": ""}, "SASL_SSL: set ANOMALY_SASL_PASSWORD "),
        ({**USER, "ANOMALY_SECURITY_PROTOCOL": "SSL"}, "ANOMALY_SASL_USERNAME is set, but .* SSL,"),
        ({"ANOMALY_SASL_PASSWORD": PASSWORD}, "ANOMALY_SASL_PASSWORD .*is set, but .* PLAINTEXT"),
        (
            {
                **USER,
                "ANOMALY_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
                "ANOMALY_SASL_MECHANISM": "PLAIN",
            },
            "ANOMALY_SASL_MECHANISM is PLAIN.*ANOMALY_SECURITY_PROTOCOL is SASL_PLAINTEXT",
        ),
        ({"ANOMALY_TLS_CA_FILE": "here.pem"}, "ANOMALY_TLS_CA_FILE is set, but .* PLAINTEXT"),
        (
            {"ANOMALY_SECURITY_PROTOCOL": "SSL", "ANOMALY_TLS_CERT_FILE": "here.pem"},
            "ANOMALY_TLS_CERT_FILE and ANOMALY_TLS_KEY_FILE belong together",
        ),
        (
            {"ANOMALY_SECURITY_PROTOCOL": "SSL", "ANOMALY_TLS_CA_FILE": "gone.pem"},
            r"ANOMALY_TLS_CA_FILE: .*No such file.*gone\.pem",
        ),
        ({"ANOMALY_SCHEMA_REGISTRY": "localhost:8081"}, "ANOMALY_SCHEMA_REGISTRY: .*https://host"),
        ({"ANOMALY_SCHEMA_REGISTRY": "http://a:b"}, "ANOMALY_SCHEMA_REGISTRY: .*https://host"),
        ({"ANOMALY_SCHEMA_REGISTRY": "http://[a"}, "ANOMALY_SCHEMA_REGISTRY: .*https://host"),
        (
            {"ANOMALY_SCHEMA_REGISTRY_USER": "scorer"},
            "ANOMALY_SCHEMA_REGISTRY_USER is set, but ANOMALY_SCHEMA_REGISTRY is not",
        ),
        (
            {**REGISTRY, "ANOMALY_SCHEMA_REGISTRY_PASSWORD": ""},
            "ANOMALY_SCHEMA_REGISTRY_USER is set, but ANOMALY_SCHEMA_REGISTRY_PASSWORD .*is not",
        ),
        (
            {**REGISTRY, "ANOMALY_SCHEMA_REGISTRY_USER": "a:b"},
            "ANOMALY_SCHEMA_REGISTRY_USER has a colon",
        ),
        (
            {**REGISTRY, "ANOMALY_SCHEMA_REGISTRY": "http://registry.example:8081"},
            "begins with http, which sends the password in the clear: use https",
        ),
        (
            {"ANOMALY_SCHEMA_REGISTRY": f"https://scorer:{PASSWORD}@registry.example"},
            "ANOMALY_SCHEMA_REGISTRY has a user in its address",
        ),
        (
            {"ANOMALY_SCHEMA_REGISTRY": "http://here", "ANOMALY_TLS_CA_FILE": "here.pem"},
            "ANOMALY_TLS_CA_FILE is set, but .* PLAINTEXT",
        ),
        (
            {"ANOMALY_HASH_KEY": PASSWORD},
            "ANOMALY_HASH_KEY: it must have at least 16 characters: .* openssl rand",
        ),
        ({"ANOMALY_HASH_KEY_FILE": "/gone"}, "ANOMALY_HASH_KEY_FILE: .*No such file"),
        ({"SLACK_API_TOKEN_FILE": "/gone"}, "SLACK_API_TOKEN_FILE: .*No such file"),
    ],
)
def test_a_contradiction_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
) -> None:
    Path("here.pem").touch()
    with pytest.raises(SettingsError, match=words) as caught:
        load(monkeypatch, **environment)
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_empty_settings_are_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        name
        for name in Settings.model_fields
        if name.startswith(("sasl_", "tls_", "schema_", "hash_"))
    ]
    names.remove("sasl_mechanism")
    settings = load(monkeypatch, **{Settings.environment_name(name): "" for name in names})
    assert {getattr(settings, name) for name in names} == {None}


def test_secrets_are_read_from_files_without_the_end_of_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\r\n")
    (tmp_path / "token").write_text("xoxb-1\n")
    settings = load(
        monkeypatch,
        **{**USER, "ANOMALY_SASL_PASSWORD": ""},
        **FROM_FILE,
        **TOKEN_FROM_FILE,
    )
    assert password_of(settings) == PASSWORD
    assert settings.slack_token is not None
    assert settings.slack_token.get_secret_value() == "xoxb-1"


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_file_that_does_not_hold_one_secret_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(SettingsError, match="the file password must contain only the secret"):
        load(monkeypatch, **FROM_FILE)


def test_the_registrys_password_is_read_from_a_file_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    in_file = {"ANOMALY_SCHEMA_REGISTRY_PASSWORD_FILE": "password"}
    settings = load(monkeypatch, **{**REGISTRY, "ANOMALY_SCHEMA_REGISTRY_PASSWORD": ""}, **in_file)
    assert settings.schema_registry_password is not None
    assert settings.schema_registry_password.get_secret_value() == PASSWORD


def test_the_file_of_authorities_may_be_for_the_registry_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("here.pem").touch()
    settings = load(monkeypatch, **REGISTRY, ANOMALY_TLS_CA_FILE="here.pem")
    assert settings.registry_uses_tls
    assert not settings.uses_tls


def test_a_password_may_travel_in_the_clear_on_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {**REGISTRY, "ANOMALY_SCHEMA_REGISTRY": "http://localhost:8081/"}
    assert load(monkeypatch, **here).schema_registry == "http://localhost:8081"


def test_a_secret_that_is_given_twice_must_be_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    assert password_of(load(monkeypatch, **USER, **FROM_FILE))
    file.write_text("another")
    with pytest.raises(SettingsError, match="ANOMALY_SASL_PASSWORD: it is set, but the file"):
        load_settings()


@pytest.mark.parametrize(
    "name",
    [
        *("ANOMALY_SASL_PASSWORD", "ANOMALY_SASL_PASSWORD_FILE", "ANOMALY_TLS_KEY_FILE"),
        *("SLACK_API_TOKEN", "SLACK_API_TOKEN_FILE", "ANOMALY_SASL_PASSWORT"),
        *("ANOMALY_SCHEMA_REGISTRY_PASSWORD", "ANOMALY_SCHEMA_REGISTRY_PASSWORD_FILE"),
    ],
)
def test_no_error_shows_a_secret_also_where_it_is_in_the_wrong_place(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **{name: PASSWORD})
    assert PASSWORD not in str(caught.value)


def test_a_password_in_the_brokers_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="ANOMALY_BROKER: .*'…@kafka:9092'") as caught:
        load(monkeypatch, ANOMALY_BROKER=f"kafka://scorer:{PASSWORD}@kafka:9092")
    assert PASSWORD not in str(caught.value)


def test_settings_and_their_errors_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **USER, **REGISTRY)
    assert PASSWORD not in f"{settings} {settings!r} {settings.model_dump_json()}"
    with pytest.raises(ValidationError) as caught:
        Settings(security_protocol="PLAINTEXT")
    assert PASSWORD not in f"{caught.value} {caught.value!r}"


def test_the_demos_workers_get_the_password_and_nothing_where_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = worker_environment(load(monkeypatch, **USER))
    assert environment["ANOMALY_SASL_PASSWORD"] == PASSWORD
    assert environment["ANOMALY_TLS_CA_FILE"] == ""


def test_the_demos_own_broker_knows_no_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in USER.items():
        monkeypatch.setenv(name, value)
    settings = demo_settings("kafka://127.0.0.1:1", tmp_path, embedded=True)
    assert settings.security_protocol == "PLAINTEXT"
    assert (settings.sasl_username, settings.sasl_password) == (None, None)
    given = demo_settings("kafka://127.0.0.1:1", tmp_path, embedded=False)
    assert (given.security_protocol, password_of(given)) == ("SASL_SSL", PASSWORD)
