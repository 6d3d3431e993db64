"""What a sweep costs beside its runs, and what a second worker gains.

    .venv/bin/python benchmarks/sweep.py [--runs N]

The economy is the one of the demo. Two workers are held against one by wall time, from the moment all are up; two plain
Python loops at once against one say how much of that the machine allows. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments import Experiment, Results, load_scenario, sweep
from experiments.design import Points

LOOP = "x = 0\nfor i in range(12_000_000): x += i & 3"


def main() -> None:
    """Sweep twice, loop twice, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=24, help="economies per sweep (default 24)")
    runs = parser.parse_args().runs
    experiment = Experiment(load_scenario("quickstart"), Points([{}], replications=runs))
    with tempfile.TemporaryDirectory() as folder:
        walls = {workers: timed(experiment, Path(folder) / str(workers), workers) for workers in (1, 2)}
        one, two = (Results(Path(folder) / str(workers)).timings() for workers in (1, 2))
    print(f"{runs} runs of quickstart, Python {sys.version.split()[0]}\n")
    alone, beside = (statistics.median(table["cpu_s"]) for table in (one, two))
    print(f"  {alone:.3f} s CPU a run alone, {beside:.3f} s beside another")
    overhead = (walls[1] - one["task_s"].sum()) / runs
    print(f"  {1e3 * overhead:.1f} ms a run are the pool's own (sending, writing, waiting)")
    print(f"  one worker {walls[1]:.1f} s, two workers {walls[2]:.1f} s: {walls[1] / walls[2]:.2f} times as fast")
    print(f"  plain Python loops on this machine: {loops():.2f} times as fast")


def timed(experiment: Experiment, folder: Path, workers: int) -> float:
    """Wall seconds of a sweep from its first finished run on, when all workers are up, in proportion to all runs."""
    moments: list[float] = []
    sweep(experiment, folder, workers=workers, progress=lambda _: moments.append(time.perf_counter()))
    return (moments[-1] - moments[workers - 1]) / (len(moments) - workers) * len(moments)


def loops() -> float:
    """How much faster two processes do twice the work of one."""
    seconds = []
    for count in (1, 2):
        began = time.perf_counter()
        for process in [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(count)]:
            process.wait()
        seconds.append(time.perf_counter() - began)
    return 2 * seconds[0] / seconds[1]


if __name__ == "__main__":
    main()
