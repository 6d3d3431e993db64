"""What became of deposits class by class: do those who contribute the rare classes lose?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.economy import Economy
from sim.units import Wei


class ClassFacts(NamedTuple):
    """The contributions of a group under one label, true ones or not (None: nobody knows).

    ``refunds`` count successful refunds; of ``deposited`` wei ``refunded`` came back by them, ``open`` are still in the
    contract, and the rest is lost. ``frequency`` is the share of this class among the true labels of the training data.
    """

    group: str
    label: int
    true_label: bool | None
    frequency: float
    submitted: int
    deposited: Wei
    refunds: int
    refunded: Wei
    open: Wei

    @property
    def lost(self) -> Wei:
        """Wei that reports, late claims and burning took: the profit of these contributions is minus this."""
        return self.deposited - self.refunded - self.open

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON, wei as decimal text."""
        return self._asdict() | {name: str(getattr(self, name)) for name in ("deposited", "refunded", "open", "lost")}


def class_facts(economy: Economy) -> tuple[ClassFacts, ...]:
    """A row for each group, label and truth of label that occurs, sorted; none where deposits have no windows."""
    if economy.ageless:
        return ()
    records, recorder = economy.trainer.records, economy.recorder
    sums: dict[tuple[int, int, bool | None], list[int]] = {}
    columns = zip(records.label, records.deposit, records.claimable, recorder.added, strict=False)
    for label, deposit, claimable, (_, group, _, truth) in columns:
        entry = sums.setdefault((group, label, truth), [0, 0, 0])
        entry[0] += 1
        entry[1] += deposit
        entry[2] += claimable
    counts = np.bincount(economy.stream.dataset.y_train)
    rows = []
    for key in sorted(sums, key=str):
        group, label, truth = key
        (submitted, deposited, left), (refunds, refunded) = sums[key], recorder.returned.get(key, (0, 0))
        frequency = float(counts[label] / counts.sum()) if label < len(counts) else 0.0
        name = recorder.groups[group]
        rows.append(ClassFacts(name, label, truth, frequency, submitted, deposited, refunds, refunded, left))
    return tuple(rows)


def rarest_and_commonest(rows: Sequence[ClassFacts]) -> tuple[list[ClassFacts], list[ClassFacts]]:
    """The rows of the rarest class that occurs among them, and of the commonest; none of either if there is but one."""
    labels = sorted({(row.frequency, row.label) for row in rows})
    if len(labels) < 2:
        return [], []
    rarest, commonest = labels[0][1], labels[-1][1]
    return [row for row in rows if row.label == rarest], [row for row in rows if row.label == commonest]
