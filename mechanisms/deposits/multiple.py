"""The interface of multiples: what who adds what does to the price."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction

from sim.chain.ledger import Address
from sim.features import Data
from sim.models.base import Classifier


class Multiple:
    """A factor of the price, 0 or more, as an exact fraction. State lives in journalled cells."""

    least: Fraction
    """It is never below this."""

    @abstractmethod
    def of(self, data: Data, label: int, sender: Address) -> Fraction:
        """The factor now (a free view); no ``sender`` stands for a newcomer. Reverts as the model would."""

    @abstractmethod
    def charge(self, data: Data) -> None:
        """Charge the gas of working it out, and of keeping what it needs of a contribution."""

    def attach(self, model: Classifier) -> None:
        """The model, told once before anything else. Raises `ConfigError` where it does not fit."""

    def note_added(self, data: Data, label: int, sender: Address) -> None:
        """A contribution is about to be added, and learnt."""
