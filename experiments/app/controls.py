"""The controls of the app: which levers a scenario offers, at which stops, and what each setting changes.

A control is a slider over a few sensible stops, or a menu; what it is set to is one of them. Anything else can be
written into a scenario file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.build import is_adversarial
from experiments.figures.words import clock, written
from experiments.levers import plain
from experiments.messages import model_at
from experiments.people import BEHAVIOURS, AgentGroup
from experiments.scenario import with_levers
from experiments.schema import Scenario
from mechanisms import MECHANISMS, DepositRefundTake, PredictionMarket
from mechanisms.deposit_refund_take import CRUMB_STANDINGS, DEPOSIT_POLICIES, REFUND_RULES
from mechanisms.prediction_market import ROUND_RULES
from sim.chain import FEE_TERMS
from sim.errors import ConfigError
from sim.models import models_of
from sim.units import DAY, HOUR, MINUTE

NO_LIMIT = "no limit"

_WEIGHTS = (0, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 100)
_WINDOWS = (0, HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY, 14 * DAY, 30 * DAY)
_SIZES = (200, 500, 1000, 2000, 3000, 4000, 6000, 8000, 10_000, 15_000, 20_000, 25_000)
_COUNTS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)
_MONEY = (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_WILLING = (5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 500)
_GAPS = (MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 6000, 2 * HOUR, 4 * HOUR, 12 * HOUR, DAY)
_RATES = (0.0, 0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_FEES = tuple(name for name, terms in FEE_TERMS.items() if name not in ("fixed", "eip1559"))


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Control:
    """One lever on the page.

    Parameters
    ----------
    key : what a setting is kept under; the dotted path of the lever
    section, title, help : where it stands, what it is called, and what the schema says of it
    is_slider : a slider over the stops in their order; otherwise a menu
    stops : the values it can have
    texts : how each is written
    current : the place of the value it has now
    """

    key: str
    section: str
    title: str
    help: str
    is_slider: bool
    stops: tuple[Any, ...]
    texts: tuple[str, ...]
    current: int
    _levers: Callable[[Any], dict[str, Any]] = field(repr=False)

    def levers(self, value: Any) -> dict[str, Any]:
        """The levers to pull for one of its stops; none for a group that is left out."""
        return self._levers(value)


def controls_of(scenario: Scenario) -> tuple[Control, ...]:
    """The controls of a scenario, section by section, each at the scenario's own value."""
    controls = [*_mechanism(scenario), *_world(scenario)]
    for group in scenario.agents:
        controls += _people(scenario, group)
    return tuple(control for control in controls if len(control.stops) > 1)


def without_groups(scenario: Scenario, names: Iterable[str]) -> Scenario:
    """The scenario without some groups of agents. Raises `ConfigError` if nobody would be left."""
    left_out = set(names)
    left = [table for table in plain(scenario)["agents"] if table["name"] not in left_out]
    if not left:
        raise ConfigError("Nobody is left in this economy. Leave at least one group with one address or more.")
    return with_levers(scenario, {"agents": left}) if left_out else scenario


def is_exchange(key: str) -> bool:
    """Whether a control exchanges a whole mechanism, or a group's behaviour, and with it what can be set of it."""
    return key == "mechanism.kind" or (key.startswith("agents.") and key.endswith(".kind"))


def exchanged(scenario: Scenario, key: str, kind: str) -> Scenario:
    """The scenario with another mechanism, or another behaviour for a group, without what only the old one has.

    Raises `ConfigError` where that is no valid scenario.
    """
    if key == "mechanism.kind":
        return scenario if scenario.mechanism.kind == kind else with_levers(scenario, {"mechanism": {"kind": kind}})
    tables, name = plain(scenario)["agents"], key.split(".")[1]
    for table in tables:
        if table["name"] == name and table["kind"] != kind:
            for only_of_old in set(table) - set(AgentGroup.model_fields):
                del table[only_of_old]
            table["kind"] = kind
    return with_levers(scenario, {"agents": tables})


def _slider(
    key: str, section: str, title: str, value: Any, stops: Sequence[Any], text: Callable[[Any], str] = written,
    levers: Callable[[Any], dict[str, Any]] | None = None, order: Callable[[Any], Any] = _same,
) -> Control:  # fmt: skip
    """A slider over stops, among which the scenario's own value always is."""
    every = sorted({*stops, value}, key=order)
    return Control(
        key, section, title, _help(key), True, tuple(every), tuple(map(text, every)), every.index(value),
        levers or (lambda chosen: {key: chosen}),
    )  # fmt: skip


def _menu(
    key: str, section: str, title: str, value: Any, stops: Iterable[Any], text: Callable[[Any], str] = written,
    levers: Callable[[Any], dict[str, Any]] | None = None,
) -> Control:  # fmt: skip
    """A menu; the scenario's own value is always in it."""
    every = list(dict.fromkeys([*stops, value]))
    return Control(
        key, section, title, _help(key), False, tuple(every), tuple(map(text, every)), every.index(value),
        levers or (lambda chosen: {key: chosen}),
    )  # fmt: skip


def _help(key: str) -> str:
    """What the schema says of a field."""
    steps: list[int | str] = list(key.split("."))
    if steps[0] == "agents":
        return ""
    described = model_at(Scenario, steps[:-1]).model_fields.get(str(steps[-1]))
    return (described.description or "") if described else ""


def _words(text: Any) -> str:
    """A word of a config as people write it."""
    return {True: "yes", False: "no"}.get(text, str(text).replace("_", " ")) if text is not None else "default"


def _number(value: Any) -> str:
    return f"{float(value):g}" if float(value) < 10_000 else f"{float(value):,.0f}"


def _mechanism(scenario: Scenario) -> list[Control]:
    section, chosen = "Mechanism", scenario.mechanism
    kinds = [kind.kind for kind in MECHANISMS if _can_be(scenario, "mechanism.kind", kind.kind)]
    controls = [_menu("mechanism.kind", section, "mechanism", chosen.kind, kinds, _words)]
    if chosen.kind == PredictionMarket.kind:
        rules = ("allow_greater_deposit", "group_contributions", "reset_model_during_reward_phase")
        controls.append(_menu("mechanism.round_rule", section, "who is dropped", chosen.round_rule or "unit",
                              ROUND_RULES, _words))  # fmt: skip
        controls += [
            _menu(f"mechanism.{rule}", section, _words(rule), getattr(chosen, rule), (False, True), _words)
            for rule in rules
        ]
        return controls
    if chosen.kind == DepositRefundTake.kind:
        controls.append(_slider("mechanism.cost_weight", section, "deposit weight w", chosen.cost_weight,
                                _WEIGHTS, _number, lambda value: {"mechanism.cost_weight": _plain(value)}))  # fmt: skip
    windows = [stop for stop in _WINDOWS if _possible(scenario, {"mechanism.refund_window": stop})]
    controls.append(_slider("mechanism.refund_window", section, "refund window t", chosen.refund_window,
                            windows, clock))  # fmt: skip
    if chosen.kind == DepositRefundTake.kind:
        for name, title, stops in (
            ("deposit_policy", "deposit policy", DEPOSIT_POLICIES),
            ("refund_rule", "refund rule", REFUND_RULES),
            ("crumb_standing", "standing for crumbs", CRUMB_STANDINGS),
        ):
            possible = [stop for stop in stops if _possible(scenario, {f"mechanism.{name}": stop})]
            controls.append(_menu(f"mechanism.{name}", section, title, getattr(chosen, name), possible, _words))
    return controls


def _world(scenario: Scenario) -> list[Control]:
    section, unit = "World", scenario.chain.unit.plain()
    size = scenario.data.size
    kinds = [kind for kind in models_of(scenario.model.profile) if _possible(scenario, {"model.kind": kind})]
    controls = [_menu("model.kind", section, "model", scenario.model.kind, kinds, _words)]
    if size is not None:
        offered = [stop for stop in _SIZES if not isinstance(scenario.data.initial, int) or
                   stop > scenario.data.initial]  # fmt: skip
        controls.append(_slider("data.size", section, "samples", size, offered, _number))

    def fees(name: str) -> dict[str, Any]:
        return {"chain.fees": name} if name == "free" else {"chain.fees": name, "chain.unit": unit}

    if not scenario.chain.fees.written() and scenario.chain.gas_price is None:
        controls.append(_menu("chain.fees", section, "gas", scenario.chain.fees.kind, _FEES, _words, fees))
    return controls


def _people(scenario: Scenario, group: AgentGroup) -> list[Control]:
    section, path = f"{group.name} ({_words(group.kind)})", f"agents.{group.name}"
    role = is_adversarial(group.kind)
    controls = []
    if not BEHAVIOURS[group.kind].traits.provides:
        kinds = [
            kind for kind in BEHAVIOURS if is_adversarial(kind) is role and _can_be(scenario, f"{path}.kind", kind)
        ]
        controls = [
            _menu(f"{path}.kind", section, "behaviour", group.kind, kinds, _words),
            _slider(f"{path}.count", section, "how many", group.count, _COUNTS, _number,
                    lambda count: {f"{path}.count": count} if count else {}),
        ]  # fmt: skip
    if not group.balance.name:
        controls.append(_slider(f"{path}.balance", section, "money each", group.balance.number, _MONEY, _number,
                                lambda value: {f"{path}.balance": _plain(value)}))  # fmt: skip
    controls += _limit(group, section, f"{path}.willingness_to_pay")
    controls.append(
        _slider(f"{path}.arrival.mean_gap", section, "wakes up every", group.arrival.mean_gap, _GAPS, clock)
    )
    for name, value in group.parameters().items():
        title = _words(name)
        if isinstance(value, bool):
            controls.append(_menu(f"{path}.{name}", section, title, value, (False, True), _words))
        elif isinstance(value, float) and name.endswith("_rate") and 0 <= value <= 1:
            controls.append(_slider(f"{path}.{name}", section, title, value, _RATES, lambda rate: f"{100 * rate:g} %"))
    return controls


def _limit(group: AgentGroup, section: str, path: str) -> list[Control]:
    """What a group pays at most."""
    limit = group.willingness_to_pay
    if limit is not None and limit.mean.name:
        return []
    value: Any = NO_LIMIT if limit is None else limit.mean.number

    def levers(chosen: Any) -> dict[str, Any]:
        return {path: NO_LIMIT} if chosen == NO_LIMIT else {f"{path}.mean": _plain(chosen)}

    return [
        _slider(path, section, "pays at most", value, (*_WILLING, NO_LIMIT),
                lambda chosen: chosen if chosen == NO_LIMIT else _number(chosen), levers,
                order=lambda chosen: float("inf") if chosen == NO_LIMIT else chosen)
    ]  # fmt: skip


def _plain(value: Any) -> Any:
    """An exact number as a config has it."""
    return int(value) if value == int(value) else float(value)


def _can_be(scenario: Scenario, key: str, kind: str) -> bool:
    """Whether the scenario would be valid with another mechanism or behaviour."""
    try:
        exchanged(scenario, key, kind)
    except ConfigError:
        return False
    return True


def _possible(scenario: Scenario, levers: dict[str, Any]) -> bool:
    """Whether the scenario is still valid with these levers pulled."""
    try:
        with_levers(scenario, levers)
    except ConfigError:
        return False
    return True
