"""The papers' learners, trained on all rows of a data set at once."""

from __future__ import annotations

from experiments.baselines import baselines
from experiments.reproduction.verdicts import Measured
from sim.data import DATASETS, load_dataset


def measure(seeds: range, dataset: str) -> Measured:
    """Accuracies in [0, 1] by learner: one of each that no chance is in, and one of the perceptron for each seed.

    A seed is an order of the training rows; of a generated set it is also another set. Raises `ConfigError`.
    """
    (entry,) = (entry for entry in DATASETS if entry.name == dataset)
    if "seed" not in entry.options:
        found = baselines(load_dataset(dataset), len(seeds))
        single = {name: [value] for name, value in found.accuracies.items() if name != "perceptron"}
        return Measured(single | {"perceptron": list(found.perceptrons)}, notes=(_spread(found.perceptrons),))
    each = [baselines(load_dataset(dataset, seed=seed), 1).accuracies for seed in seeds]
    return Measured({name: [accuracies[name] for accuracies in each] for name in each[0]})


def _spread(perceptrons: tuple[float, ...]) -> str:
    orders = "1 order" if len(perceptrons) == 1 else f"{len(perceptrons)} orders"
    return f"The perceptron in {orders} of the rows: {min(perceptrons):.4f} to {max(perceptrons):.4f}."
