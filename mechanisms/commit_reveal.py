"""Commit and reveal: a sample is promised by its hash before anybody sees it.

Whoever reads a pending ``addData`` can send the same sample in front of it and be its author. With ``commit_reveal`` a
contribution takes two calls:

* ``commit_data(c)`` with c the SHA-256 of a random salt of 32 bytes, the sender's address, the label and the data
  (`commitment_of`). It tells nothing, costs gas alone and reserves nothing.
* ``reveal_data(data, label, salt)``, with the deposit, at least ``commitment_wait`` and at most ``commitment_life``
  seconds later: if the sender committed to just this, it is added as ``add_data`` would add it, at the price of that
  moment.

``add_data`` itself is refused. Each commitment can be revealed once. Since it holds the sender's address, copying a
commitment gives the copier nothing to reveal; and who copies what is being revealed has to commit first and comes
``commitment_wait`` seconds later at best. What was revealed is public, and can be submitted again under another
address: against that ``novelty`` with a negative weight may help.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
commit_reveal      False       whether it is asked for
commitment_wait    1 s         least age of a commitment that is revealed, 1 s or more
commitment_life    1 day       most age of a commitment that is revealed
=================  ==========  =========================================================

Sources: commit-reveal against front-running: Eskandari, Moosavi & Clark 2019 (SoK: transparent dishonesty); the price
of being seen in the mempool: Daian et al. 2020 (Flash Boys 2.0).
"""

from __future__ import annotations

import hashlib
from typing import Any

from mechanisms.deposit_parameters import Parameters
from sim.chain.gas import Meter
from sim.chain.journal import Journal, Map, Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.incentive import REVEALED, Payment
from sim.contracts.parts import SALT_BYTES, Part
from sim.errors import Revert
from sim.features import Data
from sim.units import Gas, Seconds

NO_COMMITMENT = "Commit to the sample before you reveal it."
NOT_A_HASH = "A commitment has 32 bytes."
COMMITTED_BEFORE = "There is such a commitment already."
TOO_YOUNG = "The commitment is too young to be revealed."
TOO_OLD = "The commitment is too old to be revealed."
SPENT = "The commitment was revealed before."

_HASH_BYTES = 32
_COMMIT: Gas = 600  # beside storage, assumed
_HASH_WORD: Gas = 12  # of the SHA-256 precompile


def commitment_of(sender: Address, data: Data, label: int, salt: bytes) -> bytes:
    """SHA-256 of the sender's address, its length before it, and of salt, label and data as a `Part` encodes them."""
    address = sender.encode()
    content = Part(((data, label),), salt).encoded
    return hashlib.sha256(len(address).to_bytes(8, "big") + address + content).digest()


class Commitments:
    """See the module's text."""

    def __init__(self, p: Parameters, journal: Journal, meter: Meter) -> None:
        self._wait, self._life = p.commitment_wait, p.commitment_life
        self.meter = meter
        self.made: Map[tuple[Address, bytes], Seconds] = Map(journal)
        """When each address made each commitment; -1 once it is revealed."""
        self._revealing: Value[bool] = Value(journal, False)
        """Whether the call that is being executed has revealed what it adds."""

    def commit(self, call: Call, commitment: Any) -> list[Payment]:
        """Note a commitment; nobody is paid."""
        # CHECKS, GAS
        schedule = self.meter.schedule
        self.meter.charge(_COMMIT + schedule.loads(1))
        if not isinstance(commitment, bytes) or len(commitment) != _HASH_BYTES:
            raise Revert(NOT_A_HASH)
        if (call.sender, commitment) in self.made:
            raise Revert(COMMITTED_BEFORE)
        self.meter.charge(schedule.stores(set_=1))
        # EFFECTS
        self.made[call.sender, commitment] = call.now
        return []

    def reveal(self, call: Call, data: Data, label: int, salt: bytes) -> None:
        """Accept what the sender committed to; the addition that follows in this call needs it."""
        # CHECKS, GAS
        schedule = self.meter.schedule
        words = 2 + (SALT_BYTES + 8 * (2 + len(data))) // _HASH_BYTES
        self.meter.charge(_COMMIT + schedule.loads(1) + _HASH_WORD * words)
        commitment = commitment_of(call.sender, data, label, salt)
        made = self.made.get((call.sender, commitment))
        if made is None:
            raise Revert(NO_COMMITMENT)
        if made == REVEALED:
            raise Revert(SPENT)
        if call.now - made < self._wait:
            raise Revert(TOO_YOUNG)
        if call.now - made > self._life:
            raise Revert(TOO_OLD)
        self.meter.charge(schedule.stores(reset=1))
        # EFFECTS
        self.made[call.sender, commitment] = REVEALED
        self._revealing.set(True)

    def require(self) -> None:
        """Refuse an addition that nothing was revealed for."""
        if not self._revealing.value:
            raise Revert(NO_COMMITMENT)
        self._revealing.set(False)
