"""The app in a real browser: numbers on the page are those of the same run from Python."""

from __future__ import annotations

import re
import time
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from experiments import load_scenario, run
from experiments.scenario import scenario_hash, validate
from sim.units import to_units

SMALL = {"data.size": 500}


def text(page: Any, name: str) -> str:
    """What an element of the page says."""
    return page.get_by_test_id(name).inner_text()


def press(page: Any, key: str, arrow: str, times: int, to: str) -> None:
    """Move a slider by its arrow keys; then it must say ``to``."""
    page.get_by_test_id(key).locator("[tabindex]").first.focus()
    for _ in range(times):
        page.keyboard.press(arrow)
    page.get_by_test_id(f"value:{key}").filter(has_text=re.compile(f"^{to}$")).wait_for()


def make_small(page: Any) -> None:
    """Six thousand samples take a second; 500 will do."""
    press(page, "data.size", "ArrowLeft", 5, "500")


def choose(page: Any, menu: str, option: str) -> None:
    """Choose an entry of a menu."""
    page.get_by_test_id(menu).click()
    page.get_by_role("option", name=option, exact=True).click()


def run_to_the_end(page: Any, side: str = "A") -> None:
    """Press run, and wait until the story of the run is told."""
    page.get_by_test_id("run").click()
    page.get_by_test_id(f"ended-{side}").filter(has_text="accuracy").wait_for(timeout=120_000)


def test_a_run_on_the_page_is_the_run_of_python(page: Any) -> None:
    make_small(page)
    run_to_the_end(page)
    result = run(load_scenario("quickstart", SMALL))
    assert text(page, "accuracy-A") == f"{100 * result.final_accuracy:.1f} %"
    assert text(page, "day-A") == f"{result.days:.1f}"
    assert text(page, "samples-A") == "490"
    for group in ("honest", "flipper"):
        balance = sum(to_units(row.final_balance) for row in result.rows_of(group=group))
        assert text(page, f"money-of-{group}-A").split()[0] == f"{balance:,.0f}"
    account = text(page, "sums-A")
    first = result.agents[0]
    assert f"{to_units(first.final_balance):,.2f}" in account
    assert f"deposited, {first.statement.submitted:,} times" in account


def test_step_play_pause_and_reset(page: Any) -> None:
    assert text(page, "day-A") == "0.0"
    page.get_by_test_id("step").click()
    page.get_by_test_id("day-A").filter(has_text="1.0").wait_for()
    page.get_by_test_id("log-A").filter(has_text="deposits").wait_for()
    page.get_by_test_id("play").click()
    page.wait_for_function("() => parseFloat(document.querySelector('[data-testid=day-A]').innerText) > 3")
    page.get_by_test_id("play").click()
    page.wait_for_timeout(1500)
    held = text(page, "day-A")
    page.wait_for_timeout(1500)
    assert text(page, "day-A") == held
    page.get_by_test_id("reset").click()
    page.get_by_test_id("day-A").filter(has_text="0.0").wait_for()
    assert text(page, "samples-A") == "0"


def test_the_log_tells_of_sentences_and_marks_lies(page: Any) -> None:
    page.get_by_test_id("step").click()
    log = page.get_by_test_id("log-A")
    log.filter(has_text="deposits").wait_for()
    assert log.locator("i").count() > 5
    liar = log.locator(".line", has_text="flipper").filter(has_text="deposits").first
    assert "a lie" in liar.inner_text()
    assert " for calling “" in liar.inner_text()


def test_a_lever_starts_anew_and_gives_the_run_of_python(page: Any) -> None:
    make_small(page)
    run_to_the_end(page)
    press(page, "mechanism.cost_weight", "ArrowRight", 4, "20")
    page.get_by_test_id("ended-A").filter(has_text="accuracy").wait_for()
    result = run(load_scenario("quickstart", {**SMALL, "mechanism.cost_weight": 20}))
    page.get_by_test_id("day-A").filter(has_text=f"{result.days:.1f}").wait_for()
    page.get_by_test_id("accuracy-A").filter(has_text=f"{100 * result.final_accuracy:.1f} %").wait_for()


def test_another_seed(page: Any) -> None:
    make_small(page)
    seed = page.locator("[data-testid=seed]").last
    seed.fill("7")
    seed.press("Tab")
    page.wait_for_timeout(1500)
    run_to_the_end(page)
    result = run(load_scenario("quickstart", {**SMALL, "seed": 7}))
    assert text(page, "accuracy-A") == f"{100 * result.final_accuracy:.1f} %"


def test_two_economies_side_by_side(page: Any) -> None:
    make_small(page)
    page.get_by_test_id("compare").click()
    page.get_by_test_id("heading-B").wait_for()
    page.get_by_test_id("levers-of").get_by_text("B", exact=True).click()
    press(page, "mechanism.cost_weight", "ArrowRight", 4, "20")
    run_to_the_end(page, "B")
    page.get_by_test_id("ended-A").filter(has_text="accuracy").wait_for()
    for side, weight in (("A", 5), ("B", 20)):
        result = run(load_scenario("quickstart", {**SMALL, "mechanism.cost_weight": weight}))
        assert text(page, f"accuracy-{side}") == f"{100 * result.final_accuracy:.1f} %"
        assert text(page, f"day-{side}") == f"{result.days:.1f}"
    assert text(page, "different-A") == "deposit weight w: 5"
    assert text(page, "different-B") == "deposit weight w: 20"
    page.get_by_test_id("compare").click()
    page.get_by_test_id("heading-B").wait_for(state="detached")


def test_what_is_taken_home(page: Any, tmp_path: Path) -> None:
    make_small(page)
    run_to_the_end(page)
    page.get_by_test_id("export").click()
    with page.expect_download() as download:
        page.get_by_test_id("export-scenario-A").click()
    download.value.save_as(tmp_path / "mine.toml")
    config = tomllib.loads((tmp_path / "mine.toml").read_text())
    assert scenario_hash(validate(config)) == scenario_hash(load_scenario("quickstart", SMALL))
    page.get_by_test_id("export").click()
    with page.expect_download() as download:
        page.get_by_test_id("export-results").click()
    download.value.save_as(tmp_path / "results.zip")
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        assert {"figure.png", "figure.svg", "scenario.toml", "series.csv"} <= set(archive.namelist())


def test_a_story_asks_first_and_answers_afterwards(page: Any) -> None:
    choose(page, "choice", "story: too dear")
    page.get_by_test_id("question").filter(has_text="What becomes of the model?").wait_for()
    page.get_by_text("It learns even better: 85 % or more.").click()
    page.get_by_test_id("verdict").filter(has_text="Now run it.").wait_for()
    run_to_the_end(page)
    page.get_by_test_id("verdict").filter(has_text="You were wrong. What happened: It is captured").wait_for()
    assert float(text(page, "accuracy-A").split()[0]) < 50


def test_two_browsers_play_independently(page: Any, chromium: Any, served: str) -> None:
    context = chromium.new_context()
    other = context.new_page()
    other.goto(served)
    other.get_by_test_id("run").wait_for()
    make_small(page)
    page.get_by_test_id("play").click()
    other.get_by_test_id("step").click()
    other.get_by_test_id("day-A").filter(has_text="1.0").wait_for()
    page.get_by_test_id("ended-A").filter(has_text="accuracy").wait_for(timeout=120_000)
    assert text(other, "day-A") == "1.0"
    assert other.get_by_test_id("value:data.size").inner_text() == "6000"
    context.close()


@pytest.mark.slow
def test_it_answers_within_a_second_and_plays_smoothly(page: Any) -> None:
    """Other tests run at the same time: half of the ten updates that an idle machine makes must do."""
    page.get_by_test_id("play").click()
    page.wait_for_timeout(1000)
    page.evaluate(
        "() => { window.drawn = 0; new MutationObserver(() => window.drawn++)"
        ".observe(document.querySelector('.tiles'), {childList: true, subtree: true}) }"
    )
    page.wait_for_timeout(5000)
    drawn = page.evaluate("window.drawn") / 5
    page.get_by_test_id("play").click()
    run_to_the_end(page)
    thumb = page.get_by_test_id("mechanism.cost_weight").locator("[tabindex]").first
    thumb.focus()
    began = time.perf_counter()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[data-testid=ended-A]').innerText === ''", polling=20)
    answered = time.perf_counter() - began
    print(f"{drawn:.1f} chart updates a second; a slider answered within {answered:.2f} s")
    assert answered < 1
    assert drawn >= 5
