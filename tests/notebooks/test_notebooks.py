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
}


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
