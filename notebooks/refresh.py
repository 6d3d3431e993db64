"""Execute notebooks and write them back with their outputs: what `make notebooks` runs.

    .venv/bin/python notebooks/refresh.py [FILE...]

Nothing that differs from one day to the next is kept: no times, no version of Python. A notebook that fails is left as
it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
SECONDS_FOR_A_CELL = 300


def main() -> None:
    """Refresh the notebooks named, or all of them."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        execute(notebook, path.parent)
        nbformat.write(notebook, path)
        sys.stdout.write(f"{path}: {len(notebook.cells)} cells\n")


def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Run all cells in a fresh kernel, in place; raises `CellExecutionError` at the first that fails."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS_FOR_A_CELL,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}


if __name__ == "__main__":
    main()
