"""Courses: lessons looked ahead (see `sim.models.courses.base`), for the models that have them."""

from __future__ import annotations

from collections.abc import Sequence

from sim.models.base import Classifier, may_repeat
from sim.models.courses.base import Course, Lesson, Rows
from sim.models.courses.naive_bayes import NaiveBayesCourse
from sim.models.courses.perceptron import PerceptronCourse
from sim.models.naive_bayes import NaiveBayes
from sim.models.perceptron import SparsePerceptron

__all__ = ["Course", "Lesson", "course_of"]


def course_of(model: Classifier, lessons: Sequence[Lesson], test_set: Sequence[Lesson]) -> Course | None:
    """A course of these lessons from the model's state now, counted on these rows, each of data and label.

    None for a model without courses, where a sample is unknown to the model, and where a number, or all of them, might
    not fit: then the lessons are to be taken one by one.
    """
    kind = type(model)  # not one of its subclasses, which learn by other rules
    if model.reads_vectors or kind not in (NaiveBayes, SparsePerceptron) or not test_set:
        return None
    taught, tested = Rows.of(lessons, model.n_features), Rows.of(test_set, model.n_features)
    if not (_are_known(taught, model) and _are_known(tested, model)):
        return None
    if isinstance(model, NaiveBayes):
        fits = NaiveBayesCourse.fits(model, len(lessons), len(test_set)) and (
            model.repeats or not may_repeat(taught.features)
        )
        return NaiveBayesCourse(model, taught, tested) if fits else None
    assert isinstance(model, SparsePerceptron)
    fits = PerceptronCourse.fits(model, taught.features, tested.features)
    return PerceptronCourse(model, taught, tested) if fits else None


def _are_known(rows: Rows, model: Classifier) -> bool:
    """Whether a model that refuses what it does not know takes all these samples."""
    for numbers, end in ((rows.features.indices, model.n_features), (rows.labels, model.n_classes)):
        if int(numbers.min(initial=0)) < 0 or int(numbers.max(initial=0)) >= end:
            return False
    return True
