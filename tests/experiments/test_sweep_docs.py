"""What docs/sweeps.md and docs/clusters.md show is true: experiments load, Python runs, scripts are no nonsense."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import experiments
from experiments import pools
from experiments.experiment import experiment_of
from experiments.scenario import load_scenario
from tests.experiments.canned import Inline

DOCS = Path(__file__).parents[2] / "docs"
TINY = {"data.size": 60, "horizon": "2d", "data.initial": 10}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_experiments_of_the_page_are_valid() -> None:
    texts = blocks("sweeps.md", "toml")
    sizes = [len(experiment_of(tomllib.loads(text) | {"data": {"size": 200}}).design) for text in texts]
    assert sizes == [3 * 2 * 2, 64, 4]


def test_python_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiments, "load_scenario", lambda name: load_scenario(name, TINY), raising=False)
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda *_, **__: Inline())
    names: dict[str, Any] = {}
    for text in blocks("sweeps.md", "python"):
        exec(text.replace("replications=5", "replications=2"), names)
    assert len(names["results"].runs()) == 17 * 2
    assert len(names["ruin"]) == 17 * 2
    assert experiments.load_design("design.csv", replications=2) == names["first"]


def test_scripts_for_clusters_can_be_read() -> None:
    for text in blocks("clusters.md", "sh") + blocks("sweeps.md", "sh"):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    for text in blocks("clusters.md", "python"):
        compile(text, "clusters.md", "exec")
