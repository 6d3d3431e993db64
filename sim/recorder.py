"""What a run writes down as it goes: lists of plain rows, made into tables by whoever wants tables."""

from __future__ import annotations

from typing import NamedTuple

from sim.units import Seconds, Wei


class Snapshot(NamedTuple):
    """The economy at one moment. ``balances`` and ``locked`` are wei by group, in the order of the groups.

    ``price`` is what the sample on offer would cost, ``gas_price`` what a unit of gas costs, in wei.
    """

    time: Seconds
    accuracy: float
    price: Wei | None
    accepted: int
    balances: tuple[Wei, ...]
    locked: tuple[Wei, ...]
    gas_price: Wei = 0


class Added(NamedTuple):
    """One accepted contribution: when, by which group, at what deposit; whether the label was true (None: unknown)."""

    time: Seconds
    group: int
    deposit: Wei
    true_label: bool | None


class Recorder:
    """Series and events of a run, in time order. ``groups`` are the names behind the group numbers."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.snapshots: list[Snapshot] = []
        self.added: list[Added] = []
        self.returned: dict[tuple[int, int, bool | None], list[int]] = {}
        """By group, label and truth of the label: successful refunds, and the wei they paid."""
        self.published_accuracy = 0.0
        """The model's accuracy as everyone last heard of it, in [0, 1]."""
        self.transactions = 0
        self.wakeups = 0

    def note_refund(self, group: int, label: int, record: int, amount: Wei) -> None:
        """A refund of so many wei of a contribution of a group, by its number among `added`."""
        key = group, label, self.added[record][3]
        returned = self.returned.get(key)
        if returned is None:
            returned = self.returned[key] = [0, 0]
        returned[0] += 1
        returned[1] += amount

    def group(self, name: str) -> int:
        """The number of a group; a new name gets the next one."""
        if name not in self.groups:
            self.groups.append(name)
        return self.groups.index(name)
