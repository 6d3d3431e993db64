"""The session behind the app, without any page: choose, pull, step, run, compare, tell."""

from __future__ import annotations

import io
import tomllib
import zipfile

import pytest

from experiments import load_scenario, run, with_levers
from experiments.app.controls import controls_of, exchanged, is_exchange
from experiments.app.export import results_zip
from experiments.app.session import Session, Side
from experiments.app.stories import stories
from experiments.scenario import scenario_hash, validate
from sim.errors import ConfigError
from sim.units import DAY, HOUR, to_units

SMALL = ("data.size", 500)


def ended(session: Session, budget: float = 0.05) -> Session:
    """The session run to its end in small portions."""
    session.run()
    while session.work(budget):
        pass
    return session


@pytest.fixture
def small() -> Session:
    """The quickstart economy with few samples."""
    session = Session()
    session.pull(0, *SMALL)
    return session


def test_portions_of_work_give_the_run_of_the_command_line(small: Session) -> None:
    small.step(7 * HOUR + 11)
    while small.work(0.001):
        pass
    ended(small, 0.002)
    result, frame = run(load_scenario("quickstart", {"data.size": 500})), small.frames()[0]
    stage = small.sides[0].stage
    assert stage.result().snapshots == result.snapshots
    assert stage.result().added == result.added
    assert [row.final_balance for row in stage.result().agents] == [row.final_balance for row in result.agents]
    assert frame.accuracy == result.final_accuracy
    assert frame.total("profit", True) == pytest.approx(to_units(result.profit_of(adversarial=True)))
    assert frame.day == result.days


def test_a_step_is_a_day_and_all_have_acted_by_then(small: Session) -> None:
    small.step()
    while small.work():
        pass
    assert small.now == DAY
    assert small.frames()[0].day == 1.0
    small.step(HOUR)
    while small.work():
        pass
    assert small.now == DAY + HOUR


def test_reset_goes_back_to_the_start_with_the_same_seed(small: Session) -> None:
    first = ended(small).frames()
    small.reset()
    assert (small.now, small.frames()[0].accepted, small.seed) == (0, 0, 0)
    assert ended(small).frames() == first


def test_a_seed_changes_the_run_and_is_the_scenarios_own(small: Session) -> None:
    first = ended(small).frames()[0]
    small.set_seed(7)
    assert small.now == 0
    second = ended(small).frames()[0]
    assert second.accuracies != first.accuracies
    assert second.accuracy == run(load_scenario("quickstart", {"data.size": 500, "seed": 7})).final_accuracy
    with pytest.raises(ConfigError, match=r"seed is -1.*0 to"):
        small.set_seed(-1)


def test_a_pulled_lever_starts_anew_and_runs_to_the_same_day(small: Session) -> None:
    small.step(3 * DAY)
    while small.work():
        pass
    small.pull(0, "mechanism.cost_weight", 20)
    assert small.behind
    while small.work():
        pass
    assert small.now == 3 * DAY
    assert small.sides[0].scenario.mechanism.cost_weight == 20


def test_a_lever_pulled_at_the_end_shows_how_it_would_have_ended(small: Session) -> None:
    ended(small)
    small.pull(0, "mechanism.refund_window", 7 * DAY)
    while small.work():
        pass
    assert small.finished
    wanted = run(load_scenario("quickstart", {"data.size": 500, "mechanism.refund_window": "7d"}))
    assert small.frames()[0].accuracy == wanted.final_accuracy


def test_a_group_can_be_left_out_and_brought_back(small: Session) -> None:
    everybody = small.sides[0].scenario
    small.pull(0, "agents.flipper.count", 0)
    assert [group.name for group in small.sides[0].scenario.agents] == ["honest"]
    control = next(control for control in small.sides[0].controls if control.key == "agents.flipper.count")
    assert small.sides[0].setting(control) == 0
    with pytest.raises(ConfigError, match="Nobody is left"):
        small.pull(0, "agents.honest.count", 0)
    assert [group.name for group in small.sides[0].scenario.agents] == ["honest"]
    small.pull(0, "agents.flipper.count", 5)
    assert scenario_hash(small.sides[0].scenario) == scenario_hash(everybody)


def test_a_value_that_is_no_stop_is_refused(small: Session) -> None:
    for key, value in (("mechanism.cost_weight", 4.2), ("data.dataset", "/etc/passwd"), ("model.import", "model.json")):
        with pytest.raises(ConfigError, match=r"cannot be set.*Choose one of the stops"):
            small.pull(0, key, value)


def test_what_was_set_for_one_behaviour_does_not_hold_for_another(small: Session) -> None:
    small.pull(0, "agents.honest.mistake_rate", 0.1)
    small.pull(0, "agents.honest.count", 20)
    small.pull(0, "agents.honest.kind", "honest_class")
    assert small.sides[0].scenario.group("honest").kind == "honest_class"
    assert small.sides[0].scenario.group("honest").count == 20
    small.pull(0, "agents.honest.kind", "honest")
    assert small.sides[0].scenario.group("honest").parameters()["mistake_rate"] == pytest.approx(0.0001)


def test_a_limit_can_be_lifted_and_set_again(small: Session) -> None:
    small.pull(0, "agents.honest.willingness_to_pay", "no limit")
    assert small.sides[0].scenario.group("honest").willingness_to_pay is None
    small.pull(0, "agents.honest.willingness_to_pay", 100)
    limit = small.sides[0].scenario.group("honest").willingness_to_pay
    assert limit is not None
    assert limit.mean.number == 100


def test_two_sides_share_their_random_numbers(small: Session) -> None:
    small.compare(True)
    one, other = ended(small).frames()
    assert one == other
    small.pull(1, "mechanism.refund_window", 7 * DAY)
    assert small.differences() == [["refund window t: 1 d"], ["refund window t: 7 d"]]
    one, changed = ended(small).frames()
    assert one == other
    assert changed.accuracies != one.accuracies
    small.compare(False)
    assert len(small.frames()) == 1


@pytest.mark.parametrize("name", Session.choices()["scenarios"])
def test_every_scenario_has_controls_whose_stops_are_valid(name: str) -> None:
    if name == "imdb-drt":
        pytest.skip("the reviews are not part of the package")
    scenario = load_scenario(name)
    for control in controls_of(scenario):
        assert len(control.texts) == len(control.stops) > control.current >= 0
        for stop in control.stops:
            levers = control.levers(stop)
            if is_exchange(control.key):
                assert exchanged(scenario, control.key, stop)
            else:
                assert not levers or with_levers(scenario, levers)


@pytest.mark.parametrize("name", list(stories()))
def test_a_story_ends_as_its_lesson_says(name: str) -> None:
    """The second number is the option that the lesson calls right, as one reads it."""
    right = {
        "too-cheap": 1, "right": 0, "too-dear": 2, "saved-by-the-window": 2, "sleeper": 1, "gas-spike": 2,
        "retry-loophole": 2,
    }[name]  # fmt: skip
    session = Session(name)
    assert session.verdict() is None
    session.predict(right)
    assert session.verdict() is None
    verdict = ended(session, 1.0).verdict()
    assert verdict is not None
    assert verdict[0]
    assert stories()[name].lesson in verdict[1]
    with pytest.raises(ConfigError, match="predict before you run"):
        session.predict(0)


def test_a_wrong_prediction_is_told_so() -> None:
    session = Session("right")
    session.pull(0, "data.size", 1000)
    session.predict(2)
    verdict = ended(session).verdict()
    assert verdict is not None
    assert not verdict[0]
    assert verdict[1].startswith("What happened: The honest gain")
    session.reset()
    assert session.prediction is None
    assert session.verdict() is None


def test_the_scenario_that_is_taken_home_gives_the_same_run(small: Session) -> None:
    small.pull(0, "agents.flipper.count", 0)
    small.set_seed(3)
    again = validate(tomllib.loads(small.toml()))
    assert scenario_hash(again) == scenario_hash(small.sides[0].scenario)
    assert run(again).final_accuracy == ended(small).frames()[0].accuracy


def test_results_can_be_taken_home_at_any_time(small: Session) -> None:
    small.compare(True)
    small.step()
    while small.work():
        pass
    with zipfile.ZipFile(io.BytesIO(results_zip(small))) as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None
        assert archive.read("A/figure.png").startswith(b"\x89PNG")
    assert {f"{side}/{file}" for side in "AB" for file in ("scenario.toml", "figure.svg", "series.csv")} <= names


def test_an_unknown_name_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"There is no story or scenario 'nonsense'.*quickstart"):
        Session("nonsense")


def test_an_account_tells_what_somebody_believes() -> None:
    """Money in units, other numbers and words as they are; nothing of those who believe nothing."""
    groups = [{"kind": "best_responder", "name": "bess"}, {"kind": "sleeper", "name": "sly"}, {"kind": "honest"}]
    side = Side(validate({"horizon": "2d", "data": {"dataset": "subjectivity", "size": 300}, "agents": groups}))
    side.stage.advance(2 * DAY, 10.0)
    told = {name: dict(side.stage.statement(name)) for name in ("bess", "sly", "honest")}
    bess = side.stage.economy.actors["bess"].beliefs()
    assert told["bess"]["believes: action"] == bess["action"]
    assert float(told["bess"]["believes: honest"]) == pytest.approx(to_units(bess["honest, wei"]), rel=1e-3, abs=1e-9)
    assert told["sly"]["believes: awake"] in ("yes", "no")
    assert not any(name.startswith("believes") for name in told["honest"])
