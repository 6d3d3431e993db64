"""What was published, as data: each number with its source, how near ours must come, and why it may not.

Sources are the reference simulation of microsoft/0xDeCA10B (its code, the history of its code, its figure and runs of
it), and the gas limits in the tests of its contracts. The papers' texts are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass

_FIGURE = "figure 1558466743_plot.png of the reference simulation, read off"
_ITS_RUN = "a run of the reference simulation on 25,000 generated reviews"
_ENTRY = "simulate_entry_point.py of the reference simulation"
_CONTRACT_TESTS = "tests of the contracts (demo/client/test)"
_MARKET_RUN = "a run of the reference's market (p-market-sim-00) on 310 generated reviews"
_RULES = "the reference's rules run again, independently, with a model that stands still"
_NOT_PRINTED = "gas table of the second paper: its rows are known, its cells are not in the repository"

_ORDER = (
    "where this perceptron stops depends on the order of the rows and on the version of scikit-learn; the reference "
    "itself has .73 and .7945 for the same data"
)
_OTHER_SET = "both data sets are generated, by different generators: sizes and the people agree, the reviews do not"


@dataclass(frozen=True)
class Published:
    """One number.

    Attributes
    ----------
    name : by which the measurement gives ours
    what : the number in words
    value : as published; None: it is not printed anywhere
    source : where it stands
    low, high : our mean must lie from the one to the other; None: without limit
    single_run : the published value is one run, so it must lie where 95 % of our single runs do; no low and high then
    unit, digits : how it is written
    because : why ours may differ, a sentence without its full stop
    """

    name: str
    what: str
    value: float | None
    source: str
    low: float | None = None
    high: float | None = None
    single_run: bool = False
    unit: str = ""
    digits: int = 1
    because: str = ""


@dataclass(frozen=True)
class Target:
    """A figure or a group of numbers.

    Attributes
    ----------
    name, title : on the command line, and in words
    numbers : what was published
    measure : ``module:function`` of this package, which takes the seeds and the name of a data set
    data, stand_in : name of the data set, and of the generated one that is measured where it is missing; "" for none
    seeds : how many by default, so that it takes about a minute at most
    seconds : about how long a seed takes
    chance : whether seeds make any difference
    """

    name: str
    title: str
    numbers: tuple[Published, ...]
    measure: str
    data: str = ""
    stand_in: str = ""
    seeds: int = 1
    seconds: float = 1.0
    chance: bool = True


def _course(source: str, good: float, bad: float, ends: float, within: float) -> tuple[Published, ...]:
    """What becomes of the money, in per cent of what each had, and on which day it is over."""
    return (
        Published("good", "Good at the end", good, source, good - within, 200.0, unit="%"),
        Published("bad", "Bad at the end", bad, source, 0.0, bad + 2, unit="%"),
        Published("ends", "last claim", ends, source, ends - 5, ends + 5, unit="d", digits=0),
    )


IMDB_FIGURE = Target(
    "imdb-figure",
    "The papers' figure: Good and Bad teach a perceptron film reviews",
    (
        Published("initial", "accuracy before the first contribution", 79.0, _FIGURE, 77.0, 81.0, unit="%"),
        Published("drift", "farthest that accuracy moves from there, points", 0.0, _FIGURE, 0.0, 3.0,
                  because="the figure shows a line without visible slope"),
        Published("baseline", "accuracy trained on all data at once", 79.45, _ENTRY, 76.45, 82.45, unit="%", digits=2,
                  because=_ORDER),
        Published("day_one", "Good's wallet after a day, deposits locked", 97.0, _FIGURE, 96.0, 98.0, unit="%"),
        *_course(_FIGURE, 197.0, 0.0, 157.0, 7.0),
        Published("exhausted", "Bad has less than 2 %", 124.0, _FIGURE, 115.0, 135.0, unit="d", digits=0),
    ),
    "imdb:measure", data="imdb", stand_in="imdb-like", seeds=10, seconds=3.0,
)  # fmt: skip

REFERENCE_RUN = Target(
    "reference-run",
    "The same economy on generated reviews, as the reference itself ran it",
    (
        Published("initial", "accuracy before the first contribution", 76.36, _ITS_RUN, 73.36, 79.36, unit="%",
                  because=_OTHER_SET),
        Published("final", "accuracy at the end", 76.8, _ITS_RUN, 73.8, 79.8, unit="%", because=_OTHER_SET),
        *_course(_ITS_RUN, 198.6, 1.4, 156.0, 2.0),
        Published("added", "contributions", 23_000, _ITS_RUN, 23_000, 23_000, digits=0),
    ),
    "imdb:measure", data="imdb-like", seeds=5, seconds=3.0,
)  # fmt: skip

GOLDEN = Target(
    "golden",
    "The same economy with a model that stands still (accuracy .80 to .82)",
    (
        Published("good", "Good at the end", 199.2, _RULES, 190.0, 200.0, unit="%"),
        Published("bad", "Bad at the end", 0.8, _RULES, 0.0, 2.0, unit="%"),
        Published("exhausted", "Bad has less than 1 %, or cannot pay", 120.0, _RULES, 115.0, 135.0, unit="d", digits=0),
        Published("ends", "last claim", 153.0, _RULES, 148.0, 158.0, unit="d", digits=0),
        Published("good_deposit", "mean deposit of Good, units", 2.3, _RULES, 2.2, 2.4, digits=2),
        Published("bad_deposit", "mean deposit of Bad, units", 4.6, _RULES, 4.2, 5.0, digits=2),
    ),
    "golden:measure", seeds=10, seconds=2.0,
)  # fmt: skip


def _baselines(data: str, title: str, seeds: int, seconds: float, *numbers: tuple[str, float, float, str]) -> Target:
    """Accuracies of learners on a data set: name, in words, published value, how far off ours may be."""
    rows = tuple(
        Published(name, what, value, _ENTRY, value - within, value + within, digits=4,
                  because=_ORDER if name == "perceptron" else "")
        for name, value, within, what in numbers
    )  # fmt: skip
    stand_in = {"imdb": "imdb-like", "news": "news-like", "fitness": "fitness-like"}.get(data, "")
    return Target(f"{data}-baselines", title, rows, "learners:measure", data, stand_in, seeds, seconds)


_BAYES, _CENTROID, _PERCEPTRON = "naive Bayes", "nearest centroid", "perceptron"
BASELINES = (
    _baselines(
        "imdb", "Accuracies on film reviews, trained on all rows", 3, 16.0,
        ("naive_bayes", 0.8323, 0.0005, _BAYES), ("nearest_centroid", 0.7445, 0.0005, _CENTROID),
        ("perceptron", 0.73, 0.03, _PERCEPTRON), ("perceptron", 0.7945, 0.03, f"{_PERCEPTRON}, an earlier run"),
    ),
    _baselines(
        "fitness", "Accuracies on bicycle rides and runs, trained on all rows", 10, 0.5,
        ("naive_bayes", 0.97, 0.01, _BAYES), ("nearest_centroid", 0.9513, 0.01, _CENTROID),
        ("perceptron", 0.9507, 0.03, _PERCEPTRON),
    ),
    _baselines(
        "news", "Accuracies on news, trained on all rows", 3, 12.0,
        ("naive_bayes", 0.8181, 0.01, _BAYES), ("nearest_centroid", 0.6727, 0.01, _CENTROID),
        ("perceptron", 0.9003, 0.03, _PERCEPTRON),
    ),
    _baselines("titanic", "Accuracy on the passengers of the Titanic", 1, 0.5, ("naive_bayes", 0.791, 0.02, _BAYES)),
)  # fmt: skip

GAS = Target(
    "gas",
    "Gas and its price, Istanbul hard fork (October 2019)",
    (
        Published("bayes_update", "naive Bayes: an update by itself", 113_704, _CONTRACT_TESTS, 113_363, 114_045,
                  unit="gas", digits=0),
        Published("bayes_price", "the same at 4 gwei and 373 USD an ether", 0.17, _CONTRACT_TESTS, 0.165, 0.175,
                  unit="USD", digits=3),
        Published("press", "an update as it was told in July 2019", 0.25, "Microsoft Research's blog and the press",
                  unit="USD", digits=2,
                  because="neither model nor price of gas are told; at 4 gwei and 373 USD it is 168,000 gas"),
        Published("dense_right", "dense perceptron: without a mistake, at most", 100_000, _CONTRACT_TESTS,
                  None, 100_000, unit="gas", digits=0),
        Published("dense_wrong", "dense perceptron: a mistake, 400 numbers, at most", 8_000_000, _CONTRACT_TESTS, None,
                  8_000_000, unit="gas", digits=0),
        Published("add_class", "nearest centroid: another class, at most", 7_900_000, _CONTRACT_TESTS, None, 7_900_000,
                  unit="gas", digits=0),
        Published("largest_deployment", "largest transaction of a deployment, at most", 8_900_000,
                  "limit of a block in October 2019", None, 8_900_000, unit="gas", digits=0),
        *(Published(f"{action}_{model}", f"{words}: {what}", None, _NOT_PRINTED, unit="gas", digits=0)
          for model, words in (("naive_bayes", "naive Bayes"), ("sparse_ncc", "nearest centroid"),
                               ("sparse_perceptron", "perceptron"))
          for action, what in (("deploy", "deployment"), ("update", "update"), ("refund", "refund"),
                               ("report", "reward"))),
    ),
    "gas:measure", chance=False,
)  # fmt: skip

MARKET = Target(
    "market",
    "The prediction market: 3 Good and 2 Bad, bounty of 100,000 units, 300 contributions",
    (
        Published("left", "bounty that is left, units", 82_715, _MARKET_RUN, single_run=True, digits=0),
        Published("good", "gain of the three Good, units", 16_183, _MARKET_RUN, single_run=True, digits=0),
        Published("bad", "gain of the two Bad, units", 1_102, _MARKET_RUN, single_run=True, digits=0),
        Published("seen", "change of the accuracy that people see", 0.0, _MARKET_RUN, 0.0, 0.0, digits=3),
        Published("below_nothing", "addresses that end below nothing", 0, "the rule", 0, 0, digits=0),
    ),
    "market:measure", data="imdb-like", seeds=10, seconds=2.0,
)  # fmt: skip

TARGETS: tuple[Target, ...] = (IMDB_FIGURE, REFERENCE_RUN, GOLDEN, *BASELINES, GAS, MARKET)
