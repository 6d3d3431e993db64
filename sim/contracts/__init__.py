"""The contracts: records, the interface of mechanisms, the trainer that ties them together, and the claims index."""

from sim.contracts.base import Contract
from sim.contracts.claims import ClaimsIndex
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import NEVER, ClaimWindows, IncentiveMechanism, Payment, Predict
from sim.contracts.model_contract import ModelContract
from sim.contracts.trainer import CollaborativeTrainer

__all__ = [
    "NEVER", "ClaimWindows", "ClaimsIndex", "CollaborativeTrainer", "Contract", "DataHandler", "IncentiveMechanism",
    "ModelContract", "Payment", "Predict", "Record",
]  # fmt: skip
