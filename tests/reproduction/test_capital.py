"""B8: how much money deposits keep locked."""

from __future__ import annotations

from sim.economy import Schedule
from sim.units import DAY, HOUR

from . import theory
from .economies import SEEDS, UNIT, build, flipper, honest, people, samples_of_known_difficulty, total

ACCURACY, WEIGHT = 0.8, 5
WINDOW, ANY_CLAIM = DAY, 3 * DAY
PRICE = theory.corrected_price(WEIGHT)


def runs(good, bad, horizon: int, samples: int, seeds=SEEDS):
    """Economies that do not run out of samples before the horizon."""
    economies = []
    for seed in seeds:
        schedule = Schedule(horizon=horizon, accuracy_every=6 * HOUR)
        economy = build(
            samples_of_known_difficulty(samples, ACCURACY, seed), [good, bad], seed, schedule=schedule,
            weight=WEIGHT, refund_window=WINDOW, any_claim_after=ANY_CLAIM,
        )  # fmt: skip
        economy.run()
        assert economy.stream.remaining, "the horizon must come before the last sample"
        economies.append(economy)
    return economies


def both(good, bad):
    gaps = [party.gap for party in (good, bad) for _ in range(party.count)]
    deposit = theory.mean_deposit_poisson(PRICE, gaps)
    return [
        theory.Side(p.rate, theory.refunded_share(ACCURACY, p is good), deposit, p.rate, p.count) for p in (good, bad)
    ]


def locked_per_agent(economy, party, since: int) -> float:
    """The mean of the snapshots from a time on, in units for each address of the party."""
    column = economy.recorder.groups.index(party.name)
    values = [row.locked[column] for row in economy.recorder.snapshots if row.time >= since]
    return sum(values) / len(values) / party.count / UNIT


def test_mean_locked(agrees):
    """Steady state, from t_a plus a day on: lambda d times the mean time a wei is locked (Little's law)."""
    good, bad = honest(9000, 10), flipper(5400, 3)
    economies = runs(good, bad, 12 * DAY, 2200)
    side, other = both(good, bad)
    predicted = side.adds / good.count * side.deposit * theory.mean_lock(side, other, WINDOW, ANY_CLAIM)
    measured = [locked_per_agent(economy, good, ANY_CLAIM + DAY) for economy in economies]
    agrees("B8 locked per honest agent, 10 + 3, with waits for polls", measured, predicted)


def test_mean_locked_when_everyone_polls_at_once(agrees):
    """B8 as it stands neglects the waits, here at most a hundredth of t."""
    good, bad = honest(600), flipper(900)
    side, other = both(good, bad)
    measured = [locked_per_agent(economy, good, ANY_CLAIM + DAY) for economy in runs(good, bad, 9 * DAY, 2700)]
    full = side.adds * side.deposit * theory.mean_lock(side, other, WINDOW, ANY_CLAIM)
    prompt = side.adds * side.deposit * theory.mean_lock_prompt(side, other, WINDOW, ANY_CLAIM)
    agrees("B8 locked, two addresses, with waits for polls", measured, full)
    agrees("B8 locked, two addresses, lambda d (t + (1 - rho)(E[claim] - t))", measured, prompt, exact=False)


def test_wei_seconds_locked_by_a_contribution(agrees):
    """The same from the statements, over the whole life of each contribution: what capital costs is made from it."""
    good, bad = honest(900), flipper(900)
    side, other = both(good, bad)
    seconds = []
    for seed in SEEDS:
        economy = build(
            samples_of_known_difficulty(1000, ACCURACY, seed), [good, bad], seed,
            weight=WEIGHT, refund_window=WINDOW, any_claim_after=ANY_CLAIM,
        )  # fmt: skip
        economy.run()
        assert total(economy, "honest", "locked") == 0
        honest_ones = people(economy, "honest")
        locked = sum(actor.statement.locked_wei_seconds(economy.ended_at) for actor in honest_ones)
        seconds.append(locked / total(economy, "honest", "deposited"))
    agrees("B8 seconds that a wei of the honest is locked", seconds, theory.mean_lock(side, other, WINDOW, ANY_CLAIM))


def test_initial_drawdown(agrees):
    """After t, before the first refund: lambda d t is gone from the wallets of the honest."""
    good, bad = honest(4500, 10), flipper(4500, 3)
    economies = runs(good, bad, WINDOW + HOUR, 500, range(60))
    gaps = [party.gap for party in (good, bad) for _ in range(party.count)]
    share = good.rate / (good.rate + bad.rate) / good.count
    measured = []
    for economy in economies:
        (row,) = (row for row in economy.recorder.snapshots if row.time == WINDOW)
        column = economy.recorder.groups.index(good.name)
        assert row.balances[column] + row.locked[column] == good.balance * good.count, "nothing was claimed yet"
        measured.append((good.balance * good.count - row.balances[column]) / good.count / UNIT)
    agrees("B8 initial drawdown, exact sum", measured, share * theory.deposits_until(PRICE, gaps, WINDOW - 1))
    side, _ = both(good, bad)
    agrees("B8 initial drawdown, lambda d t", measured, side.adds / good.count * side.deposit * WINDOW, exact=False)
