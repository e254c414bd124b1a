"""``make demo`` with the scenarios that the integration tests leave to these."""

from pathlib import Path

import pytest

from tests.support.demos import check_scenario

pytestmark = pytest.mark.broker


@pytest.mark.parametrize(("scenario", "entity"), [("machines", "machine"), ("network", "user")])
def test_a_scenario_is_simulated_and_its_anomalies_are_shown(
    tmp_path: Path, scenario: str, entity: str
) -> None:
    check_scenario(tmp_path, scenario, entity=entity)
