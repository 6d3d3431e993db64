"""The ways things go wrong: a contract refuses, a transaction runs out of gas or money, a config is wrong."""

from __future__ import annotations


class SimulatorError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(SimulatorError):
    """A scenario, option or data file cannot be used; the text names field, value, allowed range and fix."""


class Revert(SimulatorError):
    """A contract refuses a call: its effects are undone, unused gas is returned. ``reason`` is what the caller sees."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class ExceptionalHalt(SimulatorError):
    """A call that cannot go on and burns all gas it was given (an invalid opcode).

    ``kept`` is what is left to the transaction all the same: a contract that calls another one keeps a share back.
    """

    reason = "invalid opcode"
    kept = 0


class OutOfGas(ExceptionalHalt):
    """A call needs more gas than its limit: its effects are undone and the whole limit is paid."""

    reason = "out of gas"


class InvalidTransaction(SimulatorError):
    """A transaction that no block would include: it leaves no trace at all, not even a fee."""
