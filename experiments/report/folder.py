"""A results folder, checked to hold a finished sweep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.experiment import Experiment
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS
from experiments.store import MANIFEST
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Finished:
    """A finished sweep: its folder, its manifest, what was swept, and the tables of runs and of their series."""

    folder: Path
    manifest: dict[str, Any]
    experiment: Experiment
    runs: pd.DataFrame
    series: pd.DataFrame


def read_results(folder: str | Path) -> Finished:
    """The finished sweep in a folder. Raises `ConfigError` if there is none, or if a table is missing or damaged."""
    path = Path(folder)
    manifest = _manifest(path)
    try:
        facts, unfinished = manifest["experiment"], "counts" not in manifest
        missing = 0 if unfinished else manifest["counts"].get("missing", 0)
        experiment = Experiment.from_dict(facts)
        name = experiment.name
    except (KeyError, TypeError, ConfigError) as error:
        raise ConfigError(
            f"The manifest of {str(path)!r} tells of no experiment that this version understands ({error}). Run the "
            f"sweep again into a new folder."
        ) from error
    if unfinished:
        raise ConfigError(
            f"The sweep {name!r} in {str(path)!r} has not finished. Let it run on with 'deca10b sweep ... --out "
            f"{path} --resume', then report."
        )
    if missing:
        raise ConfigError(
            f"{str(path)!r} holds a part of the sweep {name!r}; {missing:,} runs are missing. Put shards together with "
            f"'deca10b merge', or run what is missing with 'deca10b sweep ... --out {path} --resume', then report."
        )
    runs = _table(path, "runs", {*OUTCOME_COLUMNS, *experiment.design.levers})
    return Finished(path, manifest, experiment, runs, _table(path, "series", set(SERIES_COLUMNS)))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or "identity" not in manifest:
            raise ValueError("it is the manifest of something else")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{str(folder)!r} is no results folder of a sweep: {MANIFEST} cannot be read ({reason}). Name the folder "
            f"that 'deca10b sweep' wrote to."
        ) from error
    return manifest


def _table(folder: Path, name: str, wanted: set[str]) -> pd.DataFrame:
    import pandas as pd

    mend = "Make the tables anew with 'deca10b sweep ... --resume'; finished runs are kept and not run again."
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise ConfigError(f"{str(path)!r} is missing. {mend}")
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are among these
        raise ConfigError(f"{str(path)!r} cannot be read: {' '.join(str(error).split())}. {mend}") from error
    missing = sorted(wanted - set(table.columns))
    if missing:
        raise ConfigError(f"{str(path)!r} lacks columns ({', '.join(missing[:5])}). {mend}")
    return table
