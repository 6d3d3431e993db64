"""The command line as people and programs meet it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.cli_run import chosen_scenario
from experiments.levers import read_levers
from experiments.scenario import load_scenario

QUICK = ["--set", "data.size=400", "--set", "horizon=5d"]


def test_alone_it_shows_what_to_do_next(deca10b) -> None:
    answer = deca10b()
    assert answer.code == 0
    assert all(word in answer.out for word in ("deca10b run quickstart", "deca10b list", "deca10b check", "--help"))


def test_json_is_one_object_and_nothing_else(deca10b, tmp_path: Path) -> None:
    answer = deca10b("run", "quickstart", *QUICK, "--json", "--seed", "3", "--twin")
    facts = json.loads(answer.out)
    assert answer.code == 0
    assert answer.err == ""
    assert (facts["scenario"], facts["seed"], facts["config"]["horizon"]) == ("quickstart", 3, 432_000)
    assert "price_of_corruption" in facts["twin"]
    assert list(tmp_path.iterdir()) == []


def test_run_tells_a_story_and_writes_a_figure(deca10b, tmp_path: Path) -> None:
    answer = deca10b("run", "quickstart", *QUICK)
    assert answer.code == 0
    assert "10 honest contributors" in answer.out
    assert "label_flipper" in answer.out
    assert "The model's accuracy" in answer.out
    assert "results/quickstart" in answer.out
    assert max(len(line) for line in answer.out.splitlines() if not line.startswith("Written")) <= 100
    (folder,) = (tmp_path / "results").iterdir()
    written = {path.name for path in folder.iterdir()}
    assert written == {"result.json", "scenario.toml", "figure.png", "figure.svg", "series.csv", "adds.csv"}


def test_out_gets_everything(deca10b, tmp_path: Path) -> None:
    answer = deca10b("run", "quickstart", *QUICK, "--out", "deep/er", "--json")
    folder = tmp_path / "deep" / "er"
    written = {path.name for path in folder.iterdir()}
    assert written == {"result.json", "scenario.toml", "figure.png", "figure.svg", "series.csv", "adds.csv"}
    assert json.loads((folder / "result.json").read_text()) == json.loads(answer.out)
    again = json.loads(deca10b("run", str(folder / "scenario.toml"), "--json").out)
    assert again["scenario_hash"] == json.loads(answer.out)["scenario_hash"]
    assert again["agents"] == json.loads(answer.out)["agents"]


def test_a_run_says_when_it_replaces_another(deca10b, tmp_path: Path) -> None:
    command = ["run", "quickstart", "--set", "data.size=200", "--set", "horizon=2d", "--out", str(tmp_path / "out")]
    first, second = deca10b(*command), deca10b(*command)
    assert "in place of the run before" not in first.out
    assert "in place of the run before" in second.out


def test_a_run_that_was_changed_replaces_no_other(tmp_path: Path) -> None:
    """What is compared with the unchanged run must not write over it; what changes nothing is the same run."""

    def folder(*levers: str, seed: int | None = None) -> str:
        path = chosen_scenario("quickstart", levers, seed)[1]
        assert path.parent == Path("results")
        return path.name

    dear, patient = "mechanism.cost_weight=20", "mechanism.refund_window=7d"
    assert folder() == folder("mechanism.refund_window=24h") == folder(seed=0) == "quickstart"
    changed = [folder(dear), folder(dear, patient), folder(patient), folder(seed=7), folder(dear, seed=7)]
    assert len(set(changed)) == 5
    assert all(name.startswith("quickstart-") for name in changed)
    assert folder(dear, patient) == folder("mechanism.refund_window=168h", dear)
    assert folder(seed=7) == folder("seed=7") == "quickstart-seed7"


def test_a_lever_mends_what_a_file_lacks(deca10b, tmp_path: Path) -> None:
    """And the error of the file says which one."""
    file = tmp_path / "market.toml"
    file.write_text(
        '[data]\nsize = 120\n[mechanism]\nkind = "prediction_market"\n[[agents]]\nkind = "honest"\n', encoding="utf-8"
    )
    refused = deca10b("check", str(file))
    assert refused.code == 2
    lever = re.search(r"--set '([^']*)'", refused.err)
    assert lever is not None
    mended = deca10b("check", str(file), "--set", lever[1])
    assert (mended.code, mended.err) == (0, "")
    seeds = {chosen_scenario(str(file), [lever[1]], seed)[1] for seed in (None, 1, 2)}
    assert len(seeds) == 3, "and different runs have different folders"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b=20", ("a.b", 20)),
        ("a=0.5", ("a", 0.5)),
        ("a=true", ("a", True)),
        ("a=1d", ("a", "1d")),
        ("a='x'", ("a", "x")),
        ("a=2 gwei", ("a", "2 gwei")),
        ("a={mean=3}", ("a", {"mean": 3})),
        ('a=[{kind="honest"}]', ("a", [{"kind": "honest"}])),
        ("a=x=y", ("a", "x=y")),
        ("a=1\nb=2", ("a", "1\nb=2")),
    ],
)
def test_values_of_set_are_toml_or_text(text: str, expected: object) -> None:
    assert read_levers([text]) == dict([expected])


def test_every_addition_of_agents_counts() -> None:
    added = read_levers(["agents.+={kind='spammer'}", "seed=1", "agents.+=[{kind='honest', name='late'}]", "seed=2"])
    assert added == {"agents.+": [{"kind": "spammer"}, {"kind": "honest", "name": "late"}], "seed": 2}


def test_agents_are_added_from_the_command_line(deca10b) -> None:
    command = ["run", "quickstart", "--set", "horizon=1d", "--set", "data.size=200", "--json"]
    added = ["--set", 'agents.+={kind="spammer", count=2}', "--set", "agents.spammer.balance=7"]
    answer = deca10b(*command, *added, "--set", 'agents.+={kind="honest", name="late", balance=3}')
    rows = {row["name"]: (row["group"], row["start_balance"]) for row in json.loads(answer.out)["agents"]}
    assert rows["spammer-2"] == ("spammer", str(7 * 10**15))  # a lever finds the group that was just added
    assert rows["late"] == ("late", str(3 * 10**15))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "quikstart"], "Did you mean 'quickstart'?"),
        (["run", "nowhere/file.toml"], "no scenario file"),
        (["run", "quickstart", "--set", "mechanism.cost_wieght=3"], "Did you mean 'mechanism.cost_weight'?"),
        (["run", "quickstart", "--set", "agents.flipper.balanc=3"], "Did you mean 'agents.flipper.balance'?"),
        (["run", "quickstart", "--set", "agents.honest.flip_rate=1"], "'honest' has no flip_rate; label_flipper"),
        (["run", "quickstart", "--set", "horizon"], "PATH=VALUE"),
        (["run", "quickstart", "--set", "mechanism.refund_window=-1"], "mechanism.refund_window is -1"),
        (["run", "quickstart", "--set", "agents=[]"], "at least 1"),
        (["run", "quickstart", "--set", "agents.+={kind='spamer'}"], "Did you mean 'spammer'?"),
        (["run", "quickstart", "--set", "agents.+={kind='honest'}"], "'honest' names two groups"),
        (["run", "quickstart", "--set", "agents.+={count=2}"], "Lever 'agents.+' is"),
        (["run", "quickstart", "--set", "agents.+=spammer"], "a table with the kind of the new group"),
        (["run", "quickstart", "--set", "agents.+.count=2"], "Lever 'agents.+.count'"),
        (["run", "quickstart", "--set", "chain.ordering=fifo"], "block_time = '12s'"),
        (["run", "quickstart", "--set", "chain.ordering=lifo"], "choose one of immediate, fifo"),
        (["run", "quickstart", "--set", "chain.latency=2s"], "nothing waits"),
        (["run", "quickstart", "--seed", "-4"], "seed is -4"),
        (["run", "quickstart", "--set", "data.dataset=nothing.csv"], "nothing.csv"),
        (["run", "quickstart", "--out", "file/below"], "Output folder 'file/below' cannot be used"),
        (["run", "quickstart", "--set", "agents=[{kind='spammer'}]", "--twin"], "no honest group"),
        (["check", "quikstart"], "Did you mean 'quickstart'?"),
        (["run", "deposit-refnd"], "Did you mean 'deposit-refund'? That is an experiment, for 'deca10b sweep'."),
        (["sweep", "deposit-refnd"], "no experiment 'deposit-refnd'. Did you mean 'deposit-refund'? Known:"),
        (["sweep", "quikstart"], "Did you mean 'quickstart'? That is a scenario, for 'deca10b run'."),
        (["list", "agent"], "Did you mean 'agents'?"),
    ],
)
def test_mistakes_are_one_paragraph(deca10b, tmp_path: Path, arguments: list[str], expected: str) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = deca10b(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert expected in answer.err
    assert answer.err.startswith("Error: ")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_only_what_a_command_can_use_is_offered(deca10b) -> None:
    scenarios, experiments = deca10b("run", "nonsense").err, deca10b("sweep", "nonsense").err
    assert "prediction-market" in scenarios
    assert "attack-gallery" not in scenarios
    assert "attack-gallery" in experiments
    assert "prediction-market" not in experiments
    assert "attack-gallery" not in deca10b("run", "nonsense.toml").err
    assert all(name in deca10b("check", "nonsense").err for name in ("prediction-market", "attack-gallery"))


def test_unknown_options_are_usage_errors(deca10b) -> None:
    answer = deca10b("run", "quickstart", "--horizon", "5")
    assert answer.code == 2
    assert "No such option" in answer.err


def test_debug_shows_where_an_error_comes_from(deca10b) -> None:
    with pytest.raises(Exception, match="Did you mean 'quickstart'"):
        deca10b("run", "quikstart", "--debug")


def test_a_bug_is_one_paragraph_too(deca10b, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("experiments.runner.build", broken)
    answer = deca10b("run", "quickstart", "--json")
    assert answer.code == 1
    assert "ZeroDivisionError: oh" in answer.err
    assert "--debug" in answer.err


def test_a_full_disk_leaves_nothing_half_written(deca10b, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(path: Path, data: bytes) -> int:
        path.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = deca10b("run", "quickstart", *QUICK, "--json", "--out", "there")
    assert answer.code == 2
    assert "No space left on device" in answer.err
    assert answer.out == ""
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("what", ["agents", "mechanisms", "models", "datasets", "scenarios"])
def test_lists(deca10b, what: str) -> None:
    entries = json.loads(deca10b("list", what, "--json").out)
    shown = deca10b("list", what).out
    for entry in entries:
        assert entry["name"] in shown
        assert len(entry["description"]) > 10, entry
    known = {"agents": "honest", "mechanisms": "deposit_refund_take", "models": "perceptron", "datasets": "imdb-like"}
    assert known.get(what, "quickstart") in [entry["name"] for entry in entries]


def test_without_a_name_it_lists_what_can_be_listed(deca10b) -> None:
    answer, kinds = deca10b("list"), json.loads(deca10b("list", "--json").out)
    assert answer.code == 0
    assert {"agents", "mechanisms", "models", "datasets", "scenarios", "levers"} <= {kind["name"] for kind in kinds}
    for kind in kinds:
        assert kind["description"] in answer.out
        assert deca10b("list", kind["name"]).code == 0


def test_money_of_behaviours_is_told_in_units_people_write(deca10b) -> None:
    """A bare number in a config counts units; the defaults of constructors are wei."""
    entries = [entry for entry in json.loads(deca10b("list", "levers", "--json").out) if entry["of"]]
    levers = {entry["name"]: entry for entry in entries if entry["name"].startswith("agents.")}
    assert not [entry for entry in levers.values() if re.search(r"\bwei\b", entry["description"])]
    assert levers["agents.GROUP.bounty"]["default"] == "1 ether"
    assert levers["agents.GROUP.payment"]["default"] == "0.05 ether"
    assert levers["agents.GROUP.value"]["default"] == "0"
    assert levers["agents.GROUP.payment"]["description"].startswith("(caller) units it sends")
    caller = next(entry for entry in json.loads(deca10b("list", "agents", "--json").out) if entry["name"] == "caller")
    assert caller["parameters"]["payment"].startswith("units it sends")


def test_check(deca10b, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[[agents]]\nkind = 'honest'\ncount = 3\n[data]\nsize = 100\n")
    answer = deca10b("check", "mine.toml")
    assert answer.code == 0
    assert answer.out.startswith("ok: mine (seed 0, hash ")
    assert "98 samples" in answer.out
    assert "3 addresses" in answer.out


def test_presets_can_be_checked(deca10b) -> None:
    """But the one whose data may not be passed on."""
    assert deca10b("check", "quickstart").code == 0
    assert deca10b("check", "imdb-like", "--set", "data.size=100").code == 0
    assert load_scenario("imdb-drt").data.dataset == "imdb"


QUESTIONS = {
    "tune": "levers = {'mechanism.cost_weight' = {from = 1.0, to = 4.0}}\ntrials = 6\nreplications = 2\nheld_out = 5",
    "game": "players = 3\nstrategies = {honest = {kind = 'honest'}, flip = {kind = 'label_flipper'}}",
}


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("tune", "6 designs for accuracy, honest_profit; 22 runs in all"),  # 6 of 2 seeds, and two designs of 5 more
        ("game", "3 players choose among honest, flip; 4 profiles"),  # 0 to 3 of them flip
    ],
)
def test_questions_can_be_checked(deca10b, tmp_path: Path, section: str, told: str) -> None:
    text = f"scenario = 'quickstart'\n[data]\nsize = 100\n[{section}]\n"
    (tmp_path / "mine.toml").write_text(text + QUESTIONS[section])
    answer = deca10b("check", "mine.toml", "--set", "data.size=150")
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"ok: mine, a question; ask it with 'deca10b {section} mine.toml'\n")
    assert told in answer.out
    assert "147 samples" in answer.out  # of 150; the quickstart's model has learnt 2 % before
    for command in ("run", "sweep"):
        assert f"'deca10b {section} " in deca10b(command, "mine.toml").err
    (tmp_path / "mine.toml").write_text(f"{text}trails = 3\n" + QUESTIONS[section])
    wrong = deca10b("check", "mine.toml")
    assert wrong.code == 2
    assert "ok" not in wrong.out
    assert f"{section}.trails is unknown" in wrong.err
    assert deca10b("check", f"{section}-drt").code == 0


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from experiments.cli import main; main()", "run", "quickstart", "--json"]
    command += ["--set", "data.dataset=imdb-like", "--set", "data.size=all"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err == "Error: Interrupted; no half-written file is left.\n"


def test_out_without_a_name_is_refused(deca10b) -> None:
    answer = deca10b("run", "quickstart", *QUICK, "--out", "")
    assert answer.code == 2
    assert "has no name" in answer.err
