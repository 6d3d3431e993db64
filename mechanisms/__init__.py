"""Incentive mechanisms, one file each. A new one is a file and a line in `MECHANISMS`."""

from mechanisms.defended import DefendedDeposits, rule_of
from mechanisms.deposit_refund_take import DepositRefundTake
from mechanisms.points import Points
from mechanisms.prediction_market import PredictionMarket
from sim.contracts.incentive import IncentiveMechanism

MECHANISMS: tuple[type[IncentiveMechanism], ...] = (DepositRefundTake, Points, PredictionMarket)
"""Every mechanism a config can name."""

__all__ = ["MECHANISMS", "DefendedDeposits", "DepositRefundTake", "Points", "PredictionMarket", "rule_of"]
