"""Packages that only analyses need, loaded when one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sim.errors import ConfigError


def needed(module: str, purpose: str) -> Any:
    """A module of the extra ``analysis``. Raises `ConfigError` that tells how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ConfigError(
            f"{purpose} needs {package}, which is not installed. Install the extra with pip install "
            f"'deca10b[analysis]' (in a copy of the sources: .venv/bin/pip install -c constraints.txt -e "
            f"'.[analysis]')."
        ) from error
