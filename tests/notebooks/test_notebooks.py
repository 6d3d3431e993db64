"""Notebooks cannot rot: each is executed, says what it said when it was written, and its headline numbers hold.

The assertions are run in the notebook's own kernel after its last cell. What is written there is what the text around
the cells claims; the numbers come from the closed forms or the published prototype, with room for another seed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

HEADLINES = {
    "01_quickstart": """
assert result.final_accuracy >= 0.86 and not result.captured
assert result.profit_of(adversarial=True) == -result.profit_of(adversarial=False), "what one side loses the other gains"
honest_start = sum(row.statement.start_balance for row in result.rows_of(adversarial=False))
assert result.profit_of(adversarial=False) >= 0.9 * honest_start
assert dear.captured and dear.final_accuracy < 0.2
assert dear.snapshots[0].accuracy == result.snapshots[0].accuracy, "the same model before the start"
assert len(runs) == 20 and (runs["status"] == "ok").all()
assert at_20["captured", day].all() and not at_20["captured", week].any()
assert 0.6 < gain.difference.low <= gain.difference.estimate <= gain.difference.high < 0.9
""",
    "02_reproduce_papers": """
ours = {row.published.name: row.ours.estimate for row in golden.rows}
assert all(row.verdict == "met" for row in golden.rows), "the rules of the money, run again independently"
assert 199 <= ours["good"] + ours["bad"] <= 200.01, "no money is made, and hardly any is left behind"
assert result.profit_of(adversarial=True) == -result.profit_of(adversarial=False)
assert 155 < result.days < 163 and len(printed) >= 7 and len(met) >= len(numbers) - 1
""",
    "03_tune_deposit": """
assert len(runs) == 40 and (runs["status"] == "ok").all()
at = runs.groupby([weight, window])["captured"].sum()
assert at[20, 86_400] == 5 and at.sum() == 5, "the cliff: dear and short, and nowhere else"
choice = acceptable["honest_most_locked_units", "max"].idxmin()
assert choice == (5, 86_400), "what the text decides for"
assert kept.estimate == 1.0 and 2_500 < locked.low < locked.high < 3_700
assert worst.loc[10, 604_800] < 0.5 < 0.75 < worst.loc[5, 86_400] < 0.85
""",
    "04_open_market": """
assert sum(row.profit for row in result.agents) == 0 and result.supply.escrow == 0, "a market is settled to the wei"
assert 0 <= 1_000 * market.unit - withholding.bounty_paid <= 201, "the whole bounty, but for a wei of rounding each"
assert withholding.final_accuracy == withholding.initial_accuracy, "nothing was ever learnt"
assert set(events["method"]) == {"commit", "reveal", "add_data", "end", "process", "refund"}
assert (events["method"] == "reveal").sum() == 10, "each part of the test set once"
assert changes["bounty_paid_units"].high < 0 and changes["honest_profit_units"].high < 0, "self-trading pays"
plain = runs[~runs[reset] & (runs[strategy] == "honest")]["points_gained"]
anew = runs[runs[reset] & (runs[strategy] == "honest")]["points_gained"]
assert abs(plain.mean()) < 2 < 3 < anew.mean() < 8
""",
    "05_attack_gallery": """
assert len(runs) == 48 and (runs["status"] == "ok").all()
cell = table.set_index(["attacker", "mechanism"])
assert (cell.xs("points", level="mechanism")["return_percent"] == 0).all(), "nobody pays, so nobody gains"
assert (backdoor["attack_success_percent"] > 95).all() and backdoor.loc["deposit refund take", "points_lost"] < 5
assert backdoor.loc["deposit refund take", "return_percent_low"] > 0, "paid for what it does"
assert cell.loc[("label flipper", "cost weight 10"), "return_percent_high"] < 0
assert cell.loc[("label flipper", "deposit refund take"), "points_lost_low"] > 10
""",
    "06_pay_gas": """
free, busy_chain = results["free"], results["2025, 20 gwei"]
assert sum(row.statement.fees for row in free.agents) == 0
for one in results.values():
    fees = sum(row.statement.fees for row in one.agents)
    locked = sum(row.statement.locked for row in one.agents)
    assert sum(row.profit for row in one.agents) == -fees - locked, "money goes to fees or waits, to the wei"
assert busy_chain.samples_left > 0 and len(busy_chain.added) < len(free.added) / 2
assert gas.loc[100, "update"] > 2 * gas.loc[20, "update"] and gas.loc[100, "deploy"] == gas.loc[20, "deploy"]
assert tried["patient"].captured and not tried["as they are"].captured and not tried["larger stakes"].captured
assert tried["as they are"].profit_of(adversarial=False) < 0 < tried["larger stakes"].profit_of(adversarial=False)
""",
    "07_find_equilibria": """
mu_star = accuracy.factors.set_index("factor")["mu_star"]
assert mu_star.idxmax() == "agents.flipper.count" and mu_star.idxmin() == "seed"
payoff = payoffs.set_index(["honest", "flip", "idle", "strategy"])["payoff"]
assert payoff[3, 1, 0, "flip"] < 0 < payoff[0, 4, 0, "flip"], "one is ruined, four win"
assert payoff[4, 0, 0, "honest"] < payoff[3, 0, 1, "idle"] == 0, "honest work among the honest is not paid"
assert len(payoffs) == 30
""",
    "08_audit_trace": """
import hashlib
assert honest.mismatches == 0 and len(lines) == result.transactions + 2
assert changed == 1 and caught.mismatches > 1 and recaught.mismatches == caught.mismatches - 1
entry = json.loads(lines[1])
before, own = json.loads(lines[0])["digest"], entry.pop("digest")
text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
assert own == hashlib.sha256((before + text).encode()).hexdigest(), "as docs/traces.md says"
assert published != found
""",
    "09_write_mechanism": """
profits = [crowd.chain.ledger.balance(agent.address) - agent.balance_at_start for agent in wavering]
assert profits[0] > 0 > max(profits[2:]) and profits == sorted(profits, reverse=True), "the more lies, the poorer"
assert result.supply.minted == sum(result.supply[1:]) and not result.captured and result.final_accuracy > 0.85
assert set(complaints) == set(slips)
""",
}

EXTRAS = {"07_find_equilibria": ("SALib", "nashpy")}
"""What a notebook needs beyond the tests' own extra."""


@pytest.fixture(scope="module")
def execute() -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        from refresh import execute
    finally:
        sys.path.remove(str(FOLDER))
    return execute


def said(notebook: Any) -> list[str]:
    """What the code cells print and answer, in order; figures and addresses in memory left out."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
    return [re.sub(r" at 0x[0-9a-f]+", "", text) for text in texts]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # of the kernel's machinery, not of the notebook
def test_notebook_runs_and_says_what_it_said(path: Path, tmp_path: Path, execute: Any) -> None:
    assert path.stem in HEADLINES, "a notebook without a headline number asserted"
    for module in EXTRAS.get(path.stem, ()):
        pytest.importorskip(module, reason="the extra 'analysis' is not installed")
    written = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    fresh.cells.append(nbformat.v4.new_code_cell(HEADLINES[path.stem]))
    execute(fresh, tmp_path)
    del fresh.cells[-1]
    assert said(fresh) == said(written), f"write it anew with: .venv/bin/python notebooks/refresh.py {path.name}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_defines_no_functions_and_keeps_no_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"^\s*(def|class) |lambda", code, re.MULTILINE), "functions live in the package, with tests"
    assert any(cell.get("outputs") for cell in notebook.cells), "committed without outputs"
    text = path.read_text(encoding="utf-8")
    for trace in (str(Path.home()), str(FOLDER.parent), "Warning"):
        assert trace not in text
    assert not any("execution" in cell.metadata for cell in notebook.cells), "times change with every run"


def test_notebooks_are_numbered_in_order() -> None:
    numbers = [int(path.stem[:2]) for path in NOTEBOOKS]
    assert numbers == list(range(1, len(numbers) + 1))
