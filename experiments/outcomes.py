"""What a table says of one run: a row of outcomes, and its series by role.

Two roles stand in every table: ``honest``, and ``adversary`` for whoever means harm. Accuracies are shares in [0, 1];
``*_wei`` are exact and ``*_units`` the same in units of the scenario; ``*_percent`` are hundredths. What cannot be said
(a profit where nobody has that role, a day that was never reached) is missing, never 0. ``*_fiat`` is money of
``currency`` at ``ether_price``, missing where an ether has no price; profits are what is left after ``fees``. What the
outcomes of a role mean, see `experiments.parties`; ``honest_true_lost`` is what victims lost: of deposits that honest
contributors put on true labels, all that did not come back to them.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

from experiments.build import is_adversarial, is_contributor
from experiments.experiment import Outcomes
from experiments.parties import PARTY_COLUMNS, ROLES, party_facts, ratio
from experiments.result import Result
from sim.recorder import Snapshot
from sim.units import DAY, Wei, to_units

TARGET_SHARE = 0.95
"""Default target of ``days_to_target``, as a share of the run's own baseline."""

_OF_RUN = {
    "status": "text", "error": "text", "ended": "text", "days": "float",
    "initial_accuracy": "float", "final_accuracy": "float", "baseline_accuracy": "float", "captured": "flag",
    "currency": "text", "ether_price": "float",
    "common_day": "float", "accuracy_at_day": "float", "common_adds": "int", "accuracy_at_adds": "float",
    "target_accuracy": "float", "days_to_target": "float",
    "price_index": "float", "capital_index": "float",
    "accepted": "int", "samples_left": "int", "transactions": "int",
    "twin_accuracy": "float", "points_destroyed": "float", "price_of_corruption_units": "float",
    "bounty_paid": "money", "predictions": "int", "predictions_right": "float", "predictions_paid": "money",
    "attack_success": "float", "attack_success_at_start": "float",
}  # fmt: skip
_OF_MOMENT = {"balance": "money", "locked": "money"}


def _spread(fields: dict[str, str], prefix: str = "") -> dict[str, str]:
    """Columns of fields: money has two of them, wei and units."""
    columns: dict[str, str] = {}
    for name, kind in fields.items():
        if kind == "money":
            columns |= {f"{prefix}{name}_wei": "wei", f"{prefix}{name}_units": "float"}
        else:
            columns[f"{prefix}{name}"] = kind
    return columns


OUTCOME_COLUMNS: dict[str, str] = _spread(_OF_RUN)
SERIES_COLUMNS: dict[str, str] = {"time_s": "int", "accuracy": "float", "accepted": "int"} | _spread({"price": "money"})
SERIES_COLUMNS["gas_price_wei"] = "wei"
for _role in ROLES:
    OUTCOME_COLUMNS |= _spread(PARTY_COLUMNS, f"{_role}_")
    SERIES_COLUMNS |= _spread(_OF_MOMENT, f"{_role}_")


def outcomes_of(result: Result, compared: Outcomes) -> dict[str, Any]:
    """The outcomes of a run that went well: a value for every column of `OUTCOME_COLUMNS`."""
    snapshots = _moments(result)
    day, adds = compared.common_day or 0, compared.common_adds or 0
    target = compared.target_accuracy or TARGET_SHARE * result.baseline_accuracy
    fiat = result.fiat_terms() or {}
    row: dict[str, Any] = dict.fromkeys(OUTCOME_COLUMNS)
    unit = result.scenario.unit
    row |= {
        "status": "ok",
        "ended": result.ended,
        "days": result.days,
        "initial_accuracy": result.initial_accuracy,
        "final_accuracy": result.final_accuracy,
        "baseline_accuracy": result.baseline_accuracy,
        "captured": result.captured,
        "currency": fiat.get("currency"),
        "ether_price": fiat.get("ether_price"),
        "common_day": day / DAY,
        "accuracy_at_day": _last([moment.accuracy for moment in snapshots if moment.time <= day]),
        "common_adds": adds,
        "accuracy_at_adds": _first([moment.accuracy for moment in snapshots if moment.accepted >= adds]),
        "target_accuracy": target,
        "days_to_target": _first([moment.time / DAY for moment in snapshots if moment.accuracy >= target]),
        "price_index": result.indices.price,
        "capital_index": result.indices.capital,
        "accepted": len(result.added),
        "samples_left": result.samples_left,
        "transactions": result.transactions,
        "twin_accuracy": None if result.twin is None else result.twin.final_accuracy,
        "points_destroyed": result.points_destroyed,
        "price_of_corruption_units": result.price_of_corruption,
    }
    if result.bounty_paid is not None:
        row |= {"bounty_paid_wei": result.bounty_paid, "bounty_paid_units": to_units(result.bounty_paid, unit)}
    row |= _of_callers(result)
    if result.backdoors:
        row["attack_success"] = fmean(backdoor.at_end for backdoor in result.backdoors)
        row["attack_success_at_start"] = fmean(backdoor.at_start for backdoor in result.backdoors)
    for role, adversarial in ROLES.items():
        facts = party_facts(result, result.rows_of(adversarial=adversarial))
        row |= {f"{role}_{name}": value for name, value in facts.items()}
    return row


def failed(error: str) -> dict[str, Any]:
    """The outcomes of a run that failed: its error, and nothing else."""
    return dict.fromkeys(OUTCOME_COLUMNS) | {"status": "failed", "error": error}


def series_of(result: Result) -> dict[str, list[Any]]:
    """The run over time, a list for each column of `SERIES_COLUMNS`: wei are integers, None is no price or no role."""
    unit, snapshots = result.scenario.unit, _moments(result)
    columns: dict[str, list[Any]] = {
        "time_s": [moment.time for moment in snapshots],
        "accuracy": [moment.accuracy for moment in snapshots],
        "accepted": [moment.accepted for moment in snapshots],
        **_money_columns("price", [moment.price for moment in snapshots], unit),
        "gas_price_wei": [moment.gas_price for moment in snapshots],
    }
    kinds = {group.name: group.kind for group in result.scenario.agents}
    for role, adversarial in ROLES.items():
        places = [
            place
            for place, name in enumerate(result.groups)
            if is_adversarial(kinds[name]) is adversarial and is_contributor(kinds[name])
        ]
        for word, field in (("balance", "balances"), ("locked", "locked")):
            amounts = [sum(getattr(moment, field)[place] for place in places) for moment in snapshots]
            columns |= _money_columns(f"{role}_{word}", amounts if places else [None] * len(snapshots), unit)
    return columns


def _of_callers(result: Result) -> dict[str, Any]:
    """What predictions were paid, and which share was right; nothing where nobody asks."""
    statements = [row.statement for row in result.callers]
    if not statements:
        return {}
    asked, paid = (sum(getattr(s, name) for s in statements) for name in ("predictions", "predictions_paid"))
    return {
        "predictions": asked,
        "predictions_right": ratio(sum(s.predictions_right for s in statements), asked),
        "predictions_paid_wei": paid,
        "predictions_paid_units": to_units(paid, result.scenario.unit),
    }


def _moments(result: Result) -> list[Snapshot]:
    """Measurements in time order; of two at one moment the later one counts."""
    return [moment for _, moment in sorted({moment.time: moment for moment in result.snapshots}.items())]


def _money_columns(name: str, amounts: list[Wei | None], unit: Wei) -> dict[str, list[Any]]:
    units = [None if amount is None else to_units(amount, unit) for amount in amounts]
    return {f"{name}_wei": amounts, f"{name}_units": units}


def _first(values: list[float]) -> float | None:
    return values[0] if values else None


def _last(values: list[float]) -> float | None:
    return values[-1] if values else None
