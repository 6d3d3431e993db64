"""Classifiers that live on the chain: exact, journalled, and watched as they learn."""

from sim.models.base import Classifier
from sim.models.naive_bayes import NaiveBayes
from sim.models.perceptron import SparsePerceptron
from sim.models.watch import Watch

MODELS: tuple[type[Classifier], ...] = (NaiveBayes, SparsePerceptron)
"""Every model a config can name."""

__all__ = ["MODELS", "Classifier", "NaiveBayes", "SparsePerceptron", "Watch"]
