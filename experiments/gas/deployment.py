"""Gas of deploying the contracts and of giving a model its first weights, on a chain where somebody has to pay for it.

Runs do not charge it: their contracts are deployed, and their models trained, before the first transaction. What it
would cost is worked out here by the same schedules: bytes sent, code stored, storage written, and an overhead.

A transaction that creates a contract pays for its init code (EIP-3860), and 200 gas for each byte that stays.
Large models are sent in chunks: a first one with the constructor, the others by calls that only the owner may make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sim.chain import GasSchedule
from sim.chain.gas import memory
from sim.units import Gas

_WORD = 32


class Slots(NamedTuple):
    """Storage that is read (the first time, again) and written (by what a write costs; never touched before)."""

    cold: int = 0
    warm: int = 0
    set: int = 0
    reset: int = 0
    noop: int = 0
    cold_writes: int = 0

    def gas(self, schedule: GasSchedule) -> Gas:
        """What it costs."""
        stores = schedule.stores(self.set, self.reset, self.noop, self.cold_writes)
        return schedule.loads(self.cold, self.warm) + stores


_NONE = Slots()


@dataclass(frozen=True, slots=True)
class SetUp:
    """What one transaction does that creates a contract or fills a model.

    Attributes
    ----------
    once, each : storage touched once, and for each number (or pair of numbers) of the model
    packed : how many numbers share a slot; 0 where each has its own, which ``each`` counts
    pads : whether the last slot is written as often as the others, however few numbers it holds
    call, number, slot, named : gas beside storage: per call, number, slot of packed numbers, class with a name
    memory_number, memory_call : words of memory per number and besides
    """

    once: Slots
    each: Slots = _NONE
    packed: int = 0
    pads: bool = False
    call: Gas = 0
    number: Gas = 0
    slot: Gas = 0
    named: Gas = 0
    memory_number: int = 0
    memory_call: int = 0

    def execution(self, schedule: GasSchedule, numbers: int = 0, classes: int = 0, slots_set: int | None = None) -> Gas:
        """Gas without that of bytes and code. ``slots_set``: slots of packed numbers that are not 0; by default all."""
        gas = self.once.gas(schedule) + numbers * self.each.gas(schedule) + self.call
        gas += self.number * numbers + self.named * classes
        if self.memory_number:
            gas += memory(self.memory_number * numbers + self.memory_call)
        if self.packed:
            slots = -(-numbers // self.packed)
            writes = slots * self.packed if self.pads else numbers
            filled = slots if slots_set is None else slots_set
            packed = Slots(cold=slots, warm=writes - slots, set=filled, noop=writes - filled)
            gas += packed.gas(schedule) + self.slot * slots
        return gas


_OWN_MAPPING = Slots(cold=1, set=1)
_OWN_PAIR = Slots(cold=1, warm=1, set=1, noop=1)

CREATE: dict[str, SetUp] = {
    "DataHandler64": SetUp(Slots(cold=1, set=1), call=2_307),
    "Points64": SetUp(Slots(cold=2, warm=2, set=2, noop=4, cold_writes=2), call=1_730),
    "Stakeable64": SetUp(Slots(cold=2, warm=2, set=4, noop=4, cold_writes=4), call=2_160),
    "CollaborativeTrainer64": SetUp(Slots(cold=6, set=6), call=4_186),
    "DensePerceptron": SetUp(
        Slots(cold=6, set=6, noop=2), packed=3, pads=True, call=5_918, number=332, slot=373, memory_number=3,
        memory_call=6,
    ),
    "SparsePerceptron": SetUp(
        Slots(cold=5, set=5, noop=2), _OWN_MAPPING, call=5_663, number=527, memory_number=4, memory_call=8,
    ),
    "NaiveBayesClassifier": SetUp(
        Slots(cold=6, set=7, noop=3), _OWN_MAPPING, call=8_452, number=1_831, named=665, memory_number=13,
    ),
    "NearestCentroidClassifier": SetUp(
        Slots(cold=6, set=7), packed=4, pads=True, call=8_847, number=123, slot=1_370, memory_number=2, memory_call=16,
    ),
    "SparseNearestCentroidClassifier": SetUp(
        Slots(cold=5, set=6, noop=2, cold_writes=1), _OWN_PAIR, call=3_892, number=2_146, named=1_317,
        memory_number=14, memory_call=24,
    ),
}  # fmt: skip
"""Creation of each contract; a classifier's constructor takes the numbers of the first chunk."""

FILL: dict[tuple[str, str], SetUp] = {
    # a number is pushed at the end of a list, whose length is read and written each time
    ("dense_perceptron", "initializeWeights"): SetUp(
        Slots(cold=2, warm=-1, reset=1, noop=-1), Slots(warm=1, noop=1), packed=3, call=835, number=621,
        memory_number=1, memory_call=12,
    ),
    ("sparse_perceptron", "initializeWeights"): SetUp(
        Slots(cold=1), _OWN_MAPPING, call=1_037, number=536, memory_number=1, memory_call=12,
    ),
    ("naive_bayes", "addClass"): SetUp(
        Slots(cold=5, warm=4, set=2, reset=2, noop=4), _OWN_MAPPING, call=5_282, number=1_636, memory_number=4,
        memory_call=12,
    ),
    ("naive_bayes", "initializeCounts"): SetUp(
        Slots(cold=3, warm=1, reset=1, noop=1), _OWN_MAPPING, call=1_416, number=1_636, memory_number=4, memory_call=12,
    ),
    ("dense_ncc", "addClass"): SetUp(
        Slots(cold=7, warm=3, set=3, reset=2), packed=4, pads=True, call=10_178, number=304, slot=626,
        memory_number=1, memory_call=12,
    ),
    ("sparse_ncc", "addClass"): SetUp(
        Slots(cold=5, warm=1, set=2, reset=2, noop=1), _OWN_PAIR, call=27_287, number=1_871, memory_number=6,
        memory_call=14,
    ),
    ("sparse_ncc", "extendCentroid"): SetUp(
        Slots(cold=4, reset=1), Slots(cold=1, warm=2, set=1, noop=1), call=1_198, number=1_907, memory_number=6,
        memory_call=14,
    ),
}  # fmt: skip
"""Calls that fill a model, by model and method."""

_TRANSFER = {
    "Points64": 453, "Stakeable64": 475, "DataHandler64": 519, "DensePerceptron": 718,
    "SparseNearestCentroidClassifier": 718, "SparsePerceptron": 740, "NaiveBayesClassifier": 740,
    "NearestCentroidClassifier": 740,
}  # fmt: skip
"""Overhead of giving a contract to the trainer."""


def creation(
    contract: str, schedule: GasSchedule, sent: tuple[int, int], init_code: int, runtime: int,
    numbers: int = 0, classes: int = 0, slots_set: int | None = None,
) -> Gas:  # fmt: skip
    """Gas of a transaction that creates a contract.

    Parameters
    ----------
    contract : a key of `CREATE`
    sent : zero and other bytes of the transaction
    init_code, runtime : bytes of the code that runs once, arguments included, and of the code that stays
    numbers, classes, slots_set : of the model, see `SetUp.execution`
    """
    intrinsic, floor = schedule.calldata(*sent)
    words = -(-init_code // _WORD)
    code = schedule.creation + schedule.code_byte * runtime + schedule.initcode_word * words
    return max(floor, intrinsic + code + CREATE[contract].execution(schedule, numbers, classes, slots_set))


def filling(
    model: str, method: str, schedule: GasSchedule, sent: tuple[int, int], numbers: int, slots_set: int | None = None
) -> Gas:
    """Gas of a call that gives a model more numbers; ``method`` and ``model`` are a key of `FILL`."""
    intrinsic, floor = schedule.calldata(*sent)
    return max(floor, intrinsic + FILL[model, method].execution(schedule, numbers, slots_set=slots_set))


def transfer_of_ownership(contract: str, schedule: GasSchedule, sent: tuple[int, int] = (12, 24)) -> Gas:
    """Gas of giving a contract to the trainer."""
    intrinsic, floor = schedule.calldata(*sent)
    return max(floor, intrinsic + Slots(cold=1, warm=1, reset=1).gas(schedule) + _TRANSFER[contract])
