"""The specialist: honest, but about some classes only, and surer of some than of others."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Traits
from agents.honest import Honest
from agents.labels import check_classes, check_share, uniform
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.view import View


class HonestClass(Honest):
    """Submits samples of the classes it knows, truthfully within an error of its own for each class.

    Names: specialist, expert of a class. It declines samples of other classes: they stay on offer to others, for ever
    if nobody knows them. Where the model is poor at a class, its contributors lose deposits although they are right.

    ====================  =========  =================================================================================
    parameter             default    meaning
    ====================  =========  =================================================================================
    known_classes         []         the classes it knows; []: all
    mistake_rates         []         probability of a wrong label for each of ``known_classes``, in their order (of
                                     all classes where none are named), 0 to 1; []: 0.0001 for each
    participation_margin  0.15       takes part with probability min(1, published accuracy + this); None: always
    ====================  =========  =================================================================================
    """

    kind: ClassVar[str] = "honest_class"
    traits: ClassVar[Traits] = Traits(adversarial=False, stochastic=True)

    def __init__(
        self,
        *args: Any,
        known_classes: tuple[int, ...] = (),
        mistake_rates: tuple[float, ...] = (),
        participation_margin: float | None = 0.15,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, participation_margin=participation_margin, **kwargs)
        n_classes = len(self.model.stream.dataset.classes)
        check_classes("known_classes", known_classes, n_classes)
        known = known_classes or tuple(range(n_classes))
        rates = mistake_rates or (self.mistake_rate,) * len(known)
        if len(rates) != len(known):
            raise ConfigError(f"mistake_rates has {len(rates)} rates for {len(known)} classes; give one for each.")
        for rate in rates:
            check_share("mistake_rates", rate)
        self.mistake_rate_of = dict(zip(known, rates, strict=True))
        self._mistake = self.draws("labels", uniform)

    def participates(self, view: View) -> bool:
        """As an honest contributor does, with samples of a class it knows."""
        takes_part, sample = super().participates(view), view.sample
        return takes_part and sample is not None and sample.label in self.mistake_rate_of

    def choose_label(self, sample: Sample) -> int:
        """The true label, or by mistake another one, as often as it errs about this class."""
        mistaken = self._mistake() < self.mistake_rate_of.get(sample.label, 0.0)
        return self.wrong_label(sample) if mistaken else sample.label
