"""The label flipper: submits every sample under a wrong label."""

from __future__ import annotations

from typing import ClassVar

from agents.base import Participant, Traits
from sim.data.stream import Sample


class LabelFlipper(Participant):
    """Submits class y as class y + 1, the last class as class 0: with two classes, the opposite label.

    Names: Bad (Harris & Waggoner 2019, the reference simulation). It always takes part. It has no parameters of its
    own.
    """

    kind: ClassVar[str] = "label_flipper"
    traits: ClassVar[Traits] = Traits(adversarial=True)

    def choose_label(self, sample: Sample) -> int:
        """The next class."""
        return (sample.label + 1) % sample.n_classes
