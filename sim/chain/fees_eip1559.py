r"""EIP-1559: a base fee that follows the gas used, block by block, among others who also want to be in the block.

Rule (Ethereum's execution specification, ``london/fork.py``), in whole wei and gas; the target T is half the block's
limit. A block that used g gas at base fee b is followed by

    b                                  if g = T
    b + max(⌊⌊b (g - T) / T⌋ / 8⌋, 1)  if g > T
    b - ⌊⌊b (T - g) / T⌋ / 8⌋          if g < T

so that it moves by at most an eighth.

Background demand: all others together spend B wei on base fees in each block, whatever the price, so they use
g = ⌊B / b⌋ gas, at most the limit (an elasticity of one). Unless blocks are full, the rule then reads
b' ≈ 7/8 b + 1/8 B/T: the base fee is a moving average of B/T over some eight blocks. Under constant demand it comes to
rest at B/T, and blocks at their target; when demand jumps it rises by an eighth a block as long as blocks are full.

Demand stays at one level for a memoryless spell and then jumps to another. Levels are lognormal around the mean M,
B/T = M exp(σZ - σ²/2): correlated from block to block by exp(-elapsed / mean spell), with rare high peaks.

Gas of the transactions sent here comes on top of, and in full blocks in place of, that of others. What exceeds the
limit of one block is counted in the blocks after it.

Within a spell a base fee that did not move will not move before the next, so only the blocks after a change are worked
out one by one: some hundred for each spell, however long it is.

>>> base_fee_after(10**9, gas_used=15_000_000, gas_limit=20_000_000)
1062500000
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.chain.clock import Clock
from sim.rng import Streams
from sim.units import Gas, Seconds, Wei

ELASTICITY = 2
"""A block's limit as a multiple of its target."""

MAX_CHANGE_DENOMINATOR = 8
"""The base fee moves by at most one over this from a block to the next."""

_KEPT_SPELLS = 4096


def base_fee_after(base_fee: Wei, gas_used: Gas, gas_limit: Gas) -> Wei:
    """The base fee that follows a block: the rule above. ``gas_used`` is 0 to ``gas_limit``, which is at least 2."""
    target = gas_limit // ELASTICITY
    if gas_used > target:
        return base_fee + (base_fee * (gas_used - target) // target // MAX_CHANGE_DENOMINATOR or 1)
    return base_fee - base_fee * (target - gas_used) // target // MAX_CHANGE_DENOMINATOR


class Spell(NamedTuple):
    """Demand of others that does not change for a number of ``blocks`` (1 or more): ``budget`` wei in each."""

    blocks: int
    budget: Wei


def random_demand(
    streams: Streams, mean: Wei, gas_limit: Gas, volatility: float, persistence: Seconds, slot: Seconds
) -> Iterator[Spell]:
    """Spells without end, drawn from streams of their own.

    Parameters
    ----------
    streams : the run's random streams
    mean : mean of B/T, wei per gas
    gas_limit : of a block
    volatility : σ, standard deviation of the logarithm of demand; 0 is constant demand
    persistence : mean duration of a spell, seconds (at least one block is taken)
    slot : seconds between blocks
    """
    share, usual = min(1.0, slot / persistence), mean * (gas_limit // ELASTICITY)
    lengths = streams.draws("gas demand", "lengths", lambda rng, size: rng.geometric(share, size))
    levels = streams.draws(
        "gas demand", "levels", lambda rng, size: rng.lognormal(-volatility * volatility / 2, volatility, size)
    )
    while True:
        yield Spell(int(lengths()), int(usual * levels()) if volatility else usual)


class _State(NamedTuple):
    """A block before anything later is known: its base fee, gas sent from here so far, the number of its spell."""

    block: int
    base_fee: Wei
    own: Gas
    spell: int


class Eip1559:
    """A base fee by the rule, with a tip on top.

    Parameters
    ----------
    clock : tells the block of now; its ``slot`` must be 1 s or more
    base_fee : at the start, wei per gas, 1 or more
    tip : wei per gas to the proposer, 0 or more
    gas_limit : of a block, 2 or more
    demand : what others spend, spell after spell, without end
    """

    __slots__ = ("_ahead", "_budgets", "_clock", "_demand", "_ends", "_here", "gas_limit", "tip")

    def __init__(self, clock: Clock, base_fee: Wei, tip: Wei, gas_limit: Gas, demand: Iterator[Spell]) -> None:
        if not clock.slot:
            raise ValueError("EIP-1559 needs a time between blocks; give the clock a slot of at least 1 s")
        if base_fee < 1 or tip < 0 or gas_limit < ELASTICITY:
            raise ValueError(f"base_fee {base_fee}, tip {tip}, gas_limit {gas_limit}: at least 1, 0 and {ELASTICITY}")
        self.tip = tip
        self.gas_limit = gas_limit
        self._clock = clock
        self._demand = demand
        self._ends: list[int] = []  # the first block after each spell
        self._budgets: list[Wei] = []
        self._here = self._ahead = _State(self._block_at(clock.now), base_fee, 0, 0)
        self._draw_spell(self._here.block)

    @property
    def base_fee(self) -> Wei:
        """Wei burned for each unit of gas in the block of now."""
        block = self._block_at(self._clock.now)
        return self._here.base_fee if block == self._here.block else self._move_to(block)

    def base_fee_at(self, time: Seconds) -> Wei:
        """The base fee of the block of ``time``, now or later, if nothing more is sent from here before it.

        Asking changes no answer. Raises `ValueError` for a block that is past.
        """
        block = self._block_at(time)
        if block < self._here.block:
            raise ValueError(f"the base fee at {time} s is past and not kept")
        self._ahead = self._state_at(block)
        return self._ahead.base_fee

    def include(self, gas: Gas) -> None:
        """Note gas that a transaction sent from here used in the block of now."""
        block = self._block_at(self._clock.now)
        if block != self._here.block:
            self._move_to(block)
        self._here = self._ahead = self._here._replace(own=self._here.own + gas)

    def _block_at(self, time: Seconds) -> int:
        return self._clock.block_at(time) // self._clock.slot

    def _move_to(self, block: int) -> Wei:
        """Settle every block before ``block``; its base fee."""
        here = self._state_at(block)
        if here.spell > _KEPT_SPELLS:
            del self._ends[: here.spell], self._budgets[: here.spell]
            here = here._replace(spell=0)
        self._here = self._ahead = here
        return here.base_fee

    def _state_at(self, until: int) -> _State:
        """Go block by block from the latest state that is known, but over the rest of a spell where nothing moves."""
        block, base_fee, own, spell = self._ahead if self._ahead.block <= until else self._here
        ends, budgets, limit = self._ends, self._budgets, self.gas_limit
        while block < until:
            while ends[spell] <= block:
                spell += 1
                if spell == len(ends):
                    self._draw_spell(ends[-1])
            end, budget = min(until, ends[spell]), budgets[spell]
            while block < end:
                used, before = own + budget // base_fee, base_fee
                base_fee = base_fee_after(base_fee, used if used < limit else limit, limit)
                if own:
                    own = own - limit if own > limit else 0
                elif base_fee == before:
                    block = end
                    break
                block += 1
        return _State(block, base_fee, own, spell)

    def _draw_spell(self, start: int) -> None:
        blocks, budget = next(self._demand)
        self._ends.append(start + blocks)
        self._budgets.append(budget)
