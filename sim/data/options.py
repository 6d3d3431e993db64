"""What a user may say about a table: which columns, and how texts become features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sim.data.text import SPLITTERS, BagOfWords
from sim.errors import ConfigError

_MOST_WORDS = 100_000
_TEXT_OPTIONS = ("top", "ngram", "counts", "hashed", "splitter")


@dataclass(frozen=True)
class TableOptions:
    """Options of a .csv or .parquet file.

    Parameters
    ----------
    label : column of the class
    text : column of texts, "" for the column named ``text`` if there is one
    top : features made of texts: so many of the most frequent words, 1 to 100,000
    ngram : 1 for words, 2 for pairs of neighbouring words
    counts : how often a text has a word, not only whether
    hashed : features are named by MurmurHash3 numbers, so that no word is shown
    splitter : what a word is, ``keras`` or ``scikit-learn``
    """

    label: str = "label"
    text: str = ""
    top: int = 1_000
    ngram: int = 1
    counts: bool = False
    hashed: bool = False
    splitter: str = "keras"

    @classmethod
    def checked(cls, what: str, chosen: Mapping[str, Any]) -> TableOptions:
        """The options ``chosen`` for the file ``what``. Raises `ConfigError` naming what is allowed."""
        allowed: dict[str, tuple[Callable[[Any], bool], str]] = {
            "top": (lambda value: type(value) is int and 1 <= value <= _MOST_WORDS, f"1 to {_MOST_WORDS}"),
            "ngram": (lambda value: type(value) is int and value in (1, 2), "1 or 2"),
            "counts": (lambda value: type(value) is bool, "true or false"),
            "hashed": (lambda value: type(value) is bool, "true or false"),
            "splitter": (lambda value: value in SPLITTERS, " or ".join(SPLITTERS)),
            "label": (lambda value: isinstance(value, str) and bool(value), "the name of a column"),
            "text": (lambda value: isinstance(value, str), "the name of a column"),
        }
        for option, value in chosen.items():
            if option not in allowed:
                raise ConfigError(
                    f"Data set {what!r} has no option {option!r}; allowed: {', '.join(OPTION_NAMES)}. Remove it."
                )
            fits, words = allowed[option]
            if not fits(value):
                raise ConfigError(f"Data set {what!r}: option {option} is {value!r}; allowed is {words}. Change it.")
        return cls(**chosen)

    @property
    def words(self) -> BagOfWords:
        """How texts become features."""
        return BagOfWords(self.top, self.ngram, self.counts, self.hashed, self.splitter)

    def refuse_words(self, what: str) -> None:
        """Raise `ConfigError` if options are set that only texts have."""
        default = TableOptions()
        for option in _TEXT_OPTIONS:
            if getattr(self, option) != getattr(default, option):
                raise ConfigError(
                    f"Data set {what!r}: option {option} is for texts, and no column is named 'text'. Name the column "
                    f"of the texts by the option text, or remove {option}."
                )


OPTION_NAMES = tuple(field.name for field in fields(TableOptions))
"""The options of a table, in the order of their documentation."""
