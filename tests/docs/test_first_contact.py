"""The first five minutes: what the program says by itself, and the files it writes for whoever wants more."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agents.checks import check_agent
from experiments import pages
from experiments.build import build
from experiments.catalogue import catalogue
from experiments.cli import app, main
from experiments.cli_new import FIRST_STEPS, new_file
from experiments.pages import with_page
from experiments.scenario import load_scenario
from sim.chain.fees_presets import FEE_TERMS
from sim.errors import ConfigError
from tests.docs.pages import ROOT
from tests.docs.test_links import anchors_of
from tests.support import make_economy


def test_without_arguments_it_shows_what_to_do_next() -> None:
    said = CliRunner().invoke(app, [])
    assert said.exit_code == 0
    assert FIRST_STEPS.strip() in said.output


@pytest.mark.parametrize("kind", ["agent", "mechanism"])
def test_a_new_file_passes_its_check_and_plays(kind: str, tmp_path: Path) -> None:
    path = new_file(kind, "my_own_thing", tmp_path / "deep")
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "It keeps all rules." in ran.stdout
    assert "In the quickstart economy" in ran.stdout
    assert "class MyOwnThing(" in path.read_text()
    assert max(map(len, path.read_text().splitlines())) <= 120


def test_a_fault_in_the_file_is_found(tmp_path: Path) -> None:
    """The check at its end is a check: a mechanism that pays half of what it promised does not pass."""
    path = new_file("mechanism", "greedy", tmp_path)
    right = "        return left\n\n    def on_report"
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, "        return left // 2\n\n    def on_report"))
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert ran.returncode != 0
    assert "promised" in ran.stderr


def test_who_seldom_lies_is_no_adversary_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undeclared, one lie in ten passes for mistakes under every seed; every other label false does not."""
    text = new_file("agent", "seldom", tmp_path).read_text().replace("adversarial=True", "adversarial=False")
    (tmp_path / "seldom.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    kind = import_module("seldom").Seldom
    for first in range(0, 40, 10):
        check_agent(kind, lambda seed, first=first: make_economy(first + seed), lie_rate=0.1)
        with pytest.raises(ConfigError, match=r"false labels.*traits\.adversarial"):
            check_agent(kind, lambda seed, first=first: make_economy(first + seed))


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("model", "mine", "agent or mechanism"),
        ("agent", "MyAgent", "small letters"),
        ("agent", "../evil", "small letters"),
        ("agent", "agents", "module"),
        ("agent", "random", "module"),
        ("agent", "class", "module"),
        ("agent", "sleeper", "registered"),
        ("mechanism", "points", "registered"),
    ],
)
def test_names_that_would_do_harm_are_refused(kind: str, name: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=hint):
        new_file(kind, name, tmp_path)
    assert not list(tmp_path.rglob("*.py"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = new_file("agent", "mine", tmp_path)
    path.write_text("precious")
    with pytest.raises(ConfigError, match="already"):
        new_file("agent", "mine", tmp_path)
    assert path.read_text() == "precious"


def levers() -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in catalogue("levers")}


def test_levers_are_listed_with_default_and_owner() -> None:
    known = levers()
    assert known["mechanism.cost_weight"]["default"] == "1"
    assert known["mechanism.cost_weight"]["of"] == ["deposit_refund_take"]
    assert known["mechanism.revealed_first"]["of"] == ["prediction_market"]
    assert known["agents.GROUP.point_value"]["of"] == ["honest"]
    assert known["agents.GROUP.kind"]["default"] == "required"
    assert known["chain.unit"]["default"] == "0.001 ether"


def test_defaults_as_listed_can_be_written() -> None:
    """Each as a config would have it: setting it changes nothing."""
    plain = load_scenario("quickstart")
    for path in ("data.shuffle", "model.smoothing", "record.accuracy_every", "mechanism.refund_rule", "chain.unit"):
        assert load_scenario("quickstart", {path: _value(levers()[path]["default"])}) == plain


def _value(text: str) -> Any:
    from experiments.levers import read_levers

    return read_levers([f"x={text}"])["x"]


@pytest.mark.parametrize(
    ("levers", "page"),
    [
        ({"mechanism.cost_wait": 3}, "'deca10b list levers'"),
        ({"data.dataset": "nope"}, "docs/data.md"),
        ({"chain.fees": "l1_2025"}, "docs/fees.md"),
        ({"mechanism.cost_weight": -1}, "docs/ODD.md#mechanism"),
        ({"mechanism.kind": "prediction_market", "mechanism.profile": "solidity"}, "docs/profiles.md"),
        ({"agents.honest.count": 0}, "docs/ODD.md#agents"),
        ({"model.import": "nope.json"}, "docs/profiles.md#models-in-and-out-of-files"),
        ({"record.accuracy_every": 0}, "docs/ODD.md#record"),
        ({"seed": -1}, "docs/ODD.md#run"),
        ({"model.kind": "nope"}, ""),  # says itself which command lists them
    ],
)
def test_errors_point_to_the_page_that_explains_them(levers: dict[str, Any], page: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(load_scenario("quickstart", levers))
    message = str(caught.value)
    assert with_page(message) == (f"{message} See {page}." if page else message)


def test_other_errors_of_a_command_point_to_its_page() -> None:
    """Every command there is has one; so no error leaves its reader alone."""
    assert set(pages._COMMANDS) == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert with_page("shard is '3/2'.", "sweep") == "shard is '3/2'. See docs/sweeps.md."
    assert with_page("Unknown lever 'x'.", "sweep") == "Unknown lever 'x'. See 'deca10b list levers'."


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        (["replay", "nope.jsonl"], "docs/traces.md"),
        (["run", "quickstart", "--set", "data.dataset=titanic"], "docs/data.md"),
        (["report", "nope"], "docs/how-to.md"),
        (["tournament", "nope.csv"], "docs/attacks.md#tournaments"),
    ],
)
def test_command_line_tells_the_page(
    arguments: list[str], page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["deca10b", *arguments])
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"See {page}.\n")


def test_the_pages_that_errors_point_to_exist() -> None:
    for page in [*(page for _, page in pages._PAGES), *pages._COMMANDS.values()]:
        path, _, anchor = page.partition("#")
        assert (
            path.startswith("'deca10b ") or (not anchor and (ROOT / path).exists()) or anchor in anchors_of(ROOT / path)
        )


def test_fees_are_listed() -> None:
    assert [entry["name"] for entry in catalogue("fees")] == list(FEE_TERMS)
