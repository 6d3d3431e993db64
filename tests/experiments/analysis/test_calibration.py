"""A calibration recovers the parameters of the people it was made from."""

from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.calibration import EventRow, EventTable, calibrate, events_of, read_events
from experiments.scenario import load_scenario
from sim.errors import ConfigError

MEAN, SD, GAP, ACCURACY, NOISE = 40.0, 8.0, 7200.0, 0.8, 0.15


def people(senders: int = 10, days: float = 20, normal: bool = False, seed: int = 3) -> EventTable:
    """Events of people with these parameters: who pay up to N(40, 8) and mislabel 15 %, under a frozen model."""
    generator, rows = np.random.default_rng(seed), []
    for number in range(senders):
        time = 0.0
        while True:
            time += generator.normal(GAP, 60) if normal else generator.exponential(GAP)
            if time > days * 86_400:
                break
            cost = float(generator.uniform(5, 90))
            accepted = generator.normal(MEAN, SD) >= cost
            right = generator.random() < (1 - ACCURACY if generator.random() < NOISE else ACCURACY)
            rows.append(EventRow(time, f"0x{number}", cost, bool(accepted), bool(right) if accepted else None))
    return events_of(rows)


def test_parameters_come_back_within_their_intervals() -> None:
    found = calibrate(people(), ACCURACY)
    assert found.willingness is not None
    assert found.noise is not None
    mean, sd = found.willingness
    gap = found.arrivals.mean_gap  # of 2,400 gaps: 2 * 1.96 * 7200 / 49 is 576
    for interval, true, width in ((mean, MEAN, 2), (sd, SD, 2), (gap, GAP, 650), (found.noise, NOISE, 0.12)):
        assert interval.low < true < interval.high
        assert interval.high - interval.low < width
    assert found.arrivals.kind == "poisson"


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = np.zeros(4)
    for seed in range(40):
        found = calibrate(people(4, 10, seed=seed), ACCURACY)
        assert found.willingness is not None
        assert found.noise is not None
        (mean, sd), gap = found.willingness, found.arrivals.mean_gap
        pairs = ((mean, MEAN), (sd, SD), (gap, GAP), (found.noise, NOISE))
        held += [interval.low <= true <= interval.high for interval, true in pairs]
    assert (held >= 34).all()  # of 40; 38 are expected, and 33 or fewer come once in a hundred times


def test_regular_people_are_told_from_memoryless_ones() -> None:
    arrivals = calibrate(people(normal=True), ACCURACY).arrivals
    assert arrivals.kind == "normal"
    assert arrivals.sd == pytest.approx(60, rel=0.1)
    assert arrivals.mean_gap.low < GAP < arrivals.mean_gap.high


def test_people_who_are_rarely_seen_are_not_taken_for_frequent_ones() -> None:
    """Of three gaps' length only short ones end in time; what is still open at the end counts as well."""
    gap = calibrate(people(400, 3 * GAP / 86_400), ACCURACY).arrivals.mean_gap
    assert gap.low < GAP < gap.high
    assert gap.high - gap.low < 0.2 * GAP


def test_the_scenario_has_the_people_that_were_fitted() -> None:
    scenario = calibrate(people(), ACCURACY).scenario(load_scenario("quickstart"), "mine")
    (group,) = scenario.agents
    assert (group.kind, group.name, group.count, scenario.name) == ("honest", "sender", 10, "mine")
    assert group.willingness_to_pay is not None
    assert float(group.willingness_to_pay.mean.number) == pytest.approx(MEAN, abs=1.5)
    assert group.arrival.mean_gap == pytest.approx(GAP, rel=0.05)
    assert group.parameters()["mistake_rate"] == pytest.approx(NOISE, abs=0.06)


def table(costs: list[float], accepted: list[bool]) -> EventTable:
    rows = enumerate(zip(costs, accepted, strict=True))
    return events_of([EventRow(60.0 * number, "a", cost, yes, None) for number, (cost, yes) in rows])


def test_what_cannot_be_told_is_said() -> None:
    everybody = calibrate(table([1, 2, 3, 4], [True] * 4))
    assert everybody.willingness is None
    assert "no limit" in " ".join(everybody.sentences())
    assert "nothing is said of label noise" in " ".join(everybody.sentences())
    assert everybody.scenario(load_scenario("quickstart")).agents[0].willingness_to_pay is None
    sharp = calibrate(table([1, 2, 3, 4], [True, True, False, False])).willingness
    assert sharp is not None
    assert (sharp.mean.estimate, sharp.sd.estimate) == (2.5, 0)
    backwards = calibrate(table([1, 2, 3, 4, 5, 6], [False, True, False, True, True, True]))
    assert backwards.willingness is None
    with pytest.raises(ConfigError, match="accuracy"):
        calibrate(people(), 0.4)


CSV = "time,sender,cost,accepted,refunded\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "events.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_read_with_dates_and_words(tmp_path: Path) -> None:
    rows = [f"2026-03-01T12:{minute:02}:00,bob,{minute},{'yes' if minute < 5 else 'no'},{'true' if minute < 3 else ''}"
            for minute in range(12)]  # fmt: skip
    events = read_events(write(tmp_path, CSV + "\n".join(reversed(rows))))
    assert np.diff(events.time).tolist() == [60.0] * 11
    assert events.accepted.tolist() == [True] * 5 + [False] * 7
    assert np.isnan(events.refunded).tolist() == [False] * 3 + [True] * 9
    assert events.senders == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,sender,price,accepted,refunded\n", "no column 'cost'"),
        (CSV + "soon,bob,1,yes,\n", "line 2: time is 'soon'"),
        (CSV + "1,bob,1,yes,\n2,bob,dear,yes,\n", "line 3: cost is 'dear'"),
        (CSV + "1,bob,-1,yes,\n", "0 or more"),
        (CSV + "1,bob,1,perhaps,\n", "accepted is 'perhaps'"),
        (CSV + "1,,1,yes,\n", "sender is empty"),
        (CSV + "1,bob,1,yes,\n", "10 or more"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_events(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_events(tmp_path / "none.csv")
