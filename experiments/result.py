"""What is left of a run when the economy is gone: facts, their JSON, and tidy tables. Results can be pickled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.attacks import BackdoorFacts
from experiments.build import is_adversarial, is_contributor, is_provider
from experiments.classes import ClassFacts
from experiments.events import Event, columns_of
from experiments.indices import Indices
from experiments.parties import ROLES, as_json, party_facts
from experiments.people import BEHAVIOURS
from experiments.scenario import scenario_hash, to_plain
from experiments.schema import Scenario
from sim.recorder import Added, Snapshot
from sim.statement import Statement
from sim.units import DAY, ETHER, GWEI, Wei, to_units

if TYPE_CHECKING:
    import pandas as pd

CAPTURED_BELOW = 0.5
"""A model whose final accuracy is below this is captured."""

LEADERS = 10
"""So many stand on the leaderboard of a result."""


class Supply(NamedTuple):
    """Where all wei are: ``minted == balances + escrow + burned + tips``."""

    minted: Wei
    balances: Wei
    escrow: Wei
    burned: Wei
    tips: Wei


class TwinFacts(NamedTuple):
    """How the honest-only twin ended: days, accuracy in [0, 1], captured or not, why it ended, its CPU seconds."""

    days: float
    final_accuracy: float
    captured: bool
    ended: str
    cpu_s: float


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One address at the end. Money is wei; ``effort`` is the cost of all samples it submitted.

    ``coalition`` is the one it belongs to, "" for none. ``utility`` is what points, or answers, are worth to it beside
    money. ``points`` and ``badges`` are None and none where the mechanism awards no points.
    """

    name: str
    group: str
    kind: str
    final_balance: Wei
    statement: Statement
    cost_of_capital: float
    effort: Wei
    outside_value: Wei
    coalition: str = ""
    utility: float = 0.0
    points: int | None = None
    badges: tuple[str, ...] = ()

    @property
    def profit(self) -> Wei:
        """Final balance less the balance at the start; deposits still locked are not in it."""
        return self.final_balance - self.statement.start_balance

    def economic_profit(self, unit: Wei, points_destroyed: float | None) -> float | None:
        """Units: profit less effort and forgone interest, plus utility and what destroyed accuracy is worth to it.

        None when they are worth something and there is no twin to count them.
        """
        if self.outside_value and points_destroyed is None:
            return None
        gained = self.outside_value * (points_destroyed or 0.0)
        return (self.profit - self.effort - self.cost_of_capital + self.utility + gained) / unit


@dataclass(frozen=True)
class Result:
    """One run. Accuracies are shares in [0, 1] on the test set; ``days`` is the last moment simulated."""

    scenario: Scenario
    days: float
    wall_s: float
    cpu_s: float
    ended: str
    initial_accuracy: float
    final_accuracy: float
    baseline_accuracy: float
    agents: tuple[AgentRow, ...]
    supply: Supply
    indices: Indices
    transactions: int
    samples_left: int
    rows: int
    """Samples of the run, initial and offered."""
    training_rows: int
    """Rows of the whole training set, which ``baseline_accuracy`` is of."""
    dataset_title: str
    synthetic: bool
    groups: tuple[str, ...]
    snapshots: tuple[Snapshot, ...] = field(repr=False)
    added: tuple[Added, ...] = field(repr=False)
    twin: TwinFacts | None = None
    backdoors: tuple[BackdoorFacts, ...] = ()
    """How well each group of backdoors succeeded."""
    classes: tuple[ClassFacts, ...] = ()
    """What became of the deposits of each group under each label; none where claims do not go by age."""
    events: tuple[Event, ...] | None = field(default=None, repr=False)
    """Every transaction, where ``record.events`` asks for them."""
    gains_by_pass: tuple[tuple[float, dict[str, float]], ...] = field(default=(), repr=False)
    """Of a prediction market, for each pass: units of the bounty spent, and units that each address gained by it."""

    @property
    def captured(self) -> bool:
        """Whether the model ended below one half."""
        return self.final_accuracy < CAPTURED_BELOW

    @property
    def points_destroyed(self) -> float | None:
        """Accuracy points (hundredths) below the honest-only twin; None without twin."""
        return None if self.twin is None else 100 * (self.twin.final_accuracy - self.final_accuracy)

    @property
    def price_of_corruption(self) -> float | None:
        """Units the adversaries lost per accuracy point destroyed; None without twin or when none was destroyed."""
        points = self.points_destroyed
        if points is None or points <= 0:
            return None
        return -to_units(self.profit_of(adversarial=True), self.scenario.unit) / points

    def fiat(self, wei: Wei) -> float | None:
        """An amount in the scenario's currency; None where an ether has no price."""
        price = self.scenario.chain.terms.ether_price
        return None if price is None else float(price * wei / ETHER)

    def rows_of(self, *, group: str | None = None, adversarial: bool | None = None) -> list[AgentRow]:
        """The addresses of a group, or of all groups that do or do not mean harm."""
        return [
            row
            for row in self.agents
            if group in (None, row.group)
            and (adversarial is None or (adversarial is is_adversarial(row.kind) and is_contributor(row.kind)))
        ]

    @property
    def coalitions(self) -> dict[str, list[AgentRow]]:
        """The addresses of each coalition, by its name."""
        found: dict[str, list[AgentRow]] = {}
        for row in self.agents:
            if row.coalition:
                found.setdefault(row.coalition, []).append(row)
        return found

    @property
    def callers(self) -> list[AgentRow]:
        """The addresses that pay for predictions."""
        return [row for row in self.agents if BEHAVIOURS[row.kind].traits.pays_for_predictions]

    @property
    def leaderboard(self) -> list[tuple[int, AgentRow]]:
        """Who has points, with a rank: most points first, then most badges, then by name; who ties shares a rank."""
        ranked = [row for row in self.agents if row.points]
        ranked.sort(key=lambda row: (-(row.points or 0), -len(row.badges), row.name))
        best: dict[Any, int] = {}
        return [(best.setdefault((row.points, len(row.badges)), place), row) for place, row in enumerate(ranked, 1)]

    @property
    def bounty_paid(self) -> Wei | None:
        """What the bounty provider is poorer by at the end, fees aside; None where there is none."""
        providers = [row for row in self.agents if is_provider(row.kind)]
        return -sum(row.profit + row.statement.fees for row in providers) if providers else None

    def profit_of(self, *, group: str | None = None, adversarial: bool | None = None) -> Wei:
        """The sum of their profits."""
        return sum(row.profit for row in self.rows_of(group=group, adversarial=adversarial))

    def to_dict(self) -> dict[str, Any]:
        """The run as one JSON object: wei are decimal strings; shares, units and ``*_fiat`` are numbers."""
        statements = [row.statement for row in self.agents]
        return {
            "scenario": self.scenario.name,
            "scenario_hash": scenario_hash(self.scenario),
            "seed": self.scenario.seed,
            "replication": self.scenario.replication,
            "config": to_plain(self.scenario),
            "days": self.days,
            "ended": self.ended,
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "initial_accuracy": self.initial_accuracy,
            "final_accuracy": self.final_accuracy,
            "baseline_accuracy": self.baseline_accuracy,
            "captured": self.captured,
            "samples_left": self.samples_left,
            "rows": self.rows,
            "training_rows": self.training_rows,
            "agents": [self._agent_dict(row) for row in self.agents],
            "fiat": self.fiat_terms(),
            "supply": {name: str(amount) for name, amount in self.supply._asdict().items()},
            "indices": {
                "price": self.indices.price,
                "capital": self.indices.capital,
                "by_group": {name: index._asdict() for name, index in self.indices.by_group.items()},
            },
            "counts": {
                "transactions": self.transactions,
                "accepted": len(self.added),
                "rejected": sum(_rejected(statement) for statement in statements),
                "refunds": sum(statement.refunded for statement in statements),
                "reports": sum(statement.reported for statement in statements),
                "expired_claims": sum(statement.expired for statement in statements),
            },
            "bounty_paid": None if self.bounty_paid is None else str(self.bounty_paid),
            "predictions": self._predictions_dict(),
            "roles": {name: as_json(party_facts(self, self.rows_of(adversarial=bad))) for name, bad in ROLES.items()},
            "coalitions": [self._coalition_dict(name, rows) for name, rows in self.coalitions.items()],
            "classes": [
                {
                    **row._asdict(),
                    **{name: str(getattr(row, name)) for name in ("deposited", "refunded", "open", "lost")},
                }
                for row in self.classes
            ],
            "backdoors": [backdoor._asdict() for backdoor in self.backdoors],
            "leaderboard": [_leader(rank, row) for rank, row in self.leaderboard[:LEADERS]],
            "twin": self._twin_dict(),
        }

    def _agent_dict(self, row: AgentRow) -> dict[str, Any]:
        statement = row.statement
        return {
            "name": row.name,
            "group": row.group,
            "kind": row.kind,
            "coalition": row.coalition,
            "start_balance": str(statement.start_balance),
            "final_balance": str(row.final_balance),
            "locked": str(statement.locked),
            "profit": str(row.profit),
            "profit_fiat": self.fiat(row.profit),
            "economic_profit": row.economic_profit(self.scenario.unit, self.points_destroyed),
            "submitted": statement.submitted,
            "deposited": str(statement.deposited),
            "rejected": {
                "price": statement.rejected_price,
                "wallet": statement.rejected_wallet,
                "gas": statement.rejected_gas,
                "declined": statement.rejected_declined,
                "refused": statement.refused,
            },
            "dropped": statement.dropped,
            "refunded": statement.refunded,
            "refunded_value": str(statement.refunded_value),
            "taken_from": str(statement.taken_from),
            "burned": str(statement.burned),
            "reported": statement.reported,
            "reported_value": str(statement.reported_value),
            "expired": statement.expired,
            "expired_value": str(statement.expired_value),
            "fees": str(statement.fees),
            "fees_fiat": self.fiat(statement.fees),
            "effort": str(row.effort),
            "utility": row.utility / self.scenario.unit,
            "points": row.points,
            "badges": list(row.badges),
            "predictions": statement.predictions,
            "predictions_right": statement.predictions_right,
            "predictions_paid": str(statement.predictions_paid),
            "predictions_earned": str(statement.predictions_earned),
        }

    def _coalition_dict(self, name: str, rows: list[AgentRow]) -> dict[str, Any]:
        profit = sum(row.profit for row in rows)
        economic = [row.economic_profit(self.scenario.unit, self.points_destroyed) for row in rows]
        return {
            "name": name,
            "addresses": len(rows),
            "profit": str(profit),
            "profit_fiat": self.fiat(profit),
            "economic_profit": None if None in economic else math.fsum(gain for gain in economic if gain is not None),
            "locked": str(sum(row.statement.locked for row in rows)),
            "submitted": sum(row.statement.submitted for row in rows),
            "fees": str(sum(row.statement.fees for row in rows)),
            "outcomes": as_json(party_facts(self, rows)),
        }

    def _predictions_dict(self) -> dict[str, Any] | None:
        """What was asked, answered rightly and paid in all; None where nobody pays for predictions."""
        statements = [row.statement for row in self.callers]
        if not statements:
            return None
        return {
            "asked": sum(statement.predictions for statement in statements),
            "right": sum(statement.predictions_right for statement in statements),
            "paid": str(sum(statement.predictions_paid for statement in statements)),
        }

    def fiat_terms(self) -> dict[str, Any] | None:
        """What an ether costs; None where that is not given."""
        terms = self.scenario.chain.terms
        if terms.ether_price is None:
            return None
        return {"currency": terms.currency, "ether_price": float(terms.ether_price)}

    def _twin_dict(self) -> dict[str, Any] | None:
        if self.twin is None:
            return None
        return {
            **self.twin._asdict(),
            "accuracy_points_destroyed": self.points_destroyed,
            "price_of_corruption": self.price_of_corruption,
        }

    def series(self) -> pd.DataFrame:
        """The economy over time: a row for each measurement.

        Columns: ``time_s``, ``day``, ``accuracy`` (0 to 1), ``price_units`` (what the sample on offer would cost; NaN
        when there is none), ``gas_price_gwei``, ``accepted``, and for each group ``balance_<group>_units`` and
        ``locked_<group>_units``.
        """
        import pandas as pd  # late: a run alone needs no tables

        unit = self.scenario.unit
        rows = sorted({row.time: row for row in self.snapshots}.values())  # of two at one moment the later one counts
        columns: dict[str, Any] = {
            "time_s": [row.time for row in rows],
            "day": [row.time / DAY for row in rows],
            "accuracy": [row.accuracy for row in rows],
            "price_units": [float("nan") if row.price is None else to_units(row.price, unit) for row in rows],
            "gas_price_gwei": [to_units(row.gas_price, GWEI) for row in rows],
            "accepted": [row.accepted for row in rows],
        }
        for what in ("balances", "locked"):
            word = "balance" if what == "balances" else what
            for number, group in enumerate(self.groups):
                columns[f"{word}_{group}_units"] = [to_units(getattr(row, what)[number], unit) for row in rows]
        return pd.DataFrame(columns)

    def adds(self) -> pd.DataFrame:
        """Accepted contributions: ``time_s``, ``group``, ``deposit_units``, ``true_label``, missing if unknown."""
        import pandas as pd

        unit = self.scenario.unit
        return pd.DataFrame(
            {
                "time_s": pd.array([row.time for row in self.added], dtype="int64"),
                "group": pd.array([self.groups[row.group] for row in self.added], dtype="str"),
                "deposit_units": pd.array([to_units(row.deposit, unit) for row in self.added], dtype="float64"),
                "true_label": pd.array([row.true_label for row in self.added], dtype="boolean"),
            }
        )

    def event_table(self) -> pd.DataFrame | None:
        """Every transaction, with the columns of `EVENT_COLUMNS`, wei as Python integers; None if not recorded."""
        import pandas as pd

        return None if self.events is None else pd.DataFrame(columns_of(self.events, self.scenario))


def _leader(rank: int, row: AgentRow) -> dict[str, Any]:
    return {"rank": rank, "name": row.name, "kind": row.kind, "points": row.points, "badges": list(row.badges)}


def _rejected(statement: Statement) -> int:
    """Offered samples that it did not add, for whatever reason."""
    kept_out = statement.rejected_price + statement.rejected_wallet + statement.rejected_gas
    return kept_out + statement.rejected_declined + statement.refused
