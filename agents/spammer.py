"""The spammer: submits without looking at the truth."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_choice, check_share, uniform
from sim.data.stream import Sample
from sim.features import Data
from sim.view import View

_REMEMBERED = 20
STRATEGIES = ("random_labels", "repeats", "agree_farming")


class Spammer(Participant):
    """Submits labels drawn at random, one sample over and over, or what the model already believes.

    Names: random contributor; uniform and repeated spam (Vuurens, de Vries & Eickhoff, 2011). ``random_labels`` gives
    every class as likely: with two classes half its labels are right, so it harms a model less than a `LabelFlipper`.
    ``repeats`` submits the first sample it was offered, under one label drawn at random, again and again.
    ``agree_farming`` labels each sample as the model predicts it: it teaches nothing, is nearly always refunded, and
    earns standing, a claim to the deposits of others, at hardly any risk. A choosy one passes over samples that the
    model is less sure of than of others it was offered lately (where a model does not say how sure it is: none); they
    stay on offer to others.

    ==========  =============  ========================================================================================
    parameter   default        meaning
    ==========  =============  ========================================================================================
    strategy    random_labels  ``random_labels``, ``repeats`` or ``agree_farming``
    choosiness  0.5            of ``agree_farming``: the share of the last 20 samples that the model must not be surer
                               of, 0 to 1; 1: surest of all, 0: any sample will do
    ==========  =============  ========================================================================================
    """

    kind: ClassVar[str] = "spammer"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True, sees_model=True)

    def __init__(
        self, *args: Any, strategy: str = "random_labels", choosiness: float = 0.5, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        check_choice("strategy", strategy, STRATEGIES)
        check_share("choosiness", choosiness)
        self.strategy, self.choosiness = strategy, choosiness
        self._sureness: deque[Fraction] = deque(maxlen=_REMEMBERED)
        self._label = self.draws("labels", uniform)
        self._repeated: tuple[Data, int] | None = None

    def participates(self, view: View) -> bool:
        """Always; a choosy farmer, when the model is sure enough of the sample on offer."""
        sample = view.sample
        if self.strategy != "agree_farming" or sample is None:
            return True
        sure = view.probability(sample.data, view.predict(sample.data))
        if sure is None:
            return True
        # A sample that nobody else takes either fills the memory, and is then as good as any: nothing waits for ever.
        self._sureness.append(sure)
        return sum(other <= sure for other in self._sureness) >= self.choosiness * len(self._sureness)

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The sample on offer, or always the first one."""
        if self.strategy == "agree_farming":
            return sample.data, view.predict(sample.data)
        if self.strategy == "random_labels":
            return sample.data, self.choose_label(sample)
        if self._repeated is None:
            self._repeated = sample.data, self.choose_label(sample)
        return self._repeated

    def choose_label(self, sample: Sample) -> int:
        """Any class, each as likely."""
        return int(self._label() * sample.n_classes)
