r"""Prediction market: a provider's bounty is paid for accuracy on a test set that stays secret until contributions end.

1. **Commitment.** The provider escrows a bounty and commits to the hash of each part of the test set. Some parts (r),
   drawn at random, are revealed at once: whoever committed to rubbish in f of m parts escapes with probability
   :math:`\binom{m-f}{r} / \binom{m}{r}`, that is 1 - f/m for one part.
2. **Participation.** Each contribution stakes a unit. The model learns nothing yet.
3. **Reveal.** When time and contributions suffice anyone ends this phase, and the provider reveals the other parts. A
   provider who does not in time loses the bounty to the contributors, in proportion to their stakes, which come back.
4. **Rewards.** The model learns contribution after contribution. With :math:`L(h)` the loss on the test set, less the
   parts revealed first, which everybody knows, each is paid its :math:`L(h_{t-1}) - L(h_t)` for every unit of the
   bounty, or pays it; who can no longer stake is dropped, see `mechanisms.prediction_market_rewards`. The sum is
   :math:`L(h_0) - L(h_T) \le 1` a unit, so the bounty suffices; what it does not take goes back to the provider.
5. **Collection.** Contributors take their balances; after a while anyone may take what is left.

===============================  =========  ===========================================================================
parameter                        default    meaning
===============================  =========  ===========================================================================
profile                          corrected  ``corrected`` or ``reference``: whose rules (see docs/profiles.md)
allow_greater_deposit            False      a contribution stakes all the value it is sent with, at least a unit
group_contributions              False      scores and balances by address, not by contribution
reset_model_during_reward_phase  False      each pass trains the model anew on those who are left; else accuracies are
                                            measured once, with everyone's contributions
round_rule                       unit       ``unit``, ``to_zero`` or ``reference`` (the default of that profile): when
                                            somebody is dropped
revealed_first                   1          parts of the test set, drawn at random, that are revealed at the start
reveal_within                    1 day      seconds a provider has to reveal; also what the market may last beyond its
                                            shortest time for want of contributions
any_claim_after                  7 days     seconds from the end of the rewards until anyone may take what is left
===============================  =========  ===========================================================================

Honest contributions at once are optimal for whoever acts once, is risk neutral and has data that tell something beside
what is there (Abernethy & Frongillo 2011); not for a provider who contributes and knows the test set. A score is noisy
where the test set is small: one row is 1/n of a unit for every unit of the bounty.

Gas has not been measured, as no contract of this mechanism exists. It is that of the storage slots, hashes and logs
each step needs, and of what the model learns; rows are judged off the chain, and the contract stores their number.

Sources: Harris & Waggoner 2019; Waggoner, Frongillo & Abernethy 2015; prediction_market.py of microsoft/0xDeCA10B.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from mechanisms.prediction_market_phases import (
    ENDED,
    NOT_AS_COMMITTED,
    NOT_THE_PROVIDER,
    PROFILES,
    ROUND_RULES,
    TOO_SOON,
    WRONG_PHASE,
    MarketPhases,
    Parameters,
    Phase,
)
from mechanisms.prediction_market_reference import ReferenceRewards
from mechanisms.prediction_market_rewards import ExactRewards
from sim.chain.ledger import Address
from sim.chain.transaction import Call, Transaction
from sim.contracts.data_handler import Record
from sim.contracts.incentive import ClaimWindows, Errand, Payment, Predict
from sim.contracts.parts import Part, Sample, split
from sim.errors import Revert
from sim.features import Data
from sim.units import Seconds, Wei

__all__ = [
    "ENDED",
    "NOTHING_LEFT",
    "NOT_AS_COMMITTED",
    "NOT_FINISHED",
    "NOT_THE_PROVIDER",
    "NOT_YET",
    "PROFILES",
    "ROUND_RULES",
    "TOO_LITTLE",
    "TOO_SOON",
    "WRONG_PHASE",
    "Parameters",
    "Part",
    "Phase",
    "PredictionMarket",
    "split",
]

TOO_LITTLE = "Didn't pay enough for the stake."
NOTHING_LEFT = "There is no reward left to claim."
NOT_FINISHED = "The reward phase has not finished processing contributions."
NOT_YET = "Not enough time has passed."

_PROCESS = Errand("process")
_MOST_STEPS = 10_000
_ADD, _COLLECT = 1_000, 3_000
"""Gas beside storage, not measured; see `mechanisms.prediction_market_phases`."""


class PredictionMarket(MarketPhases):
    """See the module's text."""

    kind = "prediction_market"

    @property
    def windows(self) -> ClaimWindows | None:
        """None: a contribution is claimed when the market is settled, whatever its age."""
        return None

    @property
    def takes_contributions(self) -> bool:
        """While contributions are taken."""
        return self.phase.value is Phase.PARTICIPATION

    @property
    def is_over(self) -> bool:
        """Whether all is settled and collected."""
        return self.phase.value is Phase.REWARD_COLLECT and not self.liabilities()

    @property
    def lowest_quote(self) -> Wei:
        """A unit: what one contribution can lose when accuracy falls from 1 to 0."""
        return self.parameters.unit

    def quote(self, now: Seconds, data: Data, label: int, sender: Address = "") -> Wei:
        """A unit."""
        self._check_phase(Phase.PARTICIPATION)
        return self.parameters.unit

    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Keep the stake."""
        # CHECKS
        unit = self.parameters.unit
        self._check_phase(Phase.PARTICIPATION)
        if call.value < unit:
            raise Revert(TOO_LITTLE)
        stake = call.value if self.parameters.allow_greater_deposit else unit
        # GAS
        self.meter.charge(self.schedule.loads(3) + self.schedule.stores(set_=1, cold=1) + _ADD)
        # EFFECTS
        self.rewards.stake(len(self.records), call.sender, stake)
        return stake

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay a contributor all there is; any of the own contributions serves to ask for it."""
        # CHECKS
        self._check_settled()
        if not self._imitates and not self.rewards.due(call.sender):
            raise Revert(NOTHING_LEFT)
        # GAS, EFFECTS
        return self._pay(record, self.rewards.collect(call.sender))

    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay anyone what a contributor did not collect in time."""
        # CHECKS
        self._check_settled()
        author, late = self.records.author[record], call.now >= self.settled_at.value + self.parameters.any_claim_after
        rewards = self.rewards
        if isinstance(rewards, ReferenceRewards):
            return self._pay(record, rewards.take(author, call.sender) if late else rewards.refuse())
        if not late:
            raise Revert(NOT_YET)
        if not rewards.due(author):
            raise Revert(NOTHING_LEFT)
        # GAS, EFFECTS
        return self._pay(record, rewards.collect(author))

    def _pay(self, record: Record, amount: Wei) -> Wei:
        """What is due stands at the contribution it is asked for with, so that it is what is left there."""
        self.meter.charge(self.schedule.loads(3) + self.schedule.stores(reset=1) + _COLLECT)
        if amount:
            self.meter.refund_cleared(1)
        self.records.claimable[record] = amount
        return amount

    def on_predict_payment(self, call: Call) -> list[Payment]:
        """Nobody is paid: value goes back to the sender."""
        return []

    def liabilities(self) -> Wei:
        """Bounty and stakes; after settlement what was not collected."""
        return self.rewards.owed()

    # -- views -------------------------------------------------------------------------------------------------------

    def is_open(self, record: Record) -> bool:
        """Until its author has collected."""
        return self.phase.value is not Phase.REWARD_COLLECT or self.rewards.due(self.records.author[record]) > 0

    def collectable(self, address: Address, now: Seconds) -> list[Record]:
        """A contribution with which this address could collect now what is due to it, if anything is."""
        if self.phase.value is not Phase.REWARD_COLLECT or not self.rewards.due(address):
            return []
        return [self.records.author.index(address)]

    def due(self, address: Address) -> Wei:
        """A contributor's balance, once the market is settled."""
        return self.rewards.due(address)

    def uncollected(self, now: Seconds) -> list[Record]:
        """A contribution of each address whose balance anyone could take now."""
        if self.phase.value is not Phase.REWARD_COLLECT:
            return []
        if now < self.settled_at.value + self.parameters.any_claim_after:
            return []
        first = {author: record for record, author in reversed(list(enumerate(self.records.author)))}
        return [record for author, record in first.items() if self.rewards.due(author)]

    def gains_by_pass(self) -> list[tuple[Wei, dict[Address, Fraction]]]:
        """For each pass, wei of the bounty spent and what each address gained, in wei; not known of ``reference``."""
        return self.rewards.gains_by_pass() if isinstance(self.rewards, ExactRewards) else []

    def report_reward(self, record: Record, reporter: Address) -> Wei:
        """What collecting with a contribution would pay."""
        return self.rewards.due(self.records.author[record])

    def errand(self, address: Address, now: Seconds) -> Errand | None:
        """The next step that this address could take; of ``reveal`` the number is that of the part."""
        phase = self.phase.value
        if phase is Phase.REWARD:
            return _PROCESS  # the commonest answer first: everybody asks at every wake-up
        if phase is Phase.PARTICIPATION:
            return Errand("end") if self.may_end(now) else None
        if phase is Phase.COMMITMENT:
            return Errand("commit")
        if self.is_overdue(now):
            return Errand("time_out")
        if phase is Phase.REWARD_COLLECT or address != self.provider.value:
            return None
        return Errand("reveal", self.next_part)

    def rehearsal(
        self, provider: Address, to: Address, samples: Sequence[Sample]
    ) -> tuple[Iterator[Transaction], Iterator[Transaction]]:
        """A market with a bounty of ten units and a test set of these samples, one a part."""
        parts = split(samples, [bytes([number]) for number in range(len(samples))])
        terms = (tuple(map(self.seal, parts)), 0, 0)

        def opening() -> Iterator[Transaction]:
            yield Transaction(provider, to, "commit", terms, 10 * self.parameters.unit)
            for _ in range(self.parameters.revealed_first):
                yield Transaction(provider, to, "reveal", (parts[self.next_part],))

        def closing() -> Iterator[Transaction]:
            yield Transaction(provider, to, "end")
            for _ in parts[self.parameters.revealed_first :]:
                yield Transaction(provider, to, "reveal", (parts[self.next_part],))
            for _ in range(_MOST_STEPS):
                if self.phase.value is not Phase.REWARD:
                    return
                yield Transaction(provider, to, "process")

        return opening(), closing()

    def _check_settled(self) -> None:
        if self.phase.value is not Phase.REWARD_COLLECT:
            raise Revert(NOT_FINISHED)
