"""Our contracts against recorded runs of the reference Python simulation of 0xDeCA10B.

`reference_traces.jsonl.gz` holds 22 runs of Deposit-Refund-Take (perceptron, naive Bayes, nearest centroid; from its
own simulator and from scripts that hit every boundary) and one of the prediction market, of which
`test_market_traces` has more. ``DECA10B_CONFORMANCE`` may name a folder with the whole corpus.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.replay import reference, replay
from experiments.replay.comparison import Comparison
from experiments.replay.reference_contracts import UNIT, FloatShares, ToldModel
from mechanisms.deposit_refund_take import Parameters
from sim.chain import Chain, Receipt, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.features import Data
from sim.units import DAY

Line = dict[str, Any]
TRACES = Path(__file__).parent / "reference_traces.jsonl.gz"
CORPUS = os.environ.get("DECA10B_CONFORMANCE", "")
LINES: list[Line] = [json.loads(line) for line in gzip.decompress(TRACES.read_bytes()).splitlines()]
RUNS: dict[str, list[Line]] = {}
for _line in LINES:
    RUNS.setdefault(_line["run"], []).append(_line)
WITHOUT_FEATURES = "p-drt-sim-17"
"""Its data set is not among those beside the traces."""

DRT = sorted(run for run, lines in RUNS.items() if lines[0]["mechanism"] == "drt")


def replayed(lines: list[Line]) -> Comparison:
    """Lines of a trace that lies where the real one does; they are not changed."""
    comparison = Comparison("lines")
    reference.replay(iter(enumerate(copy.deepcopy(lines), 1)), TRACES, comparison)
    return comparison


@pytest.mark.parametrize("run", DRT)
def test_recorded_runs_replay_without_a_mismatch(run: str) -> None:
    comparison = replayed(RUNS[run])
    assert [str(mismatch) for mismatch in comparison.first] == []
    assert comparison.calls == len(RUNS[run]) - 2


def test_all_that_was_recorded_is_compared() -> None:
    """Every outcome and error, every amount and payment, every balance told and every prediction is looked at."""
    comparison = replayed([line for run in DRT for line in RUNS[run]])
    calls = [line for run in DRT for line in RUNS[run] if line["k"] == "call"]
    assert (comparison.runs, comparison.calls, comparison.mismatches) == (len(DRT), len(calls), 0)
    assert comparison.checked["outcomes"] == len(calls) + sum(not line["ok"] for line in calls)
    payments = [move for line in calls for move in line.get("moves", ())]
    assert comparison.checked["amounts"] == sum("amount" in line for line in calls) + 3 * len(payments)
    predictions = [line for line in calls if line.get("pred") is not None]
    without = sum(line["run"] == WITHOUT_FEATURES for line in predictions)
    assert comparison.checked["predictions"] == len(predictions) - without
    assert comparison.checked["balances"] >= sum(len(line["bal"]) for line in calls if "bal" in line)
    left_out = {(row["what"], row["reason"]): row["count"] for row in comparison.not_compared}
    assert left_out["predictions", "the features of the run were not found"] == without > 0


def test_short_payments_are_reported_and_the_ledger_pays_in_full() -> None:
    """Run 22: 3,000 units are refunded while the reference has 1,200; it moves these, and books the refund."""
    lines = RUNS["p-drt-script-22"]
    (short,) = [row for row in replayed(lines).reported if row["what"].startswith("short payments")]
    recorded = [m for line in lines if line["k"] == "call" for m in line.get("moves", ()) if len(m) == 4]
    assert short["count"] == len([m for m in recorded if m[2] - m[3] > 1e-6])
    altered = copy.deepcopy(lines)
    (call,) = [line for line in altered if line.get("moves") == [["contract", "a1", 3000, 1200]]]
    for moves in ([["contract", "a1", 3000]], [["contract", "a1", 2999, 1200]], [["contract", "a1", 3000, 1199]]):
        call["moves"] = moves
        assert replayed(altered).mismatches == 1


def test_calls_without_an_account_are_refused_whole() -> None:
    """The reference fails with KeyError and is left half changed, so what follows from that is not compared."""
    comparison = replayed(RUNS["p-drt-script-05"])
    assert comparison.mismatches == 0
    (told,) = [row for row in comparison.reported if "without an account" in row["what"]]
    assert told["count"] == 2
    assert "final states of contract and model" in {row["what"] for row in comparison.not_compared}


def test_features_are_found_beside_the_trace_and_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, data = tmp_path / "trace.jsonl", tmp_path / "data"
    trace.write_text("".join(json.dumps(line) + "\n" for line in RUNS["p-drt-sim-32"] + RUNS["p-drt-sim-29"]))
    monkeypatch.delenv("DECA10B_DATA", raising=False)

    def compared() -> int:
        (comparison,) = replay([trace])
        assert comparison.mismatches == 0
        return comparison.checked["predictions"]

    predictions = sum(line.get("pred") is not None for line in RUNS["p-drt-sim-32"] + RUNS["p-drt-sim-29"])
    assert compared() == 0
    for place in (tmp_path, tmp_path / "reference-data", data):
        place.mkdir(exist_ok=True)
        for source in (TRACES.parent / "reference-data").glob("*.npz"):
            shutil.copy(source, place)
        if place == data:
            monkeypatch.setenv("DECA10B_DATA", str(data))
        assert compared() == predictions > 0
        for path in place.glob("*.npz"):
            path.unlink()


@pytest.mark.parametrize(
    ("deposit", "left"),
    [(1, 1 - 1 / 3 - 2 / 3), (3, 0.0), (16, 16 - 16 / 3 - 32 / 3), (6, 0.0)],
)
def test_shares_leave_something_exactly_where_floats_do(deposit: int, left: float) -> None:
    """Ann has a third of all standing, Bob two: of 1 unit they leave 1e-16, of 3 nothing. What is left can be refunded,
    and gives its author standing."""
    chain = Chain()
    records = DataHandler(chain, "records")
    windows = {"refund_window": 0, "any_claim_after": 8 * DAY}
    parameters = Parameters(profile="reference", deposit_policy="fixed", deposit=deposit * UNIT, **windows)
    mechanism, model = FloatShares(chain, "incentive", records, parameters), ToldModel(chain)
    trainer = CollaborativeTrainer(chain, "trainer", records, mechanism, model)
    chain.deploy(trainer)
    authors = ("ann", "bob", "bob", "cat")
    for time_, who in enumerate(authors, 1):
        chain.mint(who, 20 * UNIT)
        chain.clock.advance(time_)
        assert chain.execute(Transaction(who, "trainer", "add_data", (Data([0]), 1), deposit * UNIT)).ok
    chain.clock.advance(10)

    def claim(who: str, method: str, answer: int, *key: Any) -> Receipt:
        model.tell(answer)
        return chain.execute(Transaction(who, "trainer", method, (Data([0]), 1, *key)))

    for time_, who in enumerate(authors[:3], 1):
        assert claim(who, "refund", 1, time_).ok
    shares = [claim(who, "report", 0, 4, "cat").result / UNIT for who in ("ann", "bob")]
    assert shares == [pytest.approx(deposit / 3), pytest.approx(2 * deposit / 3)]
    assert left < 1e-14
    refund = claim("cat", "refund", 1, 4)
    assert refund.ok == (left > 0)
    assert mechanism.standing("cat") == (left > 0)
    assert refund.reason == ("" if left else "There is no reward left to claim.")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("i", 7, "i"), ("t", 5, "t"), ("run", "another", "run"), ("sender", "nobody", "ok"), ("row", 10**6, "call"),
        ("op", "steal", "call"), ("k", "note", "kind of line"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_is_found(field: str, value: Any, told: str) -> None:
    lines = copy.deepcopy(RUNS["p-drt-sim-18"])
    place = next(i for i, line in enumerate(lines) if i > 100 and line["ok"])
    lines[place][field] = value
    first = replayed(lines).first[0]
    assert (first.line, first.field) == (place + 1, told)


def stingy(send: Any) -> Any:
    return lambda trainer, target, amount, gas: send(trainer, target, amount - amount // 10**5, gas)


@pytest.mark.parametrize(
    ("owner", "name", "spoilt", "kind"),
    [
        (CollaborativeTrainer, "_send", stingy, "balances"),
        (FloatShares, "on_refund", lambda pay: lambda *call: pay(*call) - 10**10, "amounts"),
        (FloatShares, "on_report", lambda pay: lambda *call: pay(*call) - 10**10, "amounts"),
        (FloatShares, "on_add", lambda cost: lambda *call: cost(*call) + UNIT, "amounts"),
        (FloatShares, "may_refund", lambda view: lambda *call: False, None),
    ],
    ids=["payments", "refunds", "shares", "deposits", "views"],
)
def test_it_is_our_contracts_that_are_compared(
    owner: type, name: str, spoilt: Any, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contracts that pay, or take, a little otherwise than they should do not pass; views are not asked."""
    monkeypatch.setattr(owner, name, spoilt(getattr(owner, name)))
    first = replayed(RUNS["p-drt-sim-10"]).first
    assert {mismatch.kind for mismatch in first[:1]} == ({kind} if kind else set())


def test_a_trace_that_was_cut_is_found() -> None:
    lines = RUNS["p-drt-sim-18"]
    for cut in (lines[:-1], lines[:50] + RUNS["p-drt-sim-20"]):
        assert [m.field for m in replayed(cut).first] == ["end of the run"]


# -- alterations -------------------------------------------------------------------------------------------------------


def nudged(number: float, rng: random.Random) -> float:
    """Another amount: a unit, a hundredth or a per cent off (above 2**53 not every float has such neighbours)."""
    return rng.choice([n for n in (number + 1, number - 1, number + 0.01, number * 1.01 + 0.001) if n != number])


def alter_amount(lines: list[Line], rng: random.Random) -> None:
    call = rng.choice([line for line in lines if line.get("amount") is not None])
    call["amount"] = nudged(call["amount"], rng)


def alter_payment(lines: list[Line], rng: random.Random) -> None:
    call = rng.choice([line for line in lines if line.get("moves")])
    move = rng.choice(call["moves"])
    place = rng.randrange(len(move))
    move[place] = "somebody" if place < 2 else nudged(move[place], rng)


def alter_reason(lines: list[Line], rng: random.Random) -> None:
    errors = [line for line in lines if line.get("error")]
    call = rng.choice(errors)
    others = sorted({line["error"][1] for line in errors} - {call["error"][1]})
    call["error"][1] = rng.choice([*others, call["error"][1] + "!"])


def alter_outcome(lines: list[Line], rng: random.Random) -> None:
    call = rng.choice([line for line in lines if line["k"] == "call"])
    call["ok"] = not call["ok"]


def alter_prediction(lines: list[Line], rng: random.Random) -> None:
    call = rng.choice([line for line in lines if line.get("pred") is not None])
    call["pred"] = 1 - call["pred"]


def alter_balance(lines: list[Line], rng: random.Random) -> None:
    balances = rng.choice([line for line in lines if line.get("bal") and line["k"] != "run"])["bal"]
    name = rng.choice(sorted(balances))
    balances[name] = nudged(balances[name], rng)


def alter_order(lines: list[Line], rng: random.Random) -> None:
    first, second = rng.sample(range(1, len(lines) - 1), 2)
    lines[first], lines[second] = lines[second], lines[first]


def leave_out(lines: list[Line], rng: random.Random) -> None:
    del lines[rng.randrange(1, len(lines))]


def add_again(lines: list[Line], rng: random.Random) -> None:
    place = rng.randrange(1, len(lines) - 1)
    lines.insert(place, copy.deepcopy(lines[place]))


def alter_the_end(lines: list[Line], rng: random.Random) -> None:
    end = lines[-1]
    field = rng.choice([name for name in ("calls", "ok", "added", "total_good", "unclaimed") if name in end])
    end[field] += rng.choice((1, -1))


def alter_the_model(lines: list[Line], rng: random.Random) -> None:
    model = lines[-1]["final_model"]
    numbers = model.get("weights") or model.get("class_count") or model["counts"]
    numbers[rng.randrange(len(numbers))] += 1


ALTERATIONS: list[Callable[[list[Line], random.Random], None]] = [
    alter_amount, alter_payment, alter_reason, alter_outcome, alter_prediction, alter_balance, alter_order, leave_out,
    add_again, alter_the_end, alter_the_model,
]  # fmt: skip
ALTERED = [run for run in DRT if run != WITHOUT_FEATURES and len(RUNS[run]) < 1000]


def missed(rng: random.Random, times: int) -> list[str]:
    """Random single alterations that the replay does not find."""
    overlooked = []
    for number in range(times):
        alter, run = ALTERATIONS[number % len(ALTERATIONS)], rng.choice(ALTERED)
        lines = copy.deepcopy(RUNS[run])
        half_changed = any((line.get("error") or [""])[0] == "KeyError" for line in lines)
        if alter in (alter_the_end, alter_the_model) and half_changed:
            continue
        try:
            alter(lines, rng)
        except IndexError:  # nothing of this kind in this run
            continue
        if not replayed(lines).mismatches:
            overlooked.append(f"{alter.__name__} in {run}, number {number}")
    return overlooked


def test_random_alterations_are_found() -> None:
    assert missed(random.Random(0), 66) == []


@pytest.mark.slow
def test_more_random_alterations_are_found() -> None:
    assert missed(random.Random(), 220) == []


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS, reason="DECA10B_CONFORMANCE names no folder with the corpus")
def test_the_whole_corpus_replays_in_fifteen_seconds() -> None:
    start = time.process_time()
    (comparison,) = replay([Path(CORPUS) / "reference_traces.jsonl.gz"])
    assert time.process_time() - start < 15
    assert comparison.runs == 102
    assert [str(mismatch) for mismatch in comparison.first] == []
