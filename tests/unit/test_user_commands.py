"""``faust … user``: who may see the pages."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anomaly_app.web.people.command import user
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.people.users import Users


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "users"
    monkeypatch.setenv("ANOMALY_WEB_USERS", str(found))
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(user, arguments)


def test_a_user_is_added_with_a_token_that_is_printed_once(file: Path) -> None:
    added = run("add", "ada")
    token = added.stdout.strip()
    assert (added.exit_code, added.stderr) == (0, f"ada is a reviewer in {file}\n")
    assert Users(file).with_token(token) == Person("ada", Role.REVIEWER)
    assert token not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_a_line_without_an_end_is_not_continued(file: Path) -> None:
    file.write_text("# ours")
    assert run("add", "ada").exit_code == 0
    assert run("add", "bob", "--role", "admin").exit_code == 0
    assert run("list").output == "ada  reviewer\nbob  admin\n"
    assert file.read_text().startswith("# ours\nada ")


def test_nobody_is_added_twice(file: Path) -> None:
    run("add", "ada")
    again = run("add", "ada", "--role", "admin")
    assert again.exit_code == 1
    assert "ada is in" in again.output
    assert run("list").output == "ada  reviewer\n"


def test_a_name_that_is_none_is_refused(file: Path) -> None:
    refused = run("add", "Ada Lovelace")
    assert refused.exit_code == 1
    assert '"Ada Lovelace" is no name of a user' in refused.output
    assert not file.exists()


def test_another_file_can_be_named(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "others"
    assert run("add", "eve", "--file", str(other)).exit_code == 0
    assert run("list", "--file", str(other)).output == "eve  reviewer\n"
    assert not file.exists()


def test_a_file_that_is_missing_is_one_line(file: Path) -> None:
    missing = run("list")
    assert missing.exit_code == 1
    assert "No such file" in missing.output
    assert len(missing.output.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_one_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("add", "ada", "--file", str(file / "in" / "none"))
    assert refused.exit_code == 1
    assert "cannot be written: No such file or directory" in refused.output
