"""A classifier of scikit-learn that learns by ``partial_fit``.

A sample is the vector of its counts, one number for each feature. Learners whose arithmetic is that of sparse vectors
get them as such; the others get all zeros as well. Initial samples are learnt by one ``partial_fit``.

========== ================= ==================================================================================
parameter  default           meaning
========== ================= ==================================================================================
estimator  SGDClassifier     a learner by name, or, from Python, an object with ``partial_fit`` and ``predict``
options    none              parameters of a learner that is given by name; random numbers have the seed 0
========== ================= ==================================================================================

Source: scikit-learn (BSD licence), the extra package of ``pip install 'deca10b[learners]'``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.features import Features
from sim.models.adapters.base import Adapter, Learner

_SEED = {"random_state": 0}
_DENSE = ("GaussianNB", "MLPClassifier")
_LINEAR = ("penalty", "alpha", "l1_ratio", "fit_intercept", "eta0")


class ScikitLearn(Adapter):
    """See the module's text."""

    name = "scikit_learn"
    library = "scikit-learn"
    learners: ClassVar[Mapping[str, Learner]] = {
        "SGDClassifier": Learner(
            "sklearn.linear_model.SGDClassifier",
            ("loss", *_LINEAR, "epsilon", "learning_rate", "power_t", "average"),
            _SEED,
        ),
        "Perceptron": Learner("sklearn.linear_model.Perceptron", _LINEAR, _SEED),
        "MultinomialNB": Learner("sklearn.naive_bayes.MultinomialNB", ("alpha", "fit_prior")),
        "BernoulliNB": Learner("sklearn.naive_bayes.BernoulliNB", ("alpha", "fit_prior")),
        "ComplementNB": Learner("sklearn.naive_bayes.ComplementNB", ("alpha", "fit_prior", "norm")),
        "GaussianNB": Learner("sklearn.naive_bayes.GaussianNB", ("var_smoothing",)),
        "MLPClassifier": Learner(
            "sklearn.neural_network.MLPClassifier",
            (
                "hidden_layer_sizes",
                "activation",
                "solver",
                "alpha",
                "learning_rate_init",
                "momentum",
                "beta_1",
                "beta_2",
            ),
            _SEED,
        ),
    }

    def _matrix(self, learner: Any, rows: Features) -> Any:
        matrix = rows.matrix(np.float64)
        return matrix.toarray() if type(learner).__name__ in _DENSE else matrix

    def _teach(self, learner: Any, rows: Features, labels: NDArray[np.int64]) -> None:
        with np.errstate(all="ignore"):  # logarithms of 0, before every class has been met, are meant
            learner.partial_fit(self._matrix(learner, rows), labels, classes=np.arange(self.n_classes))

    def _ask(self, learner: Any, rows: Features) -> NDArray[np.int64]:
        if not hasattr(learner, "classes_") or not len(rows):
            return np.zeros(len(rows), np.int64)
        with np.errstate(all="ignore"):
            return np.asarray(learner.predict(self._matrix(learner, rows)), np.int64)
