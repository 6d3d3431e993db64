"""One run: a scenario becomes an economy, the economy runs, and a `Result` keeps what matters of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from experiments.attacks import attack_success, backdoor_facts
from experiments.build import (
    TRAINER,
    baseline_accuracy,
    build,
    coalition_of,
    dataset_key,
    honest_twin,
    training_rows,
)
from experiments.classes import class_facts
from experiments.deployment import check_has_file, export_model
from experiments.events import Event, EventLog
from experiments.indices import indices
from experiments.replay.recording import recorded
from experiments.result import AgentRow, Result, Supply, TwinFacts
from experiments.scenario import scenario_hash
from experiments.schema import Scenario
from mechanisms import PredictionMarket
from mechanisms.badges import badges_of, statistics
from sim.chain import BURNED, PROPOSER
from sim.economy import Economy
from sim.units import DAY, Wei

_KEPT_TWINS = 256
_twins: dict[Any, TwinFacts] = {}


class Progress(NamedTuple):
    """How far a run is: days simulated and at most to come, samples accepted and offered, accuracy last published."""

    day: float
    horizon: float
    accepted: int
    offered: int
    accuracy: float


def run(
    scenario: Scenario,
    twin: bool = False,
    progress: Callable[[Progress], None] | None = None,
    trace: Path | None = None,
    model_file: Path | None = None,
) -> Result:
    """Run one scenario to its end.

    ``twin`` also runs it without its adversaries, under the same random numbers. ``progress`` is called after every
    ``record.display_every`` of simulated time. ``trace`` is a file that gets every transaction of the run (not of its
    twin), ``model_file`` one that gets the model as it is at the end. ``cpu_s`` and ``wall_s`` of the result cover
    building and running this one economy; neither the baseline (trained once per process for each data set and model)
    nor the twin is in them.
    Raises `ConfigError` when the scenario cannot be built.
    """
    if model_file is not None:
        check_has_file(scenario.model.kind, scenario.model.profile)
    other = honest_twin(scenario) if twin else None  # first: if there is none, nothing was computed in vain
    baseline = baseline_accuracy(scenario)
    wall, cpu = time.perf_counter(), time.process_time()
    economy = build(scenario)
    success = attack_success(economy)
    log = EventLog(economy) if scenario.record.events else None
    with nullcontext() if trace is None else recorded(economy, scenario, trace):
        _advance(economy, scenario, progress)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if model_file is not None:
        export_model(economy.trainer.model, economy.stream.dataset, model_file)
    facts = _facts_of_twin(other) if other is not None else None
    result = result_of(scenario, economy, baseline, wall, cpu, facts, tuple(log.events) if log else None)
    return replace(result, backdoors=backdoor_facts(economy, success)) if success else result


def _advance(economy: Economy, scenario: Scenario, progress: Callable[[Progress], None] | None) -> None:
    """Run an economy to its end; with somebody to tell of progress, step by step."""
    if progress is None:
        economy.run()
        return
    offered = economy.stream.remaining
    while not economy.ended:
        economy.step()
        now, accuracy = min(economy.reached, economy.chain.clock.now), economy.recorder.published_accuracy
        progress(Progress(now / DAY, scenario.horizon / DAY, len(economy.recorder.added), offered, accuracy))


def _facts_of_twin(scenario: Scenario) -> TwinFacts:
    """How a twin ended; each process keeps the last of them, as many economies differ by their adversaries alone."""
    key = scenario_hash(scenario), scenario.seed, scenario.replication, dataset_key(scenario)
    known = _twins.pop(key, None)
    if known is None:
        result = run(scenario)
        known = TwinFacts(result.days, result.final_accuracy, result.captured, result.ended, result.cpu_s)
    _twins[key] = known
    if len(_twins) > _KEPT_TWINS:
        del _twins[next(iter(_twins))]
    return known


def result_of(
    scenario: Scenario,
    economy: Economy,
    baseline: float,
    wall: float = 0.0,
    cpu: float = 0.0,
    twin: TwinFacts | None = None,
    events: tuple[Event, ...] | None = None,
) -> Result:
    """What matters of an economy as it is now; before it has ended, ``ended`` is empty.

    ``baseline`` is the accuracy of the model trained on the whole training set at once, ``wall`` and ``cpu`` are what
    it took.
    """
    recorder, stream, dataset = economy.recorder, economy.stream, economy.stream.dataset
    offered_after = 0 if stream.current is None else stream.remaining
    return Result(
        scenario=scenario,
        days=(economy.ended_at if economy.ended else economy.reached) / DAY,
        wall_s=wall,
        cpu_s=cpu,
        ended=economy.ended,
        initial_accuracy=economy.initial_accuracy,
        final_accuracy=economy.accuracy(),
        baseline_accuracy=baseline,
        agents=tuple(_agent_rows(economy, scenario)),
        supply=_supply(economy),
        indices=indices(scenario),
        transactions=recorder.transactions,
        samples_left=offered_after,
        rows=len(stream.initial_labels) + stream.offered,
        training_rows=training_rows(dataset, economy.trainer.model.reads_vectors),
        dataset_title=dataset.title,
        synthetic=dataset.synthetic,
        groups=tuple(recorder.groups),
        snapshots=tuple(recorder.snapshots),
        added=tuple(recorder.added),
        twin=twin,
        events=events,
        classes=class_facts(economy),
        gains_by_pass=_gains_by_pass(economy, scenario.unit),
    )


def _gains_by_pass(economy: Economy, unit: Wei) -> tuple[tuple[float, dict[str, float]], ...]:
    mechanism = economy.trainer.mechanism
    passes = mechanism.gains_by_pass() if isinstance(mechanism, PredictionMarket) else []
    return tuple(
        (float(spent / unit), {who: float(gain / unit) for who, gain in gains.items()}) for spent, gains in passes
    )


def _agent_rows(economy: Economy, scenario: Scenario) -> list[AgentRow]:
    """A row for each address, in the order of the scenario."""
    kinds = {group.name: group for group in scenario.agents}
    now, ledger, trainer = economy.ended_at, economy.chain.ledger, economy.trainer
    n_classes = len(economy.stream.dataset.classes)
    awards = trainer.mechanism.awards_points
    made = statistics(trainer.records) if awards else {}
    rows = []
    for actor in economy.actors.values():
        group, statement = kinds[actor.group], actor.statement
        rows.append(
            AgentRow(
                name=actor.name,
                group=group.name,
                kind=group.kind,
                final_balance=ledger.balance(actor.address),
                statement=statement,
                cost_of_capital=statement.cost_of_capital(group.capital_cost, now),
                effort=group.effort_cost.wei(scenario.unit) * statement.submitted,
                outside_value=group.outside_value.wei(scenario.unit),
                coalition=coalition_of(group),
                utility=actor.utility(),
                points=trainer.mechanism.standing(actor.address) if awards else None,
                badges=badges_of(made[actor.address], n_classes) if actor.address in made else (),
            )
        )
    return rows


def _supply(economy: Economy) -> Supply:
    ledger = economy.chain.ledger
    escrow, burned, tips = (ledger.balance(account) for account in (TRAINER, BURNED, PROPOSER))
    people = sum(amount for account, amount in ledger.balances.items() if account not in (TRAINER, BURNED, PROPOSER))
    return Supply(minted=ledger.minted, balances=people, escrow=escrow, burned=burned, tips=tips)
