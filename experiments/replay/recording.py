"""Recording a run: the scenario in full as the header of a trace, and every transaction after it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from experiments.files import check_folder, make_folder, renamed_when_whole
from experiments.levers import resolved
from experiments.scenario import scenario_hash
from experiments.schema import Scenario
from sim.chain.trace import FORMAT, Recorder
from sim.chain.transaction import Receipt
from sim.contracts import CollaborativeTrainer
from sim.economy import Economy
from sim.errors import ConfigError, ExceptionalHalt, Revert

PROGRAM = "deca10b"
_PREDICTING = frozenset({"predict", "refund", "report"})


def check_trace_path(name: str) -> Path:
    """A path at which a trace can be written. Raises `ConfigError`."""
    if not name.strip() or Path(name).is_dir():
        raise ConfigError(f"--trace {name!r} is no name of a file. Name one, such as trace.jsonl.gz.")
    check_folder(Path(name).parent)
    return Path(name)


@contextmanager
def recorded(economy: Economy, scenario: Scenario, path: Path) -> Iterator[None]:
    """Write a trace of what happens in the block: whole or, if it fails, not at all; packed if ``path`` ends in .gz.

    The same scenario and seed give the same bytes. Raises `ConfigError` where the disk refuses.
    """
    make_folder(path.parent)
    with renamed_when_whole(path) as unfinished, _written(unfinished, path.suffix == ".gz") as file:
        recorder = recorder_of(economy, lambda line: file.write(line.encode()))
        recorder.begin(header_of(scenario))
        economy.chain.observers.append(recorder.note)
        try:
            yield
        finally:
            economy.chain.observers.remove(recorder.note)
        recorder.end()


def recorder_of(economy: Economy, write: Callable[[str], Any]) -> Recorder:
    """A recorder of an economy's chain that also notes the model's answers."""
    return Recorder(economy.chain, write, _prediction(economy.trainer))


def header_of(scenario: Scenario) -> dict[str, Any]:
    """What a trace says before all else: formats, program, and the scenario with all defaults filled in."""
    return {
        "trace": PROGRAM,
        "format": FORMAT,
        "program": version(PROGRAM),
        "scenario": resolved(scenario),
        "scenario_hash": scenario_hash(scenario),
        "seed": scenario.seed,
        "replication": scenario.replication,
    }


def _prediction(trainer: CollaborativeTrainer) -> Callable[[Receipt], int | None]:
    """The model's answer for the sample of a prediction or claim, whether or not the contract came to ask for it."""

    def ask(receipt: Receipt) -> int | None:
        _, to, method, arguments, *_ = receipt.transaction
        if method not in _PREDICTING or to != trainer.address:
            return None
        try:
            return trainer.model.predict_one(arguments[0].features)
        except (Revert, ExceptionalHalt):
            return None

    return ask


@contextmanager
def _written(path: Path, packed: bool) -> Iterator[IO[bytes]]:
    """A file to write to; packed without name and time, so that equal contents are equal bytes."""
    with path.open("wb") as file:
        if packed:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream:
                yield stream  # type: ignore[misc]
        else:
            yield file
