"""Code in the documentation is executed, page by page, from top to bottom, in a folder of its own.

Blocks under ``<!-- runs -->`` take seconds and are executed in every test run; `make test-all` executes all there are.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from experiments import load_scenario
from experiments.build import build
from experiments.cli import app
from tests.docs.pages import BLOCKS, PAGES, ROOT, Block, blocks_of, commands_of, name_of

CODE = ("sh", "python", "toml", "csv")
"""Languages of blocks to execute; the others (``text``, none) are what a program prints, formulas and drawings."""

CANNOT_RUN = {
    ("README.md", "make demo"): "installs from a package index; the sweep it makes is a block of docs/how-to.md",
    ("README.md", "make test"): "installs from a package index, and is what runs these tests",
    ("notebooks/README.md", "make setup"): "installs from a package index",
    ("notebooks/README.md", ".venv/bin/pip install"): "installs from a package index",
    ("notebooks/README.md", ".venv/bin/jupyter lab"): "needs somebody in front of a browser",
    ("docs/app.md", ".venv/bin/pip install"): "installs from a package index",
    ("docs/clusters.md", "job="): "needs SLURM",
    ("docs/clusters.md", "sbatch"): "needs SLURM",
    ("docs/clusters.md", "import sys"): "needs submitit, which no extra installs",
    ("docs/theory-checks.md", ".venv/bin/python -m pytest"): "are these tests themselves",
}
"""What is not executed, by page and how it begins, and why."""

ENDLESS = {
    "deca10b app": ("--no-browser --port {port}", "http://127.0.0.1:{port}/"),
    "dask scheduler": ("--no-dashboard", "Scheduler at:"),
    "dask worker": ("--no-dashboard", "Registered to:"),
}
"""Commands that go on until they are interrupted: what is added here; the page, or text, that says they are up."""

PLACEHOLDERS = {"HOST": "127.0.0.1"}
ENVIRONMENT = {"EXPERIMENT": "deposit-refund", "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "20"}
"""What SLURM tells each task of an array."""

GIVEN = {
    "my.csv": "label,length,funny\n" + "".join(f"{n % 2},{n % 7 + 9 * (n % 2)},{n % 3 % 2}\n" for n in range(600)),
    "reviews.csv": "label,text\n"
    + "".join(f"{n % 2},a {('dull', 'fine')[n % 2]} film number {n % 5} of the year\n" for n in range(600)),
}
"""Files that the pages take for the reader's own."""

SECONDS, SECONDS_IF_SLOW = 120, 1800
UNTIL_READY = 60


def begins_with(block: Block, beginning: str) -> bool:
    """Whether a block or, in a shell, one of its commands does."""
    commands = commands_of(block) if block.language == "sh" else [block.code]
    return any(command.startswith(beginning) for command in commands)


def cannot_run(block: Block, code: str) -> bool:
    return any(page == name_of(block.page) and code.startswith(start) for page, start in CANNOT_RUN)


def test_what_is_left_out_is_there() -> None:
    for page, start in CANNOT_RUN:
        assert any(name_of(block.page) == page and begins_with(block, start) for block in BLOCKS), (page, start)


def test_every_block_has_a_language_that_is_executed_or_is_no_code() -> None:
    assert {block.language for block in BLOCKS} <= {*CODE, "text", ""}
    assert all(block.mark.startswith("saved as ") for block in BLOCKS if block.language == "csv"), "nobody reads it"
    for page in PAGES:
        unfenced = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        assert not re.search(r"^    (\S*bin/\S+|deca10b|make|pip|python) ", unfenced, re.M), f"{page}: fence it"


def takes_long(block: Block) -> bool:
    """Whether it is executed by `make test-all` alone."""
    if block.mark or block.language not in ("sh", "python"):
        return False
    parts = commands_of(block) if block.language == "sh" else [block.code]
    return not all(cannot_run(block, part) for part in parts)


# -- pages: commands, programs, files ----------------------------------------------------------------------------------

QUICK = [page for page in PAGES if any(block.mark for block in blocks_of(page))]
SLOW = [page for page in PAGES if any(takes_long(block) for block in blocks_of(page))]


@pytest.mark.parametrize("page", QUICK, ids=name_of)
def test_quick_blocks_run_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    execute([block for block in blocks_of(page) if block.mark], tmp_path, SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=name_of)
def test_all_blocks_run_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    execute(blocks_of(page), tmp_path, SECONDS_IF_SLOW)


def test_tutorial_and_how_to_are_run() -> None:
    assert {"docs/tutorial.md", "docs/how-to.md"} <= set(map(name_of, QUICK))


def execute(blocks: list[Block], folder: Path, seconds: float) -> None:
    """Each block in a folder that has what the blocks above it left."""
    for name, target in ((".venv", Path(sys.prefix)), ("experiments", ROOT / "experiments"), ("docs", ROOT / "docs")):
        (folder / name).symlink_to(target, target_is_directory=True)
    for name, text in GIVEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    with ExitStack() as running:
        for block in blocks:
            if block.mark.startswith("saved as "):
                (folder / block.mark.removeprefix("saved as ")).write_text(block.code, encoding="utf-8")
            elif block.language == "sh":
                for command in commands_of(block):
                    execute_command(block, command, folder, seconds, running)
            elif block.language == "python" and not cannot_run(block, block.code):
                execute_one(block, [sys.executable, "-c", filled_in(block.code)], folder, seconds)


def execute_command(block: Block, command: str, folder: Path, seconds: float, running: ExitStack) -> None:
    """A line of a shell; what does not end goes on until the end of the page."""
    if cannot_run(block, command):
        return
    endless = next((name for name in ENDLESS if name in command), None)
    if endless:
        running.enter_context(started(block, filled_in(command), *ENDLESS[endless], folder))
    else:
        execute_one(block, ["sh", "-e", "-c", filled_in(command)], folder, seconds)


def execute_one(block: Block, program: list[str], folder: Path, seconds: float) -> None:
    ran = subprocess.run(program, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=seconds)
    assert ran.returncode == 0, f"{block.name}: {program[-1]}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"


@contextmanager
def started(block: Block, command: str, added: str, ready: str, folder: Path) -> Iterator[None]:
    """A program that serves until it is interrupted, from when it is ready; it must have gone on until then."""
    log, port = folder / f"{re.sub(r'[^a-z0-9]+', '-', command)}.log", free_port()
    program_line = ["sh", "-c", f"exec {command} {added.format(port=port)}"]
    with log.open("w") as file:
        program = subprocess.Popen(program_line, cwd=folder, env=environment(folder), stdout=file, stderr=file)
    try:
        latest = time.monotonic() + UNTIL_READY
        while not is_ready(ready.format(port=port), log):
            said = f"{block.name}: {command}\n{log.read_text()}"
            assert program.poll() is None, said
            assert time.monotonic() < latest, said
            time.sleep(0.2)
        yield
        assert program.poll() is None, f"{block.name}: {command}\n{log.read_text()}"
    finally:
        program.terminate()
        program.wait(UNTIL_READY)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(sign: str, log: Path) -> bool:
    """Whether a page is served, or a text is written."""
    if not sign.startswith("http"):
        return sign in log.read_text(encoding="utf-8")
    try:
        with urllib.request.urlopen(sign, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def environment(folder: Path) -> dict[str, str]:
    """A reader's: with the program on the path, and without what tells NiceGUI that it is being tested."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**ours, **ENVIRONMENT, "SCRATCH": str(folder / "scratch"), "PATH": path, "MPLBACKEND": "agg"}


def filled_in(code: str) -> str:
    """With what a reader puts in the place of names in capitals."""
    for name, meant in PLACEHOLDERS.items():
        code = code.replace(name, meant)
    return code


# -- settings: files the program reads ---------------------------------------------------------------------------------

SETTINGS = [block for block in BLOCKS if block.language == "toml"]
FEW = {
    "design": "sweep --replications 2 --set data.size=200 --no-figures",
    "sensitivity": "sensitivity --replications 1 --set data.size=200",
    "tune": "tune --replications 1 --held-out 2 --trials 8 --set data.size=200",
    "game": "game --replications 1 --set data.size=200",
}
"""By the table that says what is to be done: how to do it with as few runs as the command allows."""

SMALL = {"data.size": 60, "data.initial": 20, "horizon": "5d", "record.accuracy_every": "5d"}


def task_of(block: Block) -> str | None:
    """The table of a file that says what is to be done; None for parts of a scenario."""
    return next((task for task in FEW if task in tomllib.loads(block.code)), None)


@pytest.mark.parametrize("block", SETTINGS, ids=lambda block: block.name)
def test_settings_are_taken(block: Block, tmp_path: Path) -> None:
    """As they stand: every point of a design, every question; tables of a scenario are played, on few samples."""
    tables, task = tomllib.loads(block.code), task_of(block)
    if task is None:
        economy = build(load_scenario("quickstart", {**tables, **SMALL}))
        economy.run()
        assert economy.chain.transactions
    else:
        said = CliRunner().invoke(app, ["check", str(saved(block, tmp_path))])
        assert said.exit_code == 0, said.output or said.exception


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in SETTINGS if task_of(block)], ids=lambda block: block.name)
def test_settings_run(block: Block, tmp_path: Path) -> None:
    task = task_of(block)
    assert task
    command = f"deca10b {FEW[task]} --out results {saved(block, tmp_path)}"
    execute_one(block, ["sh", "-e", "-c", command], tmp_path, SECONDS_IF_SLOW)


def saved(block: Block, folder: Path) -> Path:
    """A page shows what matters of a file: without a scenario it is meant to have one."""
    path = folder / "page.toml"
    tables: dict[str, Any] = tomllib.loads(block.code)
    path.write_text(("" if "scenario" in tables else 'scenario = "quickstart"\n') + block.code, encoding="utf-8")
    return path
