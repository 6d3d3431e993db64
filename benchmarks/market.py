"""What a prediction market costs: 1,000 contributions, a test set of 1,000 rows, each set of options.

    .venv/bin/python benchmarks/market.py [--model naive_bayes] [--data subjectivity] [--batch 64]

CPU seconds of this process, one core, after imports and building: of the whole run, and of the reward phase in it (the
calls of ``process``), each the least of some runs. Run it on a quiet machine. A synthetic set is made with 1,000 test
rows; of others the market has the first 1,000, and the accuracy that is published has them all.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import time
from typing import Any

from experiments import load_scenario
from experiments.build import build
from mechanisms.prediction_market import ROUND_RULES
from sim.chain import Receipt, Transaction

OPTIONS = ("allow_greater_deposit", "group_contributions", "reset_model_during_reward_phase")
MARKET: dict[str, Any] = {
    "data.size": 1_010, "data.initial": 10, "horizon": "90d", "mechanism.reveal_within": "60d",
    "agents.provider.least_contributions": 1_000, "agents.provider.least_length": "1h",
    "agents.provider.bounty": 100_000, "agents.provider.balance": 100_000, "agents.honest.balance": 10_000,
    "agents.flipper.balance": 10_000,
}  # fmt: skip


def main() -> None:
    """Measure each set of options and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="naive_bayes", help="model.kind (default naive_bayes)")
    parser.add_argument("--data", default="subjectivity", help="data.dataset (default subjectivity)")
    parser.add_argument("--batch", type=int, default=64, help="contributions processed in one transaction (default 64)")
    parser.add_argument("--runs", type=int, default=3, help="of each set of options (default 3)")
    arguments = parser.parse_args()
    chosen = {"model.kind": arguments.model, "data.dataset": arguments.data, "agents.provider.batch": arguments.batch}
    if arguments.data.endswith("-like"):
        chosen["data.options.n_test"] = 1_000
    print(f"{arguments.model} on {arguments.data}, {arguments.batch} contributions a transaction\n")
    print("  greater grouped reset  rule        run      rewards   passes  rows counted")
    for options in itertools.product((False, True), repeat=3):
        for rule in ROUND_RULES:
            told = {f"mechanism.{name}": value for name, value in zip(OPTIONS, options, strict=True)}
            changes = MARKET | chosen | told | {"mechanism.round_rule": rule}
            whole, rewards, passes, counted = min(measured(changes) for _ in range(arguments.runs))
            flags = "".join(f"{'yes' if option else '–':<8}" for option in options)
            print(f"  {flags} {rule:9} {whole:6.3f} s  {rewards:6.3f} s {passes:6} {counted:10,}")


def measured(changes: dict[str, Any]) -> tuple[float, float, int, int]:
    """CPU seconds of a run and of its reward phase, passes, and how often the test set was counted."""
    economy = build(load_scenario("prediction-market", changes))
    execute, spent = economy.chain.execute, [0.0]

    def timed(transaction: Transaction) -> Receipt:
        began = time.process_time()
        receipt = execute(transaction)
        if transaction.method == "process":
            spent[0] += time.process_time() - began
        return receipt

    economy.chain.execute = timed  # type: ignore[method-assign]
    gc.collect()  # what is left of the market before is not this one's
    began = time.process_time()
    economy.run()
    whole = time.process_time() - began
    rewards = economy.trainer.mechanism.rewards  # type: ignore[attr-defined]
    return whole, spent[0], len(rewards.rounds.value), rewards.evaluations.value


if __name__ == "__main__":
    main()
