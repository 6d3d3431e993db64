"""Questions in files, their two sizes, and the commands that ask them."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.analysis.play import Setting
from experiments.analysis.questions import load_question, question_facts, question_names, question_of
from experiments.analysis.sensitivity import Plan
from experiments.analysis.space import Space
from experiments.analysis.tuning import Tuning
from experiments.experiment import load_experiment
from experiments.scenario import load_scenario
from experiments.sizes import sized
from sim.errors import ConfigError
from tests.experiments.analysis.conftest import TINY


def test_presets_are_questions_in_both_sizes() -> None:
    assert question_names() == ("game-drt", "sensitivity-drt", "tune-drt")
    for facts in question_facts():
        quick, paper = (load_question(facts["name"], facts["type"], size) for size in ("quick", "paper"))
        assert paper.table["replications"] > quick.table["replications"]
        assert paper.base.scenario.data.size == 6000
    assert Tuning.of(load_question("tune-drt", "tune")).trials == 16
    assert len(Setting.of(load_question("game-drt", "game")).profiles) == 15


def test_studies_of_presets_have_the_points_they_say() -> None:
    pytest.importorskip("SALib", reason="the extra 'analysis' is not installed")
    from experiments.analysis.study import Study

    study = Study.of(load_question("sensitivity-drt", "sensitivity"))
    assert len(study.places) == 6 * (5 + 1)


@pytest.mark.parametrize("name", ["deposit-refund-full", "market-noise", "fingerprint"])
def test_experiments_have_a_paper_size(name: str) -> None:
    config: dict[str, Any] = {"design": {"replications": 2}, "paper": {"design": {"replications": 30}}}
    assert sized(config, "paper") == {"design": {"replications": 30}}
    assert load_experiment(name).design.replications < 30
    if name != "deposit-refund-full":  # 1,620 points take a while to check
        assert load_experiment(name, size="paper").design.replications == 30


def test_a_file_without_a_paper_size_says_so() -> None:
    with pytest.raises(ConfigError, match=r"no table \[paper\]"):
        load_experiment("three-mechanisms", size="paper")
    with pytest.raises(ConfigError, match="quick, paper"):
        load_experiment("three-mechanisms", size="large")


def test_a_space_reaches_both_ends() -> None:
    space = Space.of({"a": {"from": 1, "to": 4}, "b": {"from": 1.0, "to": 100.0, "scale": "log"}, "c": ["x", "y"]})
    assert space.point([0, 0, 0]) == {"a": 1, "b": 1.0, "c": "x"}
    assert space.point([1, 1, 1]) == {"a": 4, "b": 100.0, "c": "y"}
    assert space.point([0.5, 0.5, 0.5]) == {"a": 3, "b": 10.0, "c": "y"}


def test_what_is_no_question_is_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'tune-drt'"):
        load_question("tune-drtt", "tune")
    with pytest.raises(ConfigError, match=r"no table \[game\], but \[tune\]"):
        load_question("tune-drt", "game")
    with pytest.raises(ConfigError, match="dta is unknown"):
        question_of({"scenario": "quickstart", "game": {}, "dta": {}}, "game")


def test_sensitivity_from_the_command_line(deca10b: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("SALib", reason="the extra 'analysis' is not installed")
    file = tmp_path / "mine.toml"
    file.write_text(
        'scenario = "quickstart"\nhorizon = "20d"\n[data]\nsize = 120\n[sensitivity]\nsamples = 2\nreplications = 1\n'
        'outcomes = ["final_accuracy"]\n[sensitivity.levers]\n"mechanism.cost_weight" = [1, 20]\n'
    )
    told = deca10b("sensitivity", str(file), "--out", "out", "--workers", "1")
    assert told.code == 0, told.err
    assert "final_accuracy" in told.out
    assert Path("out/sensitivity.json").exists()
    refused = deca10b("sensitivity", str(file), "--out", "out")
    assert refused.code == 2
    assert "Error:" in refused.err
    dry = deca10b("sensitivity", "sensitivity-drt", "--dry-run")
    assert "morris over 5 levers" in dry.out


def test_calibrate_from_the_command_line(deca10b: Callable[..., Any]) -> None:
    rows = [f"{60 * n},s{n % 3},{n % 10},{int((n % 10) < 5 + n % 2)},1" for n in range(90)]
    Path("mine.csv").write_text("time,sender,cost,accepted,refunded\n" + "\n".join(rows))
    told = deca10b("calibrate", "mine.csv", "--out", "out", "--json")
    assert told.code == 0, told.err
    facts = json.loads(told.out)
    assert facts["senders"]["count"] == 3
    assert load_scenario("out/scenario.toml").agents[0].name == "sender"
    assert Path("out/calibration.svg").exists()
    assert deca10b("calibrate", "none.csv").code == 2


def test_welfare_from_the_command_line(deca10b: Callable[..., Any]) -> None:
    options = ("--set", "data.size=120", "--replications", "2", "--workers", "1", "--per-day", "10")
    told = deca10b("welfare", "quickstart", *options, "--json")
    assert told.code == 0, told.err
    facts = json.loads(told.out)
    assert facts["effort"]["estimate"] == 0
    assert facts["surplus"]["estimate"] == facts["value"]["estimate"] > 0
    assert deca10b("welfare", "quickstart", "--value", "-1").code == 2


DOCS = Path(__file__).parents[3] / "docs" / "analysis.md"


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL))
def test_tables_of_the_documentation_are_questions(text: str) -> None:
    tables = tomllib.loads(text)
    if "tune" in tables:
        assert Tuning.of(question_of({**TINY, **tables}, "tune")).trials == 100
    elif "game" in tables:
        assert Setting.of(question_of({**TINY, **tables}, "game")).addresses == 2
    elif "sensitivity" in tables:
        pytest.importorskip("SALib", reason="the extra 'analysis' is not installed")
        question = question_of({**TINY, **tables}, "sensitivity")
        assert len(Plan("sobol", Space.of(question.table["levers"]).names, 64).shares()) == 64 * (2 * 3 + 2)
    else:
        assert sized(tables, "paper") == {"design": {"replications": 30}}


def test_an_unknown_key_is_told_what_the_file_may_have() -> None:
    with pytest.raises(ConfigError, match=r"foo is unknown\. Allowed here: scenario, tune, outcomes, paper, and of"):
        question_of({**TINY, "foo": 1, "tune": {"levers": {"mechanism.cost_weight": [1, 2]}}}, "tune")


def test_questions_are_listed(deca10b: Callable[..., Any]) -> None:
    assert "game-drt" in deca10b("list", "questions").out
