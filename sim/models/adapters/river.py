"""A classifier of river, which learns one sample at a time; by default the reference's decision tree.

A sample is a dictionary from feature to count. Trees get every feature, as they split by what is absent, too; naive
Bayes gets those that are there. Initial samples are learnt one by one in their order.

========== =============================== ==================================================================
parameter  default                         meaning
========== =============================== ==================================================================
estimator  HoeffdingAdaptiveTreeClassifier a learner by name, or, from Python, an object with ``learn_one``
                                           and ``predict_one``
options    none                            parameters of a learner that is given by name; random numbers have
                                           the seed 0
========== =============================== ==================================================================

A tree of many features is slow: each of a thousand is looked at in every lesson.

Source: river (BSD licence), the extra package of ``pip install 'deca10b[learners]'``. The reference simulation has this
tree from scikit-multiflow, river's forerunner; it does not grow the very same branches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.features import Features
from sim.models.adapters.base import Adapter, Learner

_TREE = ("grace_period", "max_depth", "split_criterion", "delta", "tau", "leaf_prediction", "nb_threshold",
         "binary_split", "max_size", "merit_preprune")  # fmt: skip
_SEED = {"seed": 0}
_SPARSE = ("MultinomialNB", "BernoulliNB")


class River(Adapter):
    """See the module's text."""

    name = "river"
    library = "river"
    learners: ClassVar[Mapping[str, Learner]] = {
        "HoeffdingAdaptiveTreeClassifier": Learner(
            "river.tree.HoeffdingAdaptiveTreeClassifier",
            (*_TREE, "bootstrap_sampling", "drift_window_threshold", "switch_significance"),
            _SEED,
        ),
        "HoeffdingTreeClassifier": Learner("river.tree.HoeffdingTreeClassifier", _TREE),
        "ExtremelyFastDecisionTreeClassifier": Learner(
            "river.tree.ExtremelyFastDecisionTreeClassifier", (*_TREE, "min_samples_reevaluate")
        ),
        "ARFClassifier": Learner(
            "river.forest.ARFClassifier", (*_TREE, "n_models", "max_features", "lambda_value"), _SEED
        ),
        "MultinomialNB": Learner("river.naive_bayes.MultinomialNB", ("alpha",)),
        "BernoulliNB": Learner("river.naive_bayes.BernoulliNB", ("alpha",)),
    }

    def _samples(self, learner: Any, rows: Features) -> list[dict[int, int]]:
        if type(learner).__name__ not in _SPARSE:
            everything = (np.bincount(rows.row(i), minlength=self.n_features).tolist() for i in range(len(rows)))
            return [dict(enumerate(counts)) for counts in everything]
        found = []
        for i in range(len(rows)):
            indices, counts = np.unique(rows.row(i), return_counts=True)
            found.append(dict(zip(indices.tolist(), counts.tolist(), strict=True)))
        return found

    def _teach(self, learner: Any, rows: Features, labels: NDArray[np.int64]) -> None:
        for sample, label in zip(self._samples(learner, rows), labels.tolist(), strict=True):
            learner.learn_one(sample, label)

    def _ask(self, learner: Any, rows: Features) -> NDArray[np.int64]:
        answers = [learner.predict_one(sample) for sample in self._samples(learner, rows)]
        return np.array([0 if answer is None else int(answer) for answer in answers], np.int64)
