"""What happened in an economy, transaction by transaction, and how one says it: the event log in words.

The chronicle listens to the chain. It keeps bare facts while the economy runs, and makes words of them only for the
lines somebody looks at.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sim.chain import Receipt
from sim.data.stream import Sample
from sim.economy import Economy
from sim.units import DAY, HOUR, MINUTE, Seconds, Wei, to_units

CONTRACT = "the contract"
GAS = "gas"
_LONGEST_SENTENCE = 110
_SPACED = re.compile(r" ([,.;:!?])")  # published texts are often split into words


class Happening(NamedTuple):
    """One transaction. ``record`` is None where it has nothing to do with a contribution; money is wei.

    ``amount`` is the deposit kept, or what was paid out; ``label`` the one a contribution bears; ``author`` who
    contributed it.
    """

    time: Seconds
    sender: str
    method: str
    ok: bool
    reason: str
    record: int | None
    amount: Wei
    label: int | None
    author: str
    value: Wei
    fee: Wei


class Line(NamedTuple):
    """One happening in words: ``who`` did ``before`` ``sentence`` ``after``; ``kind`` is add, refund, take or other."""

    when: str
    who: str
    group: str
    before: str
    sentence: str
    after: str
    kind: str
    is_lie: bool


class Entry(NamedTuple):
    """A line of somebody's account, in words and units.

    ``change`` is what came in (went out, if negative) since its line before; ``balance`` what it had then.
    """

    when: str
    what: str
    sentence: str
    after: str
    change: float
    balance: float


class Flow(NamedTuple):
    """Units that one group's money brought another (or gas, or what the contract paid out of its pool)."""

    source: str
    target: str
    units: float


class Chronicle:
    """Listens to the chain of an economy from now on.

    Parameters
    ----------
    economy : before it starts
    unit : wei of one unit of money, in which everything is told
    """

    def __init__(self, economy: Economy, unit: Wei) -> None:
        self.happenings: list[Happening] = []
        self._economy = economy
        self._unit = unit
        self._groups = {address: actor.group for address, actor in economy.actors.items()}
        self._accounts: defaultdict[str, list[tuple[int, Wei]]] = defaultdict(list)
        self._flows: Counter[tuple[str, str]] = Counter()
        self._samples: dict[bytes, Sample] = {}
        self._last_sample: Sample | None = None
        economy.chain.observers.append(self._note)

    # -- listening ---------------------------------------------------------------------------------------------------

    def _note(self, receipt: Receipt) -> None:
        """Keep the facts of one receipt."""
        economy, records = self._economy, self._economy.trainer.records
        sample = economy.stream.current
        if sample is not None and sample is not self._last_sample:
            self._last_sample = sample
            self._samples[sample.data.key] = sample
        transaction = receipt.transaction
        sender, record, amount, label, author = transaction.sender, None, 0, None, ""
        touched = {sender: None}
        for log in receipt.logs:
            if log.event in ("AddData", "Refund", "Report"):
                record, amount = log.data
                label, author = records.label[record], records.author[record]
            elif log.event == "Paid":
                touched[log.data[0]] = None
                amount += log.data[1]
                payer = self._group(sender) if transaction.method == "predict" else CONTRACT
                self._flows[payer, self._group(log.data[0])] += log.data[1]
        if economy.ageless:
            self._note_pool(receipt, amount if record is not None else None)
        elif record is not None and transaction.method == "report" and author != sender:
            touched[author] = None
            self._flows[self._group(author), self._group(sender)] += amount
        elif receipt.ok and not transaction.method:
            touched[transaction.to] = None
            self._flows[self._group(sender), self._group(transaction.to)] += transaction.value
        if receipt.fee:
            self._flows[self._group(sender), GAS] += receipt.fee
        for address in touched:
            self._accounts[address].append((len(self.happenings), economy.chain.ledger.balance(address)))
        self.happenings.append(
            Happening(
                receipt.time, sender, transaction.method, receipt.ok, receipt.reason, record, amount, label, author,
                transaction.value, receipt.fee,
            )
        )  # fmt: skip

    def _note_pool(self, receipt: Receipt, amount: Wei | None) -> None:
        """Stakes and a bounty that go into the contract, and what comes out of it: nobody takes a certain deposit."""
        group, method = self._group(receipt.transaction.sender), receipt.transaction.method
        if amount is not None and method in ("refund", "report"):
            self._flows[CONTRACT, group] += amount
        elif receipt.ok and method != "predict":
            self._flows[group, CONTRACT] += receipt.transaction.value if amount is None else amount

    # -- telling -----------------------------------------------------------------------------------------------------

    def lines(self, most: int = 40, kinds: Sequence[str] = ()) -> list[Line]:
        """The last happenings, newest first; only of some kinds if ``kinds`` names any."""
        found: list[Line] = []
        for happening in reversed(self.happenings):
            if len(found) == most:
                break
            if not kinds or _kind(happening) in kinds:
                found.append(self._line(happening))
        return found

    def account(self, address: str, most: int = 200) -> list[Entry]:
        """The last entries of one address's account, newest first: its transactions, and what others took of it."""
        account = self._accounts.get(address, [])
        before = self._economy.actors[address].balance_at_start
        entries = []
        for place in range(max(0, len(account) - most), len(account)):
            number, balance = account[place]
            before = account[place - 1][1] if place else before
            entries.append(self._entry(address, self.happenings[number], balance - before, balance))
        return entries[::-1]

    def flows(self) -> list[Flow]:
        """Who paid whom so far, by group: deposits taken, shares paid out by the contract, and gas."""
        return [
            Flow(source, target, to_units(amount, self._unit))
            for (source, target), amount in sorted(self._flows.items())
            if amount
        ]

    def sentence(self, record: int) -> str:
        """The text of a contribution, shortened; what is known of it where the data set has no texts."""
        records, stream = self._economy.trainer.records, self._economy.stream
        data = records.data[record]
        sample = self._samples.get(data.key)
        text = _SPACED.sub(r"\1", stream.text(sample).strip()) if sample is not None else ""
        if not text:
            return f"sample {record + 1}"
        return text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE].rsplit(' ', 1)[0]} …"

    def is_lie(self, record: int) -> bool:
        """Whether a contribution bears another label than the truth, as far as that is known."""
        records = self._economy.trainer.records
        sample = self._samples.get(records.data[record].key)
        return sample is not None and sample.label != records.label[record]

    def _line(self, happening: Happening) -> Line:
        before, after = self._words(happening)
        record = happening.record
        return Line(
            when=clock_text(happening.time),
            who=happening.sender,
            group=self._group(happening.sender),
            before=before,
            sentence="" if record is None else self.sentence(record),
            after=after,
            kind=_kind(happening),
            is_lie=record is not None and self.is_lie(record),
        )

    def _words(self, happening: Happening) -> tuple[str, str]:
        """What stands before and after the sentence."""
        amount, record = self._money(happening.amount), happening.record
        if not happening.ok:
            wanted = {"add_data": "wants to contribute", "refund": "asks for a refund", "report": "reports"}
            return f"{wanted.get(happening.method, f'calls {happening.method}')} and is refused", happening.reason
        if record is None:
            paid = f", {amount} units paid out" if happening.amount else ""
            sent = f" with {self._money(happening.value)}" if happening.value else ""
            return f"calls {happening.method.replace('_', ' ') or 'a transfer'}{sent}{paid}", ""
        label = self._label(happening.label)
        if happening.method == "add_data":
            return (f"deposits {amount} for calling" if happening.amount else "contributes, calling"), label
        if self._economy.ageless:
            return f"collects {amount} for calling", label
        if happening.method == "refund":
            if not self._economy.trainer.records.deposit[record]:
                return "is confirmed: the model agrees to call", label
            if happening.amount:
                return f"gets {amount} back: the model agrees to call", label
            return "asks the model about calling", label
        if happening.author == happening.sender:
            return f"takes back {amount}, expired, for calling", label
        return f"takes {amount} from {happening.author} for calling", label

    def _entry(self, address: str, happening: Happening, change: Wei, balance: Wei) -> Entry:
        """A line of an account; what another took of a deposit changes no balance: it had left the wallet before."""
        before, after = self._words(happening)
        sentence = "" if happening.record is None else self.sentence(happening.record)
        if happening.sender == address:
            what = f"{before} …" if sentence else before
        elif happening.author == address:
            what = f"loses {self._money(happening.amount)} of a deposit to {happening.sender}, for calling …"
        else:
            what, after = f"is paid when {happening.sender} {before}", ""
        return Entry(
            clock_text(happening.time), what, sentence, after, to_units(change, self._unit),
            to_units(balance, self._unit),
        )  # fmt: skip

    def _group(self, address: str) -> str:
        return self._groups.get(address, CONTRACT)

    def _label(self, label: int | None) -> str:
        classes = self._economy.stream.dataset.classes
        return "" if label is None else classes[label].lower()

    def _money(self, amount: Wei) -> str:
        return money_text(to_units(amount, self._unit))


def _kind(happening: Happening) -> str:
    if not happening.ok:
        return "refused"
    return {"add_data": "add", "refund": "refund", "report": "take"}.get(happening.method, "other")


def money_text(units: float) -> str:
    """Units as people read them: two decimals of small amounts, none of large ones.

    >>> money_text(3.2), money_text(0.004), money_text(12_345.6), money_text(0)
    ('3.20', '0.0040', '12,346', '0')
    """
    if not units:
        return "0"
    decimals = next(number for least, number in ((1000, 0), (100, 1), (0.1, 2), (0, 4)) if abs(units) >= least)
    return f"{units:,.{decimals}f}"


def clock_text(time: Seconds) -> str:
    """A moment as the day (from 1 on) and the time of that day.

    >>> clock_text(0), clock_text(86_400 + 3_600 * 4 + 60 * 12)
    ('day 1, 00:00', 'day 2, 04:12')
    """
    return f"day {time // DAY + 1}, {time % DAY // HOUR:02d}:{time % HOUR // MINUTE:02d}"
