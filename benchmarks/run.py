"""How long one economy takes, where the time goes, and how it grows.

    .venv/bin/python benchmarks/run.py [--runs N]

Each measurement is a fresh process on one core. CPU seconds are counted from after the imports; the median of N runs
is quoted. With IMDB at hand (DECA10B_DATA) the scenario is `imdb-drt`, otherwise the same economy on the synthetic
stand-in `imdb-like`. Run it on a quiet machine: another busy process inflates CPU time by a third and more.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

SCALE = (10_000, 100_000)


def main() -> None:
    """Measure in child processes and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="processes per measurement (default 5)")
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(json.loads(arguments.child))))
        return
    name = "imdb-drt" if is_imdb_here() else "imdb-like"
    print(f"{name}, Python {sys.version.split()[0]}, median of {arguments.runs} processes\n")
    print_stages(children({"scenario": name}, arguments.runs))
    print("\nGrowth (synthetic imdb-like rows, the same two participants)\n")
    print_growth([children({"scenario": "imdb-like", "contributions": n}, arguments.runs) for n in SCALE])


def is_imdb_here() -> bool:
    """Whether the papers' reviews can be loaded."""
    from sim.data import DATASETS, is_available

    return any(is_available(entry) for entry in DATASETS if entry.name == "imdb")


def children(task: dict[str, Any], runs: int) -> dict[str, float]:
    """The medians of what several child processes measured."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--child", json.dumps(task)]
    results = []
    for _ in range(runs):
        output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        results.append(json.loads(output))
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def measure(task: dict[str, Any]) -> dict[str, float]:
    """One economy in this process: CPU seconds by stage, events, peak memory in MB."""
    from experiments import load_scenario
    from experiments.build import build, dataset_of
    from sim.data.synthetic import imdb_like

    contributions = task.get("contributions", 0)
    scenario = load_scenario(task["scenario"], {"data.initial": 2_000} if contributions else {})
    clock = [time.process_time()]
    dataset = imdb_like(n_train=2_000 + contributions) if contributions else dataset_of(scenario)
    clock.append(time.process_time())
    economy = build(scenario, dataset)
    clock.append(time.process_time())
    economy.run()
    clock.append(time.process_time())
    load, make, run = (after - before for before, after in pairwise(clock))
    recorder = economy.recorder
    return {
        "load": load, "build": make, "run": run, "total": load + make + run, "wakeups": recorder.wakeups,
        "transactions": recorder.transactions, "contributions": len(recorder.added),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2),
    }  # fmt: skip


def print_stages(result: dict[str, float]) -> None:
    """CPU by stage, per event, and memory."""
    for stage in ("load", "build", "run", "total"):
        print(f"  {stage:8} {result[stage]:7.3f} s CPU")
    print(f"  {result['wakeups']:8,.0f} wake-ups, {1e6 * result['run'] / result['wakeups']:.1f} µs each")
    print(f"  {result['transactions']:8,.0f} transactions, {1e6 * result['run'] / result['transactions']:.1f} µs each")
    print(f"  {result['memory']:8,.0f} MB peak memory of the process")


def print_growth(results: list[dict[str, float]]) -> None:
    """Time per contribution at each size, and the ratio to proportional growth."""
    for result in results:
        each = 1e6 * result["run"] / result["contributions"]
        print(f"  {result['contributions']:9,.0f} contributions {result['run']:7.3f} s, {each:.1f} µs each")
    first, last = results[0], results[-1]
    ratio = (last["run"] / last["contributions"]) / (first["run"] / first["contributions"])
    print(f"  {ratio:.2f} times proportional")


if __name__ == "__main__":
    main()
