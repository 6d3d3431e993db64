"""From a scenario to an economy: the only place where the names in a config become objects.

Addresses of contracts are written ``<trainer>``, which no group of agents can be called.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents import Coalition, Member, Participant, Settings
from experiments.chain_section import IMMEDIATE
from experiments.deployment import imported_model, imported_settings
from experiments.fields import Amount
from experiments.mechanism_section import MechanismSection
from experiments.people import BEHAVIOURS, AgentGroup
from experiments.schema import Scenario
from mechanisms import MECHANISMS, DepositRefundTake, Points, PredictionMarket, points, prediction_market, rule_of
from sim.actor import Actor
from sim.blocks import BlockEconomy, BlockRules
from sim.chain import Address, Chain, Clock
from sim.contracts import CollaborativeTrainer, DataHandler, IncentiveMechanism, ModelContract
from sim.data import Dataset, DataStream, load_dataset
from sim.economy import Economy, Schedule
from sim.errors import ConfigError, OutOfGas
from sim.features import UnitVectors
from sim.models import Classifier, kind_of, models_of
from sim.rng import Streams
from sim.uncollected import uncollected
from sim.units import DAY, Wei

RECORDS, INCENTIVE, TRAINER, MODEL = "<records>", "<incentive>", "<trainer>", "<model>"
NewMechanism = Callable[[Chain, Address, DataHandler], IncentiveMechanism]
_ENTROPY_BYTES = 32
_KEPT_DATASETS, _KEPT_BASELINES = 4, 256

_datasets: OrderedDict[Any, Dataset] = OrderedDict()
_baselines: OrderedDict[Any, float] = OrderedDict()


def build(scenario: Scenario, dataset: Dataset | None = None, mechanism: NewMechanism | None = None) -> Economy:
    """The economy of a scenario, ready to run, its model trained on the initial samples.

    ``dataset`` and ``mechanism`` (a class, or a function of chain, address and data handler) take the place of those
    that the scenario names. Raises `ConfigError` where the data set or a behaviour cannot be used as the scenario says.
    """
    dataset = dataset or dataset_of(scenario)
    streams = Streams(scenario.seed, scenario.replication)
    terms = scenario.chain.terms
    clock = Clock(terms.slot)
    chain = Chain(terms.schedule(), terms.market(clock, streams), clock, terms.gas_limit)
    model = new_model(scenario, dataset, chain)
    stream = _stream(scenario, dataset, streams, vectors=model.reads_vectors)
    if scenario.model.imported is None:
        model.fit(stream.initial_features, stream.initial_labels)
    records = DataHandler(chain, RECORDS)
    incentive = mechanism(chain, INCENTIVE, records) if mechanism else _mechanism(scenario, chain, records, streams)
    trainer = CollaborativeTrainer(chain, TRAINER, records, incentive, model)
    for contract in (records, incentive, trainer, ModelContract(chain, MODEL, model)):
        chain.deploy(contract)
    _check_gas_of_a_sample(chain, model, stream)
    economy = _economy(scenario, streams, chain, trainer, stream)
    coalitions = {name: Coalition(name) for name in map(coalition_of, scenario.agents) if name}
    with uncollected():
        for group in scenario.agents:
            for participant in _participants(economy, group, scenario.unit, streams, coalitions):
                economy.join(participant)
    return economy


def _economy(
    scenario: Scenario, streams: Streams, chain: Chain, trainer: CollaborativeTrainer, stream: DataStream
) -> Economy:
    """The economy around a trainer, nobody in it yet; with a mempool where the scenario says so."""
    record, section, seed = scenario.record, scenario.chain, scenario.seed
    schedule = Schedule(scenario.horizon, record.accuracy_every, record.display_every)
    if section.ordering == IMMEDIATE:
        return Economy(chain, trainer, stream, schedule, seed=seed)
    kinds = {group.name: group.kind for group in scenario.agents}

    def favours(actor: Actor) -> bool:
        return is_adversarial(kinds[actor.group])

    rules = BlockRules(section.ordering, section.latency, favours, streams.generator("order of transactions"))
    return BlockEconomy(chain, trainer, stream, schedule, seed=seed, rules=rules)


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


def is_provider(kind: str) -> bool:
    """Whether a behaviour pays for contributions, and so has neither of the two roles, by its traits."""
    return BEHAVIOURS[kind].traits.provides


def is_contributor(kind: str) -> bool:
    """Whether a behaviour has one of the two roles, honest or adversary: it adds contributions, and pays for none."""
    traits = BEHAVIOURS[kind].traits
    return traits.contributes and not traits.provides


def coalition_of(group: AgentGroup) -> str:
    """The coalition of a group: the one it names; else its own if its addresses act as one, "" if they do not."""
    return group.coalition or (group.name if BEHAVIOURS[group.kind].traits.coordinated else "")


def addresses(group: AgentGroup) -> list[str]:
    """The addresses of a group: its name, or its name with a number from 1 on."""
    return [group.name] if group.count == 1 else [f"{group.name}-{i}" for i in range(1, group.count + 1)]


def dataset_of(scenario: Scenario) -> Dataset:
    """The data set of a scenario; each process keeps the last few it read, as long as a file does not change."""
    name, options = scenario.data.dataset, scenario.data.options.chosen()
    return _kept(_datasets, dataset_key(scenario), _KEPT_DATASETS, lambda: load_dataset(name, **options))


def baseline_accuracy(scenario: Scenario) -> float:
    """Accuracy in [0, 1] of the same kind of model trained off the chain on all training rows at once.

    Each process keeps it for each data set and model setting.
    """
    section, options = scenario.model, _options(scenario)
    key = (dataset_key(scenario), kind_of(section.kind), section.profile, *sorted(options.items()))

    def measure() -> float:
        dataset = dataset_of(scenario)
        classifier = _untrained(scenario, dataset, options)
        if not classifier.reads_vectors:
            classifier.fit(dataset.x_train, dataset.y_train)
            return classifier.accuracy(dataset.x_test, dataset.y_test)
        train = UnitVectors(dataset.x_train)
        classifier.fit(train.take(train.filled()), dataset.y_train[train.filled()])
        return classifier.accuracy(UnitVectors(dataset.x_test), dataset.y_test)

    return _kept(_baselines, key, _KEPT_BASELINES, measure)


def new_model(scenario: Scenario, dataset: Dataset, chain: Chain | None = None) -> Classifier:
    """The classifier of a scenario, on a chain or by itself: untrained, or as the file it comes from has it."""
    section, options = scenario.model, _options(scenario)
    if section.imported is not None:
        return imported_model(section.imported, section.kind, section.profile, dataset, chain)
    return _untrained(scenario, dataset, options, chain)


def _untrained(scenario: Scenario, dataset: Dataset, options: dict[str, Any], chain: Chain | None = None) -> Classifier:
    journal, meter = (chain.journal, chain.meter) if chain else (None, None)
    constructor: Any = models_of(scenario.model.profile)[kind_of(scenario.model.kind)]
    model: Classifier = constructor(dataset.x_train.n_features, len(dataset.classes), journal, meter, **options)
    return model


def _options(scenario: Scenario) -> dict[str, Any]:
    """The parameters of a kind of model; what a file brings is the file's. Raises `ConfigError`."""
    section = scenario.model
    options = section.options()
    if section.imported is None:
        return options
    for name, value in imported_settings(section.imported).items():
        written, default = getattr(section, name), type(section).model_fields[name].default
        if written not in (default, value, float(value)):
            raise ConfigError(
                f"model.{name} is {float(written):g}, but {section.imported!r} brings its own, {float(value):g}. Leave "
                f"out model.{name}, or change it in the file."
            )
        options[name] = value
    return options


def _kept(cache: OrderedDict[Any, Any], key: Any, most: int, make: Callable[[], Any]) -> Any:
    """What a small cache has under a key, or makes now."""
    if key not in cache:
        cache[key] = make()
        while len(cache) > most:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]


def dataset_key(scenario: Scenario) -> tuple[Any, ...]:
    """A file that was written again is another data set, and so is one read with other options."""
    name, options = scenario.data.dataset, tuple(scenario.data.options.chosen().items())
    try:
        state = Path(name).stat()
    except (OSError, ValueError):
        return name, 0, 0, options
    return name, state.st_mtime_ns, state.st_size, options


def training_rows(dataset: Dataset, vectors: bool) -> int:
    """How many training rows a model can learn; one that reads vectors learns none without features."""
    train = dataset.x_train
    return len(UnitVectors(train).filled()) if vectors else len(train)


def _check_gas_of_a_sample(chain: Chain, model: Classifier, stream: DataStream) -> None:
    """Refuse an economy in which no block has room for a sample. Vectors are all of one length: one speaks for all."""
    sample, limit = stream.current, chain.gas_limit
    if sample is None or not model.reads_vectors:
        return
    nonzero = sample.data.nonzero_bytes
    schedule, size = chain.meter.schedule, 32 * (1 + sample.data.size)
    around = max(schedule.calldata(size - nonzero, nonzero)) + schedule.logged(2, size)
    try:
        for label in range(sample.n_classes):  # under one of them at least there is something to learn
            chain.meter.start(limit)
            chain.meter.charge(around)
            model.learn_one(sample.data.features, label)
    except OutOfGas:
        raise ConfigError(
            f"Model {model.name!r} reads {len(sample.data):,} numbers of each sample, and to learn one takes more gas "
            f"than a block has ({limit:,}), so that nobody could add anything. Use data with fewer features, or a "
            f"sparse model; where gas costs money, chain.fees.gas_limit may also be raised."
        ) from None
    finally:
        chain.journal.rollback()


def _stream(scenario: Scenario, dataset: Dataset, streams: Streams, vectors: bool) -> DataStream:
    data, rows = scenario.data, training_rows(dataset, vectors)
    if data.size is not None and data.size > rows and not data.with_replacement:
        raise ConfigError(
            f"data.size is {data.size}; data set {dataset.name!r} has {rows} training rows"
            f"{' with features' if vectors else ''}. Lower it, write 'all', or set data.with_replacement = true."
        )
    initial, size = data.initial_rows(rows), rows if data.size is None else data.size
    if initial > min(size, rows):
        raise ConfigError(f"data.initial is {initial}; there are {min(size, rows)} rows for it. Lower it.")
    generator = streams.generator("data") if data.shuffle else None
    return DataStream(
        dataset, initial=initial, size=size, generator=generator, vectors=vectors,
        with_replacement=scenario.data.with_replacement,
    )  # fmt: skip


def _mechanism(scenario: Scenario, chain: Chain, records: DataHandler, streams: Streams) -> IncentiveMechanism:
    section = scenario.mechanism
    kind = {mechanism.kind: mechanism for mechanism in MECHANISMS}[section.kind]
    if issubclass(kind, Points):
        return kind(chain, INCENTIVE, records, points.Parameters(section.profile, *section.windows()))
    if issubclass(kind, PredictionMarket):
        entropy = streams.generator("randomness of the chain").bytes(_ENTROPY_BYTES)
        return kind(chain, INCENTIVE, records, _market(section, scenario.unit), entropy)
    if not issubclass(kind, DepositRefundTake):
        return kind(chain, INCENTIVE, records)
    parameters = section.deposit_rules(scenario.unit)
    known = [address for group in scenario.agents for address in addresses(group)]
    if section.owner and section.owner not in known:
        raise ConfigError(
            f"mechanism.owner is {section.owner!r}, which is no agent's address. Choose one of {', '.join(known[:6])}"
            f"{', …' if len(known) > 6 else ''}."
        )
    return rule_of(parameters)(chain, INCENTIVE, records, parameters, section.owner)


def _market(section: MechanismSection, unit: Wei) -> prediction_market.Parameters:
    """The parameters of a prediction market."""
    return prediction_market.Parameters(
        profile=section.profile,
        allow_greater_deposit=section.allow_greater_deposit,
        group_contributions=section.group_contributions,
        reset_model_during_reward_phase=section.reset_model_during_reward_phase,
        round_rule=section.round_rule or "",
        revealed_first=section.revealed_first,
        reveal_within=section.reveal_within,
        any_claim_after=7 * DAY if section.any_claim_after is None else section.any_claim_after,
        unit=unit,
    )


def settings_of(group: AgentGroup, unit: Wei) -> Settings:
    """The settings of each participant of a group, in wei and seconds."""
    limit, arrival = group.willingness_to_pay, group.arrival
    return Settings(
        balance=group.balance.wei(unit),
        willingness_mean=None if limit is None else limit.mean.wei(unit),
        willingness_sd=0 if limit is None else limit.sd.wei(unit),
        most_gas_price=None if group.most_gas_price is None else group.most_gas_price.wei(unit),
        tip=group.tip.wei(unit),
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


def _participants(
    economy: Economy, group: AgentGroup, unit: Wei, streams: Streams, coalitions: dict[str, Coalition]
) -> list[Participant]:
    settings = settings_of(group, unit)
    parameters = {
        name: value.wei(unit) if isinstance(value, Amount) else value for name, value in group.parameters().items()
    }
    behaviour = BEHAVIOURS[group.kind]
    if issubclass(behaviour, Member):
        parameters["coalition"] = coalitions[coalition_of(group)]
    try:
        return [behaviour(economy, name, settings, streams, group.name, **parameters) for name in addresses(group)]
    except ConfigError as error:
        raise ConfigError(f"agents.{group.name}: {error}") from error
