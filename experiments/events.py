"""Every transaction of a run as a row: the optional ``events`` table, asked for by ``record.events``."""

from __future__ import annotations

from typing import Any, NamedTuple

from experiments.schema import Scenario
from sim.chain import Receipt
from sim.economy import Economy
from sim.units import Gas, Seconds, Wei, to_units

EVENT_COLUMNS: dict[str, str] = {
    "time_s": "int", "sender": "text", "role": "text", "method": "text", "ok": "flag", "reason": "text",
    "record": "int", "value_wei": "wei", "value_units": "float", "amount_wei": "wei", "amount_units": "float",
    "gas_used": "int", "fee_wei": "wei",
}  # fmt: skip
_CLAIMS = ("AddData", "Refund", "Report")


class Event(NamedTuple):
    """One transaction: who sent what when, whether it went well, and what it moved.

    ``record`` and ``amount`` (the deposit kept, or what a refund or report paid) are None where it was refused.
    """

    time: Seconds
    sender: str
    group: str
    method: str
    ok: bool
    reason: str
    record: int | None
    value: Wei
    amount: Wei | None
    gas_used: Gas
    fee: Wei


class EventLog:
    """Listens to the chain of an economy; ``events`` holds what it heard, in order."""

    def __init__(self, economy: Economy) -> None:
        self.events: list[Event] = []
        self._groups = {address: actor.group for address, actor in economy.actors.items()}
        economy.chain.observers.append(self._note)

    def _note(self, receipt: Receipt) -> None:
        sender, _, method, _, value, *_ = receipt.transaction
        told = next((log.data for log in receipt.logs if log.event in _CLAIMS), (None, None))
        self.events.append(
            Event(
                receipt.time, sender, self._groups.get(sender, ""), method, receipt.ok, receipt.reason,
                told[0], value, told[1], receipt.gas_used, receipt.fee,
            )
        )  # fmt: skip


def columns_of(events: tuple[Event, ...], scenario: Scenario) -> dict[str, list[Any]]:
    """A list for each column of `EVENT_COLUMNS`; wei are integers, None is nothing."""
    unit = scenario.unit

    def money(name: str, amounts: list[Wei | None]) -> dict[str, list[Any]]:
        in_units = [None if amount is None else to_units(amount, unit) for amount in amounts]
        return {f"{name}_wei": amounts, f"{name}_units": in_units}

    return {
        "time_s": [event.time for event in events],
        "sender": [event.sender for event in events],
        "role": [event.group for event in events],
        "method": [event.method for event in events],
        "ok": [event.ok for event in events],
        "reason": [event.reason for event in events],
        "record": [event.record for event in events],
        **money("value", [event.value for event in events]),
        **money("amount", [event.amount for event in events]),
        "gas_used": [event.gas_used for event in events],
        "fee_wei": [event.fee for event in events],
    }
