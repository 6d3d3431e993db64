"""Shards and stopping rules: divided or not, in whatever order, the tables are the same."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from experiments.design import Design, Grid, Points
from experiments.design_table import design_of
from experiments.execution import Answer
from experiments.experiment import Experiment, experiment_of
from experiments.merging import merge
from experiments.report import read_results
from experiments.report.content import content, experiment_toml
from experiments.scenario import load_scenario
from experiments.stopping import Until, next_look
from experiments.store import Store
from experiments.sweeper import shard_of, sweep
from sim.errors import ConfigError
from tests.experiments.canned import Canned, Inline, answers_of, changed, tables

W = "mechanism.cost_weight"
TINY = {"data.size": 60, "horizon": "2d", "data.initial": 10}
BASE = load_scenario("quickstart", TINY)
EXPERIMENT = Experiment(BASE, Grid({W: [1, 5, 30]}, replications=3))
Answers = dict[tuple[str, int], Answer]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep(EXPERIMENT, tmp_path_factory.mktemp("whole") / "out", executor=Inline()).folder


@pytest.fixture(scope="session")
def answers(whole: Path) -> Answers:
    return answers_of(Store(whole, EXPERIMENT, resume=True))


@pytest.mark.parametrize("of", [2, 4])
def test_shards_are_merged_to_the_same_bytes(whole: Path, answers: Answers, tmp_path: Path, of: int) -> None:
    folders = [tmp_path / str(number) for number in range(1, of + 1)]
    asked: list[tuple[str, int]] = []
    for number, folder in enumerate(folders, start=1):
        executor = Canned(answers)
        results = sweep(EXPERIMENT, folder, executor=executor, shard=f"{number}/{of}")
        assert results.manifest["counts"]["runs"] == len(executor.asked)
        assert results.manifest["counts"]["missing"] == 9 - len(executor.asked)
        asked += executor.asked
    assert sorted(asked) == sorted(answers)  # every run once
    merged = merge(folders[::-1], tmp_path / "all")
    assert tables(merged.folder) == tables(whole)
    assert merged.manifest["counts"] == {"points": 3, "runs": 9, "failed": 0, "missing": 0}
    assert [session["shard"] for session in merged.manifest["sessions"]] != []
    assert sorted(path.name for path in merged.folder.iterdir()) == sorted(path.name for path in whole.iterdir())


def test_what_no_shard_has_is_run_later(whole: Path, answers: Answers, tmp_path: Path) -> None:
    """One shard was killed at its third run: loose files count as well; the other one is lost."""

    def stop(state: object) -> None:
        if getattr(state, "done", 0) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(EXPERIMENT, tmp_path / "one", executor=Canned(answers), shard="1/2", progress=stop)
    merged = merge([tmp_path / "one"], tmp_path / "all")
    assert merged.manifest["counts"] == {"points": 3, "runs": 3, "failed": 0, "missing": 6}
    rest = Canned(answers)
    sweep(EXPERIMENT, tmp_path / "all", resume=True, executor=rest)
    assert len(rest.asked) == 6
    assert tables(tmp_path / "all") == tables(whole)


def test_of_two_that_overlap_the_good_run_is_taken(whole: Path, answers: Answers, tmp_path: Path) -> None:
    key = next(iter(answers))
    broken = changed(answers[key], status="failed", error="oh no")
    sweep(EXPERIMENT, tmp_path / "bad", executor=Canned(answers | {key: broken}))
    sweep(EXPERIMENT, tmp_path / "good", executor=Canned(answers), shard="1/1")
    assert tables(merge([tmp_path / "bad", tmp_path / "good"], tmp_path / "all").folder) == tables(whole)


def test_only_one_experiment_is_merged(whole: Path, answers: Answers, tmp_path: Path) -> None:
    other = Experiment(BASE, Grid({W: [1, 5]}, replications=3))
    sweep(other, tmp_path / "other", executor=Canned(answers))
    with pytest.raises(ConfigError, match="another experiment"):
        merge([whole, tmp_path / "other"], tmp_path / "all")
    with pytest.raises(ConfigError, match="is no results folder"):
        merge([whole, tmp_path], tmp_path / "all")
    with pytest.raises(ConfigError, match="not empty"):
        merge([whole], tmp_path)
    with pytest.raises(ConfigError, match="nothing to merge"):
        merge([], tmp_path / "all")
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/0", ""])
def test_shards_are_checked(shard: str) -> None:
    with pytest.raises(ConfigError, match="1 <= i <= n"):
        shard_of(shard)


# -- stopping rules ---------------------------------------------------------------------------------------------------


def design_until(most: int, half_width: float, pilot: int = 4) -> Experiment:
    rule = {"outcome": "final_accuracy", "half_width": half_width, "most": most}
    return Experiment(BASE, Grid({W: [1, 5, 30]}, replications=pilot, until=rule))


@pytest.fixture(scope="session")
def noisy(answers: Answers) -> Canned:
    """Accuracies drawn around 0.5 with a spread of the point's own: 0, 0.05 and 0.2."""
    hashes = [key[0] for key in answers if key[1] == 0]

    def answer(key: tuple[str, int]) -> Answer:
        spread = (0.0, 0.05, 0.2)[hashes.index(key[0])]
        noise = np.random.default_rng(key[1]).normal()
        return changed(answers[key[0], 0], final_accuracy=0.5 + spread * noise)

    return Canned(answer)


def test_points_are_repeated_until_they_are_known_well_enough(noisy: Canned, tmp_path: Path) -> None:
    experiment = design_until(most=60, half_width=0.03)
    runs = sweep(experiment, tmp_path, executor=noisy).runs()
    counts = runs.groupby("point")["replication"].agg(["count", "max"])
    assert (counts["max"] == counts["count"] - 1).all()  # no replication is left out
    half = {}
    for point, values in runs.groupby("point")["final_accuracy"]:
        half[point] = stats.t.ppf(0.975, len(values) - 1) * values.sem()
    assert counts["count"][0] == 4  # without noise the pilot is enough
    assert half[1] <= 0.03
    assert 4 < counts["count"][1] < 60
    assert counts["count"][2] == 60  # (2 × 0.2 / 0.03)² would be 178
    assert half[2] > 0.03


def test_what_is_run_depends_on_results_only(noisy: Canned, tmp_path: Path) -> None:
    """In one go, shard by shard, and with a rule that is tightened later: the same runs, the same bytes."""
    experiment = design_until(most=60, half_width=0.03)
    whole = sweep(experiment, tmp_path / "whole", executor=noisy).folder
    for number in (1, 2):
        sweep(experiment, tmp_path / str(number), executor=noisy, shard=f"{number}/2")
    assert tables(merge([tmp_path / "1", tmp_path / "2"], tmp_path / "both").folder) == tables(whole)
    loose = sweep(design_until(most=60, half_width=0.08), tmp_path / "out", executor=noisy)
    assert len(loose.runs()) < pq.read_metadata(whole / "runs.parquet").num_rows
    sweep(experiment, tmp_path / "out", executor=noisy, resume=True)
    assert tables(tmp_path / "out") == tables(whole)


def test_a_rule_travels_in_the_manifest(noisy: Canned, tmp_path: Path) -> None:
    results = sweep(design_until(most=8, half_width=0.5), tmp_path, executor=noisy)
    assert results.manifest["experiment"]["design"]["until"] == {
        "outcome": "final_accuracy", "half_width": 0.5, "most": 8,
    }  # fmt: skip
    again = Experiment.from_dict(json.loads(json.dumps(results.manifest["experiment"])))
    assert again.design.until == Until("final_accuracy", 0.5, 8)
    assert "until final_accuracy is known to ± 0.5, at most 8 replications" in str(again.design)


def test_a_report_says_the_rule_and_the_file_to_reproduce_it(noisy: Canned, tmp_path: Path) -> None:
    finished = read_results(sweep(design_until(most=8, half_width=0.03), tmp_path, executor=noisy).folder)
    again = experiment_of(tomllib.loads(experiment_toml(finished.experiment)))
    assert again.design == finished.experiment.design
    assert again.identity == finished.manifest["identity"]
    text = str(content(finished, []))
    assert "until final_accuracy was known to ± 0.03 (95 %), at most 8 times" in text
    assert "Of 3 intervals of 95 %" in text


def test_looks() -> None:
    """n' = n (h_n/h)², at most twice and at least one more."""
    rule = Until("x", 1.0, 100)
    values = [0.0, 2.0] * 5  # s = 1.054, t(.975, 9) = 2.262: half-width 0.754
    assert next_look(values, rule) == 10
    assert next_look(values, rule._replace(half_width=0.7)) == 12  # 10 × (0.754/0.7)² = 11.6
    assert next_look(values, rule._replace(half_width=0.01)) == 20
    assert next_look(values, rule._replace(half_width=0.01, most=15)) == 15
    assert next_look(values, rule._replace(half_width=0.75)) == 11
    assert next_look([None, None, 3.0], rule) == 6  # failures count as looks
    assert next_look([True, False] * 50, Until("captured", 0.1, 1000)) == 100  # Wilson: ± 0.096
    assert next_look([False] * 10, Until("captured", 0.05, 1000)) == 20  # never certain of a rare event


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (5, "design.until is 5; it must be a table"),
        ({"outcome": "final_accuracy", "half_width": 0.1}, "until.most is missing"),
        ({"outcome": "final_accuracy", "half_width": 0.1, "mosst": 9}, "Did you mean 'most'"),
        ({"outcome": "final_accuracy", "half_width": 0, "most": 9}, "half_width is 0; it must be a number above 0"),
        ({"outcome": "final_accuracy", "half_width": "0.1", "most": 9}, "half_width is '0.1'"),
        ({"outcome": "final_accuracy", "half_width": 0.1, "most": 1}, "most is 1"),
        ({"outcome": 7, "half_width": 0.1, "most": 9}, "outcome is 7"),
        ({"outcome": "final_acuracy", "half_width": 0.1, "most": 9}, "Did you mean 'final_accuracy'"),
        ({"outcome": "ended", "half_width": 0.1, "most": 9}, "an outcome that is a number"),
        ({"outcome": "final_accuracy", "half_width": 0.1, "most": 2}, "replications is 3; with until it is the pilot"),
    ],
)
def test_rules_are_checked(rule: object, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Experiment(BASE, design_of({"levers": {W: [1, 5]}, "replications": 3, "until": rule}))


def test_designs_with_a_rule_are_sliced_and_added() -> None:
    rule = Until("final_accuracy", 0.1, 9)
    design: Design = Grid({W: [1, 5]}, 3, until=rule)
    assert design[:1].until == rule
    assert (design[:1] + design[1:]).until == rule
    with pytest.raises(ConfigError, match="different rules"):
        design + Points([{W: 9}], 3)
