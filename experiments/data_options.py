"""``[data.options]``: how a data set is made, where there is a choice: a user's table, or a synthetic set."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from experiments.fields import Section


class DataOptions(Section):
    """Options of `sim.data.load_dataset`; what is left out is up to the data set."""

    n_train: int | None = Field(default=None, description="synthetic sets: training rows")
    n_test: int | None = Field(default=None, description="synthetic sets: test rows")
    seed: int | None = Field(default=None, description="synthetic sets: picks the rows, 0 or more")
    label: str | None = Field(default=None, description="tables: the column of the class; default 'label'")
    text: str | None = Field(default=None, description="tables: a column of texts; default 'text', if there is one")
    top: int | None = Field(default=None, description="texts: so many of the most frequent words; default 1000")
    ngram: int | None = Field(default=None, description="texts: 1 for words, 2 for pairs of neighbouring words")
    counts: bool | None = Field(default=None, description="texts: how often a word stands there, not only whether")
    hashed: bool | None = Field(default=None, description="texts: name features by MurmurHash3 numbers, not by words")
    splitter: str | None = Field(default=None, description="texts: what a word is, 'keras' or 'scikit-learn'")

    def chosen(self) -> dict[str, Any]:
        """The options that are written, as keywords of `sim.data.load_dataset`."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
