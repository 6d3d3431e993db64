"""A crowd: 100,000 participants, a million contributions, on one core.

    .venv/bin/python benchmarks/scale.py [--agents N] [--contributions N ...]

Each participant wakes every ``agents × 600`` seconds on average, so that somebody does every ten minutes, however many
there are. It contributes, claims its own deposits, looks at the newest eight disputes and takes what has expired.
Windows are 1 and 9 days. Rows are drawn with replacement from IMDB's (DECA10B_DATA), or from the synthetic stand-in.
Each line is a fresh process; CPU seconds are counted from after the imports, building included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

DAYS = 86_400
DEFAULT = (10_000, 100_000, 1_000_000)


def main() -> None:
    """One child process for each number of contributions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=100_000)
    parser.add_argument("--contributions", type=int, nargs="+", default=DEFAULT)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.agents, arguments.contributions[0])))
        return
    print(f"{arguments.agents:,} participants, Python {sys.version.split()[0]}")
    print("contributions  transactions   build s     run s   µs each  peak MB   settled")
    for contributions in arguments.contributions:
        command = [sys.executable, __file__, "--child", f"--agents={arguments.agents}", "--contributions"]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        output = subprocess.run(
            [*command, str(contributions)], env=environment, check=True, capture_output=True, text=True
        ).stdout
        row = json.loads(output)
        print(
            f"{contributions:>13,} {row['transactions']:>13,} {row['build_s']:>9.1f} {row['run_s']:>9.1f} "
            f"{row['run_s'] / contributions * 1e6:>9.1f} {row['peak_mb']:>8.0f} {row['settled']:>9.1%}"
        )


def measure(agents: int, contributions: int) -> dict[str, float]:
    """Build and run one economy: seconds of CPU, peak memory, and the share of deposits that were claimed."""
    from experiments import load_scenario
    from experiments.build import build, dataset_of
    from sim.data import DATASETS, is_available

    imdb = any(is_available(entry) for entry in DATASETS if entry.name == "imdb")
    scenario = load_scenario(
        "imdb-drt" if imdb else "imdb-like",
        {
            "data.size": contributions + 2_000,
            "data.initial": 2_000,
            "data.with_replacement": True,
            "model": {"kind": "perceptron"},
            "horizon": f"{(contributions * 600) // DAYS * 2 + 30}d",
            "record.accuracy_every": "100d",
            "agents": [
                {
                    "name": "crowd", "kind": "honest", "count": agents, "balance": 1000,
                    "arrival": {"mean_gap": f"{agents * 600}s"},
                    "participation_margin": "always", "most_disputes": 8,
                }
            ],
        },
    )  # fmt: skip
    dataset = dataset_of(scenario)
    start = time.process_time()
    economy = build(scenario, dataset)
    built = time.process_time()
    economy.run()
    ended = time.process_time()
    records = economy.trainer.records
    return {
        "build_s": built - start,
        "run_s": ended - built,
        "transactions": economy.recorder.transactions,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "settled": 1 - sum(records.claimable) / sum(records.deposit),
    }


if __name__ == "__main__":
    main()
