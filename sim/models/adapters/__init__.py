"""Learners of other libraries as models: scikit-learn's and river's.

Each library is an extra package, imported only when a model of it is made.
"""

from sim.models.adapters.base import Adapter
from sim.models.adapters.river import River
from sim.models.adapters.scikit_learn import ScikitLearn

ADAPTERS: tuple[type[Adapter], ...] = (ScikitLearn, River)
"""By ``name``, the kind of model in a config."""

__all__ = ["ADAPTERS", "Adapter", "River", "ScikitLearn"]
