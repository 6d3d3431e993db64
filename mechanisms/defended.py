r"""Deposit, Refund, Take with defences: the base rule with changes at a few places, each on its own or together.

* What a contribution costs: a price and multiples of it, see `mechanisms.deposits`; one of these is a `reputation`.
* When the model is asked: `verdicts` at set ages, or at each claim as in the base rule.
* **Author's grace**: for ``author_grace`` seconds from maturity on only the author claims. A contribution that the
  model agrees with at some moment of it is safe if its author is awake, however the model is turned later; reporters,
  and whoever turned the model to rob pending contributions, must keep it turned for as long.
* **Slashing**: the first report of a contribution burns :math:`\lfloor\sigma d\rfloor` of its deposit d
  (``slashed_share``). Of the rest d' each reporter takes :math:`\lfloor d' n(r)/N \rfloor` as in the base rule, or
  :math:`\lfloor \beta d' \rfloor` (``reporter_share``) whatever the standing, which must be above nothing; all that is
  left if that is nothing or more than is left. Without both it is the base rule. Burned money comes back to nobody: an
  author who reports the own bad data by another address loses sigma d for certain, and reporters cannot live off the
  mistakes of the honest as well as before.
* **Fading standing**: with a half-life H, standing earned in the k-th period of H seconds since deployment
  (k = 0, 1, …) weighs 2^k. Shares n(r)/N are ratios of such weights, so that what was earned one period ago counts
  half, exactly and without touching anybody's entry. `standing` shows weights divided by that of the present period,
  in millionths; one that shows 0 is none. (Forward decay of Cormode, Shkapenyuk, Srivastava & Xu 2009.)
* **Commit and reveal** of samples: `mechanisms.commit_reveal`.

Parameters: `mechanisms.deposit_parameters`. What each is meant for: docs/mechanisms/defences.md. Gas beside that of the
base rule is counted for storage and predictions, and assumed for arithmetic.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from mechanisms.commit_reveal import Commitments, commitment_of
from mechanisms.deposit_parameters import Parameters
from mechanisms.deposit_refund_take import DepositRefundTake
from mechanisms.deposits.confidence import Confidence
from mechanisms.deposits.eip1559 import BaseFeePrice
from mechanisms.deposits.loyalty import Loyalty
from mechanisms.deposits.multiple import Multiple
from mechanisms.deposits.novelty import Novelty
from mechanisms.deposits.price import Price, PriceByTime
from mechanisms.reputation import Reputation
from mechanisms.verdicts import Verdicts
from sim.chain.chain import Chain
from sim.chain.journal import Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import ClaimWindows, Predict
from sim.errors import Revert
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Seconds, Wei

_MILLION = 10**6
_DISAGREES = -1  # no label


class DefendedDeposits(DepositRefundTake):
    """See the module's text."""

    has_defences: ClassVar[bool] = True

    def __init__(
        self,
        chain: Chain,
        address: Address,
        records: DataHandler,
        parameters: Parameters | None = None,
        owner: Address = "",
    ) -> None:
        super().__init__(chain, address, records, parameters, owner)
        p, journal, meter = self.parameters, self.journal, self.meter
        self._start = chain.clock.now
        self._mature = p.mature + self._strict
        self._reportable = self._mature + p.author_grace
        self._shown = _MILLION if p.standing_half_life or p.crumb_standing == "pro_rata" else 1
        self._price_now: Price = (
            BaseFeePrice(p, journal, self.schedule, self._start)
            if p.price_policy == "eip1559"
            else PriceByTime(p, self.last_update)
        )
        self._reputation = None if p.reputation == "none" else Reputation(p, journal, meter)
        self._multiples = self._new_multiples()
        self._verdicts = Verdicts(p, journal, meter, records) if p.number_of_checks else None
        self.verdict = self._verdicts.of if self._verdicts else None
        self.burns = p.slashed_share > 0
        self._burned: Value[Wei] = Value(journal, 0)
        self._commitments = Commitments(p, journal, meter) if p.commit_reveal else None
        if self._commitments:
            self.must_commit = True
            self.commitment_ages = p.commitment_wait, p.commitment_life
            self.actions = {"commit_data": self._commitments.commit}

    def _new_multiples(self) -> list[Multiple]:
        p, journal, meter = self.parameters, self.journal, self.meter
        multiples: list[Multiple] = []
        if p.deposit_policy == "confidence":
            multiples.append(Confidence(p, meter))
        elif p.deposit_policy == "novelty":
            multiples.append(Novelty(p, journal, meter))
        elif p.deposit_policy == "loyalty":
            multiples.append(Loyalty(p, meter, lambda address: Fraction(self.standing(address), self._shown)))
        return multiples if self._reputation is None else [*multiples, self._reputation]

    def attach(self, model: Classifier) -> None:
        """The model that deposits and verdicts ask. Raises `ConfigError` where it cannot answer."""
        for multiple in self._multiples:
            multiple.attach(model)
        if self._verdicts:
            self._verdicts.attach(model)

    @property
    def windows(self) -> ClaimWindows:
        """Maturity, the author's grace and expiry by age, in seconds."""
        owner = self._owner_claim if self.owner else None
        return ClaimWindows(self._mature, self._any_claim, owner, self.parameters.author_grace)

    # -- deposits ----------------------------------------------------------------------------------------------------

    @property
    def lowest_quote(self) -> Wei:
        """The lowest price at the least multiples."""
        least = Fraction(self._price_now.lowest)
        for multiple in self._multiples:
            least *= multiple.least
        return max(int(least), int(self._price_now.lowest > 0))

    def quote(self, now: Seconds, data: Data, label: int, sender: Address = "") -> Wei:
        """The price now, times all multiples: whole wei downwards, and at least one where there is a price."""
        price = self._price_now.at(now)
        if not price or not self._multiples:
            return price
        amount = Fraction(price)
        for multiple in self._multiples:
            amount *= multiple.of(data, label, sender)
        return max(1, int(amount))

    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Keep the deposit of a contribution that pays enough; before it is learnt, make the checks that are due."""
        # CHECKS, GAS
        elapsed, now = call.now - self.last_update.value, call.now
        if self._commitments:
            self._commitments.require()
        self.meter.charge(self._gas.price + self._price_now.gas(now))
        for multiple in self._multiples:
            multiple.charge(data)
        cost = self.quote(now, data, label, call.sender)
        if call.value < cost:
            raise Revert("Didn't pay enough for the deposit.")
        submitted = self.total_submitted.value
        self.meter.charge(self._gas.deposit[elapsed == 0, submitted > 0])
        # EFFECTS
        if self._verdicts:
            self._verdicts.charge(data)
            self._verdicts.check(now)
        for multiple in self._multiples:
            multiple.note_added(data, label, call.sender)
        self._price_now.note_added(now)
        self.last_update.set(now)
        self.total_submitted.set(submitted + 1)
        return cost

    def commitment(self, sender: Address, data: Data, label: int, salt: bytes) -> bytes:
        """See `commitment_of`."""
        return commitment_of(sender, data, label, salt)

    def committed(self, sender: Address, commitment: bytes) -> Seconds | None:
        """See `Commitments.made`."""
        return None if self._commitments is None else self._commitments.made.get((sender, commitment))

    def on_reveal(self, call: Call, data: Data, label: int, salt: bytes) -> None:
        """Accept what the sender committed to; see `Commitments.reveal`."""
        assert self._commitments is not None
        self._commitments.reveal(call, data, label, salt)

    # -- claims ------------------------------------------------------------------------------------------------------

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """As in the base rule, by the verdict where there is one; the first outcome counts for the reputation."""
        first = self.records.claims[record] == 0
        paid = super().on_refund(call, record, self._asked(predict))
        if self._reputation and first:
            if paid:
                self._reputation.note_verified(call.sender, paid)
            else:
                self._reputation.note_failed(call.sender)
        return paid

    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """As in the base rule, by the verdict where there is one; a report, but no late claim, has consequences."""
        records, age = self.records, call.now - self.records.added_time[record]
        late = age >= self._any_claim or (age >= self._owner_claim and call.sender == self.owner)
        paid = super().on_report(call, record, self._asked(predict))
        burned = 0 if late else self._to_burn(record)
        if burned:
            records.claimable[record] -= burned
        if burned != self._burned.value:
            self._burned.set(burned)
        if self._reputation and not late and records.claims[record] == 0:
            self._reputation.note_failed(records.author[record])
        return paid

    @property
    def burned(self) -> Wei:
        """What the last accepted report burned, in wei."""
        return self._burned.value

    def _asked(self, predict: Predict) -> Predict:
        """What stands for the model's answer: where there is a verdict, the label or none."""
        verdicts = self._verdicts
        if verdicts is None:
            return predict

        def answer(record: Record) -> int:
            self.meter.charge(verdicts.gas_to_ask)
            return self.records.label[record] if verdicts.of(record) else _DISAGREES

        return answer

    def _to_burn(self, record: Record) -> Wei:
        """What a report would burn of a deposit: its slashed share, as long as nothing was taken of it."""
        deposit = self.records.deposit[record]
        untouched = self.records.claimable[record] == deposit
        return int(self.parameters.slashed_share * deposit) if untouched else 0

    def _share(self, record: Record, reporter: Address) -> Wei:
        if not self.standing(reporter):
            return 0
        p, deposit = self.parameters, self.records.deposit[record]
        left = self.records.claimable[record] - self._to_burn(record)
        rest = deposit - int(p.slashed_share * deposit)
        if p.reporter_share is None:
            reward = rest * self.verified[reporter] // self.total_verified.value
        else:
            reward = int(p.reporter_share * rest)
        return reward if 0 < reward <= left else left

    # -- standing ----------------------------------------------------------------------------------------------------

    def standing(self, address: Address) -> int:
        """Verified contributions; in millionths where standing is `pro_rata` or fades."""
        return self.verified.get(address, 0) >> self._period

    def total_standing(self) -> int:
        """The sum of all standings."""
        return self.total_verified.value >> self._period

    @property
    def _period(self) -> int:
        """The number of half-lives since deployment, downwards."""
        half_life = self.parameters.standing_half_life
        return (self.chain.clock.now - self._start) // half_life if half_life else 0

    def _standing_earned(self, refunded: Wei, deposit: Wei) -> int:
        earned = super()._standing_earned(refunded, deposit)
        p = self.parameters
        if p.standing_half_life is None:
            return earned
        return (earned if p.crumb_standing == "pro_rata" else _MILLION * earned) << self._period


def rule_of(parameters: Parameters) -> type[DepositRefundTake]:
    """The class that does what the parameters ask for: the base rule itself unless they ask for a defence."""
    return DefendedDeposits if parameters.defences else DepositRefundTake
