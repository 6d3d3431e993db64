"""The three windows of a contribution as parameters of a mechanism: their defaults, and what they must satisfy."""

from __future__ import annotations

from sim.errors import ConfigError
from sim.units import DAY, Seconds

STORED_END: Seconds = 2**32
"""The contracts store a window as a uint32."""


def filled_windows(
    refund_window: Seconds, owner_claim_after: Seconds | None, any_claim_after: Seconds | None
) -> tuple[Seconds, Seconds, Seconds]:
    """All three with their defaults: any_claim_after is 8 days after the refund window, the owner's is the same."""
    last = refund_window + 8 * DAY if any_claim_after is None else any_claim_after
    return refund_window, last if owner_claim_after is None else owner_claim_after, last


def check_order(refund_window: Seconds, owner_claim_after: Seconds, any_claim_after: Seconds) -> None:
    """Raise `ConfigError` unless none comes before the one before it."""
    if not 0 <= refund_window <= owner_claim_after <= any_claim_after:
        raise ConfigError(
            f"refund_window is {refund_window} s, owner_claim_after {owner_claim_after} s, any_claim_after "
            f"{any_claim_after} s; they must satisfy 0 <= refund_window <= owner_claim_after <= any_claim_after."
        )


def check_storage(*windows: Seconds) -> None:
    """Raise `ConfigError` for windows that the contracts cannot store."""
    if not all(0 <= window < STORED_END for window in windows):
        raise ConfigError(
            f"refund_window, owner_claim_after and any_claim_after are {', '.join(map(str, windows))} s; the contract "
            f"stores each in 32 bits, 0 to {STORED_END - 1} s. Shorten them, or choose another profile."
        )
