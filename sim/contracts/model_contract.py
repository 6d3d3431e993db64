"""The contract around a model: what a stranger meets at the model's own address."""

from __future__ import annotations

from typing import ClassVar

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.contracts.base import TRANSFER_REFUSED, Contract
from sim.models.base import Classifier
from sim.units import Gas


class ModelContract(Contract):
    """Holds a model for the trainer, who alone may teach it; everybody else is refused."""

    for_owner: ClassVar[dict[str, tuple[Gas, Gas]]] = {
        "update": (541, 250),
        "add_feature_indices": (541, 250),
        "transfer_ownership": TRANSFER_REFUSED,
    }

    def __init__(self, chain: Chain, address: Address, model: Classifier) -> None:
        super().__init__(chain, address)
        self.model = model
