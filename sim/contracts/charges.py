"""What the trainer's and the data handler's contracts cost: where which storage is touched, and every overhead.

Storage is counted opcode by opcode; overheads are gas beside it (arithmetic, memory, ABI coding) of
CollaborativeTrainer64 and DataHandler64 at commit f97e40d, solc 0.6.2 without optimiser, from gas measured on them
(docs/gas.md). An overhead covers the work from one point where a call can be refused to the next, in whatever contract
that is done, so that a refused call costs what was done until then.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.chain.gas import GasSchedule, by_size, memory
from sim.units import Gas

# A contribution, per call and per number: to the mechanism's price; to the records; to the classifier; to the end.
_ADD_FIRST, _ADD_FIRST_NUMBER = 1_825, 90
_ADD_RECORD, _ADD_RECORD_NUMBER = 1_829, 165
_ADD_MODEL, _ADD_MODEL_NUMBER = 1_361, 90
_ADD_END, _ADD_END_NUMBER = 128, 60
# A record that is there already: seeing that; refusing to write over it. Ether that goes back.
_ADD_EXISTS, _ADD_CONFLICT = 17, 166
_SURPLUS = 103
# A claim, per call and per number: until the record is found; from there until the mechanism has all; to the end.
_REFUND_FIRST, _REPORT_FIRST, _CLAIM_FIRST_NUMBER = 2_361, 2_505, 174
_REFUND_REST, _REPORT_REST, _CLAIM_REST_NUMBER = 2_742, 2_999, 156
_REFUND_END, _REPORT_END = 500, 1_100

# Words of memory beside those of the sample: in the trainer, which holds it twice, as the call goes on; in the data
# handler, which also holds it twice; in the mechanism.
_ADD_MEMORY, _ADD_MEMORY_RECORDS, _ADD_MEMORY_MECHANISM = 11, 15, 8
_REFUND_MEMORY, _REFUND_MEMORY_LATER, _REFUND_MEMORY_RECORDS, _REFUND_MEMORY_MECHANISM = 11, 15, 11, 7
_REPORT_MEMORY, _REPORT_MEMORY_LATER, _REPORT_MEMORY_RECORDS, _REPORT_MEMORY_MECHANISM = 12, 17, 13, 9

_WORD = 32
_EITHER = (False, True)

BySize = Callable[[int], Gas]
"""Gas by how many numbers the sample has."""


class TrainerCharges:
    """Of the trainer.

    Attributes
    ----------
    add : by size: to the mechanism's price; from the records to the classifier; to the end
    refund, report : by size: until the record is found; from there until the mechanism has all
    refund_end, report_end : to the end of a claim, by whether there is ether to send
    surplus : sending back what was paid too much
    """

    def __init__(self, schedule: GasSchedule) -> None:
        loads, accounts = schedule.loads, schedule.accounts
        another = loads(1) + accounts(1, 1)  # its address, whether there is code, the call
        add_first: BySize = by_size(
            lambda n: (
                another + _ADD_FIRST + _ADD_FIRST_NUMBER * n
                + memory(2 * n + _ADD_MEMORY) + memory(n + _ADD_MEMORY_MECHANISM)
            )
        )  # fmt: skip
        add_model: BySize = by_size(lambda n: another + _ADD_MODEL + _ADD_MODEL_NUMBER * n)
        add_end: BySize = by_size(lambda n: schedule.logged(2, 160 + _WORD * n) + _ADD_END + _ADD_END_NUMBER * n)
        self.surplus = schedule.send_value() + _SURPLUS
        looked = another + loads(2)  # the data handler's two reads
        refund_first = _claim(
            looked + _REFUND_FIRST, _CLAIM_FIRST_NUMBER, _REFUND_MEMORY, records=_REFUND_MEMORY_RECORDS
        )
        report_first = _claim(
            looked + _REPORT_FIRST, _CLAIM_FIRST_NUMBER, _REPORT_MEMORY, records=_REPORT_MEMORY_RECORDS
        )
        refund_rest = _claim(
            2 * another + _REFUND_REST,
            _CLAIM_REST_NUMBER,
            _REFUND_MEMORY_LATER,
            _REFUND_MEMORY,
            mechanism=_REFUND_MEMORY_MECHANISM,
        )
        report_rest = _claim(
            2 * another + _REPORT_REST,
            _CLAIM_REST_NUMBER,
            _REPORT_MEMORY_LATER,
            _REPORT_MEMORY,
            mechanism=_REPORT_MEMORY_MECHANISM,
        )
        # The parts of one call together: they are looked up once for each transaction.
        self.add = by_size(lambda n: (add_first(n), add_model(n), add_end(n)))
        self.refund = by_size(lambda n: (refund_first(n), refund_rest(n)))
        self.report = by_size(lambda n: (report_first(n), report_rest(n)))
        sent = accounts(0, 1), schedule.send_value()
        records_again = loads(0, 1) + accounts(0, 2)
        self.refund_end = tuple(gas + _REFUND_END for gas in sent)
        self.report_end = tuple(gas + _REPORT_END + records_again for gas in sent)


def _claim(
    call: Gas,
    number: Gas,
    trainer: int,
    before: int | None = None,
    records: int | None = None,
    mechanism: int | None = None,
) -> BySize:
    """A part of a claim; memory in the trainer grows to ``trainer`` words from ``before``, elsewhere from nothing."""

    def gas(n: int) -> Gas:
        grown = memory(2 * n + trainer) - (0 if before is None else memory(2 * n + before))
        grown += 0 if records is None else memory(2 * n + records)
        return call + number * n + grown + (0 if mechanism is None else memory(n + mechanism))

    return by_size(gas)


class RecordCharges:
    """Of the data handler.

    Attributes
    ----------
    look : being called with a contribution, and looking whether there is a record like it
    spent, conflict, overwrite : of one that is there: what is left of it; refusing; reading and touching its slots
    store : writing a new one, by (it costs something, its label is above 0)
    found : noting the claim, by whether it is a refund, then by (first of the record, first of this address on it,
        something is left that a refund takes at once)
    take : writing down what a report leaves, by whether it takes something
    """

    def __init__(self, schedule: GasSchedule) -> None:
        loads, stores = schedule.loads, schedule.stores
        called = loads(1) + schedule.accounts(1, 1)
        self.look: BySize = by_size(
            lambda n: called + loads(2) + _ADD_RECORD + _ADD_RECORD_NUMBER * n + memory(2 * n + _ADD_MEMORY_RECORDS)
        )
        self.spent, self.conflict = loads(1) + _ADD_EXISTS, _ADD_CONFLICT
        self.overwrite = loads(1, 1) + stores(noop=3, cold=3)  # label, time and author are in the key
        # label, time, author, two amounts, number of claims
        self.store = {
            (costs, labelled): loads(1, 1)
            + stores(set_=2 + 2 * costs + labelled, noop=1 + 2 * (not costs) + (not labelled), cold=4)
            for costs in _EITHER
            for labelled in _EITHER
        }
        # the claimant and the number of claims; for a refund also what is left
        claims = {
            (first, new): stores(set_=first + new, reset=not first, noop=not new)
            for first in _EITHER
            for new in _EITHER
        }
        self.found = {
            True: {
                (*claim, left): loads(5, 2) + gas + stores(reset=left, noop=not left)
                for claim, gas in claims.items()
                for left in _EITHER
            },
            False: {(*claim, False): loads(6, 2) + gas for claim, gas in claims.items()},
        }
        self.take = tuple(loads(0, 2) + stores(reset=some, noop=not some) for some in _EITHER)
