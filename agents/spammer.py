"""The spammer: submits labels at random."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from sim.data.stream import Sample


class Spammer(Participant):
    """Submits each sample under a label drawn uniformly from all classes, whatever the truth.

    Names: random contributor. It has no parameters of its own; half its labels are right when there are two classes,
    so it harms a model less than a `LabelFlipper` and is harder to tell from an honest contributor.
    """

    kind: ClassVar[str] = "spammer"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._label = self.draws("labels", lambda rng, size: rng.random(size))

    def choose_label(self, sample: Sample) -> int:
        """Any class, each as likely."""
        return int(self._label() * sample.n_classes)
