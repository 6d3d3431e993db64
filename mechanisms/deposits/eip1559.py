r"""``eip1559``: a price that learns from demand, window by window, as Ethereum's base fee does from block to block.

Time since deployment is cut into windows of W seconds. All contributions of a window cost the same price p. When
m contributions came in a window, with target m*, the next window's price is

.. math:: p' = p + \max(1, \lfloor p\,(m' - m^*) / (8\,m^*) \rfloor), \qquad
          p' = \max(p_{min},\; p - \lfloor p\,(m^* - m) / (8\,m^*) \rfloor)

above (with m' = min(m, 2 m*)), respectively below, the target; at the target it stays. So it moves by an eighth at
most, up after a window with twice the target, down after an empty one. In contrast to 1/√Δ nobody pays for having come
a second after somebody else, and the first after a pause pays what the pause has left of the price.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
price_window       3,600 s     W
price_target       6           m*
deposit            one unit    p of the first window, wei
lowest_deposit     unit / 100  p_min, wei
=================  ==========  =========================================================

Source: EIP-1559 (Buterin et al. 2019) and ethereum/execution-specs, with contributions in place of gas; the analysis
of this kind of price is Roughgarden's (2020).
"""

from __future__ import annotations

from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.price import Price
from sim.chain.gas import GasSchedule
from sim.chain.journal import Journal, Value
from sim.units import Gas, Seconds, Wei

_DENOMINATOR = 8
_STEP: Gas = 150  # of one window, assumed


class BaseFeePrice(Price):
    """See the module's text; ``start`` is the second at which the first window begins."""

    def __init__(self, p: Parameters, journal: Journal, schedule: GasSchedule, start: Seconds) -> None:
        assert p.lowest_deposit is not None
        self.lowest = p.lowest_deposit
        self._window, self._target, self._start = p.price_window, p.price_target, start
        self._state: Value[tuple[int, Wei, int]] = Value(journal, (0, p.deposit, 0))
        """The last window in which something was added, its price, and how many were."""
        self._gas = schedule.loads(1) + schedule.stores(reset=1)

    def at(self, now: Seconds) -> Wei:
        """The price of the window that ``now`` is in."""
        return self._now(now)[1]

    def note_added(self, now: Seconds) -> None:
        """One more in this window."""
        window, price, added = self._now(now)
        self._state.set((window, price, added + 1))

    def gas(self, now: Seconds) -> Gas:
        """A slot that is read and written, and a step for each window since the last contribution."""
        return self._gas + _STEP * (self._number(now) - self._state.value[0])

    def _number(self, now: Seconds) -> int:
        return (now - self._start) // self._window

    def _now(self, now: Seconds) -> tuple[int, Wei, int]:
        window, price, added = self._state.value
        current = self._number(now)
        while window < current:
            following = next_price(price, added, self._target, self.lowest)
            if following == price and not added:
                break  # so it is in every empty window that follows
            window, price, added = window + 1, following, 0
        return current, price, added


def next_price(price: Wei, added: int, target: int, lowest: Wei) -> Wei:
    """The price after a window in which so many were added.

    >>> [next_price(1000, added, 6, 10) for added in (0, 3, 6, 9, 12, 99)]
    [875, 938, 1000, 1062, 1125, 1125]
    >>> next_price(10, 0, 6, 10), next_price(3, 7, 6, 1)
    (10, 4)
    """
    excess = min(added, 2 * target) - target
    if excess > 0:
        return price + max(1, price * excess // (target * _DENOMINATOR))
    return max(lowest, price - price * -excess // (target * _DENOMINATOR))
