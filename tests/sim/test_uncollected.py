"""What runs leave behind: old at once, and collected before it is much."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from experiments import load_scenario
from experiments.build import build
from sim import uncollected as module
from sim.uncollected import clear_away, uncollected


class Knot:
    """An object that only the collector gets rid of."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """So few objects are many here; nothing is set aside yet, nor frozen."""
    monkeypatch.setattr(module, "_MANY", 1_000)
    monkeypatch.setattr(module, "_is_set_aside", False)
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield 1_000
    gc.unfreeze()
    if frozen:
        gc.freeze()


def test_what_was_made_is_old_and_the_collector_runs_again() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        made = [Knot() for _ in range(5_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    young = {id(thing) for thing in gc.get_objects(generation=0)}
    assert not any(id(knot) in young for knot in made)


def test_what_was_left_is_collected_where_the_next_begins(many: int) -> None:
    with uncollected():
        kept = [Knot() for _ in range(many + 100)]
        left = ref(Knot())
    assert left() is not None
    clear_away()
    assert left() is None
    assert len(kept) == many + 100


def test_few_objects_are_left_to_the_collector(many: int) -> None:
    gc.collect()
    with uncollected():
        few = [Knot() for _ in range(many // 2)]
    young = {id(thing) for thing in gc.get_objects(generation=0)} | {
        id(thing) for thing in gc.get_objects(generation=1)
    }
    assert all(id(knot) in young for knot in few)


def test_who_collects_by_hand_or_has_frozen_something_goes_on_so() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    gc.freeze()
    frozen = gc.get_freeze_count()
    with uncollected():
        made = [Knot() for _ in range(5_000)]
    assert gc.get_freeze_count() == frozen
    assert len(made) == 5_000


def test_economies_do_not_pile_up() -> None:
    past = []
    for seed in range(4):
        economy = build(load_scenario("quickstart", {"seed": seed, "data.size": 300}))
        economy.run()
        past.append(ref(economy))
        del economy
    build(load_scenario("quickstart", {"data.size": 300}))
    assert [economy() for economy in past] == [None] * 4
