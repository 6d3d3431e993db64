"""The three learners of the reference simulation, in its arithmetic: floats, as scikit-learn adds and multiplies them.

They are the models of the profile ``reference``. No contract is like them; their gas is that of the nearest one, with
what it lacks added. Each module says how.
"""

from sim.models.base import Classifier
from sim.models.reference.naive_bayes import ReferenceNaiveBayes
from sim.models.reference.nearest_centroid import ReferenceNearestCentroid
from sim.models.reference.perceptron import ReferencePerceptron

REFERENCE_MODELS: tuple[type[Classifier], ...] = (ReferenceNaiveBayes, ReferencePerceptron, ReferenceNearestCentroid)
"""The models of the profile ``reference``."""

__all__ = ["REFERENCE_MODELS", "ReferenceNaiveBayes", "ReferenceNearestCentroid", "ReferencePerceptron"]
