"""The five classifiers of 0xDeCA10B as their contracts do them, to the last bit and in the contracts' own gas.

They are the models of the profile ``solidity``. Numbers are Python integers in journalled cells; decimals are times
10**9. Each module names its contract's rule, and each of its quirks.
"""

from collections.abc import Mapping
from typing import Any

from sim.chain.gas import Meter
from sim.chain.journal import Journal
from sim.errors import ConfigError
from sim.models.onchain.base import OnChainClassifier, Rows, State, state_digest
from sim.models.onchain.dense_nearest_centroid import DenseNearestCentroid
from sim.models.onchain.dense_perceptron import DensePerceptron
from sim.models.onchain.naive_bayes import NaiveBayes
from sim.models.onchain.sparse_nearest_centroid import SparseNearestCentroid
from sim.models.onchain.sparse_perceptron import SparsePerceptron

ONCHAIN_MODELS: tuple[type[OnChainClassifier], ...] = (
    DensePerceptron,
    SparsePerceptron,
    NaiveBayes,
    DenseNearestCentroid,
    SparseNearestCentroid,
)
"""Every contract there is, by ``name``."""


def onchain_classifier(
    kind: str,
    parameters: Mapping[str, Any],
    journal: Journal | None = None,
    meter: Meter | None = None,
    *,
    state: State | None = None,
) -> OnChainClassifier:
    """A classifier as a contract's constructor leaves it, or as it was in a later ``state``.

    Parameters
    ----------
    kind : the name of one of `ONCHAIN_MODELS`
    parameters : the constructor's arguments by the contract's own names, integers, decimals times 10**9:
        ``classifications`` and what the model's ``deploy`` names
    journal, meter : of the chain it lives on; by default its own
    state : what `OnChainClassifier.to_state` told of such a model; what it does not name is zero

    Raises
    ------
    ConfigError
        For an unknown kind, a parameter that is missing, or a number its storage field cannot hold.
    """
    models = {model.name: model for model in ONCHAIN_MODELS}
    if kind not in models:
        raise ConfigError(f"{kind!r} is not a model of the contracts; choose one of {', '.join(models)}.")
    try:
        model = models[kind].deploy(parameters, journal, meter)
    except KeyError as missing:
        raise ConfigError(
            f"Parameter {missing} of model {kind!r} is missing; give it by the contract's name."
        ) from None
    except (IndexError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The parameters of model {kind!r} do not fit together: {error}. Give them as its contract's constructor "
            f"takes them."
        ) from error
    if state is not None:
        model.load_state(state)
    return model


__all__ = [
    "ONCHAIN_MODELS",
    "DenseNearestCentroid",
    "DensePerceptron",
    "NaiveBayes",
    "OnChainClassifier",
    "Rows",
    "SparseNearestCentroid",
    "SparsePerceptron",
    "State",
    "onchain_classifier",
    "state_digest",
]
