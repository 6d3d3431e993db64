"""What a view shows of the public log, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from agents import Honest, Settings
from sim.errors import ConfigError
from sim.models.reference import ReferenceNaiveBayes
from sim.rng import Streams
from sim.units import DAY
from sim.view import Sight, View
from tests.support import data, make_economy, make_world


@pytest.fixture(scope="module")
def economy() -> Any:
    economy = make_economy(rows=60)
    for name in ("ann", "bob"):
        economy.join(Honest(economy, name, Settings(balance=10**21), Streams(1), participation_margin=None))
    economy.advance(DAY // 2)
    return economy


def view(economy: Any, **sight: bool) -> View:
    return View(economy.trainer, economy.claims, economy.stream, economy.recorder, "eve", Sight(**sight))


def test_log_tells_every_contribution_as_it_was_submitted(economy: Any) -> None:
    """What receipts and statements say of contributions the log says too."""
    eve, records = view(economy, sees_log=True), economy.trainer.records
    log = [eve.contribution(record) for record in eve.log]
    assert len(log) == len(economy.recorder.added) > 20
    assert [(line.time, line.deposit) for line in log] == [
        (added.time, added.deposit) for added in economy.recorder.added
    ]
    for name in ("ann", "bob"):
        statement = economy.actors[name].statement
        assert sum(line.deposit for line in log if line.author == name) == statement.deposited
        assert eve.standing_of(name) == statement.refunded > 0
    assert log[3].data is records.data[3]  # no copy
    assert [eve.age(record) for record in eve.log[-2:]] == [eve.now - line.time for line in log[-2:]]
    assert sum(eve.claimable(record) for record in eve.log) == economy.trainer.escrow()


def test_ranges_of_the_log_are_cut_without_reading_it(economy: Any) -> None:
    eve = view(economy, sees_log=True)
    end = len(eve.log)
    assert list(eve.log[-3:]) == [end - 3, end - 2, end - 1]
    assert list(eve.log[end:]) == []
    assert list(eve.log[end - 1 :]) == [end - 1]


@pytest.mark.parametrize(
    ("look", "trait"),
    [
        (lambda view: view.log, "sees_log"),
        (lambda view: view.contribution(0), "sees_log"),
        (lambda view: view.age(0), "sees_log"),
        (lambda view: view.claimable(0), "sees_log"),
        (lambda view: view.standing_of("ann"), "sees_log"),
        (lambda view: view.predict(view.sample.data), "sees_model"),
        (lambda view: view.probability(view.sample.data, 0), "sees_model"),
        (lambda view: view.mempool, "sees_mempool"),
    ],
)
def test_each_look_needs_its_trait_and_no_other(economy: Any, look: Any, trait: str) -> None:
    look(view(economy, **{trait: True}))
    others = {name: True for name in ("sees_log", "sees_model", "sees_mempool") if name != trait}
    with pytest.raises(ConfigError, match=f"eve looks at .* Declare {trait} = True"):
        look(view(economy, **others))


def test_how_sure_a_model_is() -> None:
    """What it takes a sample for it takes for the more probable of two labels; some models do not say."""
    economy = make_economy(rows=60)
    eve, sample = view(economy, sees_model=True), economy.stream.current
    assert sample is not None
    of = [eve.probability(sample.data, label) for label in (0, 1)]
    assert None not in of
    assert sum(of) == 1  # type: ignore[arg-type]
    assert max(of) == of[eve.predict(sample.data)] > 0.5  # type: ignore[type-var]
    silent = make_economy(model=lambda chain: ReferenceNaiveBayes(12, 2, chain.journal, chain.meter), rows=60)
    assert view(silent, sees_model=True).probability(sample.data, 0) is None


def test_nothing_waits_without_a_mempool(economy: Any) -> None:
    assert view(economy, sees_mempool=True).mempool == ()


def test_a_bounded_look_is_at_the_newest_disputes() -> None:
    """Bob's three contributions are turned against him one after the other; ann looks at two of them at most."""
    world = make_world(n_features=3, refund_window=1, any_claim_after=10_000)
    for who, label in (("bob", 1), ("cat", 0)):
        for feature in range(3):
            world.wait(1)
            world.send(who, "add_data", data(feature), label, value=10**23)
            world.wait(1)
            world.index.look(world.chain.clock.now)
    ann = View(world.trainer, world.index, None, None, "ann")  # type: ignore[arg-type]
    assert ann.disputed(0) == ([0, 1, 2], 3)
    assert ann.disputed(0, 2) == ([1, 2], 3)
    assert ann.disputed(2, 2) == ([2], 3)
    assert ann.disputed(3, 2) == ([], 3)
