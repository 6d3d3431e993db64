"""The boiling frog: begins honestly and lies a little more often every day, perhaps only where nobody is sure."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least, check_part, check_share, next_class, uniform
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.features import Data
from sim.units import DAY, Seconds
from sim.view import View


class BoilingFrog(Participant):
    r"""Submits true labels at first and wrong ones ever more often, so that the model follows.

    Names: boiling frog poisoning (Rubinstein et al., IMC 2009). With :math:`\tau` seconds since it first took part, a
    label is wrong with probability :math:`\phi\min(1, \tau/T)`. What the model has been led to believe is refunded.
    With a ``margin`` m it lies only about samples that the model is not sure of, where it takes the true and the wrong
    label for nearly as probable, :math:`|p_{true} - p_{wrong}| < m`: such a lie moves the boundary between classes from
    where it is, and is believed soonest. About all others it is honest.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    flip_rate  1.0      φ, the probability of a wrong label in the end, 0 to 1
    ramp       30 days  T, seconds until then, 1 or more
    margin     None     m, above 0, at most 1; None: it lies about any sample
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "boiling_frog"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True, sees_model=True)

    def __init__(
        self,
        *args: Any,
        flip_rate: float = 1.0,
        ramp: Seconds = 30 * DAY,
        margin: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if margin is not None:
            check_part("margin", margin)
            if not self.model.trainer.model.says_probabilities:
                raise ConfigError(
                    f"margin is {margin}, but model {self.model.trainer.model.name!r} of this profile does not say how "
                    f"probable a label is. Choose naive_bayes or perceptron with model.profile = 'corrected', or leave "
                    f"margin out."
                )
        check_share("flip_rate", flip_rate)
        check_at_least("ramp", ramp, 1)
        self.flip_rate, self.ramp, self.margin = flip_rate, ramp, margin
        self.began: Seconds | None = None
        self.heat = 0.0
        """The probability of a wrong label now."""
        self._chance = self.draws("labels", uniform)

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The sample on offer, after turning up the heat."""
        if self.began is None:
            self.began = view.now
        self.heat = self.flip_rate * min(1.0, (view.now - self.began) / self.ramp)
        data, label = super().choose(view, sample)
        return data, label if self._is_near(view, sample) else sample.label

    def beliefs(self) -> dict[str, float | str]:
        """How often it lies, in per cent."""
        return {"lies, %": 100 * self.heat}

    def _is_near(self, view: View, sample: Sample) -> bool:
        """Whether the model takes the wrong label for nearly as probable as the true one; any sample without margin."""
        if self.margin is None:
            return True
        of_truth = view.probability(sample.data, sample.label)
        of_lie = view.probability(sample.data, next_class(sample.label, sample.n_classes))
        return of_truth is not None and of_lie is not None and abs(of_truth - of_lie) < self.margin

    def choose_label(self, sample: Sample) -> int:
        """The next class, the more often the hotter it is."""
        return next_class(sample.label, sample.n_classes) if self._chance() < self.heat else sample.label
