"""The README scenario of the reference simulation with a model that stands still."""

from __future__ import annotations

import math
from fractions import Fraction

from agents import Honest, LabelFlipper, Participant, Settings
from experiments.reproduction.frozen import FrozenModel, samples_of_known_difficulty
from experiments.reproduction.verdicts import Measured
from mechanisms.deposit_refund_take import DepositRefundTake, Parameters
from sim.chain import HARDFORKS, Chain
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.data import DataStream
from sim.economy import Economy, Schedule
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT

SAMPLES, BUDGET = 23_000, 10_000 * DEFAULT_UNIT
_SEEDS_OF_AN_ACCURACY = 5


def accuracy_of(seed: int) -> float:
    """The model's accuracy: .800, .805, ... .820, and again."""
    return 0.80 + 0.005 * (seed % _SEEDS_OF_AN_ACCURACY)


def measure(seeds: range, dataset: str = "", samples: int = SAMPLES) -> Measured:
    """The economy with each seed to its end."""
    each = [numbers_of(economy(seed, samples)) for seed in seeds]
    return Measured({name: [numbers[name] for numbers in each] for name in each[0]})


def economy(seed: int, samples: int = SAMPLES) -> Economy:
    """Good, who adds every ten minutes, and Bad, who does every hour, at the end of all claims."""
    streams, chain = Streams(seed), Chain(HARDFORKS["istanbul"])
    data = samples_of_known_difficulty(samples, accuracy_of(seed), seed)
    stream = DataStream(data, initial=0, size=None, generator=streams.generator("data"))
    model = FrozenModel(data.x_train.n_features, len(data.classes), chain.journal, chain.meter)
    records = DataHandler(chain, "records")
    terms = Parameters(profile="reference", cost_weight=Fraction(1), refund_window=DAY, any_claim_after=9 * DAY)
    incentive = DepositRefundTake(chain, "incentive", records, terms)
    trainer = CollaborativeTrainer(chain, "trainer", records, incentive, model)
    for contract in (records, incentive, trainer):
        chain.deploy(contract)
    world = Economy(chain, trainer, stream, Schedule(horizon=1000 * DAY))
    world.join(_person(Honest, world, "Good", 600, 50, 10, streams))
    world.join(_person(LabelFlipper, world, "Bad", 3600, 100, 3, streams))
    world.run()
    return world


def _person(
    kind: type[Participant], world: Economy, name: str, gap: int, pays: int, pays_sd: int, streams: Streams
) -> Participant:
    settings = Settings(
        balance=BUDGET, arrival="normal", mean_gap=gap, gap_sd=1,
        willingness_mean=pays * DEFAULT_UNIT, willingness_sd=pays_sd * DEFAULT_UNIT,
    )  # fmt: skip
    return kind(world, name, settings, streams, name)


def numbers_of(world: Economy) -> dict[str, float]:
    """What the target asks for; ``exhausted`` is NaN if Bad never is."""
    found = {"ends": world.chain.clock.now / DAY, "exhausted": _exhausted(world)}
    for actor in world.actors.values():
        name, statement = actor.name.lower(), actor.statement
        found[name] = 100 * world.chain.ledger.balance(actor.address) / BUDGET
        found[f"{name}_deposit"] = statement.deposited / statement.submitted / DEFAULT_UNIT
    return found


def _exhausted(world: Economy) -> float:
    """The first day on which Bad has less than 1 % of what it had, or not enough for the price."""
    bad = world.recorder.groups.index("Bad")
    for row in world.recorder.snapshots:
        has, locked = row.balances[bad], row.locked[bad]
        if has + locked < BUDGET // 100 or (row.price is not None and has < row.price):
            return row.time / DAY
    return math.nan
