"""Shards of one experiment, swept into folders of their own, put together into one.

::

    deca10b sweep deposit-refund --shard 1/2 --out here/one        on one machine
    deca10b sweep deposit-refund --shard 2/2 --out there/two       on another
    deca10b merge here/one there/two --out results/both

The tables are byte for byte those of a sweep that was never divided. Scenario file and data sets need not be at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.experiment import Experiment
from experiments.parts import Parts
from experiments.store import Store, read_manifest
from experiments.sweeper import Results
from experiments.versions import now
from sim.errors import ConfigError


def merge(folders: Sequence[str | Path], out: str | Path) -> Results:
    """Put the finished runs of results folders of one experiment together, and write its tables.

    Of runs that several folders have, the first that went well is taken. What no folder has is missing from the tables
    and counted in the manifest; ``sweep(..., resume=True)`` runs it. The folders themselves are only read.

    Parameters
    ----------
    folders : results folders, of whole or interrupted sweeps or of shards
    out : a new or empty folder

    Raises
    ------
    ConfigError
        If a folder holds no sweep, or they are not of one experiment, or ``out`` cannot be used.
    """
    if not folders:
        raise ConfigError("There is nothing to merge. Name the results folders of the shards.")
    manifests = [_manifest_of(Path(folder)) for folder in folders]
    identity = manifests[0]["identity"]
    for folder, manifest in zip(folders, manifests, strict=True):
        if manifest["identity"] != identity:
            raise ConfigError(
                f"{str(folder)!r} holds the results of another experiment than {str(folders[0])!r} (its scenario, "
                f"design, data or outcomes differ); results are never mixed. Merge folders of one experiment."
            )
    store = Store(out, _most_of(manifests), identity=identity)
    sessions = [session for manifest in manifests for session in manifest.get("sessions", [])]
    store.open(sorted(sessions, key=lambda session: str(session.get("started"))))
    try:
        facts = store.finish([Parts(Path(folder)) for folder in folders])
        started = [session["started"] for session in store.manifest["sessions"] if session.get("started")]
        store.manifest |= {"started": min(started, default=now()), "finished": now(), **facts}
        store.write_manifest()
    finally:
        store.close()
    return Results(store.folder)


def _manifest_of(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest is None:
        raise ConfigError(f"{str(folder)!r} is no results folder of a sweep. Name those that 'deca10b sweep' wrote to.")
    return manifest


def _most_of(manifests: Sequence[dict[str, Any]]) -> Experiment:
    """The experiment, with the most replications that any of its folders asks for."""
    try:
        experiments = [Experiment.from_dict(manifest["experiment"]) for manifest in manifests]
    except (KeyError, TypeError, ConfigError) as error:
        raise ConfigError(
            f"A manifest tells of no experiment that this version understands ({error}). Merge with the version that "
            f"swept."
        ) from error
    rules = {experiment.design.until for experiment in experiments}
    if len(rules) > 1:
        raise ConfigError("The folders were swept by different stopping rules (design.until). Use one for all shards.")
    most = max(experiment.design.replications for experiment in experiments)
    return replace(experiments[0], design=experiments[0].design.replicated(most), check=False)
