"""Texts become features: against scikit-learn's and Keras' rules spelled out, and published hash values."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data.text import BagOfWords, keras_words, murmur3, sklearn_words

WORDS = st.lists(st.sampled_from(["aa", "bb", "cc", "dd", "ee"]), max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("data", "seed", "number"),
    [
        (b"", 0, 0),
        (b"", 1, 0x514E28B7),
        (b"test", 0, 0xBA6BD213),
        (b"hello", 0, 0x248BFA47),
        (b"Hello, world!", 0, 0xC0363E43),
        (b"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD),
        (b"\xff\xff\xff\xff", 0, 0x76293B50),
    ],
)
def test_hash_numbers_are_the_published_ones(data, seed, number):
    assert murmur3(data, seed) == number


def test_words_of_either_library():
    text = "It's 10/10 -- a GREAT film_noir!\tIsn't it?"
    assert keras_words(text) == ["it's", "10", "10", "a", "great", "film", "noir", "isn't", "it"]
    assert sklearn_words(text) == ["it", "10", "10", "great", "film_noir", "isn", "it"]


@pytest.mark.parametrize("ngram", [1, 2])
@pytest.mark.parametrize("counts", [False, True])
@given(train=st.lists(WORDS, max_size=6), test=st.lists(WORDS, max_size=4), top=st.integers(1, 8))
def test_features_are_the_most_frequent_words_of_the_training_texts(ngram, counts, train, test, top):
    def grams(text):
        words = text.split()
        return words if ngram == 1 else [f"{one} {two}" for one, two in itertools.pairwise(words)]

    total = Counter(gram for text in train for gram in grams(text))
    names = sorted(total, key=lambda gram: (-total[gram], gram))[:top]
    x_train, x_test, found = BagOfWords(top, ngram, counts).features(train, test)
    assert found == tuple(names)
    for x, texts in ((x_train, train), (x_test, test)):
        assert len(x) == len(texts)
        for row, text in enumerate(texts):
            columns = [names.index(gram) for gram in grams(text) if gram in names]
            assert x.row(row).tolist() == sorted(columns if counts else set(columns))


def test_hashed_names_show_no_word():
    plain = BagOfWords(top=2).features(["test hello", "test"], ["hello"])
    hashed = BagOfWords(top=2, hashed=True).features(["test hello", "test"], ["hello"])
    assert hashed[2] == (str(0xBA6BD213), str(0x248BFA47))
    assert plain[0].indices.tolist() == hashed[0].indices.tolist()


def test_a_pair_does_not_reach_over_an_unknown_word():
    _, x_test, names = BagOfWords(ngram=2).features(["one two"], ["one new two", "new one two"])
    assert names == ("one two",)
    assert [x_test.row(row).tolist() for row in range(2)] == [[], [0]]
