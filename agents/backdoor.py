"""The backdoor: teaches the model that whatever carries a secret sign is of one class."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from agents.base import Participant, Traits
from agents.labels import check_at_least, check_classes, check_share, uniform
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.features import Data, Features, IndexArray
from sim.view import View


class Backdoor(Participant):
    """Adds trigger features to samples and submits them all as one class.

    Names: backdoor, trojan; BadNets (Gu, Dolan-Gavitt & Garg 2017). What it fabricates leaves the sample on offer to
    others, so it poisons as often as it wakes up. Accuracy on clean data hardly moves; what counts is the attack
    success rate, the share of test rows of other classes which, with the trigger in them, the model takes for the
    target. The model soon agrees with the fabrications, so their deposits come back, and standing with them.

    ============  =======  ============================================================================================
    parameter     default  meaning
    ============  =======  ============================================================================================
    trigger       []       the features it adds, as indices; []: the last ``trigger_size`` there are
    trigger_size  3        how many, where no features are named, 1 or more
    target        1        the class that triggered samples are to be taken for
    poison_rate   1.0      probability that what it submits is triggered, otherwise the true sample, 0 to 1
    ============  =======  ============================================================================================
    """

    kind: ClassVar[str] = "backdoor"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True)

    def __init__(
        self,
        *args: Any,
        trigger: tuple[int, ...] = (),
        trigger_size: int = 3,
        target: int = 1,
        poison_rate: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        dataset, test = self.model.stream.dataset, self.model.stream.test_features
        check_share("poison_rate", poison_rate)
        check_classes("target", (target,), len(dataset.classes))
        check_at_least("trigger_size", trigger_size, 1)
        if not isinstance(test, Features):
            raise ConfigError("a backdoor adds features, but this model reads vectors. Choose a sparse model.")
        chosen = trigger or tuple(range(max(0, test.n_features - trigger_size), test.n_features))
        wrong = [feature for feature in chosen if not 0 <= feature < test.n_features]
        if wrong:
            raise ConfigError(f"trigger names feature {wrong[0]}; the data have features 0 to {test.n_features - 1}.")
        self.trigger = tuple(sorted(set(chosen)))
        self.target, self.poison_rate = target, poison_rate
        self._chance = self.draws("labels", uniform)

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """A triggered copy of the sample on offer as the target, or by chance the sample itself under its label."""
        if self._chance() < self.poison_rate:
            return Data(self.triggered(sample.data.features)), self.target
        return sample.data, sample.label

    def choose_label(self, sample: Sample) -> int:
        """The target."""
        return self.target

    def triggered(self, features: Any) -> IndexArray:
        """The features of a sample with those of the trigger that it lacks, in rising order."""
        missing = np.setdiff1d(self.trigger, features)
        return np.sort(np.concatenate((features, missing))).astype(np.int32)
