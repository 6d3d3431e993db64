"""The contracts: records, the interface of mechanisms, the trainer that ties them together, and the claims index."""

from sim.contracts.base import Contract
from sim.contracts.claims import ClaimsIndex
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import ClaimWindows, IncentiveMechanism, Payment, Predict
from sim.contracts.trainer import CollaborativeTrainer

__all__ = [
    "ClaimWindows", "ClaimsIndex", "CollaborativeTrainer", "Contract", "DataHandler", "IncentiveMechanism", "Payment",
    "Predict", "Record",
]  # fmt: skip
