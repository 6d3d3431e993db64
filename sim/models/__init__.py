"""Classifiers that live on the chain: exact, journalled, and watched as they learn."""

from sim.models.adapters import ADAPTERS
from sim.models.base import Classifier
from sim.models.naive_bayes import NaiveBayes
from sim.models.onchain import ONCHAIN_MODELS
from sim.models.perceptron import SparsePerceptron
from sim.models.reference import REFERENCE_MODELS
from sim.models.watch import Watch

MODELS: tuple[type[Classifier], ...] = (NaiveBayes, SparsePerceptron)
"""The models of the profile ``corrected`` that need no other library."""

MODEL_PROFILES: dict[str, tuple[type[Classifier], ...]] = {
    "corrected": (*MODELS, *ADAPTERS),
    "solidity": ONCHAIN_MODELS,
    "reference": REFERENCE_MODELS,
}
"""Every model a config can name, by profile."""

OTHER_NAMES = {"sparse_perceptron": "perceptron", "nearest_centroid": "dense_nearest_centroid"}
"""Words that mean the same kind of model as another word, which stands for it in tables and hashes."""


def kind_of(name: str) -> str:
    """The one word for a kind of model, whichever of its names is given."""
    return OTHER_NAMES.get(name, name)


def models_of(profile: str) -> dict[str, type[Classifier]]:
    """The models of a profile by kind."""
    return {kind_of(model.name): model for model in MODEL_PROFILES[profile]}


MODEL_NAMES: tuple[str, ...] = tuple(
    dict.fromkeys([*(kind for profile in MODEL_PROFILES for kind in models_of(profile)), *OTHER_NAMES])
)
"""Every word for a kind of model."""

__all__ = [
    "ADAPTERS", "MODELS", "MODEL_NAMES", "MODEL_PROFILES", "OTHER_NAMES", "Classifier", "NaiveBayes",
    "SparsePerceptron", "Watch", "kind_of", "models_of",
]  # fmt: skip
