"""The same seed gives the same run, to the last wei, however it is run; another seed gives another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents import Honest
from sim.models import NaiveBayes, SparsePerceptron

from .economies import digest, outcome, reference_digests, varied_economy

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def finished(*args, **kwargs):
    economy = varied_economy(*args, **kwargs)
    economy.run()
    return economy


def next_draws(actor) -> list[list[float]]:
    """What every stream of a participant would give next: equal after equally many draws of equal streams."""
    streams = [actor.next_gap, actor._willingness]
    if isinstance(actor, Honest):
        streams += [lambda: next(actor._runs), actor._participation]
    return [[draw() for _ in range(50)] for draw in streams]


def test_the_economy_under_test_is_a_rich_one():
    """Equality means something only if everything that can differ did happen."""
    statements = [actor.statement for actor in finished(7).actors.values()]
    for column in (
        "refunded", "crumbs", "reported", "expired", "taken_from", "rejected_price", "rejected_wallet",
        "rejected_declined",
    ):  # fmt: skip
        assert any(getattr(statement, column) for statement in statements), column


@pytest.mark.parametrize("model", [NaiveBayes, SparsePerceptron])
@pytest.mark.parametrize("profile", ["corrected", "solidity", "reference"])
def test_same_seed_same_run(model, profile):
    terms = {"profile": profile, "any_claim_after": 9 * 86_400}
    assert outcome(finished(7, model, **terms)) == outcome(finished(7, model, **terms))


def test_another_seed_another_run():
    one, other = outcome(finished(7)), outcome(finished(8))
    for key in ("statements", "balances", "snapshots", "added", "accuracy"):
        assert one[key] != other[key], key


def test_seeds_are_not_confused_by_what_ran_before():
    """Nothing is kept between runs of one process."""
    first = digest(finished(7))
    finished(8)
    assert digest(finished(7)) == first


def test_steps_are_the_same_as_one_run():
    stepped = varied_economy(7)
    steps = 0
    while stepped.running:
        stepped.step()
        steps += 1
    assert steps > 3
    assert outcome(stepped) == outcome(finished(7))


def test_spans_of_any_length_are_the_same_as_one_run():
    spanned, now = varied_economy(7), 0
    while not spanned.ended:
        now += 1 + (now * 7919) % 50_000
        spanned.advance(now)
    assert outcome(spanned) == outcome(finished(7))


def test_the_order_of_groups_moves_nobodys_random_numbers():
    """Streams are keyed by name: only a tie within one second could tell the two orders apart."""
    forward, backward = finished(7), finished(7, order=-1)
    assert list(forward.actors) != list(backward.actors)
    for name, actor in forward.actors.items():
        twin = backward.actors[name]
        assert actor.woke == twin.woke, name
        assert next_draws(actor) == next_draws(twin), name


def test_order_of_groups_moves_no_outcome_without_ties():
    forward, backward = finished(7), finished(7, order=-1)
    times = [time for actor in forward.actors.values() for time in actor.woke]
    assert len(set(times)) < len(times) or outcome(forward)["statements"] == outcome(backward)["statements"]


def test_one_more_group_moves_nobody_elses_clock():
    alone, together = varied_economy(7), varied_economy(7)
    extra = next(iter(together.actors.values()))
    together.join(type(extra)(together, "newcomer-1", extra.settings, extra.streams, "newcomer"))
    alone.run()
    together.run()
    assert outcome(alone)["added"] != outcome(together)["added"]
    for name, actor in alone.actors.items():
        shorter, longer = sorted((actor.woke, together.actors[name].woke), key=len)
        assert shorter
        assert longer[: len(shorter)] == shorter, name


def test_prices_shift_nobodys_random_numbers():
    """Common random numbers: whoever is priced out draws as many numbers as whoever is not."""
    cheap, dear = (varied_economy(7, weight=weight, days=2) for weight in (1, 8))
    for economy in (cheap, dear):
        economy.run()
        assert economy.stream.remaining, "with no sample on offer nothing is drawn"
    assert len(dear.recorder.added) < len(cheap.recorder.added)
    for name, actor in cheap.actors.items():
        assert next_draws(actor) == next_draws(dear.actors[name]), name


def test_a_new_process_gives_the_same():
    """Another process: other addresses in memory, another order of hashing strings."""
    script = [sys.executable, str(HERE / "economies.py")]
    env = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(script, capture_output=True, text=True, check=True, env=env)
    assert answer.stdout.split() == reference_digests()


@pytest.mark.slow
def test_other_versions_give_the_same():
    """Another Python with another NumPy and another Mesa. Name it with DECA10B_OTHER_PYTHON."""
    other = os.environ.get("DECA10B_OTHER_PYTHON")
    if not other:
        pytest.skip("DECA10B_OTHER_PYTHON names no interpreter with the package installed (e.g. /venv/bin/python)")
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    versions = "import sys, numpy, mesa; print(sys.version_info[:2], numpy.__version__, mesa.__version__)"
    here, there = (
        subprocess.run([python, "-c", versions], capture_output=True, text=True, check=True).stdout
        for python in (sys.executable, other)
    )
    assert here != there, f"{other} has the versions that run this test: {there}"
    answer = subprocess.run([other, str(HERE / "economies.py")], capture_output=True, text=True, check=True, env=env)
    assert answer.stdout.split() == reference_digests(), f"{there} against {here}"
