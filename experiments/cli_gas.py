"""What ``deca10b gas`` shows: what actions cost, or how far gas here is from gas measured on the contracts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction

from experiments.gas.check import MOST_CALL, MOST_MEAN_CALL, MOST_OTHER, Check
from experiments.gas.costs import ACTIONS, DEFAULT_LENGTHS, MODELS, MOST_NUMBERS, Cost, costs
from experiments.messages import did_you_mean
from sim.chain import HARDFORKS
from sim.errors import ConfigError
from sim.units import ETHER, Wei, exact, parse_amount


def table(
    models: Sequence[str] | None, forks: Sequence[str] | None, lengths: Sequence[int] | None, features: int
) -> list[Cost]:
    """The costs of all that is asked for; by default all models and three lengths on prague. Raises `ConfigError`."""
    for option, chosen, known in (("--model", models, MODELS), ("--fork", forks, HARDFORKS)):
        for name in chosen or ():
            if name not in known:
                raise ConfigError(f"{option} is {name!r}; choose one of {', '.join(known)}.{did_you_mean(name, known)}")
    for option, numbers in (("--length", lengths or ()), ("--features", (features,))):
        for number in numbers:
            if not 1 <= number <= MOST_NUMBERS:
                raise ConfigError(f"{option} is {number}; it must be 1 to {MOST_NUMBERS}.")
    return [
        cost
        for model in models or MODELS
        for fork in forks or ["prague"]
        for length in lengths or DEFAULT_LENGTHS
        for cost in costs(model, fork, length, features)
    ]


def prices(gas_price: str, ether_price: str) -> tuple[Wei, Fraction]:
    """Wei per unit of gas, and money per ether. Raises `ConfigError`."""
    gas, ether = parse_amount(gas_price, 1), exact(ether_price)
    if gas < 0 or ether < 0:
        raise ConfigError(f"--gas-price is {gas_price!r}, --ether-price {ether_price!r}; both must be 0 or more.")
    return gas, ether


def costs_as_json(rows: Sequence[Cost], gas_price: Wei, ether_price: Fraction) -> str:
    """One document."""
    found = [row.to_dict(gas_price, ether_price) for row in rows]
    return json.dumps({"gas_price_wei": gas_price, "ether_price": float(ether_price), "rows": found})


def show_costs(rows: Sequence[Cost], gas_price: Wei, ether_price: Fraction) -> None:
    """Print a table with a row for each model, hard fork and length: gas, and below it its price."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("model", "hard fork"):
        shown.add_column(title)
    for title in ("length", *ACTIONS):
        shown.add_column(title, justify="right")
    for start in range(0, len(rows), len(ACTIONS)):
        of_one = rows[start : start + len(ACTIONS)]
        first = of_one[0]
        shown.add_row(first.model, first.hardfork, f"{first.length}", *(f"{cost.gas:,}" for cost in of_one))
        fiat = (float(cost.gas * gas_price * ether_price / ETHER) for cost in of_one)
        shown.add_row("", "", "", *(f"{money:,.2f}" for money in fiat), style="dim")
    console.print(shown)
    console.print(
        f"Gas, and below it its price at {gas_price / 10**9:g} gwei and {float(ether_price):,g} an ether. deploy: the "
        "contracts with the first weights; init: the weights that do not fit that transaction; the others are one "
        "call each, in the situations that docs/gas.md describes.",
        style="dim", highlight=False,
    )  # fmt: skip


def show_check(found: Check, source: str) -> None:
    """Print a row for each action and model, all hard forks together, and a verdict."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("action", "model or contract"):
        shown.add_column(title)
    for title in ("records", "mean error", "largest", "on"):
        shown.add_column(title, justify="right")
    together: dict[tuple[str, str], list] = {}
    for group in (*found.groups, *found.other_groups):
        together.setdefault((group.action, group.model), []).append(group)
    for (action, model), groups in together.items():
        worst = max(groups, key=lambda group: group.max)
        errors = [error for group in groups for error in group.errors]
        mean, largest = math.fsum(errors) / len(errors), worst.max
        shown.add_row(action, model, f"{len(errors):,}", f"{mean:.5%}", f"{largest:.5%}", worst.hardfork)
    console.print(shown)
    for sentence in verdict(found, source):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def verdict(found: Check, source: str) -> list[str]:
    """Whether gas is as exact as is claimed, where not, and what was not compared."""
    compared = sum(len(group.errors) for group in found.found)
    told = [f"{source}: {compared:,} transactions compared; mean error {found.mean:.5%}, largest {found.max:.5%}."]
    beyond = [group for group in found.found if not group.within]
    claimed = f"{MOST_CALL:.1%} (calls that succeed, on average {MOST_MEAN_CALL:.2%}) or {MOST_OTHER:.1%} (others)"
    told.append(f"{len(beyond)} groups are beyond {claimed}:" if beyond else f"All within {claimed}.")
    told += [f"  {group.action} of {group.model} on {group.hardfork}: {group.max:.3%}" for group in beyond]
    told += [f"  not compared: {count:,} {what}" for what, count in found.skipped.items()]
    return told
