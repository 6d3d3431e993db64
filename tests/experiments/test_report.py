"""Reports: complete in one file, true to the table of runs, escaped for what reads them, the same every time."""

import base64
import json
import math
import re
import shutil
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from experiments import execution, pools
from experiments.design import Grid, Points
from experiments.experiment import Experiment, load_experiment
from experiments.figures import Drawn
from experiments.outcomes import OUTCOME_COLUMNS
from experiments.report import read_results, write_dta, write_html, write_latex, write_markdown
from experiments.report.as_latex import latex_escaped
from experiments.report.as_stata import stata_names
from experiments.report.content import experiment_toml
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.sweeper import Results, sweep
from sim.errors import ConfigError

W, T = "mechanism.cost_weight", "mechanism.refund_window"
LIARS = "agents.flipper.willingness_to_pay"
QUESTION = 'Is <b>5 %</b> of a_b & $x^2$ `enough`? | See \\cmd{} #1 ~ "so" [1] *here*'
OH_NO = "ZeroDivisionError: 100 % of <i>a_b</i> & c"
BASE = load_scenario("quickstart", {"data.size": 300, "horizon": "6d"})
EXPERIMENT = Experiment(
    BASE,
    Grid({LIARS: [{"mean": 100, "sd": 10}, 50], W: [1, 30], T: ["1h", "3d"]}, replications=3),
    name="two prices",
    description=QUESTION,
)
BROKEN = 6  # the point whose runs fail: willingness 50, weight 30, an hour


def swept(folder: Path, experiment: Experiment = EXPERIMENT) -> Results:
    with ThreadPoolExecutor(1) as executor:
        return sweep(experiment, folder, executor=executor)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep in which all runs of one point failed."""
    folder = tmp_path_factory.mktemp("report") / "results"

    def fragile(scenario: Any, **options: Any) -> Any:
        mechanism, liars = scenario.mechanism, scenario.group("flipper").willingness_to_pay
        if (mechanism.cost_weight, mechanism.refund_window, float(liars.mean.number)) == (30, 3600, 50):
            raise ZeroDivisionError(OH_NO.partition(": ")[2])
        return run(scenario, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "run", fragile)
        swept(folder)
    return folder


@pytest.fixture
def results(original: Path, tmp_path: Path) -> Path:
    """A copy to do with as one likes."""
    return Path(shutil.copytree(original, tmp_path / "results"))


@pytest.fixture
def two_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two simple figures in place of those of a sweep."""

    def simple(runs: pd.DataFrame, series: pd.DataFrame, experiment: Experiment) -> list[Drawn]:
        from matplotlib.figure import Figure

        drawn = []
        for name in ("first", "second"):
            figure = Figure(figsize=(2, 1))
            figure.subplots().plot(runs["final_accuracy"].dropna())
            drawn.append(Drawn(name, f"The {name} <figure>", "100 % & a_b.", figure, runs[["point", "final_accuracy"]]))
        return drawn

    monkeypatch.setattr("experiments.figures.sweep.sweep_figures", simple)
    monkeypatch.setattr("experiments.figures.further.further_figures", lambda *_: [])


class Page(HTMLParser):
    """What a browser would find on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.codes: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attributes if name in ("src", "href", "action", "data")]
        if tag not in ("meta", "img", "br"):
            self._open.append(tag)
        if tag == "tr":
            self.tables[self.caption].append([])
        elif tag in ("td", "th"):
            self.tables[self.caption][-1].append("")
        elif tag == "caption":
            self.caption = ""
        elif tag == "pre":
            self.codes.append("")
        elif tag == "br":
            self.tables[self.caption][-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "caption":
            self.tables[self.caption] = []

    def handle_data(self, data: str) -> None:
        here = self._open[-1] if self._open else ""
        if here != "style":
            self.text.append(data)
        if here == "caption":
            self.caption += data
        elif here in ("td", "th"):
            self.tables[self.caption][-1][-1] += data
        elif here == "pre":
            self.codes[-1] += data


def page_of(folder: Path) -> Page:
    return Page(write_html(read_results(folder), folder / "report.html").read_text(encoding="utf-8"))


def by_hand(values: pd.Series, scale: float, sign: bool, mixed: bool) -> str:
    """Mean and half-width as a textbook has them."""
    values = scale * values.dropna()
    form = "+,.1f" if sign else ",.1f"
    if mixed:
        return f"{values.min():{form}} … {values.max():{form}}"
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return f"{values.mean():{form}} ± {half:,.1f}"


@pytest.mark.usefixtures("two_figures")
def test_the_page_needs_nothing_else(results: Path) -> None:
    page = page_of(results)
    assert {"script", "link", "iframe", "object"} & set(page.tags) == set()
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.addresses)
    text = (results / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import", text)
    pictures = [address.partition(",")[2] for address in page.addresses if address.startswith("data:")]
    finished = read_results(results)
    write_html(finished, results / "again.html", figures=results / "figures")
    shown = [base64.b64decode(picture) for picture in pictures]
    assert shown == [(results / "figures" / f"{name}.png").read_bytes() for name in ("first", "second")]
    assert {path.name for path in (results / "figures").iterdir()} == {
        f"{name}.{ending}" for name in ("first", "second") for ending in ("png", "svg", "csv")
    }


@pytest.mark.usefixtures("two_figures")
def test_numbers_of_the_page_are_those_of_the_runs(results: Path) -> None:
    page, runs = page_of(results), pd.read_parquet(results / "runs.parquet")
    titles = [title for title in page.tables if title.startswith("Accuracy and profit")]
    assert titles == [
        f"Accuracy and profit: willingness to pay of flipper {liars} units" for liars in ("100 ± 10", "50")
    ]
    rows = [row for title in titles for row in page.tables[title][1:]]
    header = page.tables[titles[0]][0]
    assert header[:3] == ["cost weight", "refund window", "runs"]
    assert len(rows) == 8
    for point, row in enumerate(rows):
        good = runs[(runs["point"] == point) & (runs["status"] == "ok")]
        if point == BROKEN:
            assert row[2:] == ["0 (+ 3 failed)", *["–"] * 6]
            continue
        cells = {title: cell.replace("−", "-") for title, cell in zip(header, row, strict=True)}
        captured = int(good["captured"].astype(bool).sum())
        mixed = 0 < captured < 3
        assert cells["accuracy %"] == by_hand(good["final_accuracy"], 100, False, mixed)
        assert cells["honest profit %"] == by_hand(good["honest_profit_percent"], 1, True, mixed)
        assert cells["adversarial profit %"] == by_hand(good["adversary_profit_percent"], 1, True, mixed)
        wilson = stats.binomtest(captured, 3).proportion_ci(method="wilson")
        assert cells["captured %"] == f"{100 * captured / 3:.0f} [{100 * wilson.low:.0f}, {100 * wilson.high:.0f}]"
        assert cells["refund window"] == ("1 h", "3 d")[point % 2]
    people = page.tables["Who took part: willingness to pay of flipper 100 ± 10 units"]
    good = runs[(runs["point"] == 3) & (runs["status"] == "ok")]
    locked = 100 * good["honest_locked_units"] / good["honest_start_units"]
    assert dict(zip(people[0], people[4], strict=True))["honest deposits still locked %"] == by_hand(
        locked, 1, False, 0 < good["captured"].astype(bool).sum() < 3
    )


@pytest.mark.usefixtures("two_figures")
def test_the_page_says_what_was_asked_and_what_failed(results: Path) -> None:
    page = page_of(results)
    text = "".join(page.text)
    assert QUESTION in text
    assert page.tags.count("b") == page.tags.count("i") == 0
    assert page.tables["Failed runs"][1:] == [[str(BROKEN), str(replication), OH_NO] for replication in range(3)]
    assert ["mechanism.refund_window", "2", "1h, 3d"] in page.tables["Levers"]
    assert "Grid of 8 points × 3 replications = 24 runs, paired seeds." in text
    manifest = json.loads((results / "manifest.json").read_text())
    for fact in (manifest["identity"], "numpy " + manifest["sessions"][0]["versions"]["numpy"], *EXPERIMENT.hashes):
        assert fact in text


@pytest.mark.usefixtures("two_figures")
def test_the_experiment_can_be_run_from_the_page(results: Path, tmp_path: Path) -> None:
    page = page_of(results)
    (tmp_path / "experiment.toml").write_text(page.codes[0], encoding="utf-8")
    again = load_experiment(tmp_path / "experiment.toml")
    assert again.identity == EXPERIMENT.identity
    assert again.design == EXPERIMENT.design
    assert (again.name, again.description) == (EXPERIMENT.name, QUESTION)
    assert tomllib.loads(page.codes[0])["agents"][0]["reports"] is True  # defaults are written out
    assert page.codes[1] == "deca10b sweep experiment.toml --out results/again\n"


@pytest.mark.parametrize(
    "design",
    [
        Points([{LIARS: {"mean": 100, "sd": 10}, W: 6}, {LIARS: 50}, {}], replications=2, pair_seeds=False),
        Points([{}], replications=4),
        Points([{W: "0.1"}, {"data.shuffle": False}, {"agents.honest.arrival": {"mean_gap": "2h"}}]),
        Grid({"model.kind": ["naive_bayes", "perceptron"], "horizon": ["6d", "7d"]}),
    ],
    ids=["list", "as it is", "odd values", "grid"],
)
def test_any_experiment_can_be_written_and_read(design: Any, tmp_path: Path) -> None:
    experiment = Experiment(BASE, design, name="mine", twin=True)
    recorded = Experiment.from_dict(json.loads(json.dumps(experiment.to_dict())))
    assert recorded.identity == experiment.identity
    (tmp_path / "mine.toml").write_text(experiment_toml(recorded), encoding="utf-8")
    assert load_experiment(tmp_path / "mine.toml").identity == experiment.identity


def test_a_preset_is_named_as_such(tmp_path: Path) -> None:
    demo = load_experiment("deposit-refund")
    (tmp_path / "demo.toml").write_text(experiment_toml(demo), encoding="utf-8")
    assert load_experiment(tmp_path / "demo.toml").identity == demo.identity
    from experiments.report.content import _is_preset

    assert _is_preset(demo, demo.identity)
    assert not _is_preset(demo, "another")
    assert not _is_preset(EXPERIMENT, EXPERIMENT.identity)


WRITERS = {"html": write_html, "md": write_markdown, "tex": write_latex, "dta": write_dta}


@pytest.mark.usefixtures("two_figures")
@pytest.mark.parametrize("ending", WRITERS)
def test_equal_folders_give_equal_bytes(original: Path, tmp_path: Path, ending: str) -> None:
    files = []
    for name in ("one", "other"):
        folder = Path(shutil.copytree(original, tmp_path / name))
        files.append(WRITERS[ending](read_results(folder), folder / f"it.{ending}"))
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.usefixtures("two_figures")
def test_markdown(results: Path, tmp_path: Path) -> None:
    out = write_markdown(read_results(results), tmp_path / "paper" / "report.md")
    text = out.read_text(encoding="utf-8")
    pictures = re.findall(r"^!\[.*\]\((.+)\)$", text, re.M)
    assert pictures == ["figures/first.png", "figures/second.png"]
    assert all((out.parent / picture).is_file() for picture in pictures)
    assert "Is \\<b\\>5 %\\</b\\> of a\\_b &amp; $x^2$ \\`enough\\`? \\| See \\\\cmd\\{\\} \\#1" in text
    tables = re.findall(r"(?:^\|.*\|\n)+", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    assert len(tables) == 7  # levers, outcomes and people of two settings, failures, hashes
    for table in tables:
        lengths = {len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(lengths) == 1, table


@pytest.mark.usefixtures("two_figures")
def test_latex(results: Path) -> None:
    text = write_latex(read_results(results), results / "report.tex").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    body = "\n".join(lines)
    assert body.count("{") - body.count(r"\{") == body.count("}") - body.count(r"\}")
    opened, closed = re.findall(r"\\begin\{(\w+)\}", body), re.findall(r"\\end\{(\w+)\}", body)
    assert sorted(opened) == sorted(closed) == ["table"] * 2 + ["tabular"] * 2
    assert all(body.count(rule) == 2 for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 2 + 8
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {8}
    assert re.findall(r"\\begin\{tabular\}\{(.*)\}", body) == ["r" * 9] * 2
    assert not re.search(r"(?<!\\)[%#_$~^]", re.sub(r"\\label\{[^}]*\}", "", body))
    assert "100 \\ensuremath{\\pm} 10 units" in body


def test_latex_escapes_everything() -> None:
    escaped = latex_escaped(QUESTION)
    assert not re.search(r"(?<!\\)[%#_$&~^]", escaped)
    assert latex_escaped("\\a{b}^~<>") == (
        r"\textbackslash{}a\{b\}\textasciicircum{}\textasciitilde{}\textless{}\textgreater{}"
    )


def test_stata_reads_the_runs(results: Path) -> None:
    out = write_dta(read_results(results), results / "runs.dta")
    runs = pd.read_parquet(results / "runs.parquet")
    with pd.read_stata(out, iterator=True) as reader:
        found, labels = reader.read(), reader.variable_labels()
        assert (reader.data_label, reader._format_version) == ("two prices", 118)
        finished = datetime.fromisoformat(read_results(results).manifest["finished"])
        assert reader.time_stamp == f"{finished:%d %b %Y %H:%M}"  # never the moment of writing
    names = stata_names(list(runs.columns))
    assert list(found.columns) == list(names.values())
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name) for name in found.columns)
    assert len(set(found.columns)) == len(runs.columns) == len(OUTCOME_COLUMNS) + 7
    assert labels["cost_weight"] == W
    assert labels["honest_end_wei"] == "honest_end_wei (wei, exact)"
    assert all(len(label) <= 80 for label in labels.values())
    for column, name in names.items():
        if column.endswith("_wei"):
            wanted = ["" if value is None or value != value else str(int(value)) for value in runs[column]]
            assert list(found[name]) == wanted
        elif pd.api.types.is_float_dtype(runs[column].dtype):
            pd.testing.assert_series_equal(found[name].astype(float), runs[column], check_names=False)
    assert list(found["captured"].dropna()) == [float(value) for value in runs["captured"].dropna()]
    assert set(found["willingness_to_pay"]) == {"100 ± 10", "50"}
    assert list(found["error"]).count(OH_NO) == 3
    assert list(found["seed"]) == ["0"] * 24


def test_stata_holds_long_texts_and_large_seeds(tmp_path: Path) -> None:
    crowd = [{"kind": "honest", "name": f"a{number}"} for number in range(80)]
    points = Points([{"agents": crowd}, {"agents": [{"kind": "honest"}]}], pair_seeds=False)
    experiment = Experiment(load_scenario("quickstart", {"data.size": 60, "horizon": "1d"}), points)
    results = swept(tmp_path / "out", experiment)
    found = pd.read_stata(write_dta(read_results(results.folder), tmp_path / "runs.dta"))
    runs = results.runs()
    assert list(found["agents"]) == list(runs["agents"])
    assert max(map(len, found["agents"])) > 2045
    assert [int(seed) for seed in found["seed"]] == list(runs["seed"])


def unfinished(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["counts"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def of_another_version(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["experiment"]["scenario"]["mechanism"]["colour"] = "red"
    (folder / "manifest.json").write_text(json.dumps(manifest))


def without_a_column(folder: Path) -> None:
    pd.read_parquet(folder / "runs.parquet").drop(columns=["captured"]).to_parquet(folder / "runs.parquet")


UNUSABLE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (shutil.rmtree, "is no results folder of a sweep"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "is no results folder of a sweep"),
    "half a manifest": (lambda folder: (folder / "manifest.json").write_text('{"a'), "is no results folder"),
    "another manifest": (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest of something else"),
    "an empty manifest": (lambda folder: (folder / "manifest.json").write_text('{"identity": 1}'), "no experiment"),
    "another version": (of_another_version, "that this version understands"),
    "unfinished": (unfinished, "has not finished. Let it run on with"),
    "no runs": (lambda folder: (folder / "runs.parquet").unlink(), "runs.parquet' is missing"),
    "no series": (lambda folder: (folder / "series.parquet").unlink(), "series.parquet' is missing"),
    "damaged runs": (lambda folder: (folder / "runs.parquet").write_bytes(b"PAR1"), "cannot be read"),
    "no column": (without_a_column, "lacks columns (captured)"),
}


@pytest.fixture
def deca10b(deca10b, monkeypatch: pytest.MonkeyPatch):
    """Call the command line in this process, its runs too, from an empty folder."""
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    return deca10b


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_reported_is_one_paragraph(deca10b, results: Path, case: str) -> None:
    spoil, expected = UNUSABLE[case]
    spoil(results)
    before = sorted(results.rglob("*"))
    code, out, err = deca10b("report", "results")
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert expected in err
    assert err.count("\n") == 1
    assert sorted(results.rglob("*")) == before


@pytest.mark.usefixtures("two_figures", "results")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--latex", "--dta", "--out", "one.tex"], "--out names one file, but 2 are to be written"),
        (["--out", "results"], "'results' is no name of a file"),
        (["--out", " "], "is no name of a file"),
        (["--out", "results/manifest.json/report.html"], "cannot be used"),
    ],
)
def test_bad_places_are_refused(deca10b, options: list[str], expected: str) -> None:
    code, out, err = deca10b("report", "results", *options)
    assert (code, out) == (2, "")
    assert expected in err


@pytest.mark.usefixtures("two_figures")
def test_report_writes_what_is_asked(deca10b, results: Path, tmp_path: Path) -> None:
    before = {path.name for path in results.iterdir()}
    assert deca10b("report", "results") == (0, f"Written: {Path('results/report.html')}\n", "")
    assert {path.name for path in results.iterdir()} - before == {"report.html"}
    code, out, _ = deca10b("report", "results", "--markdown", "--latex", "--dta")
    assert (code, len(out.splitlines())) == (0, 3)
    assert {path.name for path in results.iterdir()} - before == {
        "report.html", "report.md", "report.tex", "runs.dta", "figures",
    }  # fmt: skip
    assert deca10b("report", "results", "--dta", "--out", "deep/er/mine.dta")[0] == 0
    assert (tmp_path / "deep/er/mine.dta").read_bytes() == (results / "runs.dta").read_bytes()


@pytest.mark.usefixtures("two_figures")
def test_a_sweep_ends_with_findings_and_a_report(deca10b, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(experiment_toml(EXPERIMENT).replace("replications = 3", "replications = 2"))
    code, out, err = deca10b("sweep", "mine.toml", "--out", "there")
    assert (code, err) == (0, "")
    assert "- First the points with willingness to pay of flipper 100 ± 10 units" in out
    assert "report.html" in out.splitlines()[-1]
    page = (tmp_path / "there" / "report.html").read_bytes()
    assert (tmp_path / "there" / "figures" / "second.svg").exists()
    assert deca10b("report", "there", "--out", "again.html")[0] == 0
    assert (tmp_path / "again.html").read_bytes() == page
    code, out, err = deca10b("sweep", "mine.toml", "--out", "there", "--resume")
    assert (code, err) == (0, "")
    assert "All 16 runs are there already" in out


@pytest.mark.usefixtures("two_figures")
def test_figures_can_be_left_out_and_findings_are_in_the_json(deca10b, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(experiment_toml(EXPERIMENT).replace("replications = 3", "replications = 1"))
    code, out, err = deca10b("sweep", "mine.toml", "--out", "there", "--json", "--no-figures")
    assert (code, err) == (0, "")
    assert json.loads(out)["findings"][0].startswith("First the points with willingness to pay of flipper 100 ± 10")
    assert not (tmp_path / "there" / "report.html").exists()
    assert not (tmp_path / "there" / "figures").exists()


def test_the_real_figures_are_in_the_page(results: Path) -> None:
    finished, figures = read_results(results), results / "figures"
    page = Page(write_html(finished, results / "report.html", figures).read_text(encoding="utf-8"))
    assert page.tags.count("img") == page.tags.count("figcaption") == len(list(figures.glob("*.png")))
    names = {path.stem for path in figures.glob("*.csv")}
    assert {"accuracy", "over-time"} <= names, "those that every design has"
    assert {"fates", "refunds"} <= names, "and those that these levers allow"


def test_single_runs_are_called_so(deca10b, tmp_path: Path) -> None:
    text = experiment_toml(EXPERIMENT).replace("replications = 3", "replications = 1")
    (tmp_path / "mine.toml").write_text(text)
    _, out, _ = deca10b("sweep", "mine.toml", "--out", "there", "--no-figures")
    assert "Each number is that of a single run, so none has an interval" in " ".join(out.split())
    assert "Student" not in out
    assert "Student" not in (write_html(read_results("there"), Path("report.html"))).read_text(encoding="utf-8")


@pytest.mark.parametrize(("size", "folder"), [("quick", "two-prices"), ("paper", "two-prices-paper")])
def test_the_two_sizes_have_a_folder_each(deca10b, size: str, folder: str, tmp_path: Path) -> None:
    text = experiment_toml(EXPERIMENT).replace("replications = 3", "replications = 1")
    (tmp_path / "mine.toml").write_text(text + "\n[paper.design]\nreplications = 2\n")
    assert deca10b("sweep", "mine.toml", "--size", size, "--no-figures").code == 0
    assert [path.name for path in (tmp_path / "results").iterdir()] == [folder]


def test_a_design_without_a_run_that_went_well_is_a_page_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConfigError("nothing works")

    monkeypatch.setattr(execution, "run", broken)
    page = page_of(swept(tmp_path / "out").folder)
    assert "No run went well, so nothing was found." in "".join(page.text)
    assert len(page.tables["Failed runs"]) == 25
