"""The ledger: integer wei, gas, time, and transactions that either happen or leave only their fee."""

from sim.chain.chain import Chain
from sim.chain.clock import Clock, EventQueue
from sim.chain.fees import FeeMarket, FixedPrice, FreeGas
from sim.chain.fees_eip1559 import Eip1559
from sim.chain.fees_presets import FEE_TERMS, FeeTerms
from sim.chain.gas import HARDFORKS, GasSchedule, Meter
from sim.chain.journal import Column, Journal, Map, Table, Value, Weights
from sim.chain.ledger import BURNED, PROPOSER, Address, Ledger
from sim.chain.transaction import Call, Log, Receipt, Transaction

__all__ = [
    "BURNED", "FEE_TERMS", "HARDFORKS", "PROPOSER", "Address", "Call", "Chain", "Clock", "Column", "Eip1559",
    "EventQueue", "FeeMarket", "FeeTerms", "FixedPrice", "FreeGas", "GasSchedule", "Journal", "Ledger", "Log", "Map",
    "Meter", "Receipt", "Table", "Transaction", "Value", "Weights",
]  # fmt: skip
