"""The console script: one name for the commands of the app and of training."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from anomaly_app import __version__, cli
from training.cli import COMMANDS as TRAINING_COMMANDS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, arguments, prog_name=cli.NAME)


def test_the_help_lists_every_command_without_loading_any() -> None:
    look = (
        "import sys; from anomaly_app.cli import cli; cli(['--help'], standalone_mode=False); "
        "print({'faust', 'numpy', 'polars', 'sklearn', 'training'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout
    assert all(f"\n  {name} " in shown for name in cli.COMMANDS)
    assert shown.endswith("set()\n")


def test_it_knows_its_version() -> None:
    assert run("--version").output == f"anomaly-app, version {__version__}\n"


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name != "train"])
def test_help_of_a_faust_command_speaks_of_the_console_script(name: str) -> None:
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: anomaly-app {name} ")


def test_options_before_a_command_reach_faust() -> None:
    records = json.loads(run("--json", "models").output)
    # Faust leaves out the package of the app, once it knows which one that is.
    assert "Anomaly" in {record["name"].rpartition(".")[2] for record in records}


def test_words_after_a_command_reach_faust_as_they_are() -> None:
    wrong = run("dlq", "list", "--no-such-option")
    assert wrong.exit_code == 2
    assert "anomaly-app dlq list" in wrong.output
    assert "No such option" in wrong.output


def test_training_is_a_group_of_commands() -> None:
    shown = run("train", "--help").output
    assert shown.startswith("Usage: anomaly-app train ")
    assert all(f"\n  {name} " in shown for name in TRAINING_COMMANDS)


def test_without_the_libraries_of_training_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda _: None)
    refused = run("train", "fit", "history.csv")
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: `train` needs packages that a worker does not: "
        'pip install "anomaly-app[training]"\n'
    )


def test_an_unknown_command_is_an_error_of_usage() -> None:
    refused = run("wroker")
    assert refused.exit_code == 2
    assert "No such command 'wroker'" in refused.output
