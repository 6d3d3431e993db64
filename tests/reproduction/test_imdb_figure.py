"""The papers' figure on the papers' data: 25,000 film reviews, the reference's perceptron, one Good and one Bad.

Read from the published figure: accuracy stays around .79, Good ends with about 197 % after some 157 days, Bad has next
to nothing from around day 124 on. A run of the reference itself on generated reviews of this size: Good 198.6 %, Bad
1.4 %, 156 days, accuracy 76.4 % after training and between 76.2 and 77.1 % throughout.
"""

from __future__ import annotations

import pytest

from experiments.build import build, dataset_of
from experiments.scenario import load_scenario
from sim.data import DATASETS, is_available
from sim.economy import Economy
from sim.units import DAY

BUDGET = 10_000 * 10**15

pytestmark = pytest.mark.slow


@pytest.fixture(params=range(5))
def economy(request: pytest.FixtureRequest) -> Economy:
    (imdb,) = (entry for entry in DATASETS if entry.name == "imdb")
    if not is_available(imdb):
        pytest.skip("the IMDB reviews are not at hand: 'deca10b data info imdb' says how to obtain them")
    scenario = load_scenario("imdb-drt", {"seed": request.param})
    economy = build(scenario, dataset_of(scenario))
    economy.run()
    return economy


def test_figure_of_the_papers(economy: Economy) -> None:
    """Every seed lands where the published figure does."""
    snapshots, bad = economy.recorder.snapshots, economy.recorder.groups.index("Bad")
    assert economy.initial_accuracy == pytest.approx(0.79, abs=0.02)
    assert all(abs(snapshot.accuracy - economy.initial_accuracy) < 0.03 for snapshot in snapshots)
    wealth = {name: 100 * economy.chain.ledger.balance(name) / BUDGET for name in ("Good", "Bad")}
    assert wealth["Good"] > 190
    assert wealth["Bad"] < 2
    assert sum(wealth.values()) == pytest.approx(200)
    left = (row for row in snapshots if row.balances[bad] + row.locked[bad] < BUDGET // 50)
    assert 110 <= next(left).time / DAY <= 140
    assert 150 <= economy.ended_at / DAY <= 160
