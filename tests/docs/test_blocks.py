"""Code in the documentation: it runs where it says so, and names nothing that is not there anywhere else."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from experiments.cli import app
from tests.docs.pages import BLOCKS, PAGES, ROOT, Block, blocks_of, commands_of

OURS = ("sim", "mechanisms", "agents", "experiments")
SECONDS = 120


def ours(command: str) -> list[str] | None:
    """The arguments of a command line of this program; None for another program's."""
    words = shlex.split(re.sub(r"[<>|;]\s*\S*.*$", "", command) if "--set" not in command else command)
    return words[1:] if words and Path(words[0]).name == "deca10b" else None


COMMANDS = [
    (block, command)
    for block in BLOCKS
    if block.language in ("sh", "console")
    for command in commands_of(block)
    if ours(command) is not None
]


def test_every_fence_is_understood() -> None:
    for page in PAGES:
        fences = re.findall(r"^```", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), page
    assert len(COMMANDS) > 50


@pytest.mark.parametrize(
    ("block", "command"), COMMANDS, ids=lambda value: value.name if isinstance(value, Block) else ""
)
def test_commands_and_options_exist(block: Block, command: str) -> None:
    """Read as the program reads them, without running anything."""
    group: Any = typer.main.get_command(app)
    arguments = ours(command)
    assert arguments is not None
    while arguments and hasattr(group, "commands"):
        word, *arguments = arguments
        if word in ("-h", "--help"):
            return
        assert word in group.commands, f"{block.name}: there is no command {word!r}"
        group = group.commands[word]
    if "--help" not in arguments and not hasattr(group, "commands"):
        group.make_context(command, arguments)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "toml"], ids=lambda block: block.name)
def test_toml_can_be_read(block: Block) -> None:
    tomllib.loads(block.code)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=lambda block: block.name)
def test_python_compiles_and_imports_what_exists(block: Block) -> None:
    for node in ast.walk(ast.parse(block.code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in OURS:
            module = import_module(node.module)
            missing = [name.name for name in node.names if not hasattr(module, name.name)]
            # a class that the page itself has the reader write
            own = [name for name in missing if re.search(rf"^class {name}\b", block.page.read_text("utf-8"), re.M)]
            assert missing == own, f"{block.name}: {node.module} has no {missing}"


RUNNING = [page for page in PAGES if any(block.mark for block in blocks_of(page))]


@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.stem)
def test_page_runs_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    """Each block in a folder that has what the blocks above it left."""
    here = Path(sys.executable).parent
    for name, target in ((".venv", Path(sys.prefix)), ("experiments", ROOT / "experiments")):
        (tmp_path / name).symlink_to(target, target_is_directory=True)
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "MPLBACKEND": "agg"}
    for block in (block for block in blocks_of(page) if block.mark):
        if block.mark.startswith("saved as "):
            (tmp_path / block.mark.removeprefix("saved as ")).write_text(block.code, encoding="utf-8")
            continue
        program = ["sh", "-e", "-c"] if block.language == "sh" else [sys.executable, "-c"]
        ran = subprocess.run(
            [*program, block.code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
        assert ran.returncode == 0, f"{block.name}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"


def test_tutorial_and_how_to_are_run() -> None:
    assert {"tutorial", "how-to"} <= {page.stem for page in RUNNING}
