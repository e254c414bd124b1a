"""What the page about retraining shows is tried: each line, unit and file."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from anomaly_app.registry.versions import CANDIDATE_FILE, find_version
from tests.unit.test_retrain_command import EARLY, FRAUDS, ROWS, SEEN, chargebacks, table
from training.cli import cli, load

ROOT = Path(__file__).parents[2]

PAGE = (ROOT / "docs/retraining.md").read_text()

DOCKERFILE = (ROOT / "deploy/retrain.Dockerfile").read_text()

HOME = "/srv/anomaly-app"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def check(command: list[str]) -> None:
    """Parse a command without running it."""
    assert command[1:4] == ["-m", "training", "retrain"]
    load("retrain").make_context("retrain", command[4:])


def test_the_commands_of_the_page_are_understood() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    found = [line for line in lines if line.startswith("python -m training retrain")]
    assert len(found) >= 2
    for line in found:
        check(shlex.split(line, comments=True))


def test_every_option_is_on_the_page_or_in_the_help_of_others() -> None:
    options = {
        name for one in load("retrain").params if isinstance(one, click.Option) for name in one.opts
    }
    named = {name for name in options if f"`{name}" in PAGE or f" {name}" in PAGE}
    assert options - named <= {
        *("--roles", "--time-format", "--detector", "--param", "--name", "--out"),
        *("--alert-rate", "--alerts-per-day"),
    }


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A checkout with a model, newer exports and chargebacks, as on a server."""
    for name in ("anomaly_app", "training"):
        (tmp_path / name).symlink_to(ROOT / name)
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    table(SEEN).write_csv(tmp_path / "old.csv")
    (tmp_path / "exports").mkdir()
    table(ROWS).write_csv(tmp_path / "exports/new.csv")
    (tmp_path / "chargebacks.csv").write_text(chargebacks([*FRAUDS, *EARLY]))
    where = ["--out", str(tmp_path / "models"), "--detector", "robust_zscore"]
    ended = CliRunner().invoke(cli, ["fit", str(tmp_path / "old.csv"), *where])
    assert ended.exit_code == 0, ended.output
    return tmp_path


def cron_line(folder: Path) -> str:
    """The command of the crontab, as cron hands it to the shell, in another folder."""
    [line] = [line for line in blocks("cron")[0].splitlines() if line[0].isdigit()]
    assert "%" not in line
    when, command = " ".join(line.split()[:5]), line.split(maxsplit=5)[5]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-7]", when)
    assert f"cd {HOME} " in command
    return command.replace(HOME, shlex.quote(str(folder)))


def test_the_line_of_the_crontab_runs_with_an_empty_environment(installed: Path) -> None:
    command = ["env", "-i", "/bin/sh", "-c", cron_line(installed).replace("--only-if-better", "")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    folder = installed / "models/transactions"
    assert (folder / "2" / CANDIDATE_FILE).exists()
    assert find_version(folder) == folder / "1"
    assert "to accept it" in (installed / "retrain.log").read_text()


def test_cron_mails_the_reason_if_something_is_wrong(installed: Path) -> None:
    (installed / "chargebacks.csv").unlink()
    command = ["env", "-i", "/bin/sh", "-c", cron_line(installed)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "--labels chargebacks.csv cannot be read" in ended.stdout


def test_the_units_of_systemd_are_right(tmp_path: Path, installed: Path) -> None:
    names = re.findall(r"^`/etc/systemd/system/(\S+)`:$", PAGE, re.MULTILINE)
    units = dict(zip(names, blocks("ini"), strict=True))
    assert [*units] == ["anomaly-retrain.service", "anomaly-retrain.timer"]
    [start] = re.findall(r"^ExecStart=(.*)$", units["anomaly-retrain.service"], re.MULTILINE)
    check(shlex.split(start))
    if shutil.which("systemd-analyze") is None:
        return
    for name, text in units.items():
        (tmp_path / name).write_text(text.replace(HOME, str(installed)))
    files = [str(tmp_path / name) for name in names]
    ended = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
    )
    said = [line for line in ended.stderr.splitlines() if "anomaly-retrain" in line]
    assert (ended.returncode, said) == (0, [])


def documents() -> list[Any]:
    return [yaml.safe_load(text) for text in blocks("yaml")]


def test_the_container_of_compose_runs_the_command_and_waits() -> None:
    [service] = [one["services"]["retrain"] for one in documents() if "services" in one]
    check(service["command"])
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    broker = composed["services"]["worker"]["environment"]["ANOMALY_BROKER"]
    assert service["environment"]["ANOMALY_BROKER"] == broker
    # Compose writes $$ for $. A `sleep` that ends at once, and then not: one round.
    shell, option, script, *name = service["entrypoint"]
    once = 'n=0; sleep() { n=$((n + 1)); [ "$n" -le 1 ]; }; '
    ended = subprocess.run(
        [shell, option, once + script.replace("$$", "$"), *name, "echo", "a b", "c"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "a b c\n"


def test_the_job_of_kubernetes_has_what_it_needs() -> None:
    [job] = [one for one in documents() if one.get("kind") == "CronJob"]
    assert (job["apiVersion"], job["spec"]["concurrencyPolicy"]) == ("batch/v1", "Forbid")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    check(container["command"])
    assert {one["name"] for one in container["volumeMounts"]} == {
        one["name"] for one in pod["volumes"]
    }
    assert pod["restartPolicy"] in {"Never", "OnFailure"}


def test_the_image_has_the_packages_of_training_and_its_files_are_sent_to_the_builder() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = set(extras["optional-dependencies"]["training"])
    assert set(re.findall(r'"([a-z0-9]+>=[^"]+)"', DOCKERFILE)) == wanted
    assert "!training" in (ROOT / ".dockerignore").read_text().splitlines()
    [command] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    check(yaml.safe_load(command))
