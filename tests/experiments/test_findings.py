"""What a sweep found, in sentences: true of any table, with intervals, and never a mean across the cliff."""

import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.design import Grid, Points
from experiments.experiment import Experiment
from experiments.findings import findings
from experiments.points import points_of
from experiments.scenario import Scenario, load_scenario
from tests.experiments.tables import Outcome, table_of

W, T = "mechanism.cost_weight", "mechanism.refund_window"
LIARS = "agents.flipper.willingness_to_pay"
HOUR, WEEK = 3600, 604_800
BASE = load_scenario("quickstart", {"data.size": 500, "horizon": "30d"})
JITTER = (-0.01, 0.01, 0.0, 0.0)  # over four replications: s = 0.00816, t(.975, 3) = 3.182, half-width 1.3 points


def outcome(accuracy: float, honest: float, adversary: float, share: float = 0.3, locked: float = 0.0) -> Outcome:
    return {
        "final_accuracy": accuracy,
        "honest_profit_percent": honest,
        "adversary_profit_percent": adversary,
        "adversary_share_of_accepted": share,
        "honest_start_units": 1000.0,
        "honest_locked_units": locked,
    }


def told(experiment: Experiment, runs: pd.DataFrame, beginning: str) -> str:
    """The one sentence that begins so."""
    (sentence,) = (text for text in findings(runs, experiment) if text.startswith(beginning))
    return sentence


def beginnings(sentences: list[str]) -> list[str]:
    return [re.split(r"[:,]", sentence)[0] for sentence in sentences]


def deposits(replications: int = 4, **more: Any) -> Experiment:
    return Experiment(BASE, Grid({**more, W: [1, 5, 20], T: ["1h", "7d"]}, replications))


def story(levers: dict[str, Any], replication: int) -> Outcome:
    """One is too cheap, five right, twenty too dear unless the window is long."""
    shift = JITTER[replication]
    if levers[W] == 1:
        return outcome(0.81 + shift, 40 + 100 * shift, -40 - 100 * shift)
    if levers[W] == 5 or levers[T] == WEEK:
        return outcome(0.88 + shift, 97, -97)
    return outcome(0.15 + shift, -90, 90, share=0.8)


def test_the_story_of_prices() -> None:
    experiment = deposits()
    runs = table_of(experiment, story)
    assert beginnings(findings(runs, experiment)) == [
        "Too cheap", "Right", "Too dear", "Saved by the longer refund window",
        "4 of all 24 runs ended captured (final accuracy below one half)",
    ]  # fmt: skip
    assert told(experiment, runs, "Too cheap") == (
        "Too cheap: at cost weight 1 with any refund window lies are tolerated. The adversaries are not ruined (profit "
        "-40.0 ± 1.3 %), and accuracy ends at 81.0 ± 1.3 %, 7.0 ± 0.0 percentage points below the best (88.0 ± 1.3 % "
        "at cost weight 5 with refund window 1 h)."
    )
    right = told(experiment, runs, "Right")
    assert "cost weight 5 with any refund window and cost weight 20 with refund window 7 d" in right
    assert "accuracy ends at 88.0 ± 1.3 % and honest profit at +97.0 ± 0.0 %" in right
    dear = told(experiment, runs, "Too dear")
    # Wilson's interval of 4 of 4 begins at n/(n + z²) = 4/7.841
    assert "cost weight 20 with refund window 1 h the model is captured in each of its 4 seeds" in dear
    assert "chance 51 to 100 %): accuracy 15.0 ± 1.3 %, honest profit -90.0 ± 0.0 %" in dear
    assert "80.0 ± 0.0 % of the accepted contributions are the adversaries'" in dear
    saved = told(experiment, runs, "Saved by the longer")
    assert "at cost weight 20 the captured seeds are 4 of 4 at 1 h, 0 of 4 at 7 d" in saved
    assert "from 1 h to 7 d accuracy goes from 15.0 ± 1.3 to 88.0 ± 1.3 %" in saved
    assert "honest profit from -90.0 ± 0.0 to +97.0 ± 0.0 %" in saved


def test_where_seeds_are_of_two_kinds_both_ends_stand_and_no_mean() -> None:
    experiment = deposits()

    def split(levers: dict[str, Any], replication: int) -> Outcome:
        if levers[W] == 20 and levers[T] == HOUR:
            return outcome(0.9, 80, -80) if replication else outcome(0.1, -70, 70)
        return story(levers, replication)

    runs = table_of(experiment, split)
    sentence = told(experiment, runs, "On the edge")
    assert "cost weight 20 with refund window 1 h, 1 of 4 seeds are captured" in sentence
    assert "accuracy 10.0 … 90.0 %, honest profit -70.0 … +80.0 %" in sentence
    assert "70.0 %" not in sentence.replace("-70.0", "")  # the mean accuracy
    assert "Saved by" not in " ".join(findings(runs, experiment))


def test_all_captured_and_none_captured() -> None:
    experiment = deposits()
    lost = findings(table_of(experiment, lambda *_: outcome(0.1, -90, 90)), experiment)
    assert beginnings(lost) == ["Captured", "24 of all 24 runs ended captured (final accuracy below one half)"]
    assert "with any refund window" in lost[0]
    kept = findings(table_of(experiment, lambda *_: outcome(0.85, 95, -95)), experiment)
    assert beginnings(kept) == ["Right", "No run was captured (final accuracy below one half)"]


def test_dear_is_not_called_cheap_nor_cheap_dear() -> None:
    """At the dearest price accuracy is lower and liars thrive; at the cheapest the model is captured."""
    experiment = deposits()

    def upside_down(levers: dict[str, Any], replication: int) -> Outcome:
        weight = levers[W]
        return {1: outcome(0.2, -50, 50), 5: outcome(0.9, 95, -95), 20: outcome(0.7, -10, 10)}[int(weight)]

    sentences = findings(table_of(experiment, upside_down), experiment)
    assert beginnings(sentences)[:3] == ["Too cheap to keep the model", "Right", "In between"]
    assert "A higher cost weight keeps it at the same refund window" in sentences[0]
    assert "at cost weight 20" in sentences[2]


def test_saved_at_the_cost_of_the_honest() -> None:
    experiment = deposits()

    def locked(levers: dict[str, Any], replication: int) -> Outcome:
        return outcome(0.88, -40, -99, locked=1390) if levers[W] == 20 else story(levers, replication)

    sentence = told(experiment, table_of(experiment, locked), "Saved, with the money of the honest still locked")
    assert "the honest have -40.0 ± 0.0 %" in sentence
    assert "worth 139.0 ± 0.0 % of what they began with, +99.0 ± 0.0 %" in sentence

    def lost(levers: dict[str, Any], replication: int) -> Outcome:
        return outcome(0.88, -40, -99, locked=300) if levers[W] == 20 else story(levers, replication)

    sentence = told(experiment, table_of(experiment, lost), "Saved, but at the cost of the honest")
    assert (
        "honest profit at -40.0 ± 0.0 % of what they began with, with deposits worth 30.0 ± 0.0 % of that" in sentence
    )


def test_one_replication_claims_no_interval() -> None:
    experiment = deposits(replications=1)
    text = " ".join(findings(table_of(experiment, story), experiment))
    assert "±" not in text
    assert "interval" not in text
    assert "captured in its only run" in text


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            (0.1, 0.9),
            (0.9, 0.9),
            "the cliff is gone: no seed is captured at any of 2 points (accuracy of all runs 90.0",
        ),
        ((0.1, 0.9), (0.1, 0.9), "the cliff stays. There 1 of 2 points has captured seeds"),
        ((0.9, 0.9), (0.1, 0.1), "a cliff appears. There 2 of 2 points have captured seeds"),
        ((0.9, 0.9), (0.9, 0.9), "no seed is captured either"),
    ],
)
def test_the_control(first: tuple[float, float], second: tuple[float, float], expected: str) -> None:
    experiment = Experiment(BASE, Grid({LIARS: [{"mean": 100, "sd": 10}, 50], W: [5, 20]}, 4))
    places = {"100 ± 10": first, 50: second}
    runs = table_of(experiment, lambda levers, _: outcome(places[levers[LIARS]][levers[W] == 20], 0, 0))
    sentences = findings(runs, experiment)
    assert sentences[0].startswith("First the points with willingness to pay of flipper 100 ± 10 units")
    control = told(experiment, runs, "The control")
    assert expected in control
    assert "willingness to pay of flipper 50 units (adversaries who pay no more than the honest)" in control
    disjoint = (
        "At 1 of these the 95 % intervals of the chance of capture do not overlap (0 to 49 % against 51 to 100 %)"
    )
    assert (disjoint in control) == ("gone" in expected)
    assert ("it is a property of this population" in control) == ("gone" in expected)


def test_three_seeds_cannot_tell_whether_a_cliff_is_gone() -> None:
    """Wilson's intervals of 3 of 3 and of 0 of 3 overlap: 44 to 100 % and 0 to 56 %."""
    experiment = Experiment(BASE, Grid({LIARS: [{"mean": 100, "sd": 10}, 50], W: [5, 20]}, 3))
    runs = table_of(experiment, lambda levers, _: outcome(0.9 if levers[LIARS] == 50 else 0.1, 0, 0))
    control = told(experiment, runs, "The control")
    assert "no seed is captured at any of 2 points" in control
    assert "So few seeds cannot tell whether that is chance." in control
    assert "property" not in control


def test_many_settings_are_told_in_short() -> None:
    experiment = Experiment(BASE, Grid({"data.size": [400, 410, 420, 430, 440, 450, 460, 500], W: [5, 20]}, 1))
    sentences = findings(table_of(experiment, lambda levers, _: outcome(levers["data.size"] / 1000, 0, 0)), experiment)
    assert sum(text.startswith("Another setting: with data size 4") for text in sentences) == 5
    assert "Of 2 further settings 1 have points with captured seeds." in sentences


def test_a_control_of_another_kind_says_nothing_about_the_population() -> None:
    experiment = Experiment(BASE, Grid({"model.kind": ["naive_bayes", "perceptron"], W: [5, 20]}, 4))
    runs = table_of(experiment, lambda levers, _: outcome(0.9 if levers["model.kind"] == "perceptron" else 0.1, 0, 0))
    control = told(experiment, runs, "Another setting: with model kind perceptron the cliff is gone")
    assert "it depends on that" in control
    assert "population" not in control
    assert "pay no more" not in control


def test_failures_are_left_out_and_told() -> None:
    experiment = deposits()

    def broken(levers: dict[str, Any], replication: int) -> Outcome:
        if levers[W] == 20 and (levers[T] == HOUR or replication == 1):
            return None
        return story(levers, replication)

    sentences = findings(table_of(experiment, broken), experiment)
    assert sentences[-1] == (
        "5 of 24 runs failed and are left out; nothing can be said of 1 point: cost weight 20, refund window 1 h."
    )
    assert "Saved by" not in " ".join(sentences)
    nothing = findings(table_of(experiment, lambda *_: None), experiment)
    assert nothing == ["No run went well, so nothing was found. 24 of 24 runs failed and are left out."]


def sizes(**design: Any) -> Experiment:
    return Experiment(BASE, Grid({"data.size": [400, 500, 600]}, **design))


def by_size(levers: dict[str, Any], replication: int) -> Outcome:
    """Each hundred more is worth 2 points of accuracy, to some replications more than to others."""
    more = (levers["data.size"] - 500) / 100
    return outcome(0.80 + JITTER[replication] + more * (0.02 + 0.002 * (replication % 2)), 10 * more, -10 * more)


def test_any_other_design_has_best_worst_and_the_baseline() -> None:
    experiment = sizes(replications=4)
    accuracy, against, profit, *_ = findings(table_of(experiment, by_size), experiment)
    # replications 0 to 3 end at .80 + jitter ± (.020, .022, .020, .022): means 82.1 and 77.9
    highest = r"Accuracy is highest at data size 600: 82\.1 ± 1\.\d %; and lowest at data size 400: 77\.9 ± 1\.\d %\.$"
    assert re.match(highest, accuracy)
    # four differences of 2.0, 2.2, 2.0, 2.2 points: mean 2.1, s = .115, half-width 3.182 × .115 / 2 = .18
    assert (
        "2.1 ± 0.2 percentage points of accuracy more than at the baseline, data size 500 (4 pairs of runs" in against
    )
    assert "of the variance" in against
    assert profit.startswith("Honest profit is highest at data size 600: +10.0 ± 0.0 % of what the honest began with")


def test_the_baseline_may_be_the_best() -> None:
    experiment = sizes(replications=2)
    runs = table_of(experiment, lambda levers, _: outcome(0.9 - abs(levers["data.size"] - 500) / 1000, 0, 0))
    assert "That point is the baseline: nothing tried beats its accuracy." in findings(runs, experiment)
    assert "Honest profit is the same at 3 points: +0.0 ± 0.0 % of what the honest began with." in findings(
        runs, experiment
    )


def test_unpaired_seeds_are_not_compared_in_pairs() -> None:
    experiment = sizes(replications=4, pair_seeds=False)
    text = " ".join(findings(table_of(experiment, by_size), experiment))
    assert "same random numbers" not in text
    assert "pairs" not in text
    assert "The baseline, data size 500, has 80.0 ± 1.3 % accuracy." in text


def test_a_mixed_point_is_not_compared_by_a_mean() -> None:
    experiment = sizes(replications=4)

    def split(levers: dict[str, Any], replication: int) -> Outcome:
        return outcome(0.95 if replication or levers["data.size"] < 600 else 0.05, replication, 0)

    text = " ".join(findings(table_of(experiment, split), experiment))
    assert "5.0 … 95.0 %" in text
    assert "72.5" not in text

    def split_baseline(levers: dict[str, Any], replication: int) -> Outcome:
        return outcome(0.95 if replication or levers["data.size"] != 500 else 0.05, 0, 0)

    text = " ".join(findings(table_of(experiment, split_baseline), experiment))
    assert "The baseline, data size 500, has 5.0 … 95.0 % accuracy." in text
    assert "same random numbers" not in text


def test_a_single_point() -> None:
    experiment = Experiment(BASE, Points([{}], replications=3))
    runs = table_of(experiment, lambda *_: {"final_accuracy": 0.8})
    assert findings(runs, experiment)[0] == "At the only point, the scenario as it is, accuracy ends at 80.0 ± 0.0 %."


def test_nobody_adversarial_or_nobody_honest() -> None:
    experiment = deposits()
    alone = table_of(experiment, lambda *_: {"final_accuracy": 0.8, "honest_profit_percent": -1.0})
    assert beginnings(findings(alone, experiment))[0] == "Accuracy is the same at 6 points"
    liars = table_of(experiment, lambda *_: {"final_accuracy": 0.8, "adversary_profit_percent": -95.0})
    assert beginnings(findings(liars, experiment))[0] == "In between"


RUN = st.one_of(
    st.none(), st.tuples(st.sampled_from([0.1, 0.3, 0.7, 0.86, 0.9]), st.sampled_from([-99.0, -20.0, 60.0]))
)
ANY = Experiment(BASE, Grid({LIARS: [{"mean": 100, "sd": 10}, 50], W: [5, 20], T: ["1h", "7d"]}, 2))
PLACES = {(job.point, job.replication): place for place, job in enumerate(ANY.jobs())}


@given(st.lists(RUN, min_size=len(PLACES), max_size=len(PLACES)))
def test_sentences_of_any_table(drawn: list[tuple[float, float] | None]) -> None:
    """Whatever the numbers: no nonsense, and each point of the first setting is told of by what its seeds did."""
    numbers = {
        tuple(values.items()): point for point, values in enumerate(map(ANY.lever_values, range(len(ANY.design))))
    }

    def random(levers: dict[str, Any], replication: int) -> Outcome:
        run = drawn[PLACES[numbers[tuple(levers.items())], replication]]
        return None if run is None else outcome(run[0], -run[1], run[1])

    runs = table_of(ANY, random)
    sentences = findings(runs, ANY)
    assert sentences
    for sentence in sentences:
        assert not re.search(r"\bnan\b|\binf\b|None| ,|\(\)|  ", sentence), sentence
        assert sentence.endswith("."), sentence
    by_word = dict(zip(beginnings(sentences), sentences, strict=True))
    points, _ = points_of(runs, ANY)
    first = [point for point in points if point.seeds and point.places[LIARS] == 0]
    if not any(point.seeds for point in points):
        return
    captured = sum(point.captured for point in points)
    assert any(f"{captured} of all" in text for text in sentences) == (captured > 0)
    edge = by_word.get("On the edge", "")
    assert edge.count("seeds are captured") == (sum(point.mixed for point in first) if first else edge.count("seeds"))
    control = by_word.get("The control", "")
    others = [point for point in points if point.seeds and point.places[LIARS] == 1]
    if first and others:
        here, there = (any(point.captured for point in group) for group in (first, others))
        assert ("no seed is captured at any" in control) == (here and not there)
        assert ("the cliff stays" in control) == (here and there)
        assert "property" not in control  # two seeds prove nothing


def test_small_scenario_is_what_the_tests_think(small: Scenario) -> None:
    """The baseline of the designs above: size 500 is the scenario as it is."""
    assert BASE.data.size == small.data.size == 500
