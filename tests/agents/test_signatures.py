"""The signature of each behaviour: a small economy in which its documented effect appears, over many seeds.

Where there is a closed form it is the prediction; elsewhere paired runs that differ in one thing are compared. More of
the retry loophole (B3, B9) stands in `tests/reproduction/test_drift.py`.
"""

from __future__ import annotations

import statistics
from functools import cache
from typing import Any

import pytest

from agents import (
    BestResponder,
    BoilingFrog,
    FeeSensitive,
    LabelFlipper,
    Sleeper,
    Spammer,
)
from experiments import run
from experiments.scenario import validate
from sim.chain import FixedPrice
from sim.chain.journal import Value
from sim.economy import Economy, Schedule
from sim.models import NaiveBayes, SparsePerceptron
from sim.units import DAY, HOUR, Seconds
from tests.agents.evidence import ACCURACY, finished, is_about, is_more, joined, refunded
from tests.reproduction.economies import (
    UNIT,
    FrozenModel,
    Party,
    build,
    flipper,
    honest,
    learnable_samples,
    people,
    profit,
    samples_of_known_difficulty,
    total,
)
from tests.support import make_economy

# -- lies ------------------------------------------------------------------------------------------------------------


def test_flippers_live_on_retries() -> None:
    """B3, B9: a model that moves agrees at some moment with most lies. Retries lift their rho, by count and by value;
    with one check only nothing but whole deposits is refunded, so that count and value agree."""
    by_count: dict[str, list[float]] = {"retry": [], "one_shot": []}
    by_value: dict[str, list[float]] = {"retry": [], "one_shot": []}
    for rule in by_count:
        for seed in range(8):
            economy = finished(
                learnable_samples(500, seed), [honest(1200, 2), flipper(1800)], seed, model=SparsePerceptron,
                initial=150, weight=5, any_claim_after=3 * DAY, refund_rule=rule,
            )  # fmt: skip
            by_count[rule].append(refunded(economy, "flipper"))
            by_value[rule].append(total(economy, "flipper", "refunded_value") / total(economy, "flipper", "deposited"))
            assert (total(economy, "flipper", "crumbs") > 0) is (rule == "retry")
    is_more(by_count["retry"], [rho + 0.2 for rho in by_count["one_shot"]])
    is_more(by_value["retry"], by_value["one_shot"])
    assert statistics.fmean(by_count["one_shot"]) == pytest.approx(statistics.fmean(by_value["one_shot"]), abs=0.02)


def liar(behaviour: Any, seed: int, model: Any = NaiveBayes, contrast: float = 0.15, **options: Any) -> Economy:
    """One liar who submits a third of all beside three honest contributors; a label is checked once."""
    crowd = [honest(1200, 3), Party("liar", behaviour, 800, options=options)]
    data = learnable_samples(1500, seed, contrast=contrast)
    return finished(data, crowd, seed, model=model, initial=60, refund_rule="one_shot")


def lies_of(economy: Economy) -> tuple[float, float]:
    """The share of a liar's lies that were refunded, and what each lie cost it, in units."""
    group = economy.recorder.groups.index("liar")
    told = sum(added.group == group and added.true_label is False for added in economy.recorder.added)
    back = sum(n for (who, _, true), (n, _) in economy.recorder.returned.items() if who == group and true is False)
    assert told > 100
    return back / told, -profit(economy, "liar") / UNIT / told


def test_refunds_follow_the_model_that_a_frog_leads() -> None:
    """B9: of a model that stayed as it was only the share 1 - a of its lies would be refunded. It gets back far more,
    because the model is worse in the end."""
    economies = [liar(BoilingFrog, seed, SparsePerceptron, contrast=0.3, ramp=4 * DAY) for seed in range(6)]
    frozen = [1 - economy.initial_accuracy for economy in economies]
    is_more([lies_of(economy)[0] for economy in economies], [rho + 0.2 for rho in frozen])
    is_more([economy.initial_accuracy for economy in economies], [economy.accuracy() for economy in economies])


def test_a_frog_is_believed_where_nobody_is_sure() -> None:
    """Lies near the boundary between classes are refunded more often than lies about anything, and each costs less."""
    near = [lies_of(liar(BoilingFrog, seed, ramp=1, margin=0.5)) for seed in range(6)]
    anywhere = [lies_of(liar(BoilingFrog, seed, ramp=1)) for seed in range(6)]
    is_more([rho for rho, _ in near], [rho + 0.1 for rho, _ in anywhere])
    is_more([cost for _, cost in anywhere], [1.2 * cost for _, cost in near])


# -- spam ------------------------------------------------------------------------------------------------------------


def farmer(strategy: str) -> Party:
    return Party("spam", Spammer, 1200, options={"strategy": strategy})


def test_agree_farming_earns_standing_at_no_risk() -> None:
    """Frozen: every deposit comes back, and the farmer's share is lambda_s / (lambda_s + lambda_h a): more than that of
    an honest contributor who works as often."""
    shares = []
    for seed in range(12):
        economy = finished(
            samples_of_known_difficulty(600, ACCURACY, seed), [honest(1200), farmer("agree_farming")], seed
        )
        assert refunded(economy, "spam") == 1
        assert profit(economy, "spam") >= 0
        mechanism = economy.trainer.mechanism
        shares.append(mechanism.standing("spam-1") / mechanism.total_standing())
    is_about(shares, 1 / (1 + ACCURACY))


def test_agree_farming_is_safe_where_guessing_is_not() -> None:
    """With a model that learns: farming loses next to nothing of its deposits, random labels a good part."""
    lost: dict[str, list[float]] = {"agree_farming": [], "random_labels": []}
    for strategy, losses in lost.items():
        for seed in range(8):
            economy = finished(
                learnable_samples(500, seed, contrast=0.3), [honest(900, 2), farmer(strategy)], seed, model=NaiveBayes,
                initial=100, weight=5,
            )  # fmt: skip
            losses.append(1 - total(economy, "spam", "refunded_value") / total(economy, "spam", "deposited"))
    is_more(lost["random_labels"], [3 * loss for loss in lost["agree_farming"]])
    assert statistics.fmean(lost["agree_farming"]) < 0.06


def test_a_choosy_farmer_is_safer() -> None:
    """What the model was surest of it goes on believing, also where it errs about one sample in three."""
    lost: dict[float, list[float]] = {0.0: [], 0.5: []}
    for choosiness, losses in lost.items():
        for seed in range(6):
            spam = Party("spam", Spammer, 600, options={"strategy": "agree_farming", "choosiness": choosiness})
            data = learnable_samples(1000, seed, contrast=0.08)
            crowd = [honest(900, 2), spam]
            economy = finished(data, crowd, seed, model=NaiveBayes, initial=60, refund_rule="one_shot")
            losses.append(1 - refunded(economy, "spam"))
    is_more(lost[0.0], [2 * loss for loss in lost[0.5]])


def test_who_guesses_harms_less_than_who_lies() -> None:
    """Half of the guesses are right."""
    accuracies: dict[Any, list[float]] = {Spammer: [], LabelFlipper: []}
    for behaviour, values in accuracies.items():
        values += [liar(behaviour, seed, SparsePerceptron, contrast=0.3).accuracy() for seed in range(6)]
    is_more(accuracies[Spammer], [accuracy + 0.05 for accuracy in accuracies[LabelFlipper]])


@cache
def farming(policy: str, gas_price: str = "0 gwei") -> list[tuple[float, float, float]]:
    """For each seed what a farmer gained on each unit it had locked for a day, what its deposits cost on average, in
    deposits of the flipper, and its profit, fees off, in units."""
    rows = []
    for seed in range(5):
        mechanism = {"cost_weight": 5, "refund_window": "6h", "any_claim_after": "2d", "deposit_policy": policy}
        scenario = {
            "seed": seed,
            "horizon": "30d",
            "data": {"dataset": "subjectivity", "size": 500, "initial": 100},
            "chain": {"fees": "fixed", "gas_price": gas_price, "unit": "0.001 ether"},
            "model": {"kind": "naive_bayes"},
            "mechanism": mechanism | ({"confidence_weight": 1} if policy == "confidence" else {}),
            "agents": [
                {"kind": "honest", "count": 2},
                {"kind": "label_flipper"},
                {"kind": "spammer", "strategy": "agree_farming"},
            ],
        }
        result = run(validate(scenario))
        (farmer,), (liar,) = result.rows_of(group="spammer"), result.rows_of(group="label_flipper")
        of, against = farmer.statement, liar.statement
        locked_days = of.locked_wei_seconds(round(result.days * DAY)) / DAY
        cost = of.deposited / of.submitted / (against.deposited / against.submitted)
        rows.append((farmer.profit / locked_days, cost, farmer.profit / UNIT))
    return rows


def test_agree_farming_brings_less_where_confidence_costs() -> None:
    """With b = 1 what the model is sure of costs twice the price, and what it does not believe nothing: the farmer
    locks more, for a share of less. Its return on capital falls to less than a fifth."""
    returns = {policy: [row[0] for row in farming(policy)] for policy in ("inv_sqrt", "confidence")}
    costs = {policy: [row[1] for row in farming(policy)] for policy in returns}
    is_more([0.2 * gain for gain in returns["inv_sqrt"]], returns["confidence"])
    is_more(costs["confidence"], [1.5 * cost for cost in costs["inv_sqrt"]])


def test_agree_farming_stops_paying_where_confidence_costs() -> None:
    """At 1 gwei a farm costs some 40 units of gas: what it brings is far more than that under ``inv_sqrt``, and less
    under ``confidence``."""
    profits = {policy: [row[2] for row in farming(policy, "1 gwei")] for policy in ("inv_sqrt", "confidence")}
    nothing = [0.0] * len(profits["inv_sqrt"])
    is_more(profits["inv_sqrt"], nothing)
    is_more(nothing, profits["confidence"])


# -- the sleeper -----------------------------------------------------------------------------------------------------


class Swayed(FrozenModel):
    """Right about everything, but for ``span`` seconds after a lie wrong about everything."""

    span: Seconds = 6 * HOUR

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lied_at: Value[Seconds] = Value(self.journal, -(10**9))
        self.now: Any = lambda: 0

    def learn_one(self, features: Any, label: int) -> None:
        if label != features[0]:
            self.lied_at.set(self.now())

    def predict_one(self, features: Any) -> int:
        wrong = self.now() - self.lied_at.value < self.span
        return (int(features[0]) + wrong) % self.n_classes

    def _new_watch(self) -> Any:
        return _LooksAgain(self)


class _LooksAgain:
    """A watch that asks the model about every record each time."""

    moved = True

    def __init__(self, model: Any) -> None:
        self.model = model
        self.known: dict[int, list[Any]] = {}

    def add(self, record: int, features: Any, label: int) -> bool:
        agrees = self.model.predict_one(features) == label
        self.known[record] = [features, label, agrees]
        return agrees

    def answer(self, record: int) -> tuple[None, None]:
        """Ask the model."""
        return None, None

    def discard(self, record: int) -> None:
        self.known.pop(record, None)

    def refresh(self) -> tuple[list[int], list[int]]:
        agreed: list[int] = []
        disputed: list[int] = []
        for record, entry in self.known.items():
            agrees = self.model.predict_one(entry[0]) == entry[1]
            if agrees != entry[2]:
                entry[2] = agrees
                (agreed if agrees else disputed).append(record)
        return agreed, disputed


@pytest.mark.parametrize(
    ("span", "window"),
    [
        pytest.param(
            span, window, marks=[pytest.mark.slow] * (span + window > 7 * HOUR), id=f"{span} s, t = {window} s"
        )
        for span in (6 * HOUR, DAY)
        for window in (HOUR, DAY)
    ],
)
def test_exposed_records_of_a_sleeper(span: Seconds, window: Seconds) -> None:
    """B10: M = lambda_g T_flip, whatever the refund window; more exactly, it also finds what matured just before and
    waits for its owner's next look, and misses what matures after its own last look."""
    rate, look, own_look = 1 / 600, 600, 120
    exposed = []
    for seed in range(12):
        economy = build(
            samples_of_known_difficulty(3000, 1.0, seed),
            [honest(look), Party("sleeper", Sleeper, own_look, options={"standing": 30, "lies": 1})],
            seed, model=Swayed, refund_window=window, any_claim_after=30 * DAY, schedule=Schedule(horizon=50 * DAY),
        )  # fmt: skip
        model: Any = economy.trainer.model
        model.now, model.span = lambda clock=economy.chain.clock: clock.now, span
        while model.lied_at.value < 0:
            assert not economy.ended, "it never lied"
            economy.advance(economy.reached + 600)
        economy.advance(model.lied_at.value + span - 1)
        assert model.lied_at.value + span - 1 == economy.reached, "it lied once"
        exposed.append(total(economy, "sleeper", "reported"))
    is_about(exposed, rate * (span + look - own_look))
    assert statistics.fmean(exposed) == pytest.approx(rate * span, rel=0.1)


# -- gas ---------------------------------------------------------------------------------------------------------------


def test_participation_falls_with_the_price_of_gas() -> None:
    """Those who weigh fees add less the dearer gas is, under the same random numbers; beside them somebody loses."""
    added: dict[float, list[float]] = {0.2: [], 1: [], 5: []}
    for gwei, counts in added.items():
        for seed in range(6):
            economy = make_economy(
                seed, rows=300, fees=FixedPrice(int(gwei * 10**9)), schedule=Schedule(horizon=2 * DAY),
                deposit_policy="fixed",
            )  # fmt: skip
            joined(LabelFlipper, economy, "liar")
            agent = joined(FeeSensitive, economy, prior_weight=20)
            economy.run()
            counts.append(agent.statement.submitted)
    is_more(added[0.2], added[1])
    is_more(added[1], added[5])


# -- learning what pays ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("accuracy", "better", "worse"), [(0.9, "honest", "flip"), (0.1, "flip", "honest")])
def test_a_best_responder_finds_out_what_is_refunded(accuracy: float, better: str, worse: str) -> None:
    """With a frozen model that is mostly right honest work loses less of a deposit than lies; with one that is mostly
    wrong, the other way round. It is asked while all go on: losses are known later than refunds."""
    gains: dict[str, list[float]] = {"honest": [], "flip": []}
    for seed in range(6):
        options = {"every": 2 * HOUR, "epsilon": 0.5, "memory": 0.05}
        crowd = [honest(600), flipper(600), Party("learner", BestResponder, 600, options=options)]
        economy = finished(
            samples_of_known_difficulty(2500, accuracy, seed), crowd, seed, deposit_policy="fixed", deposit=UNIT,
            any_claim_after=DAY, schedule=Schedule(horizon=5 * DAY),
        )  # fmt: skip
        (learner,) = people(economy, "learner")
        for action, values in gains.items():
            values.append(learner.gain[action] / UNIT)
    is_more(gains[better], [gain + 0.4 for gain in gains[worse]])
    assert all(-1 <= gain <= 0 for gain in gains[better] + gains[worse])
