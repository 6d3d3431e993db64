"""The targeted flipper: passes one class off as another, and is honest about all others."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_classes, check_share, uniform
from sim.data.stream import Sample
from sim.errors import ConfigError


class TargetedFlipper(Participant):
    """Submits samples of one class as another, and everything else truthfully.

    Names: targeted label flipping (Tolpegin et al., ESORICS 2020). Accuracy as a whole hides it, and what it submits
    truthfully earns it standing; honest contributors of the class it attacks lose their deposits.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    source     1        the class it attacks
    target     0        the class it passes it off as
    flip_rate  1.0      probability that a sample of the source class gets the wrong label, 0 to 1
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "targeted_flipper"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True)

    def __init__(
        self, *args: Any, source: int = 1, target: int = 0, flip_rate: float = 1.0, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        check_share("flip_rate", flip_rate)
        n_classes = len(self.model.stream.dataset.classes)
        check_classes("source", (source,), n_classes)
        check_classes("target", (target,), n_classes)
        if source == target:
            raise ConfigError(f"source and target are both class {source}; they must differ.")
        self.source, self.target, self.flip_rate = source, target, flip_rate
        self._chance = self.draws("labels", uniform)

    def choose_label(self, sample: Sample) -> int:
        """The target for the source class, by chance; otherwise the truth."""
        flips = self._chance() < self.flip_rate
        return self.target if flips and sample.label == self.source else sample.label
