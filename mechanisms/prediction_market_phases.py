"""The course of a prediction market, from commitment to settlement: what its provider does, and what anyone may do.

The rules are in `mechanisms.prediction_market`, the arithmetic of rewards in `mechanisms.prediction_market_rewards`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mechanisms.prediction_market_judge import Judge, twin
from mechanisms.prediction_market_reference import ReferenceRewards
from mechanisms.prediction_market_rewards import ExactRewards, Rewards
from sim.chain.chain import Chain
from sim.chain.gas import memory
from sim.chain.journal import Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.data_handler import DataHandler
from sim.contracts.incentive import IncentiveMechanism, Payment
from sim.contracts.parts import Part, as_printed
from sim.errors import ConfigError, Revert
from sim.models.base import Classifier
from sim.units import DAY, DEFAULT_UNIT, Seconds, Wei

PROFILES = ("corrected", "reference")
ROUND_RULES = ("unit", "to_zero", "reference")

# Gas beside storage, hashes and logs. Nothing was measured: these are taken to be as in calls of the measured contracts
# that do as much (a deposit is about 1,000 beside its storage, a claim about 3,000).
_COMMIT, _REVEAL, _STEP = 3_000, 3_000, 3_000
_SHA256, _SHA256_WORD = 60, 12  # the precompiled contract's
_WORD, _LOG_BYTES = 32, 64

WRONG_PHASE = "The market is in another phase."
TOO_SOON = "Can't end the market yet."
NOT_THE_PROVIDER = "Sender is not the provider."
NOT_AS_COMMITTED = "The part is not what was committed to."
ENDED = "The market has ended."


class Phase(IntEnum):
    """Where a market is. The first is before anything was committed."""

    COMMITMENT = 0
    INITIALIZATION = 1
    PARTICIPATION = 2
    REVEAL_TEST_SET = 3
    REWARD = 4
    REWARD_COLLECT = 5


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the table in `mechanisms.prediction_market`; ``unit`` is the size of one unit in wei.

    Raises `ConfigError` for values out of range.
    """

    profile: str = "corrected"
    allow_greater_deposit: bool = False
    group_contributions: bool = False
    reset_model_during_reward_phase: bool = False
    round_rule: str = ""
    revealed_first: int = 1
    reveal_within: Seconds = DAY
    any_claim_after: Seconds = 7 * DAY
    unit: Wei = DEFAULT_UNIT

    def __post_init__(self) -> None:
        object.__setattr__(self, "round_rule", self.round_rule or ("reference" if self._imitates else "unit"))
        for field, allowed in (("profile", PROFILES), ("round_rule", ROUND_RULES)):
            if getattr(self, field) not in allowed:
                raise ConfigError(f"{field} is {getattr(self, field)!r}; choose one of {', '.join(allowed)}.")
        for field in ("reveal_within", "any_claim_after"):
            if getattr(self, field) < 0:
                raise ConfigError(f"{field} is {getattr(self, field)} s; it must be 0 or more.")
        if self.revealed_first < 1:
            raise ConfigError(f"revealed_first is {self.revealed_first}; it must be 1 part or more.")
        if self.unit <= 0:
            raise ConfigError(f"unit is {self.unit} wei; it must be above 0.")

    @property
    def _imitates(self) -> bool:
        return self.profile == "reference"


class MarketPhases(IncentiveMechanism):
    """A market as its provider meets it. ``entropy`` stands for the chain's randomness, which draws the first parts."""

    learns_at_once = False

    def __init__(
        self,
        chain: Chain,
        address: Address,
        records: DataHandler,
        parameters: Parameters | None = None,
        entropy: bytes = b"",
    ) -> None:
        super().__init__(chain, address, records)
        self.parameters = p = parameters or Parameters()
        self.entropy = entropy
        self._imitates = p.profile == "reference"
        self.keeps_surplus = p.allow_greater_deposit
        kind: Callable[..., Any] = ReferenceRewards if self._imitates else ExactRewards
        options = p.group_contributions, p.reset_model_during_reward_phase, p.unit, p.round_rule
        self.rewards: Rewards = kind(self.journal, records, *options)
        self.phase: Value[Phase] = Value(self.journal, Phase.COMMITMENT)
        self.provider: Value[Address] = Value(self.journal, "")
        self.commitments: Value[tuple[bytes, ...]] = Value(self.journal, ())
        self.drawn: Value[tuple[int, ...]] = Value(self.journal, ())
        """The parts that must be revealed first, in this order."""
        self.checked: Value[int] = Value(self.journal, 0)
        """How many of them are revealed."""
        self.revealed: Value[int] = Value(self.journal, 0)
        """How many of the other parts are."""
        self.earliest_end: Value[Seconds] = Value(self.journal, 0)
        self.least_contributions: Value[int] = Value(self.journal, 0)
        self.deadline: Value[Seconds] = Value(self.journal, 0)
        """Until when the provider must reveal."""
        self.settled_at: Value[Seconds] = Value(self.journal, 0)
        self.timed_out: Value[bool] = Value(self.journal, False)
        self.actions = {
            "commit": self.commit,
            "add_commitments": self.add_commitments,
            "reveal": self.reveal,
            "end": self.end,
            "process": self.process,
        }
        if not self._imitates:
            self.actions["time_out"] = self.time_out
        self.paid_actions = frozenset({"commit"})

    def attach(self, model: Classifier) -> None:
        """The model that is rewarded for, already trained on the initial samples; the reference trains a copy of it."""
        self._n_features = model.n_features
        self.rewards.judge = Judge(
            twin(model) if self._imitates else model, self.parameters.reset_model_during_reward_phase
        )

    def seal(self, part: Part) -> bytes:
        """The hash of a part with its salt; the reference's, which tells less, where it is imitated."""
        return as_printed(part, self._n_features) if self._imitates else part.commitment

    # -- what the provider does --------------------------------------------------------------------------------------

    def commit(
        self, call: Call, commitments: Sequence[bytes], least_length: Seconds, least_contributions: int
    ) -> list[Payment]:
        """Open the market with a bounty, ``call.value``, and the hashes of the parts of a test set.

        Contributions can end ``least_length`` seconds from now at the earliest, and with ``least_contributions``.
        """
        # CHECKS
        self._check_phase(Phase.COMMITMENT)
        first = self.parameters.revealed_first
        if len(commitments) <= first or call.value < self.parameters.unit or least_length < 0:
            raise Revert(f"A market needs a bounty of at least a unit and a test set of at least {first + 1} parts.")
        # GAS
        self.meter.charge(self.schedule.stores(set_=6 + len(commitments), cold=6 + len(commitments)) + _COMMIT)
        # EFFECTS
        self.provider.set(call.sender)
        self.rewards.fund(call.value)
        self.earliest_end.set(call.now + least_length)
        self.least_contributions.set(least_contributions)
        self._commit(call, tuple(commitments))
        self.phase.set(Phase.INITIALIZATION)
        return []

    def add_commitments(self, call: Call, commitments: Sequence[bytes]) -> list[Payment]:
        """Add parts, where not all hashes fit one transaction; what is to be revealed first is drawn anew."""
        # CHECKS
        self._check_phase(Phase.INITIALIZATION)
        self._check_provider(call)
        if not commitments:
            raise Revert("Add at least one part.")
        if self.checked.value:
            raise Revert("A part was revealed already: nothing can be drawn anew.")
        # GAS
        self.meter.charge(self.schedule.stores(set_=len(commitments), reset=2, cold=len(commitments) + 2) + _COMMIT)
        # EFFECTS
        self._commit(call, (*self.commitments.value, *commitments))
        return []

    def _commit(self, call: Call, commitments: tuple[bytes, ...]) -> None:
        self.commitments.set(commitments)
        self.drawn.set(self._draw(call.now, commitments))
        self.deadline.set(call.now + self.parameters.reveal_within)
        self.emit("Committed", len(commitments), *self.drawn.value)

    def _draw(self, now: Seconds, commitments: tuple[bytes, ...]) -> tuple[int, ...]:
        """The parts to reveal first: by hashes of what nobody knew before, the time and all that was committed."""
        seed = b"".join((self.entropy, now.to_bytes(32, "big"), *commitments))
        left, drawn = list(range(len(commitments))), []
        for _ in range(self.parameters.revealed_first):
            seed = hashlib.sha256(seed).digest()
            drawn.append(left.pop(int.from_bytes(seed, "big") % len(left)))
        return tuple(drawn)

    def reveal(self, call: Call, part: Part) -> list[Payment]:
        """Reveal the drawn parts, the last of which opens the market; after its end the others, one after the other."""
        # CHECKS
        part = Part(*part)  # as a trace has it, it is a plain tuple
        first = self.phase.value is Phase.INITIALIZATION
        if not first:
            self._check_phase(Phase.REVEAL_TEST_SET)
        number = self.next_part
        # GAS
        words = -(-len(part.encoded) // _WORD)
        gas = self.schedule.loads(3) + self.schedule.stores(reset=2, cold=2) + _SHA256 + _SHA256_WORD * words
        self.meter.charge(gas + memory(words) + 3 * words + self.schedule.logged(1, _LOG_BYTES) + _REVEAL)
        if not part.samples or self.seal(part) != self.commitments.value[number]:
            raise Revert(NOT_AS_COMMITTED)
        # EFFECTS
        self.emit("Revealed", number)
        if first:
            self.checked.set(self.checked.value + 1)
            if self.checked.value == len(self.drawn.value):
                self.phase.set(Phase.PARTICIPATION)
            return []
        self.revealed.set(self.revealed.value + 1)
        test_set = self.rewards.test_set
        test_set.set((*test_set.value, *part.samples))
        if self.revealed.value == len(self.commitments.value) - len(self.drawn.value):
            self.phase.set(Phase.REWARD)
        return []

    @property
    def next_part(self) -> int:
        """Which part is to be revealed next."""
        if self.phase.value is Phase.INITIALIZATION:
            return self.drawn.value[self.checked.value]
        part = self.revealed.value
        for drawn in sorted(self.drawn.value):
            part += part >= drawn
        return part

    # -- what anyone may do ------------------------------------------------------------------------------------------

    def end(self, call: Call) -> list[Payment]:
        """End the contributions, when there are enough of them and it is time; with none the bounty goes back."""
        # CHECKS
        self._check_phase(Phase.PARTICIPATION)
        if not self.may_end(call.now):
            raise Revert(TOO_SOON)
        # GAS
        self.meter.charge(self.schedule.loads(3) + self.schedule.stores(reset=2, cold=1) + _STEP)
        # EFFECTS
        self.rewards.begin()
        self.deadline.set(call.now + self.parameters.reveal_within)
        self.phase.set(Phase.REVEAL_TEST_SET)
        if not len(self.records) and not self._imitates:
            return self._settle(call)
        return []

    def may_end(self, now: Seconds) -> bool:
        """Whether contributions may end (a free view). The reference is content with one of the two conditions."""
        enough, due = len(self.records) >= self.least_contributions.value, now >= self.earliest_end.value
        if self._imitates:
            return enough or due
        return due and (enough or now >= self.earliest_end.value + self.parameters.reveal_within)

    def process(self, call: Call, contributions: int = 1) -> list[Payment]:
        """Process the next contribution, or so many of them; with the last one the market is settled."""
        # CHECKS
        if self.phase.value is Phase.REWARD_COLLECT:
            raise Revert(ENDED)
        self._check_phase(Phase.REWARD)
        rewards, schedule = self.rewards, self.schedule
        if rewards.judge is None:
            raise Revert("The market has no model.")
        left, over = contributions, False
        rewards.judge.start()
        while left > 0 and not over:
            # EFFECTS
            progress = rewards.advance(left)
            left, over = left - progress.steps, progress.over
            # GAS
            self.meter.charge(progress.steps * (schedule.loads(5) + schedule.stores(reset=2) + _STEP))
            self.meter.charge(progress.evaluations * schedule.stores(set_=1, cold=1))
            if progress.scores:
                self.meter.charge(progress.scores * (schedule.loads(1) + schedule.stores(reset=1)))
                self.emit("Round", *rewards.rounds.value[-1])
        rewards.judge.bring_along()
        return self._settle(call) if over else []

    def time_out(self, call: Call) -> list[Payment]:
        """Close a market whose provider did not reveal in time: stakes come back, and the bounty with them."""
        # CHECKS
        if not self.is_overdue(call.now):
            raise Revert("The provider is not overdue.")
        # GAS
        self.meter.charge(self.schedule.loads(3) + self.schedule.stores(reset=2, cold=2) + _STEP)
        # EFFECTS
        self.timed_out.set(True)
        assert isinstance(self.rewards, ExactRewards)
        return self._closed(call, self.rewards.forfeit(self.provider.value))

    def is_overdue(self, now: Seconds) -> bool:
        """Whether the provider should have revealed something by now (a free view)."""
        waits = self.phase.value in (Phase.INITIALIZATION, Phase.REVEAL_TEST_SET)
        return waits and now > self.deadline.value and not self._imitates

    def _settle(self, call: Call) -> list[Payment]:
        return self._closed(call, self.rewards.settle(self.provider.value))

    def _closed(self, call: Call, payments: list[Payment]) -> list[Payment]:
        self.phase.set(Phase.REWARD_COLLECT)
        self.settled_at.set(call.now)
        self.emit("Settled", self.provider.value)
        return payments

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Zero and non-zero bytes: hashes, encoded parts, and a word for each number."""
        encoded = Part(*arguments[0]).encoded if method == "reveal" else b"".join(map(_encoded, arguments))
        zero = encoded.count(0)
        return zero, len(encoded) - zero + 4

    def _check_phase(self, phase: Phase) -> None:
        if self.phase.value is not phase:
            raise Revert(WRONG_PHASE)

    def _check_provider(self, call: Call) -> None:
        if call.sender != self.provider.value:
            raise Revert(NOT_THE_PROVIDER)


def _encoded(argument: Any) -> bytes:
    if isinstance(argument, tuple):
        return b"".join(argument)
    return int(argument).to_bytes(_WORD, "big") if isinstance(argument, int) else b""
