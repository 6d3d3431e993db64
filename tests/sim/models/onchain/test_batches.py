"""Many predictions at once: the same as one by one, in 64 bits where that is proved to be exact, and beyond."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.features import Data, Features, UnitVectors
from sim.models.onchain import ONCHAIN_MODELS, OnChainClassifier, onchain_classifier
from sim.models.onchain.batch import Batch
from sim.models.onchain.naive_bayes import NaiveBayes, _floored_products
from tests.sim.models.onchain.support import ONE

N_FEATURES = 7
kinds = pytest.mark.parametrize("kind", ONCHAIN_MODELS, ids=lambda kind: kind.name)
lists = st.lists(st.lists(st.integers(0, N_FEATURES - 1), max_size=12), min_size=1, max_size=12)
WEIGHTS = {"small": 3 * ONE, "at the edge of 62 bits": 2**62 - 3, "of 80 bits": 2**79 - 1}


def rows_of(samples: list[list[int]], vectors: bool) -> Features | UnitVectors:
    indptr = np.cumsum([0, *map(len, samples)], dtype=np.int64)
    indices = np.array([index for sample in samples for index in sample], np.int32)
    rows = Features(indptr, indices, N_FEATURES)
    return UnitVectors(rows) if vectors else rows


def with_numbers(kind: type[OnChainClassifier], number: Callable[[int], int], count: int) -> OnChainClassifier:
    """A model whose weights, counts or values are whatever ``number`` makes of a running number."""
    weights = [number(i) for i in range(N_FEATURES)]
    unsigned = [[abs(number(7 * label + i)) for i in range(N_FEATURES)] for label in range(3)]
    dense = kind.name == "dense_nearest_centroid"
    signed = [[number(7 * label + i) % 2**62 - 2**61 for i in range(N_FEATURES)] for label in range(3)]
    parameters: dict[str, Any] = {
        "classifications": ["a", "b", "c"] if "perceptron" not in kind.name else ["a", "b"],
        "weights": weights, "intercept": number(99), "learningRate": ONE,
        "classCounts": [count, count + 1, count + 2], "totalNumFeatures": N_FEATURES, "smoothingFactor": ONE,
        "featureCounts": [[(i, n % 2**32) for i, n in enumerate(each)] for each in unsigned],
        "centroids": signed if dense else [[(i, n % 2**64) for i, n in enumerate(each)] for each in unsigned],
        "dataCounts": [count, count + 1, count + 2],
    }  # fmt: skip
    return onchain_classifier(kind.name, parameters)


def one_by_one(model: OnChainClassifier, rows: Features | UnitVectors) -> list[int]:
    return [model.predict_one(rows.data(i).features) for i in range(len(rows))]


@kinds
@pytest.mark.parametrize("largest", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("count", [0, 3, 10**6, 10**7])
def test_numbers_of_any_size(kind: type[OnChainClassifier], largest: int, count: int) -> None:
    if kind.name == "sparse_nearest_centroid" and not count:
        count = 1
    rng = np.random.default_rng(1)
    numbers = [int(share * largest) for share in rng.uniform(-1, 1, 200)]
    numbers[:2] = [largest, -largest]
    model = with_numbers(kind, lambda i: numbers[i], count)
    rows = rows_of([rng.integers(0, N_FEATURES, size).tolist() for size in range(30)], model.reads_vectors)
    assert model.predict_many(rows).tolist() == one_by_one(model, rows)


@kinds
@given(taught=lists, asked=lists, labels=st.integers(0, 2**12))
def test_what_was_learnt(kind: type[OnChainClassifier], taught: list, asked: list, labels: int) -> None:
    taught = [sorted(set(sample)) for sample in [[0, 1], [2, 3], *taught] if sample]
    model = kind(N_FEATURES, 2)
    known = rows_of(taught, model.reads_vectors)
    model.fit(known, np.array([0, 1, *(labels >> i & 1 for i in range(len(taught) - 2))]))
    rows = rows_of(asked, model.reads_vectors)
    assert model.predict_many(rows).tolist() == one_by_one(model, rows)
    batch = Batch.of(rows, model.reads_vectors)
    assert batch is not None
    assert model._predict_batch(batch) is not None, "what is usual goes the quick way"


@given(
    count=st.integers(1, 10**6),
    totals=st.lists(st.integers(0, 2**31), min_size=N_FEATURES, max_size=N_FEATURES),
    samples=lists,
)
def test_floored_products_of_naive_bayes(count: int, totals: list[int], samples: list[list[int]]) -> None:
    """The products, worked out in fractions of whole numbers, factor by factor."""
    parameters = {
        "classifications": ["a", "b"], "classCounts": [count, 1], "totalNumFeatures": N_FEATURES,
        "smoothingFactor": ONE, "featureCounts": [list(enumerate(totals)), []],
    }  # fmt: skip
    model = onchain_classifier("naive_bayes", parameters)
    assert isinstance(model, NaiveBayes)
    rows = rows_of(samples, vectors=False)
    expected = []
    for sample in samples:
        first, second = count * ONE, ONE
        for index in sample:
            first = first * (ONE * totals[index] + ONE) // (ONE * sum(totals) + N_FEATURES * ONE)
            second = second * ONE // (N_FEATURES * ONE)
        expected.append(int(second > first))
    assert model.predict_many(rows).tolist() == expected


@pytest.mark.parametrize("first", [2**49 - 1, 2**49 - 2**20 + 7, 123_456_789_012_345])
def test_quotients_next_to_a_whole_number(first: int) -> None:
    """Factors that make the float quotient land on the wrong side of a whole number are mended."""
    divisor = 2**61 + 2**40 + 12_345
    quotients = np.linspace(1, first - 1, 2_000, dtype=np.int64).tolist()
    factors = [min(divisor, (q * divisor) // first + more) for q in quotients for more in (0, 1)]
    size = len(factors)
    batch = Batch(np.arange(size + 1), np.arange(size), np.ones(size, np.int64))
    found = _floored_products(batch, first, np.array(factors, np.int64), divisor).tolist()
    assert found == [first * factor // divisor for factor in factors]


def test_vectors_of_many_rows_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    rows = rows_of([rng.integers(0, N_FEATURES, size).tolist() for size in range(40)], vectors=True)
    assert isinstance(rows, UnitVectors)
    dense: NDArray[np.int64] = rows.matrix().toarray()
    assert all((dense[i] == rows.row(i)).all() for i in range(len(rows)))
    assert rows.filled().tolist() == list(range(1, 40))


@kinds
def test_watch_follows_many_updates(kind: type[OnChainClassifier]) -> None:
    rng = np.random.default_rng(3)
    model = kind(N_FEATURES, 2)
    samples = [sorted(set(rng.integers(0, N_FEATURES, 4).tolist())) for _ in range(60)]
    labels = rng.integers(0, 2, 60)
    rows = rows_of(samples, model.reads_vectors)
    model.fit(rows.take(np.arange(10)), np.arange(10) % 2)
    watch = model.watch()
    data: list[Data] = [rows.data(i) for i in range(60)]
    for record in range(40):
        watch.add(record, data[record].features, int(labels[record]))
    for lesson in range(40, 60):
        model.learn_one(data[lesson].features, int(labels[lesson]))
        model.journal.commit()
        watch.discard(lesson - 40)
        watch.refresh()
        for record in range(lesson - 39, 40):
            assert watch.agrees(record) == (model.predict_one(data[record].features) == labels[record])
