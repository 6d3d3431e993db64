"""The world: chain, contracts, models, data and the economy that ties them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.economy import Economy, Schedule

__all__ = ["Economy", "Schedule"]


def __getattr__(name: str) -> Any:
    """Import the economy only when it is asked for: it needs Mesa, which the exact core does without."""
    if name in __all__:
        from sim import economy

        return getattr(economy, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
