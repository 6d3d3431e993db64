"""The label flipper: submits samples under a wrong label."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_classes, check_share, next_class, uniform
from sim.data.stream import Sample
from sim.errors import ConfigError


class LabelFlipper(Participant):
    """Submits class y as class y + 1, the last class as class 0, or as a fixed map says.

    Names: Bad (Harris & Waggoner 2019, the reference simulation). It always takes part. With two classes the next class
    is the opposite label.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    flip_rate  1.0      probability that a sample gets the wrong label, otherwise its true one, 0 to 1
    label_map  []       the label to give for each class, in the order of the classes; []: the next class
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "label_flipper"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True)

    def __init__(self, *args: Any, flip_rate: float = 1.0, label_map: tuple[int, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_share("flip_rate", flip_rate)
        if label_map:
            n_classes = len(self.model.stream.dataset.classes)
            check_classes("label_map", label_map, n_classes)
            if len(label_map) != n_classes:
                raise ConfigError(f"label_map has {len(label_map)} labels; the data have {n_classes} classes.")
        self.flip_rate = flip_rate
        self.label_map = label_map
        self._chance = self.draws("labels", uniform)

    def choose_label(self, sample: Sample) -> int:
        """The wrong label, or by chance the true one."""
        if self.flip_rate < 1 and self._chance() >= self.flip_rate:
            return sample.label
        return self.label_map[sample.label] if self.label_map else next_class(sample.label, sample.n_classes)
