"""Code in the documentation names nothing that is not there: commands, options, modules."""

from __future__ import annotations

import ast
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from experiments.cli import app
from tests.docs.pages import BLOCKS, PAGES, Block, blocks_of, commands_of, name_of

OURS = ("sim", "mechanisms", "agents", "experiments")


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


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_in_sentences_exist(page: Path) -> None:
    """They may leave out what they are not about, so only names are looked up."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for span in re.findall(r"`deca10b\s([^`]+)`", text):
        words, command = span.split(), typer.main.get_command(app)
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            assert words[0] in command.commands, f"there is no command {words[0]!r}: {span}"
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"(?<!\S)\[?(--[\w-]+)", span)) <= known | {"--help"}, span


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=lambda block: block.name)
def test_python_compiles_and_imports_what_exists(block: Block) -> None:
    for node in ast.walk(ast.parse(block.code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in OURS:
            module = import_module(node.module)
            missing = [name.name for name in node.names if not hasattr(module, name.name)]
            # a class that the page itself has the reader write
            own = [name for name in missing if re.search(rf"^class {name}\b", block.page.read_text("utf-8"), re.M)]
            assert missing == own, f"{block.name}: {node.module} has no {missing}"
