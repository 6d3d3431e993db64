"""Data sets: one real set inside the package, the papers' reviews and the user's files, a synthetic stand-in.

>>> data = load_dataset("subjectivity")
>>> len(data.x_train), len(data.x_test), data.classes
(7000, 3000, ('OBJECTIVE', 'SUBJECTIVE'))

`DATASETS` lists what is known by name; `DataStream` offers the rows of a set to an economy, one at a time. Modules that
read files are imported when they are needed.
"""

from sim.data.checks import check_dataset
from sim.data.dataset import Dataset, LabelArray
from sim.data.registry import DATASETS, DatasetEntry, is_available, known_names, load_dataset
from sim.data.stream import DataStream, Sample

__all__ = [
    "DATASETS",
    "DataStream",
    "Dataset",
    "DatasetEntry",
    "LabelArray",
    "Sample",
    "check_dataset",
    "is_available",
    "known_names",
    "load_dataset",
]
