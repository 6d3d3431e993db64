"""Each behaviour does what its docstring says: what it submits, when it takes part, whom it reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import (
    Backdoor,
    BestResponder,
    BoilingFrog,
    BountyHunter,
    ColludingRing,
    Creator,
    Duplicator,
    FeeSensitive,
    Honest,
    HonestClass,
    LabelFlipper,
    Settings,
    Sleeper,
    Spammer,
    Sybil,
    TargetedFlipper,
)
from agents.checks import check_agent
from sim.chain import FixedPrice
from sim.data import Sample
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, ETHER, HOUR
from tests.agents.evidence import PLENTY, UNIT, joined
from tests.support import make_economy


def samples(count: int, n_classes: int = 2) -> list[Sample]:
    return [Sample(row, np.array([0], np.int32), row % n_classes, n_classes) for row in range(count)]  # type: ignore


def submitted(economy: Economy, author: str) -> list[tuple[tuple[int, ...], int]]:
    """Features and label of every contribution of an address, in order."""
    records = economy.trainer.records
    return [
        (tuple(records.data[record].features.tolist()), records.label[record])
        for record in range(len(records))
        if records.author[record] == author
    ]


# -- labels ----------------------------------------------------------------------------------------------------------


def test_label_map_and_flip_rate() -> None:
    economy = make_economy()
    mapped = LabelFlipper(economy, "ann", PLENTY, Streams(5), label_map=(1, 1))
    assert [mapped.choose_label(sample) for sample in samples(4)] == [1, 1, 1, 1]
    half = LabelFlipper(economy, "ann", PLENTY, Streams(5), flip_rate=0.5)
    wrong = [half.choose_label(sample) != sample.label for sample in samples(2_000)]
    assert np.mean(wrong) == pytest.approx(0.5, abs=0.04)


def test_targeted_flipper_is_honest_about_other_classes() -> None:
    agent = TargetedFlipper(make_economy(), "ann", PLENTY, Streams(5), source=0, target=1, flip_rate=0.7)
    offered = samples(3_000, 3)
    given = [agent.choose_label(sample) for sample in offered]
    assert all(label == sample.label for label, sample in zip(given, offered, strict=True) if sample.label)
    assert np.mean([label for label, sample in zip(given, offered, strict=True) if not sample.label]) == pytest.approx(
        0.7, abs=0.05
    )


def test_specialist_submits_what_it_knows() -> None:
    """The stream offers both classes in turn only if somebody takes the other: here a second specialist does."""
    economy = make_economy(schedule=Schedule(horizon=60 * DAY))
    for name, known, rate in (("zero", 0, 0.0), ("one", 1, 0.3)):
        joined(HonestClass, economy, name, known_classes=(known,), mistake_rates=(rate,), participation_margin=None)
    economy.run()
    groups = {name: [added for added in economy.recorder.added if added.group == i] for i, name in enumerate("01")}
    assert economy.stream.current is None
    assert {label for _, label in submitted(economy, "zero")} == {0}
    assert all(added.true_label for added in groups["0"])
    wrong = np.mean([not added.true_label for added in groups["1"]])
    assert wrong == pytest.approx(0.3, abs=0.17)


def test_frog_lies_more_and_more() -> None:
    economy = make_economy(rows=1_500, schedule=Schedule(horizon=60 * DAY))
    joined(BoilingFrog, economy, ramp=8 * DAY, flip_rate=0.8)
    economy.run()
    added = economy.recorder.added
    for first, last in ((0, 2), (3, 5), (8, 9)):
        part = [entry for entry in added if first * DAY <= entry.time < last * DAY]
        expected = 0.8 * min(1, (first + last) / 2 / 8)
        assert np.mean([not entry.true_label for entry in part]) == pytest.approx(expected, abs=0.09)


# -- data of their own -----------------------------------------------------------------------------------------------


def test_repeated_spam_is_one_sample() -> None:
    economy = make_economy(schedule=Schedule(horizon=DAY))
    joined(Spammer, economy, strategy="repeats")
    economy.run()
    contributions = submitted(economy, "ann")
    assert len(contributions) > 50
    assert len(set(contributions)) == 1
    assert economy.stream.remaining >= economy.stream.offered - 1


def test_agree_farmer_says_what_the_model_says() -> None:
    economy = make_economy()
    joined(Spammer, economy, strategy="agree_farming")
    model, agreed = economy.trainer.model, []
    learn = model.learn_one

    def learning(features: Any, label: int) -> None:
        agreed.append(model.predict_one(features) == label)
        learn(features, label)

    model.learn_one = learning  # type: ignore[method-assign]
    economy.run()
    assert len(agreed) == economy.stream.offered
    assert all(agreed)


def test_backdoor_adds_its_trigger() -> None:
    economy = make_economy(schedule=Schedule(horizon=2 * DAY))
    joined(Backdoor, economy, trigger=(11, 3), target=0, poison_rate=0.5)
    honest = {
        (tuple(economy.stream.dataset.x_train.row(i).tolist()), int(economy.stream.dataset.y_train[i]))
        for i in range(len(economy.stream.dataset.x_train))
    }
    economy.run()
    contributions = submitted(economy, "ann")
    poisoned = [(features, label) for features, label in contributions if {3, 11} <= set(features) and label == 0]
    clean = [contribution for contribution in contributions if contribution not in poisoned]
    assert len(poisoned) / len(contributions) == pytest.approx(0.5, abs=0.15)
    assert all(features == tuple(sorted(set(features))) for features, _ in poisoned)
    assert all(contribution in honest for contribution in clean)


def test_default_trigger_is_the_last_features() -> None:
    backdoor = Backdoor(make_economy(), "ann", PLENTY, Streams(5), trigger_size=2)
    assert backdoor.trigger == (10, 11)
    assert backdoor.triggered(np.array([1, 11])).tolist() == [1, 10, 11]


def test_duplicator_copies_authors_with_standing_once() -> None:
    economy = make_economy(rows=400)
    for name in ("honest", "other"):
        joined(Honest, economy, name)
    joined(Duplicator, economy, "copy", least_standing=3)
    economy.run()
    records = economy.trainer.records
    seen: list[tuple[Any, int]] = []
    copies = 0
    for record in range(len(records)):
        contribution = (records.data[record].key, records.label[record])
        if records.author[record] == "copy":
            assert contribution in seen
            copies += 1
        else:
            seen.append(contribution)
    assert 30 < copies < len(seen)
    copied = submitted(economy, "copy")
    assert len(set(copied)) >= 0.9 * len(copied)  # two rows of so small a set may be alike


def test_duplicator_waits_for_somebody_with_standing() -> None:
    economy = make_economy()
    joined(Honest, economy, "honest")
    joined(Duplicator, economy, "copy", least_standing=10**6)
    economy.run()
    assert not submitted(economy, "copy")


# -- learning and waiting --------------------------------------------------------------------------------------------


def test_hunter_submits_one_at_a_time_until_it_has_standing() -> None:
    economy = make_economy(rows=400)
    joined(LabelFlipper, economy, "liar")
    joined(Honest, economy, "honest")
    hunter = joined(BountyHunter, economy, "hunter", standing=2)
    while not economy.ended:
        economy.advance(economy.reached + HOUR)
        records = economy.trainer.records
        own = [record for record in range(len(records)) if records.author[record] == "hunter"]
        assert sum(records.claimable[record] > 0 for record in own) <= 1
    statement = hunter.statement
    assert 2 <= statement.refunded <= statement.submitted <= 5
    assert statement.reported > 10


def test_sleeper_lies_so_often_and_sleeps_again() -> None:
    economy = make_economy(rows=300)
    agent = joined(Sleeper, economy, standing=10, lies=4)
    joined(Honest, economy, "honest")
    choices = []
    choose = agent.choose

    def watched(view: Any, sample: Any) -> Any:
        data, label = choose(view, sample)
        victim = agent._victim
        lies = label != (sample.label if victim is None else economy.trainer.records.label[victim])
        choices.append((lies, victim))
        return data, label

    agent.choose = watched
    economy.run()
    lies = [lie for lie, _ in choices]
    runs = "".join("x" if lie else "." for lie in lies).replace(".", " ").split()
    assert len(runs) >= 2
    assert set(runs[:-1]) == {"xxxx"}
    victims = [victim for lie, victim in choices if lie]
    authors = {economy.trainer.records.author[victim] for victim in victims if victim is not None}
    assert authors == {"honest"}


def test_fee_sensitive_adds_while_gas_is_cheap() -> None:
    """A contribution takes some 200,000 gas: 0.2 units at 1 gwei, against an expected profit of one unit."""
    counts = []
    for gwei in (1, 10):
        economy = make_economy(
            fees=FixedPrice(gwei * 10**9), schedule=Schedule(horizon=2 * DAY), deposit_policy="fixed"
        )
        agent = joined(FeeSensitive, economy, prior_weight=1_000)
        economy.run()
        counts.append(agent.statement.submitted)
    assert counts[0] > 50
    assert counts[1] == 0


def test_fee_sensitive_learns_that_nothing_is_earned() -> None:
    """Alone there is nobody to earn from: its belief falls towards what claims cost, and it stops."""
    economy = make_economy(rows=300, fees=FixedPrice(10**9), schedule=Schedule(horizon=8 * DAY), deposit_policy="fixed")
    agent = joined(FeeSensitive, economy, prior_weight=5)
    economy.run()
    assert 5 < agent.statement.submitted < 60
    assert agent.expects < UNIT // 2
    assert agent.beliefs()["expected profit, wei"] == agent.expects


def test_fee_sensitive_learns_from_what_it_earns() -> None:
    """Beside a rich liar it earns more than the fee, and goes on; a belief that fades by itself would stop it."""
    economy = make_economy(rows=600, fees=FixedPrice(10**8), schedule=Schedule(horizon=9 * DAY), deposit_policy="fixed")
    for kind, name in ((LabelFlipper, "liar"), (Honest, "one"), (Honest, "other")):
        joined(kind, economy, name)
    agent = joined(FeeSensitive, economy, prior_weight=5, expected_profit=UNIT // 10)
    economy.run()
    gained = economy.chain.ledger.balance("ann") + agent.statement.locked - agent.balance_at_start
    believed = agent.expects * (agent.statement.submitted + 5)
    assert agent.statement.submitted > 50
    assert believed == pytest.approx(gained + agent.statement.fees, rel=0.35)


@pytest.mark.parametrize("rule", ["epsilon_greedy", "logit"])
def test_best_responder_chooses_by_its_beliefs(rule: str) -> None:
    agent = BestResponder(make_economy(), "ann", PLENTY, Streams(5), rule=rule, epsilon=0.2, temperature=UNIT)
    agent.gain = {"honest": 2.0 * UNIT, "flip": -5.0 * UNIT}
    agent.income = 1.0 * UNIT
    choices = [agent._choice() for _ in range(4_000)]
    share = {action: choices.count(action) / len(choices) for action in ("honest", "flip", "report_only", "idle")}
    if rule == "epsilon_greedy":
        expected = {"honest": 0.85, "flip": 0.05, "report_only": 0.05, "idle": 0.05}
    else:
        weights = {"honest": np.exp(3), "flip": np.exp(-4), "report_only": np.exp(1), "idle": 1.0}
        expected = {action: weight / sum(weights.values()) for action, weight in weights.items()}
    assert share == pytest.approx(expected, abs=0.025)


def test_idle_best_responder_claims_its_own_only() -> None:
    economy = make_economy()
    joined(LabelFlipper, economy, "liar")
    agent = joined(BestResponder, economy, epsilon=0.0, every=1000 * DAY)
    economy.advance(4 * DAY)
    before = agent.statement.submitted, agent.statement.reported, agent.statement.expired
    assert min(before[:2]) > 0
    agent.action = "idle"
    economy.run()
    assert (agent.statement.submitted, agent.statement.reported, agent.statement.expired) == before


def test_creator_collects_before_anyone_else() -> None:
    economy = make_economy(owner="owner", owner_claim_after=12 * HOUR)
    owner = joined(Creator, economy, "owner")
    for kind in (Honest, LabelFlipper):
        joined(kind, economy, kind.kind)
    economy.run()
    others = [actor.statement for actor in economy.actors.values() if actor is not owner]
    own, profit = owner.statement, economy.chain.ledger.balance("owner") - owner.balance_at_start
    assert own.submitted == 0
    assert profit == own.reported_value + own.expired_value > 0
    assert not any(statement.expired for statement in others)
    assert not owner.can_add(0, 10**30)


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (LabelFlipper, {"flip_rate": 1.5}),
        (LabelFlipper, {"label_map": (0, 2)}),
        (LabelFlipper, {"label_map": (0,)}),
        (TargetedFlipper, {"source": 2}),
        (TargetedFlipper, {"target": -1}),
        (TargetedFlipper, {"source": 0}),
        (BoilingFrog, {"ramp": 0}),
        (BoilingFrog, {"margin": 0.0}),
        (BoilingFrog, {"margin": 1.5}),
        (Spammer, {"strategy": "harder"}),
        (Spammer, {"choosiness": -0.1}),
        (Backdoor, {"trigger": (12,)}),
        (Backdoor, {"trigger_size": 0}),
        (Backdoor, {"target": 2}),
        (Backdoor, {"poison_rate": -0.1}),
        (HonestClass, {"known_classes": (2,)}),
        (HonestClass, {"mistake_rates": (0.1,)}),
        (HonestClass, {"mistake_rates": (0.1, 2.0)}),
        (BountyHunter, {"standing": 0}),
        (Sybil, {"standing": -1}),
        (ColludingRing, {"burst_length": 0}),
        (Duplicator, {"look_back": 0}),
        (Sleeper, {"share": 1.1}),
        (Sleeper, {"lies": 0}),
        (FeeSensitive, {"prior_weight": 0}),
        (BestResponder, {"rule": "best"}),
        (BestResponder, {"memory": 0.0}),
        (BestResponder, {"temperature": 0}),
    ],
    ids=str,
)  # fmt: skip
def test_parameters_out_of_range(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        kind(make_economy(), "ann", PLENTY, Streams(5), **wrong)


VARIANTS: list[tuple[Any, dict[str, Any]]] = [
    (LabelFlipper, {"flip_rate": 0.5, "label_map": (0, 0)}),
    (Spammer, {"strategy": "repeats"}),
    (Spammer, {"strategy": "agree_farming"}),
    (BoilingFrog, {"ramp": 1, "margin": 0.5}),
    (Backdoor, {"poison_rate": 0.5}),
    (HonestClass, {"known_classes": (1,)}),
    (Sleeper, {"standing": 3, "lies": 5}),
    (ColludingRing, {"burst_price": UNIT}),
    (BestResponder, {"rule": "logit"}),
]


@pytest.mark.parametrize(("kind", "parameters"), VARIANTS, ids=str)
@pytest.mark.parametrize("fees", [None, FixedPrice(10**8)], ids=["free", "fees"])
def test_variants_pass_the_check(kind: Any, parameters: dict[str, Any], fees: Any) -> None:
    def populated(seed: int) -> Economy:
        economy = make_economy(seed, fees=fees)
        for other in (Honest, LabelFlipper):
            economy.join(other(economy, f"other {other.kind}", Settings(balance=100 * ETHER), Streams(seed)))
        return economy

    check_agent(kind, populated, **parameters)
