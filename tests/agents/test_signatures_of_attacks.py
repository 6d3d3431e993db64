"""The signatures of those who act together, copy, police, or attack a part of the data; see `test_signatures`."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from agents import (
    Backdoor,
    BountyHunter,
    Coalition,
    ColludingRing,
    Duplicator,
    HonestClass,
    Sybil,
    TargetedFlipper,
)
from experiments.attacks import attack_success
from sim.data import Dataset
from sim.economy import Economy
from sim.features import Features
from sim.models import NaiveBayes
from sim.units import DAY
from tests.agents.evidence import ACCURACY, finished, is_about, is_more, refunded
from tests.reproduction.economies import (
    UNIT,
    Observed,
    ObservedFlipper,
    ObservedHonest,
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

# -- many addresses --------------------------------------------------------------------------------------------------


class ObservedSybil(Observed, Sybil):
    """A Sybil under observation."""


def sybils(gap: int, count: int) -> Party:
    """They lie from the start, so that what standing they have comes from lies the model takes for the truth."""
    options = {"coalition": Coalition("sybil"), "standing": 0}
    return Party("sybil", ObservedSybil, gap * count, count, options=options)


@pytest.mark.parametrize("count", [1, 3])
def test_sybils_recover_the_share_of_their_other_addresses(count: int) -> None:
    """Of each lost deposit d n_s/N, n_s the standing of the other addresses: with k of them (k - 1)/k of the share
    S = (1 - a)/(a + 1 - a) that their lies earn; nothing with one address."""
    recovered = []
    for seed in range(2 if count == 1 else 10):
        economy = finished(
            samples_of_known_difficulty(1200, ACCURACY, seed), [honest(600), sybils(600, count)], seed,
            any_claim_after=4 * DAY,
        )  # fmt: skip
        records, windows = economy.trainer.records, economy.trainer.mechanism.windows
        back = lost = 0
        for actor in people(economy, "sybil"):
            for receipt in actor.receipts:
                if not receipt.ok or receipt.transaction.method != "report":
                    continue
                record, amount = receipt.logs[-1].data
                young = windows is not None and receipt.time - records.added_time[record] < windows.expired
                if record >= 300 and young and records.author[record].startswith("sybil"):
                    back += amount
        answers = [int(records.data[r].features[1]) - 2 for r in range(len(records))]
        lost = sum(
            records.deposit[r]
            for r in range(300, len(records))
            if records.author[r].startswith("sybil") and answers[r] != records.label[r]
        )
        recovered.append(back / lost)
    if count == 1:
        assert not any(recovered)
    else:
        is_about(recovered, (1 - ACCURACY) * (count - 1) / count, tolerance=0.15)


@pytest.mark.parametrize("share", ["most", "few"])
def test_a_ring_owns_the_model_if_most_data_are_its_own(share: str) -> None:
    """With most of the data the model learns f(x), and honest deposits are the ring's; with few the ring loses."""
    gaps = (9000, 600) if share == "most" else (600, 3600)
    gains, accuracies = [], []
    for seed in range(6):
        ring = Party("ring", ColludingRing, 3 * gaps[1], 3, options={"coalition": Coalition("ring")})
        economy = finished(learnable_samples(1000, seed), [honest(gaps[0]), ring], seed, model=NaiveBayes, initial=30)
        gains.append(profit(economy, "ring") / UNIT)
        accuracies.append(economy.accuracy() - economy.initial_accuracy)
    ring, nothing = (gains, [0.0] * len(gains))
    if share == "most":
        is_more(ring, nothing)
        is_more(nothing, accuracies)
    else:
        is_more(nothing, ring)


# -- copying and policing --------------------------------------------------------------------------------------------


def test_a_duplicator_dilutes_shares() -> None:
    """It is refunded as often as those it copies, so that shares go by what was submitted: the honest lose theirs."""
    shares = []
    for seed in range(24):
        crowd = [honest(900), Party("copy", Duplicator, 900)]
        economy = finished(samples_of_known_difficulty(500, ACCURACY, seed), crowd, seed)
        records, mechanism = economy.trainer.records, economy.trainer.mechanism
        copied = {(records.data[r].key, records.label[r]) for r in range(len(records)) if records.author[r] == "copy-1"}
        originals = {
            (records.data[r].key, records.label[r]) for r in range(len(records)) if records.author[r] != "copy-1"
        }
        assert copied <= originals
        submitted = total(economy, "copy", "submitted") / len(records)
        shares.append(mechanism.standing("copy-1") / mechanism.total_standing() / submitted)
        assert submitted > 0.25
    is_about(shares, 1.0)


def test_a_hunter_lives_on_lies_by_its_share() -> None:
    """One verified contribution among many is a small share: of each failed deposit it gets 1/N, so it earns less than
    a contributor, but earns, with hardly a deposit of its own."""
    hunted, per_deposit = [], []
    for seed in range(8):
        crowd = [honest(900), flipper(900), Party("hunter", BountyHunter, 900)]
        economy = finished(samples_of_known_difficulty(1000, 0.9, seed), crowd, seed)
        assert total(economy, "hunter", "submitted") < 5
        hunted.append(total(economy, "hunter", "reported_value") / UNIT)
        per_deposit.append(total(economy, "honest", "reported_value") / UNIT - hunted[-1])
    is_more(hunted, [0.0] * len(hunted))
    is_more(per_deposit, hunted)


# -- attacks on a part of the data -----------------------------------------------------------------------------------


def run_of(group: str, label: int, economy: Economy) -> float:
    """Rho by count of a group's contributions of a true class, where it labels truthfully."""
    records = economy.trainer.records
    got = {
        receipt.logs[-1].data[0]
        for actor in people(economy, group)
        for receipt in actor.receipts
        if receipt.ok and receipt.transaction.method == "refund"
    }
    names = {actor.address for actor in people(economy, group)}
    own = [r for r in range(len(records)) if records.author[r] in names and records.label[r] == label]
    return sum(record in got for record in own) / len(own)


def with_rare_features(data: Dataset, extra: int = 3) -> Dataset:
    """The same rows, of a vocabulary with a few features more that no row has."""

    def wider(x: Features) -> Features:
        return Features(x.indptr, x.indices, x.n_features + extra)

    return Dataset(
        data.name, data.title, wider(data.x_train), data.y_train, wider(data.x_test), data.y_test, data.classes,
        synthetic=True,
    )  # fmt: skip


@cache
def backdoors() -> list[dict[str, float]]:
    rows = []
    for seed in range(8):
        data = with_rare_features(learnable_samples(500, seed, contrast=0.2))
        row: dict[str, float] = {}
        for crowd in ([honest(900, 2)], [honest(900, 2), Party("backdoor", Backdoor, 2700)]):
            economy = build(data, crowd, seed, model=NaiveBayes, initial=100, weight=5)
            before = attack_success(economy)
            economy.run()
            if before:
                row |= {"before": before["backdoor"], "after": attack_success(economy)["backdoor"]}
                row |= {"rho": refunded(economy, "backdoor"), "profit": profit(economy, "backdoor") / UNIT}
                row |= {"accuracy": economy.accuracy()}
            else:
                row["twin"] = economy.accuracy()
        rows.append(row)
    return rows


def test_a_backdoor_is_invisible_to_deposits() -> None:
    """Its deposits come back, and it earns beside; the model is as accurate as without it, and does what it wants."""
    rows = backdoors()
    is_more([row["after"] for row in rows], [row["before"] + 0.5 for row in rows])
    assert min(row["rho"] for row in rows) > 0.95
    is_more([row["profit"] for row in rows], [-1.0] * len(rows))
    is_more([row["accuracy"] for row in rows], [row["twin"] - 0.05 for row in rows])


def test_a_targeted_flipper_robs_one_class() -> None:
    """Honest contributors of the class it attacks are refunded less often than those of the other."""
    rhos: tuple[list[float], list[float]] = [], []
    for seed in range(8):
        crowd = [
            honest(900, kind=ObservedHonest),
            Party("liar", TargetedFlipper, 450, options={"source": 1, "target": 0}),
        ]
        economy = finished(
            learnable_samples(1000, seed, contrast=0.3), crowd, seed, model=NaiveBayes, initial=100, weight=5
        )
        for label in (0, 1):
            rhos[label].append(run_of("honest", label, economy))
    is_more(rhos[0], rhos[1])


def test_contributors_of_a_rare_class_lose() -> None:
    """With one sample of class 1 in six, who knows only that class is refunded less, though as honest."""
    rhos: dict[str, list[float]] = {"common": [], "rare": []}
    for seed in range(8):
        data = learnable_samples(3000, seed, contrast=0.2)
        keep = np.flatnonzero((data.y_train == 0) | (np.arange(len(data.y_train)) % 5 == 0))
        data = Dataset(
            data.name, data.title, data.x_train.take(keep), data.y_train[keep], data.x_test, data.y_test, data.classes,
            synthetic=True,
        )  # fmt: skip
        options = {"participation_margin": None}
        crowd = [
            Party(name, HonestClass, 600, options=options | {"known_classes": (label,)})
            for label, name in enumerate(rhos)
        ]
        economy = finished(data, crowd, seed, model=NaiveBayes, initial=1200, weight=1, any_claim_after=DAY)
        for group, values in rhos.items():
            values.append(refunded(economy, group))
    is_more(rhos["common"], rhos["rare"])


# -- money -----------------------------------------------------------------------------------------------------------


def test_coalitions_conserve() -> None:
    """What members and others gain together is nothing, where gas is free, money sent to each other included."""
    crowd = [
        honest(900, 2), flipper(900, kind=ObservedFlipper),
        Party("sybil", ObservedSybil, 2700, 3, balance=15 * UNIT, options={"coalition": Coalition("sybil")}),
        Party("ring", ColludingRing, 1800, 2, balance=200 * UNIT, options={"coalition": Coalition("ring")}),
    ]  # fmt: skip
    economy = build(learnable_samples(600, 1), crowd, 1, model=NaiveBayes, initial=60, weight=5)
    sent: list[int] = []
    economy.chain.observers.append(
        lambda receipt: sent.append(receipt.transaction.value) if not receipt.transaction.method else None
    )
    economy.run()
    groups = {actor.group for actor in economy.actors.values()}
    assert min(sent) > 0
    assert sum(profit(economy, group) for group in groups) == 0
    assert profit(economy, "sybil") != 0
