"""Traces of this program: the economy of the header is built again, and each transaction executed at its time.

The participants only lend their accounts; nobody decides anything. What the chain does is noted by the recorder that
wrote the trace, and its line is compared with the line of the trace, field by field. The header is data: its scenario
is checked as any scenario is, and only words a scenario may say become objects.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.build import MODEL, RECORDS, TRAINER, build
from experiments.replay.comparison import Adapter, Comparison, Lines
from experiments.replay.recording import PROGRAM, header_of, recorder_of
from experiments.scenario import Scenario, validate
from sim.chain.trace import FORMAT, Entry, Reader, Recorder, seal
from sim.chain.transaction import Receipt
from sim.economy import Economy
from sim.errors import ConfigError, InvalidTransaction

_FIELDS = {
    "ok": "outcomes",
    "reason": "outcomes",
    "result": "amounts",
    "logs": "amounts",
    "fee": "amounts",
    "prediction": "predictions",
    "gas_used": "gas",
    "gas_limit": "gas",
    "time": "records",
    "sender": "records",
    "to": "records",
    "method": "records",
    "arguments": "records",
    "value": "amounts",
    "nonce": "records",
}
_TOTALS = {
    "transactions": "records",
    "succeeded": "outcomes",
    "gas_used": "gas",
    "fees": "amounts",
    "minted": "balances",
}
_IMPOSSIBLE = (InvalidTransaction, TypeError, ValueError, AttributeError, LookupError)
"""A chain refuses it, or its arguments are none that a contract takes."""
_PARTS = {"ledger": "balances", TRAINER: "model_digests", MODEL: "model_digests", RECORDS: "records"}


def recognises(first: Entry) -> bool:
    """Whether a trace begins with the header of this program."""
    return first.get("trace") == PROGRAM


def replay(lines: Lines, path: Path, comparison: Comparison) -> None:
    """Execute a trace again. Raises `ConfigError` if its header does not say how."""
    number, header = next(lines)
    scenario = _scenario(header, path)
    run = _Run(build(scenario), header, comparison)
    run.start(number, scenario)
    ended = False
    for number, entry in lines:
        comparison.line = number
        if ended:
            comparison.differ("records", "lines after the last", _brief(entry), None)
        elif "transactions" in entry and "method" not in entry:
            comparison.call = None
            run.end(entry)
            ended = True
        else:
            run.transaction(entry, path)
    if not ended:
        comparison.call = None
        comparison.differ("records", "last line, with totals and state", None, "missing: the trace was cut")


def _scenario(header: Entry, path: Path) -> Scenario:
    """The scenario of a header, checked as any other."""
    source, scenario = f"Trace {str(path)!r}", header.get("scenario")
    if header.get("format") != FORMAT:
        raise ConfigError(f"{source} has format {header.get('format')!r}; this program reads {FORMAT}. Update it.")
    if not isinstance(scenario, dict):
        raise ConfigError(f"{source} has no scenario in its header, so that nothing can be executed. Record it anew.")
    return validate(scenario, f"{source}, scenario of its header")


class _Run:
    """One trace and the economy it happens in anew."""

    def __init__(self, economy: Economy, header: Entry, comparison: Comparison) -> None:
        self.economy, self.chain = economy, economy.chain
        self.header, self.comparison = header, comparison
        self.reader = Reader()
        self.recorder: Recorder = recorder_of(economy, lambda line: None)
        self.chain.observers.append(self._note)
        self.found: Entry = {}
        self.digest = ""
        self.same_program = header.get("program") == version(PROGRAM)

    def start(self, number: int, scenario: Scenario) -> None:
        """Compare the header: scenario, accounts, and the state before the first transaction."""
        comparison, header = self.comparison, self.header
        comparison.line, comparison.runs = number, comparison.runs + 1
        self._check_seal(header)
        comparison.run = scenario.name
        for field, value in header_of(scenario).items():
            if field not in ("scenario", "program"):
                comparison.same("records", field, header.get(field), value)
        start = self.recorder.start()
        comparison.same("records", "start", header.get("start"), start["start"])
        self._compare_balances(header.get("accounts"), start["accounts"], whole=True)
        self._compare_state(header.get("state"), start["state"])

    def transaction(self, entry: Entry, path: Path) -> None:
        """Execute the transaction of a line, and compare."""
        comparison = self.comparison
        comparison.call = comparison.calls
        comparison.calls += 1
        self._check_seal(entry)
        try:
            transaction, time = self.reader.transaction(entry), entry["time"]
            if type(time) is not int:
                raise TypeError("time is a whole number")
        except (KeyError, TypeError, ValueError) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else error
            raise ConfigError(
                f"{str(path)!r}: line {comparison.line} is no transaction: {why}. Record the trace anew."
            ) from error
        if time > self.chain.clock.now:
            self.chain.clock.advance(time)
        try:
            self.chain.execute(transaction)
        except _IMPOSSIBLE as error:
            comparison.checked["outcomes"] += 1
            comparison.differ("outcomes", "ok", entry.get("ok"), f"it cannot be executed: {error}")
        else:
            self._compare(entry, self.found)

    def end(self, entry: Entry) -> None:
        """Compare totals and the final state."""
        self._check_seal(entry)
        found = self.recorder.totals()
        for field, kind in _TOTALS.items():
            self.comparison.same(kind, field, entry.get(field), found[field])
        self._compare_state(entry.get("state"), found["state"])

    def _note(self, receipt: Receipt) -> None:
        self.found = self.recorder.entry(receipt)

    def _compare(self, entry: Entry, found: Entry) -> None:
        comparison = self.comparison
        for field, kind in _FIELDS.items():
            if field in entry or field in found:
                comparison.same(kind, field, entry.get(field), found.get(field))
        self._compare_balances(entry.get("balances", {}), found.get("balances", {}))

    def _compare_balances(self, recorded: Any, found: dict[str, str], whole: bool = False) -> None:
        comparison = self.comparison
        if not isinstance(recorded, dict):
            comparison.differ("balances", "accounts" if whole else "balances", recorded, found)
            return
        for address in found | recorded:
            comparison.same("balances", f"balance of {address}", recorded.get(address), found.get(address))

    def _compare_state(self, recorded: Any, found: dict[str, str]) -> None:
        """Digests of the state, which only the same version of the program works out in the same way."""
        comparison = self.comparison
        if not self.same_program:
            comparison.skip("state digests", f"written by version {self.header.get('program')} of the program")
            return
        recorded = recorded if isinstance(recorded, dict) else {}
        for part in found | recorded:
            kind = _PARTS.get(part, "records")
            comparison.same(kind, f"digest of state: {part}", recorded.get(part), found.get(part))

    def _check_seal(self, entry: Entry) -> None:
        """The running digest of a line must follow from the line and the digest before it."""
        recorded = entry.pop("digest", None)
        self.comparison.same("records", "running digest", recorded, seal(entry, self.digest))
        self.digest = recorded if isinstance(recorded, str) else ""


def _brief(entry: Entry) -> str:
    return f"{entry.get('method', 'something')} by {entry.get('sender')!r}"


ADAPTER = Adapter("traces of deca10b run", recognises, replay)
