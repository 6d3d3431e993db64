"""Prediction market: closed forms by hand, what must hold of every market, phases, and models."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanisms.checks import check_mechanism
from mechanisms.prediction_market import ROUND_RULES, Parameters, Part, PredictionMarket
from sim.chain import Chain, Clock, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.contracts.parts import split
from sim.errors import ConfigError
from sim.features import Data
from sim.models import MODEL_PROFILES, Classifier, models_of
from sim.models.checks import cells_of
from tests.markets import PROVIDER, TRAINER, UNIT, Market, path, played

OPTIONS = ("allow_greater_deposit", "group_contributions", "reset_model_during_reward_phase")
WEEK = 7 * 86_400


def units(market: Market, *people: str) -> list[Fraction]:
    """What these people gained, in units, after everyone collected."""
    for who in dict.fromkeys(market.records.author):
        market.refund(who)
    return [Fraction(market.gain(who), UNIT) for who in people]


# -- closed forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "bad"), [("unit", "-1/10"), ("to_zero", "-1"), ("reference", "-1")])
def test_two_contributors_by_hand(rule: str, bad: str) -> None:
    """Ten rows, 5 right at first, 7 after ann, 6 after bob: ann earns .2 and bob pays .1 of every unit he is in.

    By units bob is out after one with .9, else after ten with nothing; ann earns .2 of all 100.
    """
    market = played(path(5, 7, 6), "ab", 100 * UNIT, round_rule=rule)
    ann, bob, provider = units(market, "a", "b", PROVIDER)
    assert (ann, bob) == (20, Fraction(bad))
    assert provider == -(ann + bob)


def test_published_path() -> None:
    """Accuracy .6, then .7, .6, .8 with 100 units. Dropped, bob leaves a score of .1 to cat."""
    market = played(path(6, 7, 6, 8), "abc", 100 * UNIT, round_rule="unit")
    # in round 1: +.1, -.1, +.2; in the other 99: ann .1, and cat .8 - .7
    assert units(market, "a", "b", "c") == [10, Fraction(-1, 10), Fraction(2, 10) + Fraction(99, 10)]


def test_greater_deposits_stay_longer() -> None:
    """Bob stakes 5 and pays .1 a round: after 41 rounds he has .9 and is out."""
    market = played(path(5, 7, 6), "ab", 100 * UNIT, (UNIT, 5 * UNIT), allow_greater_deposit=True)
    assert units(market, "a", "b") == [20, Fraction(-41, 10)]


def test_stake_is_a_unit_and_the_rest_comes_back() -> None:
    market = played(path(5, 5), "a", 100 * UNIT, (7 * UNIT,))
    assert market.gain("a") == -UNIT
    assert units(market, "a", PROVIDER) == [0, 0]


def test_grouped_scores_add_up() -> None:
    """Ann has +.2 and +.3, bob -.1. Two stakes of hers need two units; bob is out after one round."""
    market = played(path(5, 7, 6, 9), "aba", 100 * UNIT, group_contributions=True)
    # the accuracies after bob's contribution were measured with it: .7 and .9 are compared with .5 and .7
    assert units(market, "a", "b") == [Fraction(5, 10) + 99 * Fraction(4, 10), Fraction(-1, 10)]


def test_reset_trains_anew_without_the_dropped() -> None:
    """With bob the model ends at 6 rows; without him ann alone brings 9."""
    rows = {(): 5, (0,): 4, (0, 1): 6, (1,): 9}
    rules = {"round_rule": "to_zero", "reset_model_during_reward_phase": True}
    market = played(lambda learnt: rows[learnt], "ba", 100 * UNIT, **rules)
    # ten rounds of bob -.1 and ann +.2, then 90 of ann +.4
    assert units(market, "a", "b") == [2 + 36, -1]
    assert market.mechanism.rewards.judge.learnt.value == (1,)  # type: ignore[union-attr]


def test_nothing_is_learnt_when_it_is_added() -> None:
    market = Market()
    market.open(UNIT)
    before = market.model.version.value
    market.add("a")
    assert market.model.version.value == before


def test_a_real_model_is_trained_and_brought_back() -> None:
    """The perceptron gets two rows of the test set from two contributions; a restart puts its weights back."""
    market = Market(size=3, reset_model_during_reward_phase=True)
    market.open(10 * UNIT)
    for part in market.parts:
        ((data, label),) = part.samples
        assert market.send("a", "add_data", data, label, value=UNIT).ok
    market.close()
    assert (market.model.weights != 0).sum() > 0
    judge = market.mechanism.rewards.judge
    assert judge is not None
    judge.restart()
    assert not market.model.weights.any()
    market.chain.journal.rollback()
    assert market.model.weights.any()


# -- what must hold of every market ----------------------------------------------------------------------------------

market_facts = st.fixed_dictionaries(
    {
        "people": st.text("abcd", min_size=1, max_size=9),
        "size": st.integers(2, 12),
        "seed": st.integers(0, 10**6),
        "bounty": st.integers(UNIT, 300 * UNIT),
        "extra": st.lists(st.integers(0, 6 * UNIT), min_size=9, max_size=9),
        "rule": st.sampled_from(ROUND_RULES),
        "options": st.lists(st.booleans(), min_size=3, max_size=3),
        "unit": st.sampled_from([UNIT, 1]),
    }
)


@settings(max_examples=400, deadline=None)
@given(market_facts)
def test_every_market_is_fair(facts: dict[str, Any]) -> None:
    """What people gain together is what the rounds pay, nobody loses more than is staked, and the bounty suffices;
    each collects once; nothing is left over."""
    size, bounty = facts["size"], facts["bounty"]

    def rows(learnt: tuple[int, ...]) -> int:
        return hash((facts["seed"], learnt)) % (size + 1)

    options = dict(zip(OPTIONS, facts["options"], strict=True))
    stakes = [UNIT + extra for extra in facts["extra"]]
    market = played(
        rows, facts["people"], bounty, stakes, size=size, round_rule=facts["rule"], unit=facts["unit"], **options
    )
    staked: dict[str, int] = {}
    for record, author in enumerate(market.records.author):
        staked[author] = staked.get(author, 0) + market.records.deposit[record]
    rounds = market.mechanism.rewards.rounds.value
    assert sum(spent for spent, _ in rounds) <= bounty
    for who in staked:
        assert market.mechanism.rewards.due(who) >= 0
        again = [market.refund(who), market.refund(who), market.report("z", who)]
        assert not any(receipt.ok for receipt in again[1:])
    gains = {who: market.gain(who) for who in staked}
    assert all(gains[who] >= -staked[who] for who in staked)
    paid, owed = sum(gains.values()), Fraction(sum(spent * rise for spent, rise in rounds), size)
    assert 0 <= owed - paid < len(staked)  # each is paid in whole wei
    assert -market.gain(PROVIDER) == paid <= bounty
    assert market.trainer.escrow() == 0


@settings(max_examples=60, deadline=None)
@given(st.text("abc", max_size=6), st.lists(st.integers(0, 5 * UNIT), min_size=6, max_size=6), st.integers(0, 2))
def test_provider_who_does_not_reveal_loses_the_bounty(people: str, extra: list[int], revealed: int) -> None:
    """Stakes come back with the bounty in proportion; without a stake it goes back to the provider."""
    market = Market(path(0), size=4, allow_greater_deposit=True, reveal_within=100)
    market.open(90 * UNIT)
    for number, who in enumerate(people):
        market.add(who, UNIT + extra[number])
    assert market.send(PROVIDER, "end").ok
    if not people:
        assert market.gain(PROVIDER) == 0
        return
    for _ in range(revealed):
        market.reveal()
    market.wait(100)
    assert not market.send("z", "time_out").ok
    market.wait(1)
    assert market.send("z", "time_out").ok
    staked = -sum(market.gain(who) for who in set(people))
    stakes = {who: -market.gain(who) for who in set(people)}
    for who in set(people):
        assert market.refund(who).ok
        assert market.gain(who) == 90 * UNIT * stakes[who] // staked
        assert not market.refund(who).ok
    assert market.gain(PROVIDER) == -sum(market.gain(who) for who in set(people))
    assert market.trainer.escrow() == 0


@pytest.mark.parametrize("profile", ["corrected", "reference"])
@pytest.mark.parametrize("options", list(itertools.product([False, True], repeat=3)), ids=str)
def test_every_parameter_set_passes_the_check(profile: str, options: tuple[bool, ...]) -> None:
    parameters = Parameters(profile=profile, **dict(zip(OPTIONS, options, strict=True)))

    def build(chain: Chain, address: str, records: DataHandler) -> PredictionMarket:
        return PredictionMarket(chain, address, records, parameters)

    check_mechanism(build)


# -- phases ----------------------------------------------------------------------------------------------------------


def test_steps_only_in_their_phase() -> None:
    market = Market(path(5, 6))
    for method in ("end", "process", "time_out"):
        assert not market.send("z", method).ok
    assert not market.add("a").ok
    market.open(10 * UNIT, length=50, contributions=1)
    assert not market.send("z", "commit", (b"1", b"2"), 0, 0, value=UNIT).ok
    assert not market.reveal().ok
    assert not market.add("a", UNIT - 1).ok
    assert market.add("a").ok
    assert not market.refund("a").ok
    assert not market.send("z", "end").ok  # enough contributions, but it is too early
    market.wait(50)
    market.close()
    for method in ("end", "process", "time_out"):
        assert not market.send("z", method).ok
    assert not market.add("b").ok
    assert not market.report("z", "a").ok
    market.wait(WEEK)
    assert market.report("z", "a").ok
    assert market.gain("z") == 2 * UNIT  # the stake, and .1 of ten units
    assert not market.refund("a").ok


def test_market_short_of_contributions_ends_later() -> None:
    market = Market(path(5, 6), reveal_within=30)
    market.open(UNIT, length=50, contributions=2)
    market.add("a")
    market.wait(79)
    assert not market.send("z", "end").ok
    market.wait(1)
    assert market.send("z", "end").ok


def test_only_what_was_committed_to_is_accepted() -> None:
    """Another salt, label, order or split does not pass; commitments say nothing without the salt."""
    samples = [(Data([n]), n % 2) for n in range(6)]
    part, other = split(samples, [b"salt", b"tlas"])
    (first, label), *rest = part.samples
    for fake in (
        part._replace(salt=b"sal"),
        part._replace(samples=((first, 1 - label), *rest)),
        part._replace(samples=(*rest, (first, label))),
        Part(other.samples, b"salt"),
        Part((), b"salt"),
    ):
        assert fake.commitment != part.commitment
    market = Market()
    commitments = tuple(map(market.mechanism.seal, market.parts))
    market.send(PROVIDER, "commit", commitments, 0, 0, value=UNIT)
    (drawn,) = market.mechanism.drawn.value
    assert not market.send(PROVIDER, "reveal", market.parts[drawn - 1]).ok
    assert market.send(PROVIDER, "reveal", market.parts[drawn]).ok


def test_drawn_part_is_not_judged_and_changes_with_what_is_committed() -> None:
    """Everybody knows it. A draw depends on all hashes, so that more of them draw anew; only the provider adds any."""
    market = played(path(5, 6), "a", UNIT)
    (known,) = market.parts[market.mechanism.drawn.value[0]].samples
    assert known not in market.mechanism.rewards.test_set.value
    assert len(market.mechanism.rewards.test_set.value) == 10
    drawn: set[int] = set()
    for more in range(20):
        market = Market()
        market.send(PROVIDER, "commit", tuple(map(market.mechanism.seal, market.parts)), 0, 0, value=UNIT)
        assert not market.send("z", "add_commitments", (b"x",)).ok
        assert market.send(PROVIDER, "add_commitments", (bytes([more]),)).ok
        drawn |= set(market.mechanism.drawn.value)
    assert len(drawn) > 5
    assert max(drawn) <= 11


@pytest.mark.parametrize("checks", [1, 2, 4, 7])
def test_rubbish_escapes_as_often_as_it_is_not_drawn(checks: int) -> None:
    """Three of ten parts are rubbish: r checks miss all of them with probability C(7, r) / C(10, r) (B16).

    In 1,000 markets, within 4 sigma; and the parts drawn are different ones.
    """
    commitments = tuple(bytes([part]) for part in range(10))
    escapes = math.comb(7, checks) / math.comb(10, checks)
    missed = 0
    for number in range(1_000):
        chain = Chain()
        parameters = Parameters(revealed_first=checks)
        market = PredictionMarket(chain, "m", DataHandler(chain, "r"), parameters, number.to_bytes(2, "big"))
        drawn = market._draw(1_000, commitments)
        assert len(set(drawn)) == checks
        missed += min(drawn) >= 3
    assert abs(missed - 1_000 * escapes) < 4 * (1_000 * escapes * (1 - escapes)) ** 0.5 + 1


def test_several_parts_are_revealed_first_and_none_of_them_is_judged() -> None:
    market = Market(path(5, 6), revealed_first=3)
    commitments = tuple(map(market.mechanism.seal, market.parts))
    assert not market.send(PROVIDER, "commit", commitments[:3], 0, 0, value=UNIT).ok
    assert market.send(PROVIDER, "commit", commitments, 0, 0, value=UNIT).ok
    drawn = market.mechanism.drawn.value
    for part in drawn:
        assert not market.add("a").ok
        assert not market.send(PROVIDER, "reveal", market.parts[part - 1]).ok
        assert market.send(PROVIDER, "reveal", market.parts[part]).ok
        assert not market.send(PROVIDER, "add_commitments", (b"x",)).ok  # else the rest could be drawn anew
    assert market.add("a").ok
    market.close()
    known = [sample for part in drawn for sample in market.parts[part].samples]
    judged = market.mechanism.rewards.test_set.value
    assert len(judged) == len(commitments) - 3
    assert not set(map(repr, known)) & set(map(repr, judged))


MODELS = [(profile, kind) for profile in MODEL_PROFILES for kind in models_of(profile)]


def lesson(model: Classifier, *features: int) -> Data:
    """These features as the model reads them: indices, or a vector of norm 1."""
    if not model.reads_vectors:
        return Data(features)
    return Data.numbers(10**9 * (place == features[0]) for place in range(model.n_features))


@pytest.mark.parametrize("profile", ["corrected", "reference"])
@pytest.mark.parametrize(("of", "kind"), MODELS, ids=str)
def test_every_model_is_brought_back(of: str, kind: str, profile: str) -> None:
    """A restart leaves the model as it was at first, and undoing the restart as it was before: the market may reset."""
    chain = Chain()
    chain.meter.start(10**12)
    model = models_of(of)[kind](4, 2, chain.journal, chain.meter)
    first = [(0, 0), (1, 1), (2, 0), (3, 1)]
    rows = [lesson(model, feature).features for feature, _ in first]
    for features, (_, label) in zip(rows, first, strict=True):
        if kind != "sparse_nearest_centroid":  # its contract cannot begin from a class without samples
            model.learn_one(features, label)
    chain.journal.commit()
    market = PredictionMarket(
        chain, "m", DataHandler(chain, "r"), Parameters(profile, reset_model_during_reward_phase=True)
    )
    market.attach(model)
    judge = market.rewards.judge
    assert judge is not None
    before = snapshot(judge.model)
    for label in (1, 0, 1):
        for feature in range(4):
            judge.learn(lesson(model, feature), label)
    taught = snapshot(judge.model)
    assert (taught != before) == (kind != "sparse_nearest_centroid")
    chain.journal.commit()
    judge.restart()
    assert snapshot(judge.model) == before
    chain.journal.rollback()
    assert snapshot(judge.model) == taught


def snapshot(model: Any) -> Any:
    """A model's numbers; of an adapter to a library, the cells it has."""
    if hasattr(model, "to_state"):
        return model.to_state()
    return cells_of(SimpleNamespace(**{name: cell for name, cell in vars(model).items() if name != "version"}))


def test_sample_that_no_model_can_learn_does_not_lock_up_the_money() -> None:
    """A label without a class is an invalid opcode of the contract: the market goes on without the contribution."""
    chain = Chain(clock=Clock(now=1_000))
    records = DataHandler(chain, "records")
    mechanism = PredictionMarket(chain, "incentive", records, Parameters())
    model = models_of("solidity")["dense_nearest_centroid"](2, 2, chain.journal, chain.meter)
    trainer = CollaborativeTrainer(chain, TRAINER, records, mechanism, model)
    for contract in (records, mechanism, trainer):
        chain.deploy(contract)
    for who in ("a", PROVIDER):
        chain.mint(who, 100 * UNIT)
    parts = split([(Data.numbers([10**9, 0]), 0), (Data.numbers([0, 10**9]), 1)], [b"1", b"2"])

    def send(who: str, method: str, *arguments: Any, value: int = 0) -> bool:
        return chain.execute(Transaction(who, TRAINER, method, arguments, value)).ok

    assert send(PROVIDER, "commit", tuple(map(mechanism.seal, parts)), 0, 0, value=UNIT)
    assert send(PROVIDER, "reveal", parts[mechanism.next_part])
    sample = Data.numbers([10**9, 0])
    assert send("a", "add_data", sample, 7, value=UNIT)
    assert send(PROVIDER, "end")
    assert send(PROVIDER, "reveal", parts[mechanism.next_part])
    assert send("a", "process")
    assert send("a", "refund", sample, 7, 1_000)
    assert chain.ledger.balance("a") == 100 * UNIT
    assert trainer.escrow() == 0


def test_rows_that_the_model_refuses_are_never_right() -> None:
    """A provider whose test set no model can read pays nothing, but locks up nobody's stake."""
    market = Market(size=3)
    market.parts = split([(Data([n]), 0) for n in (1, 2, 3, 10**6)], [b"1", b"2", b"3", b"4"])
    market.open(UNIT)
    market.add("a")
    market.close()
    strange = 10**6 in [data.features[0] for data, _ in market.mechanism.rewards.test_set.value]
    assert market.mechanism.rewards.initial.value == 3 - strange  # untrained, the perceptron says 0
    assert market.refund("a").ok
    assert market.trainer.escrow() == 0


@pytest.mark.parametrize(
    "wrong",
    [{"profile": "solidity"}, {"round_rule": "all"}, {"unit": 0}, {"reveal_within": -1}, {"revealed_first": 0}],
    ids=str,
)
def test_parameters_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Parameters(**wrong)
