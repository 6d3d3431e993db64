"""``[model] kind`` and ``profile``: every model in an economy, under the profile it exists in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.build import baseline_accuracy, build, new_model
from experiments.catalogue import catalogue
from experiments.runner import run
from experiments.scenario import Scenario, load_scenario, scenario_hash, validate, with_levers
from sim.data import Dataset
from sim.errors import ConfigError
from sim.features import Features, UnitVectors
from sim.models import ADAPTERS, MODEL_NAMES, MODEL_PROFILES, MODELS, NaiveBayes, SparsePerceptron
from sim.models import onchain as contracts
from sim.models.adapters import River, ScikitLearn
from sim.models.reference import (
    REFERENCE_MODELS,
    ReferenceNaiveBayes,
    ReferenceNearestCentroid,
    ReferencePerceptron,
)
from tests.support import make_dataset

TABLE: dict[tuple[str, str], type] = {
    ("naive_bayes", "corrected"): NaiveBayes,
    ("perceptron", "corrected"): SparsePerceptron,
    ("sparse_perceptron", "corrected"): SparsePerceptron,
    ("scikit_learn", "corrected"): ScikitLearn,
    ("river", "corrected"): River,
    ("naive_bayes", "reference"): ReferenceNaiveBayes,
    ("perceptron", "reference"): ReferencePerceptron,
    ("sparse_perceptron", "reference"): ReferencePerceptron,
    ("nearest_centroid", "reference"): ReferenceNearestCentroid,
    ("dense_nearest_centroid", "reference"): ReferenceNearestCentroid,
    ("naive_bayes", "solidity"): contracts.NaiveBayes,
    ("perceptron", "solidity"): contracts.SparsePerceptron,
    ("sparse_perceptron", "solidity"): contracts.SparsePerceptron,
    ("dense_perceptron", "solidity"): contracts.DensePerceptron,
    ("nearest_centroid", "solidity"): contracts.DenseNearestCentroid,
    ("dense_nearest_centroid", "solidity"): contracts.DenseNearestCentroid,
    ("sparse_nearest_centroid", "solidity"): contracts.SparseNearestCentroid,
}
NOT_CORRECTED = ("dense_perceptron", "nearest_centroid", "dense_nearest_centroid", "sparse_nearest_centroid")
REFERENCE = {"model.kind": "perceptron", "model.profile": "reference"}
KINDS = ("perceptron", "naive_bayes", "dense_perceptron", "nearest_centroid", "sparse_nearest_centroid")


@pytest.fixture(scope="module")
def data_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small set that a line can mostly tell apart, as a user's CSV: features and label."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    upper = np.arange(12) >= 6
    rows = (rng.random((300, 12)) < np.where(upper == labels[:, None].astype(bool), 0.5, 0.15)).astype(int)
    rows[:, 0] |= ~rows.any(1)  # nobody is empty
    path = tmp_path_factory.mktemp("data") / "small.csv"
    lines = [",".join([*(f"x{i}" for i in range(12)), "label"])]
    lines += [",".join(map(str, [*row, label])) for row, label in zip(rows.tolist(), labels.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def small(data_file: str, **model: Any) -> Scenario:
    people = {"count": 3, "balance": 1000, "arrival": {"kind": "poisson", "mean_gap": 3600}}
    return validate(
        {
            "horizon": "20d",
            "data": {"dataset": data_file, "initial": 30},
            "model": model,
            "mechanism": {"refund_window": "6h"},
            "agents": [{"kind": "honest", **people}, {"kind": "label_flipper", **people, "count": 1}],
        }
    )


@pytest.mark.parametrize(("kind", "profile"), TABLE)
def test_every_name_makes_its_model(kind: str, profile: str, data_file: str) -> None:
    scenario = small(data_file, kind=kind, profile=profile)
    assert type(new_model(scenario, make_dataset())) is TABLE[kind, profile]


def test_every_name_and_every_model_is_in_the_table() -> None:
    assert {kind for kind, _ in TABLE} == set(MODEL_NAMES)
    assert set(TABLE.values()) == {*MODELS, *ADAPTERS, *contracts.ONCHAIN_MODELS, *REFERENCE_MODELS}
    assert set(MODEL_PROFILES) == {"corrected", "solidity", "reference"}


@pytest.mark.parametrize("kind", NOT_CORRECTED)
def test_kind_of_another_profile_is_refused_in_words(kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"model.kind is '{kind}'.* 'corrected'; write model.profile = 'solidity'"):
        load_scenario("quickstart", {"model.kind": kind})


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.profile is 'evm'; choose one of corrected, solidity, reference"):
        load_scenario("quickstart", {"model.profile": "evm"})


@pytest.mark.parametrize("kind", KINDS)
def test_economy_of_every_contract_comes_to_its_end(kind: str, data_file: str) -> None:
    """All samples find a taker, nobody is refused, and the honest majority keeps the model above chance."""
    result = run(small(data_file, kind=kind, profile="solidity"), twin=True)
    assert result.ended == "data and open claims are used up"
    assert len(result.added) == 210 - 30
    assert sum(row.statement.refused for row in result.agents) == 0
    assert result.baseline_accuracy > 0.75
    assert result.twin is not None
    assert result.twin.final_accuracy > 0.7
    assert all(0 <= snapshot.accuracy <= 1 for snapshot in result.snapshots)


@pytest.mark.parametrize("kind", ["perceptron", "naive_bayes", "nearest_centroid"])
def test_economy_of_every_learner_of_the_reference_comes_to_its_end(kind: str, data_file: str) -> None:
    result = run(small(data_file, kind=kind, profile="reference"), twin=True)
    assert result.ended == "data and open claims are used up"
    assert len(result.added) == 210 - 30
    assert sum(row.statement.refused for row in result.agents) == 0
    assert result.baseline_accuracy > 0.75
    assert result.twin is not None
    assert result.twin.final_accuracy > 0.7


@pytest.mark.parametrize(
    ("kind", "estimator"), [("scikit_learn", "MultinomialNB"), ("river", "HoeffdingAdaptiveTreeClassifier")]
)
def test_economy_with_a_learner_of_another_library_comes_to_its_end(kind: str, estimator: str, data_file: str) -> None:
    one, again = (run(small(data_file, kind=kind, estimator=estimator)) for _ in range(2))
    assert one.ended == "data and open claims are used up"
    assert len(one.added) == 210 - 30
    assert sum(row.statement.refused for row in one.agents) == 0
    assert one.snapshots == again.snapshots


def test_scikit_learns_naive_bayes_and_the_references_are_one_economy(data_file: str) -> None:
    """Gas apart: the library itself, and the same arithmetic in journalled cells."""
    one = run(small(data_file, kind="naive_bayes", profile="reference"))
    other = run(small(data_file, kind="scikit_learn", estimator="MultinomialNB"))
    assert [snapshot.accuracy for snapshot in one.snapshots] == [snapshot.accuracy for snapshot in other.snapshots]
    assert [row.final_balance for row in one.agents] == [row.final_balance for row in other.agents]


def test_options_of_a_learner_reach_it_and_are_checked(data_file: str) -> None:
    scenario = small(data_file, kind="scikit_learn", estimator="BernoulliNB", estimator_options={"alpha": 0.25})
    model = new_model(scenario, make_dataset())
    assert isinstance(model, ScikitLearn)
    assert model.estimator.get_params()["alpha"] == 0.25
    assert scenario_hash(scenario) != scenario_hash(with_levers(scenario, {"model.estimator_options": {"alpha": 0.5}}))
    with pytest.raises(ConfigError, match=r"BernoulliNB has no option 'beta' here. It has alpha"):
        with_levers(scenario, {"model.estimator_options": {"beta": 1}})
    with pytest.raises(ConfigError, match="estimator is 'MLPClassifier'; choose one of Hoeffding"):
        with_levers(scenario, {"model.kind": "river", "model.estimator": "MLPClassifier"})
    with pytest.raises(ConfigError, match=r"are of scikit_learn and river, but model.kind is 'naive_bayes'"):
        load_scenario("quickstart", {"model.estimator": "GaussianNB"})


def test_models_that_no_contract_is_like_have_no_file(tmp_path: Path) -> None:
    """That is said before the run, not after it."""
    file, path = tmp_path / "model.json", tmp_path / "new.json"
    small = {"data.size": 200}
    run(load_scenario("quickstart", {**small, "model.kind": "perceptron"}), model_file=file)
    with pytest.raises(
        ConfigError, match=r"model.import .* 'perceptron' and profile 'reference' cannot start from a file"
    ):
        load_scenario("quickstart", {"model.import": str(file), **REFERENCE})
    for levers in (REFERENCE, {"model.kind": "river"}):
        with pytest.raises(ConfigError, match=r"has no deployment file. Leave out --export-model"):
            run(load_scenario("quickstart", {**small, **levers}), model_file=path)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["naive_bayes", "perceptron"])
def test_profiles_agree_where_the_arithmetic_does(kind: str, data_file: str) -> None:
    """Samples of few features underflow nowhere and no weight leaves 80 bits: then both profiles are one economy."""
    one, other = (run(small(data_file, kind=kind, profile=profile)) for profile in ("corrected", "solidity"))
    assert one.snapshots == other.snapshots
    assert [row.final_balance for row in one.agents] == [row.final_balance for row in other.agents]
    assert one.baseline_accuracy == other.baseline_accuracy


def test_parameters_reach_the_contracts(data_file: str) -> None:
    dataset = make_dataset()
    scenario = small(data_file, kind="dense_perceptron", profile="solidity", step=0.25, passes=2)
    model = new_model(scenario, dataset)
    assert isinstance(model, contracts.DensePerceptron)
    assert (model.learning_rate, model.passes) == (250_000_000, 2)
    bayes = new_model(small(data_file, profile="solidity", smoothing=0.5), dataset)
    assert isinstance(bayes, contracts.NaiveBayes)
    assert bayes.smoothing == 500_000_000
    with pytest.raises(ConfigError, match=r"step times 10\^9 is 5000000000; the contract holds .* to 4294967295"):
        new_model(small(data_file, kind="perceptron", profile="solidity", step=5), dataset)


def test_dense_models_get_vectors_and_sparse_ones_indices(data_file: str) -> None:
    dense = build(small(data_file, kind="dense_perceptron", profile="solidity")).stream
    sparse = build(small(data_file, kind="perceptron", profile="solidity")).stream
    assert dense.current.row == sparse.current.row
    indices = sparse.current.data.features.tolist()
    vector = dense.current.data.features.tolist()
    assert len(vector) == 12
    assert [i for i, number in enumerate(vector) if number] == indices
    assert set(vector) == {0, round(1e9 / len(indices) ** 0.5)}
    assert isinstance(dense.test_features, UnitVectors)
    assert isinstance(sparse.test_features, Features)


def test_rows_without_features_are_left_out_for_dense_models(data_file: str) -> None:
    """The contracts refuse the vector of zeros, so it would stay on offer for ever."""
    dataset = make_dataset(40)
    rows = np.array([dataset.x_train.row(i) if i % 4 else [] for i in range(40)], dtype=object)
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    features = Features(indptr, np.concatenate(list(rows)).astype(np.int32), 12)
    empty = sum(not len(row) for row in rows)
    holed = Dataset("holed", "Holed", features, dataset.y_train, dataset.x_test, dataset.y_test, dataset.classes)
    scenario = with_levers(small(data_file, kind="nearest_centroid", profile="solidity"), {"data.initial": 5})
    assert build(scenario, holed).stream.offered == 40 - empty - 5
    assert build(with_levers(scenario, {"model.kind": "perceptron"}), holed).stream.offered == 40 - 5


@pytest.mark.parametrize("kind", ["dense_perceptron", "nearest_centroid"])
def test_sample_that_no_block_has_room_for_is_told_before_the_run(kind: str, data_file: str) -> None:
    wide = make_dataset(30, n_features=12_000)
    scenario = with_levers(small(data_file, kind=kind, profile="solidity"), {"data.initial": 4})
    with pytest.raises(ConfigError, match=r"reads 12,000 numbers .* more gas than a block has \(30,000,000\).* sparse"):
        build(scenario, wide)
    roomy = {"kind": "fixed", "price": "1 gwei", "gas_limit": 900_000_000}
    assert build(with_levers(scenario, {"chain.fees": roomy, "chain.unit": "1 ether"}), wide).stream.offered == 26


def test_hash_knows_one_word_for_each_kind_and_no_default() -> None:
    def hashed(**model: Any) -> str:
        return scenario_hash(validate({"model": model, "agents": [{"kind": "honest"}]}))

    assert hashed() == hashed(kind="naive_bayes", profile="corrected", step=1, smoothing=1.0)
    assert hashed(kind="perceptron") == hashed(kind="sparse_perceptron") != hashed()
    solid = {"profile": "solidity"}
    assert hashed(kind="nearest_centroid", **solid) == hashed(kind="dense_nearest_centroid", **solid)
    assert len({hashed(), hashed(**solid), hashed(kind="perceptron"), hashed(kind="perceptron", **solid)}) == 4


def test_baselines_of_profiles_are_kept_apart(data_file: str) -> None:
    """Long samples underflow in the contract's naive Bayes, which then answers class 0."""
    wordy = {"data.size": 200}
    corrected = load_scenario("quickstart", wordy)
    assert baseline_accuracy(corrected) > 0.85
    assert baseline_accuracy(with_levers(corrected, {"model.profile": "solidity"})) < 0.6


def test_list_of_models_names_profiles_and_other_names() -> None:
    entries = {entry["name"]: entry for entry in catalogue("models")}
    assert list(entries)[:2] == ["naive_bayes", "perceptron"]
    assert entries["perceptron"]["profiles"] == ["corrected", "solidity", "reference"]
    assert entries["perceptron"]["also"] == ["sparse_perceptron"]
    assert entries["dense_nearest_centroid"]["profiles"] == ["solidity", "reference"]
    assert (
        "profile solidity or reference, also called nearest_centroid"
        in entries["dense_nearest_centroid"]["description"]
    )
    assert {name for entry in entries.values() for name in (entry["name"], *entry["also"])} == set(MODEL_NAMES)


def test_kind_is_a_lever(data_file: str) -> None:
    scenario = small(data_file, profile="solidity")
    kinds = [with_levers(scenario, {"model.kind": kind}).model.kind for kind in KINDS]
    assert kinds == list(KINDS)
