"""From a scenario to an economy: the only place where the names in a config become objects.

Addresses of contracts are written ``<trainer>``, which no group of agents can be called.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents import Participant, Settings
from experiments.fields import Amount
from experiments.people import BEHAVIOURS, AgentGroup
from experiments.schema import Scenario
from mechanisms import MECHANISMS, DepositRefundTake
from mechanisms.deposit_refund_take import Parameters
from sim.chain import HARDFORKS, Chain, Clock, FeeMarket, FixedPrice, FreeGas
from sim.contracts import CollaborativeTrainer, DataHandler, IncentiveMechanism
from sim.data import Dataset, DataStream, load_dataset
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.models import MODELS, Classifier, NaiveBayes, SparsePerceptron
from sim.rng import Streams
from sim.units import Wei

RECORDS, INCENTIVE, TRAINER = "<records>", "<incentive>", "<trainer>"
_KEPT_DATASETS, _KEPT_BASELINES = 4, 256

_datasets: OrderedDict[Any, Dataset] = OrderedDict()
_baselines: OrderedDict[Any, float] = OrderedDict()


def build(scenario: Scenario, dataset: Dataset | None = None) -> Economy:
    """The economy of a scenario, ready to run, its model trained on the initial samples.

    ``dataset`` takes the place of the one the scenario names. Raises `ConfigError` where the data set or a behaviour
    cannot be used as the scenario says.
    """
    dataset = dataset or dataset_of(scenario)
    streams = Streams(scenario.seed, scenario.replication)
    stream = _stream(scenario, dataset, streams)
    chain = Chain(HARDFORKS[scenario.chain.hardfork], _fees(scenario), Clock(scenario.chain.block_time))
    model = new_model(scenario, dataset, chain)
    model.fit(stream.initial_features, stream.initial_labels)
    records = DataHandler(chain, RECORDS)
    mechanism = _mechanism(scenario, chain, records)
    trainer = CollaborativeTrainer(chain, TRAINER, records, mechanism, model)
    for contract in (records, mechanism, trainer):
        chain.deploy(contract)
    record = scenario.record
    schedule = Schedule(scenario.horizon, record.accuracy_every, record.display_every)
    economy = Economy(chain, trainer, stream, schedule, seed=scenario.seed)
    for group in scenario.agents:
        for participant in _participants(economy, group, scenario.unit, streams):
            economy.join(participant)
    return economy


def honest_twin(scenario: Scenario) -> Scenario:
    """The same scenario without its adversaries: the world they are measured against, under the same random numbers.

    Raises `ConfigError` if nobody would be left.
    """
    honest = tuple(group for group in scenario.agents if not is_adversarial(group.kind))
    if not honest:
        raise ConfigError(
            f"Scenario {scenario.name!r} has no honest group, so it has no honest-only twin. Add one, or run it "
            f"without --twin."
        )
    return scenario.model_copy(update={"agents": honest, "name": f"{scenario.name[:60]} honest twin"})


def is_adversarial(kind: str) -> bool:
    """Whether a behaviour means harm, by its traits."""
    return BEHAVIOURS[kind].traits.adversarial


def addresses(group: AgentGroup) -> list[str]:
    """The addresses of a group: its name, or its name with a number from 1 on."""
    return [group.name] if group.count == 1 else [f"{group.name}-{i}" for i in range(1, group.count + 1)]


def dataset_of(scenario: Scenario) -> Dataset:
    """The data set of a scenario; each process keeps the last few it read, as long as a file does not change."""
    name = scenario.data.dataset
    return _kept(_datasets, _dataset_key(name), _KEPT_DATASETS, lambda: load_dataset(name))


def baseline_accuracy(scenario: Scenario) -> float:
    """Accuracy in [0, 1] of the same kind of model trained off the chain on all training rows at once.

    Each process keeps it for each data set and model setting.
    """
    model = scenario.model
    key = (_dataset_key(scenario.data.dataset), model.kind, model.smoothing, model.step, model.passes)

    def measure() -> float:
        dataset = dataset_of(scenario)
        classifier = new_model(scenario, dataset)
        classifier.fit(dataset.x_train, dataset.y_train)
        return classifier.accuracy(dataset.x_test, dataset.y_test)

    return _kept(_baselines, key, _KEPT_BASELINES, measure)


def new_model(scenario: Scenario, dataset: Dataset, chain: Chain | None = None) -> Classifier:
    """The untrained classifier of a scenario, on a chain or by itself."""
    section = scenario.model
    journal, meter = (chain.journal, chain.meter) if chain else (None, None)
    options: dict[type[Classifier], dict[str, Any]] = {
        NaiveBayes: {"smoothing": section.smoothing},
        SparsePerceptron: {"step": section.step, "passes": section.passes},
    }
    kind = {model.name: model for model in MODELS}[section.kind]
    classes = len(dataset.classes)
    return kind(dataset.x_train.n_features, classes, journal, meter, **options.get(kind, {}))


def _kept(cache: OrderedDict[Any, Any], key: Any, most: int, make: Callable[[], Any]) -> Any:
    """What a small cache has under a key, or makes now."""
    if key not in cache:
        cache[key] = make()
        while len(cache) > most:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]


def _dataset_key(name: str) -> tuple[str, int, int]:
    """A file that was written again is another data set."""
    try:
        state = Path(name).stat()
    except (OSError, ValueError):
        return name, 0, 0
    return name, state.st_mtime_ns, state.st_size


def _stream(scenario: Scenario, dataset: Dataset, streams: Streams) -> DataStream:
    data, rows = scenario.data, len(dataset.x_train)
    if data.size is not None and data.size > rows:
        raise ConfigError(
            f"data.size is {data.size}; data set {dataset.name!r} has {rows} training rows. Lower it, or write 'all'."
        )
    initial, size = data.initial_rows(rows), rows if data.size is None else data.size
    if initial > size:
        raise ConfigError(f"data.initial is {initial}; there are {size} rows in all (data.size). Lower it.")
    generator = streams.generator("data") if data.shuffle else None
    return DataStream(dataset, initial=initial, size=size, generator=generator)


def _fees(scenario: Scenario) -> FeeMarket:
    price = scenario.chain.gas_price
    return FreeGas() if price is None else FixedPrice(price.wei(scenario.unit))


def _mechanism(scenario: Scenario, chain: Chain, records: DataHandler) -> IncentiveMechanism:
    section = scenario.mechanism
    kind = {mechanism.kind: mechanism for mechanism in MECHANISMS}[section.kind]
    if not issubclass(kind, DepositRefundTake):
        return kind(chain, INCENTIVE, records)
    parameters = Parameters(
        profile=section.profile,
        cost_weight=section.cost_weight,
        refund_window=section.refund_window,
        owner_claim_after=section.owner_claim_after,
        any_claim_after=section.any_claim_after,
        deposit_policy=section.deposit_policy,
        deposit=section.deposit.wei(scenario.unit),
        refund_rule=section.refund_rule,
        crumb_standing=section.crumb_standing,
        unit=scenario.unit,
    )
    known = [address for group in scenario.agents for address in addresses(group)]
    if section.owner and section.owner not in known:
        raise ConfigError(
            f"mechanism.owner is {section.owner!r}, which is no agent's address. Choose one of {', '.join(known[:6])}"
            f"{', …' if len(known) > 6 else ''}."
        )
    return kind(chain, INCENTIVE, records, parameters, section.owner)


def settings_of(group: AgentGroup, unit: Wei) -> Settings:
    """The settings of each participant of a group, in wei and seconds."""
    limit, arrival = group.willingness_to_pay, group.arrival
    return Settings(
        balance=group.balance.wei(unit),
        willingness_mean=None if limit is None else limit.mean.wei(unit),
        willingness_sd=0 if limit is None else limit.sd.wei(unit),
        arrival=arrival.kind,
        mean_gap=arrival.mean_gap,
        gap_sd=arrival.sd,
        refunds=group.refunds,
        reports=group.reports,
        most_disputes=group.most_disputes,
        takes_expired=group.takes_expired,
        effort_cost=group.effort_cost.wei(unit),
        capital_cost=group.capital_cost,
        outside_value=group.outside_value.wei(unit),
    )


def _participants(economy: Economy, group: AgentGroup, unit: Wei, streams: Streams) -> list[Participant]:
    settings = settings_of(group, unit)
    parameters = {
        name: value.wei(unit) if isinstance(value, Amount) else value for name, value in group.parameters().items()
    }
    behaviour = BEHAVIOURS[group.kind]
    try:
        return [behaviour(economy, name, settings, streams, group.name, **parameters) for name in addresses(group)]
    except ConfigError as error:
        raise ConfigError(f"agents.{group.name}: {error}") from error
