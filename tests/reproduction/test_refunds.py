"""B2, B3 and B4: who is refunded, who earns standing by it, and what becomes of the deposits that are not refunded."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from sim.units import DAY, HOUR

from . import theory
from .economies import (
    PLENTY,
    SEEDS,
    Observed,
    ObservedFlipper,
    ObservedHonest,
    build,
    flipper,
    honest,
    outcome,
    people,
    profit,
    samples_of_known_difficulty,
    total,
)

ACCURACY = 0.8
GOOD, BAD = honest(600), flipper(600)
GOOD_REFUNDED = theory.refunded_share(ACCURACY, honest=True)
BAD_REFUNDED = theory.refunded_share(ACCURACY, honest=False)


@cache
def runs(n_classes: int):
    """One finished economy for each seed."""
    economies = []
    for seed in SEEDS:
        economy = build(samples_of_known_difficulty(2000, ACCURACY, seed, n_classes), [GOOD, BAD], seed)
        economy.run()
        assert not economy.claims.open_records
        economies.append(economy)
    return economies


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("group", ["honest", "flipper"])
def test_refunded_share(agrees, group, n_classes):
    """B2: a of the honest, (1 - a) / (K - 1) of the flippers, by count and, nothing moving, by value."""
    economies = runs(n_classes)
    predicted = theory.refunded_share(ACCURACY, group == "honest", n_classes)
    by_count = [total(e, group, "refunded") / total(e, group, "submitted") for e in economies]
    agrees(f"B2 rho {group} by count, K = {n_classes}", by_count, predicted)
    if n_classes == 2:
        by_value = [total(e, group, "refunded_value") / total(e, group, "deposited") for e in economies]
        agrees(f"B3 rho {group} by value, K = {n_classes}", by_value, predicted)
    assert not any(total(e, group, "crumbs") for e in economies), "a frozen model leaves no crumbs to refund"


class Stubborn(ObservedFlipper):
    """After all that a sensible flipper does it asks for everything else too: refunds and reports of any record."""

    def claims(self, view):
        sensible = super().claims(view)
        everyone = [actor for actor in self.model.actors.values() if isinstance(actor, Observed)]
        added = [
            (actor is self, receipt.logs[-1].data[0])
            for actor in everyone
            for receipt in actor.receipts
            if receipt.ok and receipt.transaction.method == "add_data"
        ]
        asked = {claim.arguments[:3] for claim in sensible}
        everything = [view.refund(record) if mine else view.report(record) for mine, record in added]
        return [*sensible, *(claim for claim in everything if claim.arguments[:3] not in asked)]


def test_nothing_is_got_by_asking():
    """B2 and B4 are what the contract enforces, not what polite participants refrain from."""
    outcomes = []
    for kind in (ObservedFlipper, Stubborn):
        crowd = [honest(3000, 2, kind=ObservedHonest), flipper(3000, kind=kind)]
        economy = build(samples_of_known_difficulty(60, 0.6, 5), crowd, seed=5)
        economy.run()
        assert total(economy, "flipper", "refunded")
        assert total(economy, "flipper", "reported")
        outcomes.append((economy.recorder.transactions, outcome(economy)["balances"]))
    assert outcomes[1][0] > 2 * outcomes[0][0], "it must have asked in vain many times"
    assert outcomes[0][1] == outcomes[1][1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_verified_shares(agrees, n_classes):
    """B3: n_g : n_b = lambda_g rho_g : lambda_b rho_b."""
    economies = runs(n_classes)
    rho = [theory.refunded_share(ACCURACY, good, n_classes) for good in (True, False)]
    predicted = theory.verified_share(GOOD.rate, rho[0], BAD.rate, rho[1])
    shares = []
    for economy in economies:
        mechanism = economy.trainer.mechanism
        n = {actor.group: mechanism.standing(actor.address) for actor in economy.actors.values()}
        assert n == {group: total(economy, group, "refunded") for group in n}
        assert sum(n.values()) == mechanism.total_standing()
        shares.append(n["honest"] / sum(n.values()))
    agrees(f"B3 S_g, K = {n_classes}", shares, predicted)


# -- B4: the fate of a failed deposit --------------------------------------------------------------------------------

WINDOW, ANY_CLAIM = 6 * HOUR, 2 * DAY
TRIO = [
    honest(600, name="often", kind=ObservedHonest),
    honest(1200, name="seldom", kind=ObservedHonest),
    flipper(900, kind=ObservedFlipper),
]
WEIGHTS = {"often": ACCURACY / 600, "seldom": ACCURACY / 1200, "flipper": (1 - ACCURACY) / 900}
SHARES = {name: weight / sum(WEIGHTS.values()) for name, weight in WEIGHTS.items()}
FIRST_CALLERS = {party.name: party.rate / sum(p.rate for p in TRIO) for party in TRIO}
ESTABLISHED = 400
"""Records from this number on: B4 takes it for granted that everyone has standing."""
SAMPLES = 1400
MORE_SEEDS = range(30)
ADDS = {party.name: party.rate for party in TRIO}
REFUNDED = {"often": ACCURACY, "seldom": ACCURACY, "flipper": 1 - ACCURACY}


def part_of(reporter: str) -> float:
    return theory.reporters_part(reporter, ADDS, REFUNDED, range(ESTABLISHED, SAMPLES))


def fates(seed: int):
    """For every record since `ESTABLISHED` that the model disagrees with: owner, deposit and the claims on it."""
    economy = build(
        samples_of_known_difficulty(SAMPLES, ACCURACY, seed), TRIO, seed,
        weight=5, refund_window=WINDOW, any_claim_after=ANY_CLAIM,
    )  # fmt: skip
    economy.run()
    records, model = economy.trainer.records, economy.trainer.model
    claims = defaultdict(list)
    for actor in economy.actors.values():
        for receipt in actor.receipts:
            if receipt.ok and receipt.transaction.method != "add_data":
                record, amount = receipt.logs[-1].data
                claims[record].append((receipt.time, actor.group, receipt.transaction.method, amount))
    group = {actor.address: actor.group for actor in economy.actors.values()}
    return [
        (group[records.author[i]], records.deposit[i], records.added_time[i], sorted(claims[i]))
        for i in range(ESTABLISHED, len(records))
        if model.predict_one(records.data[i].features) != records.label[i]
    ]


@cache
def all_fates():
    return [fates(seed) for seed in MORE_SEEDS]


@pytest.mark.parametrize("owner", SHARES)
def test_reporters_take_all_but_the_owners_share(agrees, owner):
    """B4: d (1 - n_o / N) goes to prompt reporters, each once, the rest to one caller after t_a."""
    taken = []
    for records in all_fates():
        mine = [record for record in records if record[0] == owner]
        parts = []
        for _, deposit, added, claims in mine:
            reports = [claim for claim in claims if claim[0] - added < ANY_CLAIM]
            late = [claim for claim in claims if claim[0] - added >= ANY_CLAIM]
            assert all(time - added >= WINDOW and method == "report" for time, _, method, _ in reports)
            reporters = [who for _, who, _, _ in reports]
            assert owner not in reporters
            assert len(set(reporters)) == len(reporters), "each reports once"
            assert len(late) == 1, "after t_a the first caller takes all that is left"
            assert sum(claim[3] for claim in claims) == deposit
            parts.append(1 - late[0][3] / deposit)
        taken.append(sum(parts) / len(parts))
    name = f"B4 part of a failed deposit of {owner!r} that reporters take"
    agrees(f"{name}, in the order of claims", taken, sum(part_of(reporter) for reporter in SHARES if reporter != owner))
    agrees(f"{name}, 1 - n_o / N", taken, 1 - SHARES[owner], exact=False)


@pytest.mark.parametrize("reporter", ["often", "seldom"])
def test_a_reporter_takes_its_share(agrees, reporter):
    """B4: d n_r / N for each reporter, here of the flipper's failed deposits."""
    taken = []
    for records in all_fates():
        parts = [
            sum(amount for time, who, _, amount in claims if who == reporter and time - added < ANY_CLAIM) / deposit
            for owner, deposit, added, claims in records
            if owner == "flipper"
        ]
        taken.append(sum(parts) / len(parts))
    agrees(f"B4 part of the flipper's failed deposits that {reporter!r} takes", taken, part_of(reporter))


@pytest.mark.parametrize("caller", FIRST_CALLERS)
def test_the_first_caller_is_whoever_polls_most(agrees, caller):
    """B4: P(caller = j) = lambda_j / sum of lambda, whoever owns the deposit and whatever the standings."""
    first = []
    for records in all_fates():
        calls = [claims[-1][1] for _, _, _, claims in records]
        first.append(sum(who == caller for who in calls) / len(calls))
    agrees(f"B4 P(first caller after t_a is {caller!r})", first, FIRST_CALLERS[caller])


@pytest.mark.parametrize("bad", [0.0, 0.5])
def test_a_single_party_cannot_be_punished(bad):
    """B4, corollary: with n_o / N = 1 every deposit comes back, whatever is submitted."""
    alone = honest(600, options={"mistake_rate": bad})
    economy = build(samples_of_known_difficulty(300, ACCURACY, 1), [alone], seed=1)
    economy.run()
    statement = people(economy, "honest")[0].statement
    assert statement.expired > 0
    assert statement.taken_from == statement.locked == 0
    assert economy.chain.ledger.balance("honest-1") == PLENTY


def test_no_bad_data_no_profit():
    """Honest contributors only: what one wins another loses, to the wei."""
    economy = build(samples_of_known_difficulty(300, ACCURACY, 1), [honest(3000, 5)], seed=1)
    economy.run()
    assert profit(economy, "honest") == 0
    assert any(economy.chain.ledger.balance(actor.address) < PLENTY for actor in people(economy, "honest"))
