"""What the claims index offers is what trying every record would find, whatever happened before.

The index looks only at what matured, flipped or was claimed. Here every address tries a refund and a report of every
record, by running the contract's own method and undoing it, and the two answers are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import Honest, LabelFlipper, Settings
from mechanisms import MECHANISMS, PredictionMarket
from sim.chain import BURNED, Call, Chain, FixedPrice
from sim.contracts import DataHandler
from sim.economy import DATA_USED_UP, Schedule
from sim.errors import Revert
from sim.rng import Streams
from sim.units import DAY, HOUR
from sim.view import View
from tests.support import TRAINER, World, data, make_economy, make_world

PEOPLE = ("ann", "bob", "cat")
SAMPLES = ((0,), (1,), (0, 1), (2, 2), (1, 2), ())

person = st.sampled_from(PEOPLE)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), person, st.sampled_from(SAMPLES), st.integers(0, 1)),
        st.tuples(st.just("failed add"), person, st.sampled_from(SAMPLES), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from((0, 1, 1, 2, 3, 5, 8)), st.none(), st.none()),
        st.tuples(st.just("look"), st.none(), st.none(), st.none()),
        st.tuples(st.just("claim"), person, st.sampled_from(("refund", "report")), st.integers(0, 9)),
        st.tuples(st.just("claim what is offered"), person, st.none(), st.none()),
    ),
    min_size=8,
    max_size=40,
)
windows = st.sampled_from(((2, 7), (0, 0), (3, 3), (0, 4), (1, 30)))


def would_pay(world: World, who: str, method: str, record: int) -> int | None:
    """What the contract's method would pay this address for this record now; None when it is refused."""
    records, chain = world.records, world.chain
    arguments: list[Any] = [records.data[record], records.label[record], records.added_time[record]]
    if method == "report":
        arguments.append(records.author[record])
    chain.meter.start(10**9)
    try:
        paid = world.trainer.methods[method](Call(who, 0, chain.clock.now), *arguments)
    except Revert:
        paid = None
    finally:
        chain.journal.rollback()
    return paid


def view_of(world: World, who: str) -> View:
    return View(world.trainer, world.index, None, None, who)  # type: ignore[arg-type]


def compare(world: World, people: Sequence[str] = PEOPLE) -> None:
    """Bring the index up to date and hold it against every address trying every record."""
    now, records, index = world.chain.clock.now, world.records, world.index
    index.look(now)
    everything = range(len(records))
    old = {record for record in everything if now - records.added_time[record] >= index.windows.expired}
    points = world.mechanism.kind == "points"  # which pay nothing: a claim that pays nothing is one all the same
    is_open = [not claims for claims in records.claims] if points else [left > 0 for left in records.claimable]
    assert index.open_records == sum(is_open)
    assert index.agreed <= index.mature == set().union(*index.own.values())
    for record in index.mature:
        verdict = world.mechanism.verdict
        said = world.model.predict_one(records.data[record].features) == records.label[record]
        assert (record in index.agreed) == (verdict(record) if verdict else said)
    for who in people:
        view = view_of(world, who)
        own = [record for record in everything if records.author[record] == who and record not in old]
        refunds = {record: would_pay(world, who, "refund", record) for record in own}
        reports = {record: would_pay(world, who, "report", record) for record in everything}
        disputes, _ = view.disputed(0)
        if points:
            assert view.refundable() == [record for record in own if refunds[record] is not None]
            assert sorted(disputes) == [record for record, paid in reports.items() if paid is not None]
            assert not view.expired()
            continue
        assert view.refundable() == [record for record in own if refunds[record]]
        offered = {record: view.report_reward(record) for record in disputes if view.report_reward(record)}
        assert offered == {record: paid for record, paid in reports.items() if paid and record not in old}
        assert set(view.expired()) == {record for record, paid in reports.items() if paid and record in old}


def play(world: World, script: list[tuple[Any, ...]]) -> None:
    for step, first, second, third in script:
        if step == "wait":
            world.wait(first)
        elif step == "look":
            world.index.look(world.chain.clock.now)
        elif step == "add":
            world.send(first, "add_data", data(*second), third, value=10**23)
        elif step == "failed add":
            limit = 60_000 if world.mechanism.kind == "points" else 150_000
            receipt = world.send(first, "add_data", data(*second), third, value=10**23, gas_limit=limit)
            assert not receipt.ok
        elif step == "claim" and len(world.records):
            record = third % len(world.records)
            view = view_of(world, first)
            world.follow(world.chain.execute(view.refund(record) if second == "refund" else view.report(record)))
        elif step == "claim what is offered":
            world.index.look(world.chain.clock.now)
            view = view_of(world, first)
            for claim in [view.refund(record) for record in view.refundable()] + [
                view.report(record) for record in view.expired()
            ]:
                receipt = world.chain.execute(claim)
                assert receipt.ok, receipt.reason
                assert claim.to == TRAINER
                world.follow(receipt)
        compare(world)


@pytest.mark.parametrize("model", ["perceptron", "naive_bayes"])
@pytest.mark.parametrize("refund_rule", ["retry", "one_shot"])
@given(script=steps, times=windows, profile=st.sampled_from(("solidity", "reference", "corrected")))
def test_index_offers_exactly_what_would_be_paid(
    model: str, refund_rule: str, script: list[tuple[Any, ...]], times: tuple[int, int], profile: str
) -> None:
    mature, expired = times
    expired += (7 * DAY + 1) * (profile == "reference")
    world = make_world(
        model, n_features=3, profile=profile, refund_rule=refund_rule, refund_window=mature, any_claim_after=expired,
        unit=7,
    )  # fmt: skip
    play(world, script)
    # ... and to the very end, when everything has expired
    for seconds in (1, mature, 1, expired - mature, 1):
        world.wait(seconds)
        compare(world)


DEFENCES: tuple[dict[str, Any], ...] = (
    {"author_grace": 2},
    {"author_grace": 2, "refund_rule": "one_shot"},
    {"author_grace": 1, "refund_rule": "snapshot_at_t"},
    {"refund_rule": "snapshot_at_t", "slashed_share": Fraction(1, 3)},
    {"refund_rule": "majority", "check_gap": 1},
    {"refund_rule": "majority", "check_gap": 2, "standing_half_life": 5, "slashed_share": Fraction(1, 2)},
    {"slashed_share": Fraction(1, 2), "reporter_share": Fraction(1, 3), "reputation": "values"},
    {"standing_half_life": 3, "deposit_policy": "loyalty"},
)


@pytest.mark.parametrize("levers", DEFENCES, ids=str)
@given(
    script=steps,
    times=st.sampled_from(((2, 12), (0, 9), (3, 10))),
    model=st.sampled_from(("perceptron", "naive_bayes")),
)
def test_index_offers_exactly_what_would_be_paid_with_defences(
    levers: dict[str, Any], script: list[tuple[Any, ...]], times: tuple[int, int], model: str
) -> None:
    mature, expired = times
    world = make_world(model, n_features=3, refund_window=mature, any_claim_after=expired, unit=7, **levers)
    play(world, script)
    for seconds in (1, mature, 1, 2, 2, expired - mature, 1):
        world.wait(seconds)
        compare(world)


@pytest.mark.parametrize("levers", DEFENCES, ids=str)
def test_index_is_right_throughout_a_whole_economy_with_defences(levers: dict[str, Any]) -> None:
    economy = make_economy(
        3, rows=60, refund_window=2 * HOUR, any_claim_after=10 * HOUR,
        schedule=Schedule(horizon=40 * DAY, display_every=5 * HOUR),
        **{**levers, **{name: 900 * levers[name] for name in ("author_grace", "check_gap") if name in levers}},
    )  # fmt: skip
    for number in range(3):
        for kind in (Honest, LabelFlipper):
            settings = Settings(balance=10**20, mean_gap=4000, takes_expired=number > 0, reports=number < 2)
            economy.join(kind(economy, f"{kind.kind} {number}", settings, Streams(3), kind.kind))
    trainer = economy.trainer
    world = World(economy.chain, trainer.records, trainer.mechanism, trainer.model, trainer, economy.claims)
    while not economy.ended:
        economy.step()
        compare(world, [*economy.actors])
        assert trainer.escrow() == trainer.mechanism.liabilities()
    statements = [actor.statement for actor in economy.actors.values()]
    assert sum(statement.reported for statement in statements) > 0
    burned = sum(statement.burned for statement in statements)
    assert burned == economy.chain.ledger.balance(BURNED)
    assert (burned > 0) == ("slashed_share" in levers)
    assert sum(statement.locked for statement in statements) == trainer.escrow()


@pytest.mark.parametrize("model", ["perceptron", "naive_bayes"])
@given(script=steps, times=windows, profile=st.sampled_from(("solidity", "corrected")))
def test_index_offers_exactly_what_earns_or_denies_a_point(
    model: str, script: list[tuple[Any, ...]], times: tuple[int, int], profile: str
) -> None:
    mature, last = times
    world = make_world(
        model, mechanism="points", n_features=3, profile=profile, refund_window=mature, any_claim_after=last
    )
    play(world, script)
    for seconds in (1, mature, 10**9):  # nothing expires
        world.wait(seconds)
        compare(world)


@pytest.mark.parametrize("profile", ["solidity", "corrected"])
def test_index_is_right_throughout_a_whole_economy_of_points(profile: str) -> None:
    economy = make_economy(
        3, mechanism="points", rows=80, profile=profile, refund_window=2 * HOUR,
        schedule=Schedule(horizon=40 * DAY, display_every=5 * HOUR),
    )  # fmt: skip
    for number in range(3):
        for kind in (Honest, LabelFlipper):
            settings = Settings(balance=0, mean_gap=4000, reports=number < 2)
            economy.join(kind(economy, f"{kind.kind} {number}", settings, Streams(3), kind.kind))
    trainer = economy.trainer
    world = World(economy.chain, trainer.records, trainer.mechanism, trainer.model, trainer, economy.claims)
    while not economy.ended:
        economy.step()
        compare(world, [*economy.actors])
    refunds = sum(actor.statement.refunded for actor in economy.actors.values())
    reports = sum(actor.statement.reported for actor in economy.actors.values())
    assert refunds == trainer.mechanism.total_standing() > 0
    assert reports == sum(trainer.records.claims) - refunds > 0
    assert not economy.claims.open_records
    assert economy.ended == DATA_USED_UP


@pytest.mark.parametrize("model", ["perceptron", "naive_bayes"])
@pytest.mark.parametrize("profile", ["solidity", "reference", "corrected"])
@pytest.mark.parametrize("fees", [None, FixedPrice(10**8)], ids=["free", "fees"])
def test_index_is_right_throughout_a_whole_economy(model: str, profile: str, fees: FixedPrice | None) -> None:
    """Agents who look, claim and add: every few hours all records are tried by all."""
    expired = 8 * HOUR + (7 * DAY if profile == "reference" else 0)
    economy = make_economy(
        3, model=model, rows=80, fees=fees, profile=profile, refund_window=2 * HOUR, any_claim_after=expired,
        schedule=Schedule(horizon=40 * DAY, display_every=5 * HOUR),
    )  # fmt: skip
    for number in range(3):
        for kind in (Honest, LabelFlipper):
            settings = Settings(balance=10**20, mean_gap=4000, takes_expired=number > 0, reports=number < 2)
            economy.join(kind(economy, f"{kind.kind} {number}", settings, Streams(3), kind.kind))
    trainer = economy.trainer
    world = World(economy.chain, trainer.records, trainer.mechanism, trainer.model, trainer, economy.claims)
    paid: Counter[str] = Counter()
    while not economy.ended:  # because all is used up, or a wallet is
        economy.step()
        compare(world, [*economy.actors])
        assert sum(economy.chain.ledger.balances.values()) == economy.chain.ledger.minted
        assert trainer.escrow() == trainer.mechanism.liabilities()
    for actor in economy.actors.values():
        paid += Counter(refunds=actor.statement.refunded, reports=actor.statement.reported)
        paid += Counter(expired=actor.statement.expired)
        assert actor.statement.locked == sum(
            left
            for left, who in zip(trainer.records.claimable, trainer.records.author, strict=True)
            if who == actor.address
        )
    assert min(paid["refunds"], paid["reports"], paid["expired"]) > 0


def test_comparison_covers_every_registered_mechanism() -> None:
    """A mechanism added to the registry has to be added above, unless it has no windows to index."""
    assert [mechanism.kind for mechanism in MECHANISMS] == ["deposit_refund_take", "points", "prediction_market"]
    chain = Chain()
    assert PredictionMarket(chain, "incentive", DataHandler(chain, "records")).windows is None


def test_story_offers_all_three_kinds_of_claim() -> None:
    """By hand, so that the comparison above is known to compare something."""
    world = make_world(n_features=3, refund_window=10, any_claim_after=100)
    for who, features, label in (("ann", (0,), 1), ("bob", (1, 2), 1), ("cat", (1, 2), 0)):
        world.wait(1)
        world.send(who, "add_data", data(*features), label, value=10**23)
    world.wait(10)
    compare(world)
    assert [view_of(world, who).refundable() for who in PEOPLE] == [[0], [], [2]]
    assert view_of(world, "ann").disputed(0) == ([1], 1)
    assert view_of(world, "ann").report_reward(1) == 0  # no standing yet
    world.follow(world.chain.execute(view_of(world, "ann").refund(0)))
    assert view_of(world, "ann").report_reward(1) == world.records.deposit[1]
    world.wait(100)
    compare(world)
    assert view_of(world, "bob").expired() == [1, 2]
    assert view_of(world, "ann").disputed(0)[0] == view_of(world, "cat").refundable() == []


def test_model_that_comes_back_makes_a_refund_possible_again() -> None:
    """Agreement is followed in both directions: lost, regained and lost again."""
    world = make_world(n_features=1, refund_window=1, any_claim_after=10_000)
    seen = []
    for label in (1, 0, 1, 0):  # a perceptron with one weight is turned round by every one of these
        world.wait(1)
        world.send("ann", "add_data", data(0), label, value=10**23)
        world.wait(1)
        compare(world)
        seen.append(0 in view_of(world, "ann").refundable())
    assert seen == [True, False, True, False]


def test_dispute_is_offered_once_however_often_the_model_wavered() -> None:
    """Offered twice it would be reported twice, and the second report is refused and pays its fee."""
    world = make_world(n_features=1, refund_window=1, any_claim_after=10_000)
    for label in (1, 0, 1, 0):
        world.wait(1)
        world.send("ann", "add_data", data(0), label, value=10**23)
        world.wait(1)
        world.index.look(world.chain.clock.now)
    disputes, _ = view_of(world, "bob").disputed(0)
    assert sorted(disputes) == sorted(set(disputes))
