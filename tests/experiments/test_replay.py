"""A run's trace replays exactly, and whatever is altered in it is found."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.build import TRAINER, build
from experiments.replay import own, replay
from experiments.replay.comparison import Comparison
from experiments.replay.recording import recorded
from experiments.runner import run
from experiments.scenario import load_scenario
from sim.chain import Transaction
from sim.chain.trace import seal
from sim.errors import ConfigError
from sim.features import Data
from sim.units import HOUR

Line = dict[str, Any]
SMALL = {
    "data.size": 90, "data.initial": 40, "horizon": "4d", "mechanism.refund_window": "6h",
    "mechanism.any_claim_after": "2d", "chain.fees": "fixed", "chain.gas_price": "2 gwei", "chain.unit": "0.1 ether",
}  # fmt: skip


def lines_of(path: Path) -> list[Line]:
    content = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """A small economy whose people also do what no behaviour does: too little value, nonsense, not enough gas."""
    path = tmp_path_factory.mktemp("trace") / "trace.jsonl"
    scenario = load_scenario("quickstart", SMALL)
    economy = build(scenario)
    with recorded(economy, scenario, path):
        for hour in range(1, 96):
            economy.advance(hour * HOUR)
            sample = Data([hour % 7, 20 + hour % 5])
            for transaction in (
                Transaction("honest-1", TRAINER, "add_data", (sample, hour % 2), 10**14),
                Transaction("flipper-1", TRAINER, "predict", (sample,), 10**9),
                Transaction("honest-2", TRAINER, "refund", (sample, 1, hour)),
                Transaction("honest-2", "honest-3", "", (), 1),
                Transaction("honest-3", TRAINER, "nonsense"),
                Transaction("honest-1", TRAINER, "add_data", (sample, 1), 10**18, 30_000),
            )[hour % 6 :][:1]:  # fmt: skip
                economy.chain.execute(transaction)
    return lines_of(path)


def replayed(lines: list[Line]) -> Comparison:
    """Lines as if from a file; they are not changed."""
    comparison = Comparison("lines")
    own.replay(iter(enumerate(copy.deepcopy(lines), 1)), Path("trace.jsonl"), comparison)
    return comparison


def sealed(lines: list[Line]) -> list[Line]:
    """The work of a forger: all running digests anew."""
    before, forged = "", []
    for line in lines:
        line = {name: value for name, value in line.items() if name != "digest"}
        before = seal(line, before)
        forged.append(line | {"digest": before})
    return forged


# -- what is recorded --------------------------------------------------------------------------------------------------


def test_everything_in_a_trace_is_executed_again_and_compared(lines: list[Line]) -> None:
    calls = lines[1:-1]
    methods = {(line["method"], line["ok"]) for line in calls}
    assert methods >= {
        ("add_data", True), ("add_data", False), ("refund", True), ("refund", False), ("predict", True), ("", True),
        ("nonsense", False), ("report", True),
    }  # fmt: skip
    assert {"out of gas", "Data not found.", ""} <= {line["reason"] for line in calls}
    comparison = replayed(lines)
    assert [str(mismatch) for mismatch in comparison.first] == []
    assert (comparison.mismatches, comparison.runs, comparison.calls) == (0, 1, len(calls))
    checked = comparison.checked
    assert checked["outcomes"] == 2 * len(calls) + 1
    assert checked["predictions"] == sum("prediction" in line for line in calls) > 0
    accounts = len(lines[0]["accounts"])
    assert checked["balances"] == sum(len(line.get("balances", {})) for line in calls) + accounts + 3
    assert checked["gas"] == 2 * len(calls) + 1
    assert checked["model_digests"] >= 2
    assert (comparison.not_compared, comparison.reported) == ([], [])


def test_money_in_a_trace_adds_up(lines: list[Line]) -> None:
    """Balances told along the way end at what was there at the start: nothing but fees leaves the people."""
    balances = {name: int(wei) for name, wei in lines[0]["accounts"].items()}
    minted = sum(balances.values())
    fees = 0
    for line in lines[1:-1]:
        balances |= {name: int(wei) for name, wei in line.get("balances", {}).items()}
        fees += int(line["fee"])
        assert sum(balances.values()) == minted
    assert balances["<proposer>"] == fees == int(lines[-1]["fees"])
    assert int(lines[-1]["minted"]) == minted


@pytest.mark.parametrize(
    "levers",
    [
        {"model.kind": "perceptron", "mechanism.profile": "reference", "mechanism.any_claim_after": "8d"},
        {"mechanism.profile": "solidity", "mechanism.cost_weight": "0.1"},
        {"mechanism.refund_rule": "one_shot", "mechanism.crumb_standing": "pro_rata", "chain.hardfork": "istanbul"},
        {"chain.fees": "l1_2021_peak", "chain.unit": "0.1 ether"},
    ],
    ids=str,
)
def test_traces_replay_under_every_rule(levers: dict[str, Any], tmp_path: Path) -> None:
    scenario = load_scenario(
        "quickstart", {"data.size": 200, "horizon": "3d", "mechanism.refund_window": "8h"} | levers
    )
    path = tmp_path / "trace.jsonl.gz"
    result = run(scenario, trace=path)
    (comparison,) = replay([path])
    assert comparison.calls == result.transactions > 100
    assert [str(mismatch) for mismatch in comparison.first] == []


def test_equal_seeds_give_equal_bytes_and_a_trace_changes_no_result(tmp_path: Path) -> None:
    def traced(name: str, seed: int) -> bytes:
        run(load_scenario("quickstart", SMALL | {"seed": seed}), trace=tmp_path / name)
        return (tmp_path / name).read_bytes()

    packed = traced("a.jsonl.gz", 1)
    assert packed == traced("b.jsonl.gz", 1)
    assert packed != traced("c.jsonl.gz", 2)
    assert gzip.decompress(packed) == traced("deeper/a.jsonl", 1)
    scenario = load_scenario("quickstart", SMALL | {"seed": 1})
    with_trace, without = run(scenario, trace=tmp_path / "d.jsonl"), run(scenario)
    assert with_trace.agents == without.agents
    assert with_trace.snapshots == without.snapshots


def test_a_run_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    scenario = load_scenario("quickstart", SMALL)
    economy = build(scenario)
    economy.chain.observers.append(_interrupted)
    with pytest.raises(KeyboardInterrupt), recorded(economy, scenario, tmp_path / "trace.jsonl"):
        economy.run()
    assert list(tmp_path.iterdir()) == []
    assert economy.chain.observers == [_interrupted]


def _interrupted(receipt: Any) -> None:
    raise KeyboardInterrupt


# -- alterations -------------------------------------------------------------------------------------------------------


def other(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return str(int(value) + 1) if value.isdecimal() else value + "."
    if isinstance(value, list):
        return [other(value[0]), *value[1:]]
    name = list(value)[-1]
    return value | {name: other(value[name])}


def alter(field: str) -> Callable[[list[Line], random.Random], None]:
    """Change one field of some transaction that has it."""

    def change(lines: list[Line], rng: random.Random) -> None:
        line = rng.choice([line for line in lines[1:-1] if line.get(field)])
        line[field] = other(line[field])

    change.__name__ = f"alter_{field}"
    return change


def alter_prediction(lines: list[Line], rng: random.Random) -> None:
    line = rng.choice([line for line in lines[1:-1] if "prediction" in line])
    line["prediction"] = 1 - line["prediction"]


def alter_balance(lines: list[Line], rng: random.Random) -> None:
    balances = rng.choice([line for line in lines[1:-1] if "balances" in line])["balances"]
    name = rng.choice(sorted(balances))
    balances[name] = str(int(balances[name]) + rng.choice((1, -1)))


def forget_balance(lines: list[Line], rng: random.Random) -> None:
    balances = rng.choice([line for line in lines[1:-1] if "balances" in line])["balances"]
    del balances[rng.choice(sorted(balances))]


def alter_start(lines: list[Line], rng: random.Random) -> None:
    accounts = lines[0]["accounts"]
    name = rng.choice(sorted(accounts))
    accounts[name] = str(int(accounts[name]) + 1)


def alter_end(lines: list[Line], rng: random.Random) -> None:
    field = rng.choice(("transactions", "succeeded", "gas_used", "fees", "minted"))
    lines[-1][field] = other(lines[-1][field])


def alter_state(lines: list[Line], rng: random.Random) -> None:
    state = rng.choice((lines[0], lines[-1]))["state"]
    part = rng.choice(sorted(state))
    state[part] = state[part][::-1]


def alter_seed(lines: list[Line], rng: random.Random) -> None:
    lines[0]["seed"] += 1


def alter_scenario_seed(lines: list[Line], rng: random.Random) -> None:
    lines[0]["scenario"]["seed"] = 1
    lines[0]["seed"] = 1


def alter_scenario(lines: list[Line], rng: random.Random) -> None:
    lines[0]["scenario"]["mechanism"]["cost_weight"] = 6


def alter_order(lines: list[Line], rng: random.Random) -> None:
    """Two lines of one sender, or of people who both touch the contract, change places."""
    places = [i for i, line in enumerate(lines) if line.get("method") in ("add_data", "refund", "report")]
    first, second = rng.sample(places, 2)
    lines[first], lines[second] = lines[second], lines[first]


def leave_out(lines: list[Line], rng: random.Random) -> None:
    del lines[rng.randrange(1, len(lines))]


def add_again(lines: list[Line], rng: random.Random) -> None:
    place = rng.randrange(1, len(lines))
    lines.insert(place, copy.deepcopy(lines[place]))


TOLD = [
    *map(alter, ("ok", "reason", "result", "logs", "fee", "gas_used", "nonce")), alter_prediction, alter_balance,
    forget_balance, alter_start, alter_end, alter_state, alter_seed, alter_scenario_seed, alter_scenario, alter_order,
    leave_out, add_again,
]  # fmt: skip
"""What a trace says happened: found by executing it, even if all running digests are made anew."""

SENT = [*map(alter, ("time", "sender", "to", "method", "arguments", "value", "gas_limit", "digest"))]
"""What was sent, and when: another history may be as possible, but it is not the one that was sealed."""


def found(
    lines: list[Line], change: Callable[[list[Line], random.Random], None], rng: random.Random, forge: bool
) -> bool:
    """Whether a replay finds one random alteration."""
    altered = copy.deepcopy(lines)
    change(altered, rng)
    try:
        return replayed(sealed(altered) if forge else altered).mismatches > 0
    except ConfigError:
        return True


@pytest.mark.parametrize("change", TOLD, ids=lambda change: change.__name__)
def test_forged_traces_are_found_by_executing_them(lines: list[Line], change: Any) -> None:
    assert found(lines, change, random.Random(1), forge=True)


def test_random_alterations_are_found(lines: list[Line]) -> None:
    assert missed(lines, random.Random(0), 60) == []


@pytest.mark.slow
def test_more_random_alterations_are_found(lines: list[Line]) -> None:
    assert missed(lines, random.Random(), 200) == []


def missed(lines: list[Line], rng: random.Random, times: int) -> list[str]:
    """Random alterations, every other one with digests made anew where executing must find it, that are not found."""
    overlooked = []
    for number in range(times):
        forge = number % 2 == 1
        change = rng.choice(TOLD if forge else TOLD + SENT)
        state = rng.getstate()
        if not found(lines, change, rng, forge):
            overlooked.append(f"{change.__name__}, forged {forge}, from {hash(state)}")
    return overlooked


def test_one_altered_line_is_told_where_it_stands(lines: list[Line]) -> None:
    """An amount that was altered is one mismatch with both values, and its digest another; no later line suffers."""
    altered = copy.deepcopy(lines)
    number = next(i for i, line in enumerate(altered) if line.get("method") == "refund" and line["ok"])
    before = altered[number]["result"]
    altered[number]["result"] = "12345"
    comparison = replayed(altered)
    assert [(m.line, m.call, m.kind, m.field) for m in comparison.first] == [
        (number + 1, number - 1, "records", "running digest"), (number + 1, number - 1, "amounts", "result"),
    ]  # fmt: skip
    assert (comparison.first[1].recorded, comparison.first[1].replayed) == ("12345", before)


def test_a_trace_that_was_cut_or_goes_on_is_found(lines: list[Line]) -> None:
    for altered, field in (
        (lines[:-1], "last line, with totals and state"),
        ([*lines, lines[5]], "lines after the last"),
    ):
        assert [mismatch.field for mismatch in replayed(altered).first] == [field]


def test_state_digests_of_another_version_are_not_compared(lines: list[Line]) -> None:
    altered = copy.deepcopy(lines)
    altered[0]["program"] = "0.0.1"
    alter_state(altered, random.Random(0))
    comparison = replayed(sealed(altered))
    assert comparison.mismatches == 0
    assert [row["count"] for row in comparison.not_compared] == [2]


# -- the command line --------------------------------------------------------------------------------------------------


def test_run_records_and_replay_tells(deca10b, tmp_path: Path) -> None:
    quick = ["--set", "data.size=150", "--set", "horizon=2d"]
    code, out, _ = deca10b("run", "quickstart", *quick, "--json", "--trace", "deep/er/trace.jsonl.gz")
    assert (code, json.loads(out)["scenario"]) == (0, "quickstart")
    path = tmp_path / "deep" / "er" / "trace.jsonl.gz"
    assert [file.name for file in path.parent.iterdir()] == ["trace.jsonl.gz"]

    code, out, err = deca10b("replay", str(path))
    assert (code, err) == (0, "")
    assert "replayed without a mismatch" in out

    told = lines_of(path)
    told[5]["fee"] = "1"
    (tmp_path / "altered.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))
    code, out, _ = deca10b("replay", str(path), "altered.jsonl")
    assert code == 1
    assert "altered.jsonl: 2 mismatches" in out
    assert "line 6 of run quickstart (call 4): fee recorded 1, replayed 0" in out

    code, out, _ = deca10b("replay", str(path), "altered.jsonl", "--json")
    facts = json.loads(out)
    assert code == 1
    assert [file["mismatches"] for file in facts["files"]] == [0, 2]
    assert facts["mismatches"] == 2
    first = facts["files"][0]
    assert list(first["checked"]) == [
        "outcomes", "amounts", "predictions", "balances", "gas", "model_digests", "records",
    ]  # fmt: skip
    assert (first["runs"], first["calls"], first["first_mismatches"]) == (1, len(told) - 2, [])
    assert facts["files"][1]["first_mismatches"][1] == {
        "run": "quickstart", "line": 6, "call": 4, "kind": "amounts", "field": "fee", "recorded": "1", "replayed": "0",
    }  # fmt: skip


NO_TRACES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "text": (b"hello\nworld\n", "line 1"),
    "a list": (b"[1, 2]\n", "no JSON object"),
    "other json": (b'{"a": 1}\n', "of no format known"),
    "binary": (bytes(range(256)), "line 1"),
    "half of a gzip": (gzip.compress(b'{"k": "run", "mechanism": "drt"}\n' * 99)[:30], "damaged"),
    "deep": (b"[" * 100_000, "line 1"),
    "a newer format": (b'{"trace": "deca10b", "format": 2}\n', "format 2"),
    "no scenario": (b'{"trace": "deca10b", "format": 1}\n', "no scenario"),
    "a wrong scenario": (b'{"trace": "deca10b", "format": 1, "scenario": {"agents": 3}}\n', "agents"),
    "an unknown behaviour": (
        b'{"trace": "deca10b", "format": 1, "scenario": {"agents": [{"kind": "os.system"}]}}\n', "os.system",
    ),
    "a run without parameters": (b'{"k": "run", "mechanism": "drt", "run": "x"}\n', "does not start a run"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TRACES)
def test_a_file_that_is_no_trace_is_one_readable_paragraph(name: str, deca10b, tmp_path: Path) -> None:
    content, telling = NO_TRACES[name]
    (tmp_path / "file.jsonl").write_bytes(content)
    code, out, err = deca10b("replay", "file.jsonl", "--json")
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert telling in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_is_not_there_is_told(name: str, deca10b) -> None:
    code, _, err = deca10b("replay", name)
    assert code == 2
    assert "cannot be read" in err


@pytest.mark.parametrize("name", ["", ".", "file/trace.jsonl"])
def test_a_trace_that_cannot_be_written_costs_no_run(name: str, deca10b, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = deca10b("run", "quickstart", "--set", "horizon=900d", "--json", "--trace", name)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")


def test_a_broken_line_is_told_with_its_number(lines: list[Line], deca10b, tmp_path: Path) -> None:
    broken = copy.deepcopy(lines)
    del broken[3]["sender"]
    (tmp_path / "trace.jsonl").write_text("".join(json.dumps(line) + "\n" for line in broken))
    code, _, err = deca10b("replay", "trace.jsonl")
    assert code == 2
    assert "line 4 is no transaction: 'sender' is missing" in err
