"""Derives the overheads of gas from a table of gas measured on the contracts, and tells what they leave unexplained.

    .venv/bin/python benchmarks/calibrate_gas.py [FILE]

FILE is a table as `deca10b gas --check` takes it; the default is the one of the tests. Every measured call is executed
twice: once with all overheads set to nought, so that only the schedule is charged, and once with each overhead set to
another power of a large number, so that the digits of the gas tell how often each was charged. What is measured beyond
the schedule, regressed on these counts, gives the overheads.

Overheads that are always charged together are told apart only by calls that were refused in between. Where the table
has none, the values in force divide the sum (they are from recorded histories, see docs/gas.md); such a row has a star.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from experiments.gas.check import read_table
from experiments.gas.deployment import CREATE, FILL, SetUp
from experiments.gas.records import CALLS, execute
from mechanisms import charges as mechanism
from sim.chain import HARDFORKS
from sim.contracts import charges as contract
from sim.models.onchain import (
    dense_nearest_centroid,
    dense_perceptron,
    naive_bayes,
    sparse_nearest_centroid,
    sparse_perceptron,
)

TABLE = Path(__file__).parent.parent / "tests" / "conformance" / "gas.json.gz"
MODULES = (
    contract, mechanism, dense_perceptron, sparse_perceptron, naive_bayes, dense_nearest_centroid,
    sparse_nearest_centroid,
)  # fmt: skip
NOT_OVERHEADS = (
    "_MEMORY",
    "_PACKED",
    "_LOG",
    "_WORD",
    "_ALIAS",
    "_HIGHEST",
    "_MOST",
    "_FAR",
    "_COUNT_LIMIT",
    "_LOW_BITS",
)
SET_UP_OVERHEADS = ("call", "number", "slot", "named")
BASE = 2**32
"""No overhead is charged more often in one call."""

Constant = tuple[ModuleType, str]


def main() -> None:
    """Print a table of overheads, one of residuals, and both for deployment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", default=str(TABLE), help="table of measured gas")
    table = read_table(parser.parse_args().file)
    records = [record for record in table if record["action"] in CALLS]
    constants = overheads()
    in_force = np.array([getattr(*constant) for constant in constants], float)
    by_schedule = gas_with(records, constants, [0] * len(constants))
    coded = gas_with(records, constants, [BASE**place for place in range(1, len(constants) + 1)])
    counts = np.array(
        [digits(whole - part, len(constants)) for whole, part in zip(coded, by_schedule, strict=True)], float
    )
    beyond = np.array([r["gas_before_refund"] - part for r, part in zip(records, by_schedule, strict=True)], float)
    scale = np.maximum(counts.max(0), 1)
    correction, _, _, _ = np.linalg.lstsq(counts / scale, beyond - counts @ in_force, rcond=1e-9)
    derived = in_force + correction / scale
    print_overheads(constants, counts, in_force, derived)
    print_residuals(records, beyond - counts @ np.rint(derived))
    print_set_ups(table)


def overheads() -> list[Constant]:
    """The constants of `MODULES` that are amounts of gas."""
    return [
        (module, name)
        for module in MODULES
        for name, value in vars(module).items()
        if name.startswith("_") and name[1:].isupper() and type(value) is int and abs(value) < 10**5
        and not any(word in name for word in NOT_OVERHEADS)
    ]  # fmt: skip


def gas_with(records: list[dict[str, Any]], constants: list[Constant], values: list[int]) -> list[int]:
    """The gas of each record's call, before refunds, with these overheads."""
    in_force = [getattr(*constant) for constant in constants]
    try:
        for (module, name), value in zip(constants, values, strict=True):
            setattr(module, name, value)
        mechanism.sqrt_gas.cache_clear()
        schedules = {
            name: replace(fork, transaction_cap=0, clear_refund=0, calldata_floor_token=0)
            for name, fork in HARDFORKS.items()
        }
        limit = BASE ** (len(constants) + 2)
        return [execute(record, schedules[record["hardfork"]], limit).gas_used for record in records]
    finally:
        for (module, name), value in zip(constants, in_force, strict=True):
            setattr(module, name, value)
        mechanism.sqrt_gas.cache_clear()


def digits(number: int, count: int) -> list[int]:
    """The first ``count`` digits above the last one, in base `BASE`."""
    return [number // BASE**place % BASE for place in range(1, count + 1)]


def print_overheads(constants: list[Constant], counts: Any, in_force: Any, derived: Any) -> None:
    """A row for each overhead: in force, derived, and whether the table tells it from the others."""
    columns = counts / np.maximum(counts.max(0), 1)
    _, sizes, rows = np.linalg.svd(columns, full_matrices=True)
    undetermined = rows[np.concatenate([sizes, np.zeros(len(rows) - len(sizes))]) < 1e-9 * sizes[0]]
    shared = np.abs(undetermined).max(0, initial=0) > 1e-6
    print("| overhead | in force | derived |\n|---|---|---|")
    for (module, name), now, then, star, used in zip(constants, in_force, derived, shared, counts.any(0), strict=True):
        value = f"{then:,.2f}{' *' if star else ''}" if used else "not in the table"
        print(f"| {module.__name__} {name} | {now:,.0f} | {value} |")


def print_residuals(records: list[dict[str, Any]], residuals: Any) -> None:
    """What the derived overheads, rounded, leave unexplained, by action and model."""
    groups: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for record, residual in zip(records, residuals.tolist(), strict=True):
        groups[record["action"], record["model"]].append((abs(residual), abs(residual) / record["gas_used"]))
    print("\n| action | model | calls | largest, gas | mean | largest |\n|---|---|---|---|---|---|")
    for (action, model), found in groups.items():
        gas, shares = zip(*found, strict=True)
        mean, largest = sum(shares) / len(shares), max(shares)
        print(f"| {action} | {model} | {len(found)} | {max(gas):.0f} | {mean:.5%} | {largest:.5%} |")


def print_set_ups(table: list[dict[str, Any]]) -> None:
    """The overheads of creations and of calls that fill a model: in force, and derived from the measured ones."""
    measured: dict[SetUp, list[tuple[list[int], float]]] = defaultdict(list)
    for record in table:
        contract_name, schedule = record["action"].removeprefix("deploy_"), HARDFORKS[record["hardfork"]]
        filled = record["model"], record.get("init_method", "")
        set_up = FILL.get(filled) or CREATE.get(contract_name)
        if set_up is None or record["model"] == "any" or record["action"] == "transfer_ownership":
            continue
        numbers, classes = record["n_items"], record["n_classes"]
        bare = replace(set_up, **dict.fromkeys(SET_UP_OVERHEADS, 0))
        gas = record["gas_before_refund"] - schedule.calldata(*_sent(record))[0]
        if set_up is CREATE.get(contract_name):
            words = -(-record["init_code_bytes"] // 32)
            gas -= schedule.creation + 200 * record["runtime_bytes"] + words * schedule.initcode_word
        rest = gas - bare.execution(schedule, numbers, classes, record.get("words_set"))
        slots = -(-numbers // set_up.packed) if set_up.packed else 0
        measured[set_up].append(([1, numbers, slots, classes], rest))
    print(f"\n| set-up | {' | '.join(SET_UP_OVERHEADS)} | largest, gas |\n|---|---|---|---|---|---|")
    for name, set_up in {**CREATE, **FILL}.items():
        if set_up not in measured:
            continue
        counts, rest = (np.array(part, float) for part in zip(*measured[set_up], strict=True))
        in_force = np.array([getattr(set_up, overhead) for overhead in SET_UP_OVERHEADS], float)
        used = in_force != 0
        scale = np.maximum(counts.max(0), 1)
        left = rest - counts @ in_force
        correction = np.linalg.lstsq((counts / scale)[:, used], left, rcond=1e-9)[0]
        derived = in_force.copy()
        derived[used] += correction / scale[used]
        pairs = " | ".join(f"{now:,.0f}: {then:,.1f}" for now, then in zip(in_force, derived, strict=True))
        print(f"| {name} | {pairs} | {np.abs(left).max():.0f} |")


def _sent(record: dict[str, Any]) -> tuple[int, int]:
    return record["data_bytes"]["zero"], record["data_bytes"]["nonzero"]


if __name__ == "__main__":
    main()
