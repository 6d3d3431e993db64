"""Models in and out of the deployment JSON: exact round trips, and a readable paragraph for each file that is none."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from experiments import deployment
from experiments.cli import app
from experiments.deployment import export_model, imported_kind, imported_model, to_json
from experiments.experiment import experiment_of
from experiments.scenario import load_scenario, to_plain, validate, with_levers
from sim.data import Dataset
from sim.errors import ConfigError, Revert
from sim.features import UnitVectors
from sim.models import Classifier, kind_of, models_of
from sim.models.deployment import TYPES, document_of, javascript_order, read_deployment
from sim.models.onchain import onchain_classifier
from tests.support import make_dataset

ONE = 10**9
KINDS = {
    "dense_perceptron": "dense perceptron",
    "sparse_perceptron": "sparse perceptron",
    "naive_bayes": "naive bayes",
    "dense_nearest_centroid": "dense nearest centroid classifier",
    "sparse_nearest_centroid": "sparse nearest centroid classifier",
}
CASES = [(kind, "solidity") for kind in KINDS] + [("perceptron", "corrected"), ("naive_bayes", "corrected")]
cases = pytest.mark.parametrize(("kind", "profile"), CASES)
DATA = make_dataset(200)


def taught(kind: str, profile: str, **options: Any) -> Classifier:
    """A model that was trained on some rows and then learnt others on the chain."""
    model: Classifier = models_of(profile)[kind_of(kind)](12, 2, **options)
    train: Any = UnitVectors(DATA.x_train) if model.reads_vectors else DATA.x_train
    first = np.array([i for i in range(40) if len(DATA.x_train.row(i))])
    model.fit(train.take(first), DATA.y_train[first])
    teach(model, 40, 120)
    return model


def teach(model: Classifier, first: int, end: int) -> None:
    rows: Any = UnitVectors(DATA.x_train) if model.reads_vectors else DATA.x_train
    for i in range(first, end):
        try:
            model.learn_one(rows.data(i).features, int(DATA.y_train[i]))
        except Revert:  # a row without features, which is no vector of norm 1
            model.journal.rollback()
        model.journal.commit()


def answers(model: Classifier) -> list[int]:
    rows: Any = UnitVectors(DATA.x_test) if model.reads_vectors else DATA.x_test
    return [int(answer) for answer in model.predict_many(rows)]


def written(tmp_path: Path, document: Any) -> str:
    path = tmp_path / "model.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def read(tmp_path: Path, document: Any, profile: str = "solidity", dataset: Dataset = DATA) -> Any:
    name = written(tmp_path, document)
    return imported_model(name, imported_kind(name), profile, dataset)


# -- round trips -----------------------------------------------------------------------------------------------------


@cases
def test_round_trip_is_exact_and_goes_on_alike(kind: str, profile: str, tmp_path: Path) -> None:
    options = {"step": "0.333333333"} if "perceptron" in kind else {}
    model = taught(kind, profile, **options)
    path = export_model(model, DATA, tmp_path / "model.json")
    again: Any = imported_model(str(path), kind, profile, DATA)
    assert again.to_state() == model.to_state()  # type: ignore[attr-defined]
    assert answers(again) == answers(model)
    teach(model, 120, 200)
    teach(again, 120, 200)
    assert again.to_state() == model.to_state()  # type: ignore[attr-defined]
    assert answers(again) == answers(model)
    assert export_model(again, DATA, tmp_path / "b.json").read_text() == export_model(model, DATA, path).read_text()


@pytest.mark.parametrize(("kind", "type_"), KINDS.items())
def test_type_is_the_script_s_own(kind: str, type_: str) -> None:
    assert document_of(taught(kind, "solidity"), DATA.classes)["type"] == type_
    assert TYPES[type_] == kind


def test_corrected_and_contract_read_the_same_file(tmp_path: Path) -> None:
    for kind in ("perceptron", "naive_bayes"):
        path = export_model(taught(kind, "corrected"), DATA, tmp_path / f"{kind}.json")
        one, other = (imported_model(str(path), kind, profile, DATA) for profile in ("corrected", "solidity"))
        assert one.to_state() == other.to_state()  # type: ignore[attr-defined]
        assert answers(one) == answers(other)


def test_stale_values_and_squared_magnitude_travel(tmp_path: Path) -> None:
    """Feature 1 was last learnt when the class had two samples of now three: 2/3 of its value counts."""
    state = {
        "classes": [
            {"numSamples": 3, "squaredMagnitude": 777, "centroid_value_and_numSamples": {"0": [5, 3], "1": [ONE, 2]}},
            {"numSamples": 1, "squaredMagnitude": ONE**2, "centroid_value_and_numSamples": {"2": [ONE, 1]}},
        ]
    }
    model = models_of("solidity")["sparse_nearest_centroid"](12, 2)
    model.load_state(state)  # type: ignore[attr-defined]
    document = document_of(model, ("no", "yes"))
    assert document["centroids"]["no"]["centroid"] == {"0": Decimal("0.000000005"), "1": Decimal("0.666666666")}
    assert document["centroids"]["no"]["stale"] == {"1": [1, 2]}
    assert document["centroids"]["no"]["squaredMagnitude"] == 777
    assert set(document["centroids"]["yes"]) == {"centroid", "dataCount"}
    assert read(tmp_path, to_json(document)).to_state() == state


# -- numbers ---------------------------------------------------------------------------------------------------------

PERCEPTRON = {
    "type": "sparse perceptron", "classifications": ["no", "yes"], "weights": [1.5, -2], "sparseWeights": {"11": 0.25},
    "intercept": 0, "bias": 0, "learningRate": 0.5,
}  # fmt: skip
DENSE = {**PERCEPTRON, "type": "dense perceptron", "weights": [0.5] * 12}
BAYES = {
    "type": "naive bayes", "classifications": ["no", "yes"], "classCounts": [3, 4], "totalNumFeatures": 12,
    "featureCounts": [[[0, 2], [11, 1]], [[3, 5]]], "smoothingFactor": 1,
}  # fmt: skip
CENTROIDS = {
    "type": "nearest centroid classifier",
    "centroids": {"no": {"centroid": [0.5] * 12, "dataCount": 2}, "yes": {"centroid": [-0.1] * 12, "dataCount": 7}},
}
SPARSE_CENTROIDS = {
    "type": "sparse nearest centroid classifier",
    "centroids": {
        "no": {"centroid": {"3": 0.5}, "dataCount": 2},
        "yes": {"centroid": [0.1, 0.2], "dataCount": 7},
    },
}


def test_files_of_the_demo_become_what_its_script_deploys(tmp_path: Path) -> None:
    """The constructors' arguments, worked out by hand, make the same models."""
    names = {"classifications": ["no", "yes"]}
    expected = {
        "sparse_perceptron": (
            PERCEPTRON,
            {"weights": [15 * 10**8, -2 * ONE], "sparseWeights": [(11, 25 * 10**7)], "intercept": 0,
             "learningRate": 5 * 10**8},
        ),
        "dense_perceptron": (DENSE, {"weights": [5 * 10**8] * 12, "intercept": 0, "learningRate": 5 * 10**8}),
        "naive_bayes": (
            BAYES,
            {"classCounts": [3, 4], "featureCounts": [[(0, 2), (11, 1)], [(3, 5)]], "totalNumFeatures": 12,
             "smoothingFactor": ONE},
        ),
        "dense_nearest_centroid": (CENTROIDS, {"centroids": [[5 * 10**8] * 12, [-(10**8)] * 12], "dataCounts": [2, 7]}),
        "sparse_nearest_centroid": (
            SPARSE_CENTROIDS, {"centroids": [[(3, 5 * 10**8)], [(0, 10**8), (1, 2 * 10**8)]], "dataCounts": [2, 7]},
        ),
    }  # fmt: skip
    for kind, (document, parameters) in expected.items():
        model = read(tmp_path, document)
        deployed: Any = onchain_classifier(kind, names | parameters)
        assert type(model) is type(deployed)
        assert model.to_state() == deployed.to_state()
        for setting in ("learning_rate", "smoothing", "total_features"):
            assert getattr(model, setting, None) == getattr(deployed, setting, None)


@pytest.mark.parametrize(
    ("decimal", "scaled"),
    [
        ("0.0000000005", 1), ("0.00000000049999999999999999999999999", 0), ("-0.0000000005", 0), ("-0.0000000015", -1),
        ("0.1", 10**8), ("604462909807314.587353087", 2**79 - 1), ("-604462909807314.587353088", -(2**79)),
        ("1e-999999999", 0), ("1E3", 1000 * ONE), ("9007199254740993", None),
    ],
)  # fmt: skip
def test_decimals_are_rounded_half_up_and_read_exactly(decimal: str, scaled: int | None, tmp_path: Path) -> None:
    text = json.dumps(DENSE).replace("[0.5,", f"[{decimal},", 1)
    if scaled is None:
        with pytest.raises(ConfigError, match=r"weights\[0\] times 10\^9 is 9007199254740993000000000; the contract"):
            read(tmp_path, text)
    else:
        assert read(tmp_path, text).weights.value[0] == scaled


def test_what_is_written_has_every_digit_and_no_exponent(tmp_path: Path) -> None:
    model = read(tmp_path, DENSE)
    model.weights.value = (2**79 - 1, -1, 0, 5 * ONE, -(2**79), *[10] * 7)
    text = export_model(model, DATA, tmp_path / "out.json").read_text()
    assert "[604462909807314.587353087, -0.000000001, 0, 5, -604462909807314.587353088, 0.000000010," in text
    assert read(tmp_path, text).to_state() == model.to_state()


def test_zero_intercept_is_written_under_both_names() -> None:
    """The script takes ``model.intercept || model.bias``: an intercept of 0 alone makes it fail."""
    for kind in ("dense_perceptron", "sparse_perceptron"):
        document = document_of(taught(kind, "solidity"), DATA.classes)
        assert (document["intercept"], document["bias"]) == (0, 0)


def test_smoothing_is_written_as_the_model_has_it(tmp_path: Path) -> None:
    """The contract knows nine decimals; the corrected model has the float that was asked for."""
    corrected = taught("naive_bayes", "corrected", smoothing=0.12345678987654321)
    contract = taught("naive_bayes", "solidity", smoothing=0.12345678987654321)
    assert document_of(corrected, DATA.classes)["smoothingFactor"] == Decimal("0.12345678987654321")
    assert document_of(contract, DATA.classes)["smoothingFactor"] == Decimal("0.123456790")
    path = export_model(corrected, DATA, tmp_path / "model.json")
    assert imported_model(str(path), "naive_bayes", "corrected", DATA).smoothing == corrected.smoothing  # type: ignore[attr-defined]


def test_order_of_centroids_is_javascript_s(tmp_path: Path) -> None:
    """Names that look like whole numbers come first, by size, wherever they stand in the file."""
    assert javascript_order({"b": 0, "10": 0, "a": 0, "9": 0, "01": 0, "4294967295": 0}) == (
        "9", "10", "b", "a", "01", "4294967295",
    )  # fmt: skip
    one, two = CENTROIDS["centroids"].values()  # type: ignore[union-attr]
    renamed = json.dumps({**CENTROIDS, "centroids": {"10": one, "9": two}})
    found = read_deployment(json.loads(renamed, parse_float=Decimal))
    assert found.classes == ("9", "10")
    assert found.state["classes"][0]["dataCount"] == 7
    model = taught("dense_nearest_centroid", "solidity")
    assert list(document_of(model, ("2", "1"))["centroids"]) == ["class 2", "class 1"]
    assert list(document_of(model, ("1", "2"))["centroids"]) == ["1", "2"]


def test_intents_and_a_bias_alone_are_read_too(tmp_path: Path) -> None:
    renamed = {"type": CENTROIDS["type"], "intents": CENTROIDS["centroids"]}
    assert read(tmp_path, renamed).to_state() == read(tmp_path, CENTROIDS).to_state()
    biased = {key: value for key, value in DENSE.items() if key != "intercept"} | {"bias": -0.75}
    assert read(tmp_path, biased).intercept == -75 * 10**7


# -- files that are none ---------------------------------------------------------------------------------------------


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def one_centroid(**changes: Any) -> dict[str, Any]:
    sparse: Any = SPARSE_CENTROIDS["centroids"]
    return {**SPARSE_CENTROIDS, "centroids": {**sparse, "no": {**sparse["no"], **changes}}}


MALFORMED: dict[str, tuple[Any, list[str]]] = {
    "no JSON": ("{'type': 1}", ["not valid JSON", "line 1 column 2", "Check commas"]),
    "empty": ("", ["not valid JSON"]),
    "no object": ("[1, 2]", ["no JSON object"]),
    "no type": (without(PERCEPTRON, "type"), ["type is missing", "Add it"]),
    "unknown type": ({**PERCEPTRON, "type": "perceptron"}, ["type is 'perceptron'", "sparse perceptron, naive bayes"]),
    "type is a list": ({**PERCEPTRON, "type": ["dense perceptron"]}, ["type is ['dense", "choose one of"]),
    "no weights": (without(PERCEPTRON, "weights"), ["weights is missing"]),
    "weights are no list": ({**PERCEPTRON, "weights": {"0": 1}}, ["weights is {'0': 1}", "a list"]),
    "a weight is text": ({**PERCEPTRON, "weights": [1, "2"]}, ["weights[1] is '2'", "without quotes"]),
    "a weight is true": ({**PERCEPTRON, "weights": [True]}, ["weights[0] is True", "decimal number"]),
    "a weight is infinite": (json.dumps(PERCEPTRON).replace("1.5", "Infinity"), ["the number Infinity", "finite"]),
    "a weight is absurd": (json.dumps(PERCEPTRON).replace("1.5", "1e999999999"), ["weights[0] is 1E+9", "10^80"]),
    "a number of thousands of digits": (json.dumps(PERCEPTRON).replace("1.5", "9" * 9999), ["absurdly large"]),
    "endless nesting": ("[" * 100_000, ["absurdly large"]),
    "a weight that does not fit": (
        {**DENSE, "weights": [700_000_000_000_000] * 12}, ["weights[0] times 10^9 is 7000000000", "to 604462909807314"],
    ),
    "no learning rate": (without(PERCEPTRON, "learningRate"), ["learningRate is missing", "1 or 0.5"]),
    "learning rate of 0": ({**PERCEPTRON, "learningRate": 0}, ["learningRate is 0", "above 0"]),
    "learning rate that does not fit": ({**PERCEPTRON, "learningRate": 5}, ["step times 10^9", "4294967295"]),
    "no intercept": (without(without(PERCEPTRON, "bias"), "intercept"), ["intercept is missing", '"bias": 0']),
    "two intercepts": ({**PERCEPTRON, "bias": 1}, ["intercept and bias are two different numbers"]),
    "feature indices": ({**PERCEPTRON, "featureIndices": [3, 4]}, ["featureIndices is not taken", "Remove it"]),
    "sparse weights by word": ({**PERCEPTRON, "sparseWeights": {"ten": 1}}, ["sparseWeights has the key 'ten'"]),
    "negative index": ({**PERCEPTRON, "sparseWeights": {"-1": 1}}, ["the key '-1'", "0 to 4294967295"]),
    "an index under two names": ({**PERCEPTRON, "sparseWeights": {"7": 1, "07": 2}}, ["names a feature twice"]),
    "three classes of a perceptron": ({**PERCEPTRON, "classifications": ["a", "b", "c"]}, ["3 names", "2 classes"]),
    "one class": ({**BAYES, "classifications": ["a"]}, ["classifications is ['a']", "two or more"]),
    "classes of one name": ({**BAYES, "classifications": ["a", "a"]}, ["two or more different names"]),
    "a key twice": (json.dumps(BAYES)[:-1] + ', "type": "naive bayes"}', ["'type' stands twice"]),
    "no counts": (without(BAYES, "featureCounts"), ["featureCounts is missing"]),
    "counts of too few classes": ({**BAYES, "classCounts": [3]}, ["classCounts has 1 entries, classifications 2"]),
    "half a sample": ({**BAYES, "classCounts": [3, 0.5]}, ["classCounts[1] is 0.5", "whole number"]),
    "negative count": ({**BAYES, "classCounts": [3, -4]}, ["classCounts[1] is -4", "from 0 to"]),
    "no pair": ({**BAYES, "featureCounts": [[[1, 2, 3]], []]}, ["featureCounts[0][0] is [1, 2, 3]", "[index, count]"]),
    "pairs are no list": ({**BAYES, "featureCounts": [{}, []]}, ["featureCounts[0] is {}", "list of pairs"]),
    "feature beyond all": ({**BAYES, "featureCounts": [[[12, 1]], []]}, ["feature 12", "totalNumFeatures is 12"]),
    "no smoothing": (without(BAYES, "smoothingFactor"), ["smoothingFactor is missing"]),
    "negative smoothing": ({**BAYES, "smoothingFactor": -1}, ["smoothingFactor is -1", "0 or more"]),
    "no number of features": (without(BAYES, "totalNumFeatures"), ["totalNumFeatures is missing"]),
    "no centroids": (without(CENTROIDS, "centroids"), ["centroids is missing"]),
    "centroids are a list": ({**CENTROIDS, "centroids": [1]}, ["centroids is [1]", "{centroid, dataCount}"]),
    "no data count": ({**CENTROIDS, "centroids": {"a": {"centroid": [1]}}}, ["centroids.a.dataCount is missing"]),
    "centroids of two lengths": (
        {**CENTROIDS, "centroids": {"a": {"centroid": [1], "dataCount": 1}, "b": {"centroid": [1, 2], "dataCount": 1}}},
        ["have 1, 2 numbers", "as many"],
    ),
    "negative sparse centroid": (one_centroid(centroid={"3": -0.5}), ["centroids.no.centroid.3 times 10^9 is -5"]),
    "stale values of another centroid": (one_centroid(stale={"3": [0.9, 1]}), ["no.stale.3", "Remove stale"]),
    "features the data do not have": ({**PERCEPTRON, "sparseWeights": {"12": 1}}, ["knows 13 features", "has 12"]),
    "vectors of another length": ({**DENSE, "weights": [1] * 11}, ["knows 11 features", "'small' has 12"]),
    "classes in another order": ({**BAYES, "classifications": ["YES", "NO"]}, ["every label would be another"]),
    "three classes of two": (
        {**BAYES, "classifications": ["a", "b", "c"], "classCounts": [1] * 3, "featureCounts": [[]] * 3},
        ["3 classes", "2. Choose"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_file_is_one_readable_paragraph(case: str, tmp_path: Path) -> None:
    document, expected = MALFORMED[case]
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, document)
    text = str(caught.value)
    for part in expected:
        assert part in text
    assert "model.json" in text
    assert "\n" not in text
    assert len(text) < 500


def test_unreadable_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ConfigError, match="not UTF-8"):
        imported_kind(str(tmp_path / "binary.json"))
    with pytest.raises(ConfigError, match=r"There is no model file .*--export-model"):
        imported_kind(str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match="cannot be read"):
        imported_kind(str(tmp_path))
    monkeypatch.setattr(deployment, "LARGEST_FILE", 10)
    with pytest.raises(ConfigError, match="larger than"):
        imported_kind(written(tmp_path, BAYES))


# -- scenarios -------------------------------------------------------------------------------------------------------


def scenario_with(**model: Any) -> Any:
    return validate({"data": {"size": 200}, "model": model, "agents": [{"kind": "honest"}]})


def test_kind_is_that_of_the_file_and_stays_without_it(tmp_path: Path) -> None:
    name = written(tmp_path, {**DENSE, "weights": [0.5] * 1000})
    scenario = scenario_with(**{"import": name, "profile": "solidity"})
    assert scenario.model.kind == "dense_perceptron"
    Path(name).unlink()
    again = validate(to_plain(scenario))
    assert again == scenario
    assert with_levers(scenario, {"seed": 3}).model.imported == name


def test_kinds_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    from experiments.build import build

    name = written(tmp_path, BAYES | {"totalNumFeatures": 1000})
    with pytest.raises(ConfigError, match=r"model.kind is 'perceptron', but .* holds a naive_bayes"):
        build(scenario_with(**{"import": name, "kind": "perceptron"}))
    with pytest.raises(ConfigError, match="does not exist under profile 'corrected'"):
        scenario_with(**{"import": written(tmp_path, DENSE)})


def test_parameters_that_contradict_the_file_are_refused(tmp_path: Path) -> None:
    from experiments.build import build

    name = written(tmp_path, {**PERCEPTRON, "learningRate": 0.25})
    assert build(scenario_with(**{"import": name, "step": 0.25})).trainer.model.step == 250_000_000  # type: ignore[attr-defined]
    assert build(scenario_with(**{"import": name})).trainer.model.step == 250_000_000  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"model.step is 0.5, but .* brings its own, 0.25"):
        build(scenario_with(**{"import": name, "step": 0.5}))
    assert read_deployment(json.loads(Path(name).read_text(), parse_float=Decimal)).settings == {"step": Fraction(1, 4)}


def test_command_line_writes_a_model_that_another_run_starts_from(tmp_path: Path) -> None:
    """The initial samples are neither learnt again nor offered again; the accuracy is that of the end before."""
    name = str(tmp_path / "out" / "model.json")
    small = ["run", "quickstart", "--json", "--set", "data.size=200", "--set", "model.profile=solidity"]
    small += ["--set", "model.kind=sparse_nearest_centroid"]
    first = CliRunner().invoke(app, [*small, "--export-model", name])
    assert first.exit_code == 0, first.output
    second = CliRunner().invoke(app, [*small, "--set", f"model.import={name}", "--set", "seed=1"])
    assert second.exit_code == 0, second.output
    one, two = json.loads(first.stdout), json.loads(second.stdout)
    assert two["initial_accuracy"] == one["final_accuracy"]
    assert two["counts"]["accepted"] == one["counts"]["accepted"] == 196
    refused = CliRunner().invoke(app, [*small, "--export-model", str(tmp_path)])
    assert "--export-model" in str(refused.exception)


def test_sweep_is_another_one_when_the_file_is(tmp_path: Path) -> None:
    name = written(tmp_path, BAYES | {"totalNumFeatures": 1000})
    config = {
        "name": "x", "model": {"import": name}, "data": {"size": 200}, "agents": [{"kind": "honest"}],
        "design": {"levers": {"mechanism.cost_weight": [1, 2]}},
    }  # fmt: skip
    before = experiment_of(config).identity
    assert experiment_of(config).identity == before
    written(tmp_path, BAYES | {"totalNumFeatures": 1000, "classCounts": [4, 4]})
    assert experiment_of(config).identity != before


def test_scenario_without_import_says_nothing_of_it() -> None:
    assert load_scenario("quickstart").model.imported is None
    assert "import" not in to_plain(load_scenario("quickstart"))["model"]
