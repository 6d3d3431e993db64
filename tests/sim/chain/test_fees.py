"""Fee markets: the rule of EIP-1559 to the wei, demand of others, and what the chain does with both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate, count, islice, pairwise, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import BURNED, FEE_TERMS, HARDFORKS, PROPOSER, Chain, Clock, Eip1559, FeeTerms, FixedPrice, FreeGas
from sim.chain.fees_eip1559 import Spell, base_fee_after, random_demand
from sim.chain.transaction import Transaction
from sim.errors import InvalidTransaction
from sim.rng import Streams
from sim.units import DAY, GWEI, HOUR

LIMIT, TARGET = 30_000_000, 15_000_000


def constant(budget: int) -> Iterator[Spell]:
    return repeat(Spell(10**12, budget))


def market(
    base_fee: int = 100 * GWEI, demand: Iterator[Spell] | None = None, limit: int = LIMIT, slot: int = 12
) -> tuple[Clock, Eip1559]:
    clock = Clock(slot)
    return clock, Eip1559(clock, base_fee, 0, limit, demand or constant(base_fee * (limit // 2)))


class TestRule:
    """The base fee that follows a block."""

    @pytest.mark.parametrize(
        ("base_fee", "used", "limit", "expected"),
        [
            # go-ethereum's table for the rule: a limit of 20 million, its target met, missed and exceeded by a tenth
            (10**9, 10_000_000, 20_000_000, 1_000_000_000),
            (10**9, 9_000_000, 20_000_000, 987_500_000),
            (10**9, 11_000_000, 20_000_000, 1_012_500_000),
            # mainnet, from block 12,965,000 (the first of London) to the next
            (10**9, 30_025_257, 30_029_122, 1_124_967_822),
            # full and empty blocks: an eighth up, an eighth down
            (100 * GWEI, LIMIT, LIMIT, 112_500_000_000),
            (100 * GWEI, 0, LIMIT, 87_500_000_000),
            # up by 1 wei at least, down only by whole wei
            (1, TARGET + 1, LIMIT, 2),
            (7, LIMIT, LIMIT, 8),
            (7, 0, LIMIT, 7),
            (8, 0, LIMIT, 7),
            (8, 1, LIMIT, 8),
            # 1,000 x 999,999 / 15,000,000 is 66.67, an eighth of it 8.3; down as up
            (1000, TARGET + 999_999, LIMIT, 1008),
            (1000, TARGET - 999_999, LIMIT, 992),
            # the target of an odd limit is rounded down: 7 of 15 is on target
            (10**9, 7, 15, 10**9),
        ],
    )
    def test_values_worked_out_by_hand(self, base_fee: int, used: int, limit: int, expected: int) -> None:
        assert base_fee_after(base_fee, used, limit) == expected

    def test_ten_full_blocks_more_than_triple_it(self) -> None:
        fees = accumulate(range(10), lambda fee, _: base_fee_after(fee, LIMIT, LIMIT), initial=10**18)
        assert list(fees)[-1] / 10**18 == pytest.approx(1.125**10)


def naive_after(parent_base_fee: int, parent_gas_used: int, parent_gas_limit: int) -> int:
    """The execution specification's own words."""
    parent_gas_target = parent_gas_limit // 2
    if parent_gas_used == parent_gas_target:
        return parent_base_fee
    if parent_gas_used > parent_gas_target:
        target_delta = parent_base_fee * (parent_gas_used - parent_gas_target) // parent_gas_target
        return parent_base_fee + max(target_delta // 8, 1)
    return parent_base_fee - parent_base_fee * (parent_gas_target - parent_gas_used) // parent_gas_target // 8


def naive_fees(base_fee: int, limit: int, spells: list[Spell], own: dict[int, int], blocks: int) -> list[int]:
    """Block by block, without a short cut: what is sent from here goes first, what is over goes on waiting."""
    budgets = [spell.budget for spell in spells for _ in range(spell.blocks)]
    fees, waiting = [base_fee], 0
    for block in range(blocks):
        waiting += own.get(block, 0)
        mine = min(waiting, limit)
        used = mine + min(budgets[block] // fees[-1], limit - mine)
        waiting -= mine
        fees.append(naive_after(fees[-1], used, limit))
    return fees


@given(
    base_fee=st.integers(1, 10**12),
    limit=st.sampled_from([10**6, 15_000_001, LIMIT]),
    spells=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3 * 10**19)), min_size=1, max_size=12),
    steps=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60_000_000), st.integers(0, 40)), max_size=12),
)
def test_skipping_and_asking_ahead_is_as_going_block_by_block(
    base_fee: int, limit: int, spells: list[tuple[int, int]], steps: list[tuple[int, int, int]]
) -> None:
    """Each step waits some blocks, asks for a price to come, sends something, and asks for the price of now."""
    demand = [Spell(*spell) for spell in spells] + [Spell(10**4, 10**18)]
    clock, fees = market(base_fee, iter(demand), limit)
    own: dict[int, int] = {}
    block = 0
    for wait, gas, ahead in steps:
        block += wait
        clock.advance(12 * block)
        before = naive_fees(base_fee, limit, demand, own, block + ahead)
        assert fees.base_fee_at(12 * (block + ahead)) == before[block + ahead]
        assert fees.base_fee == before[block]
        fees.include(gas)
        own[block] = own.get(block, 0) + gas
        after = naive_fees(base_fee, limit, demand, own, block + ahead)
        assert fees.base_fee_at(12 * (block + ahead)) == after[block + ahead]


def test_price_does_not_depend_on_who_asks_when() -> None:
    def asked(seconds: list[int]) -> dict[int, int]:
        clock = Clock(12)
        demand = random_demand(Streams(3), 50 * GWEI, LIMIT, 0.8, 10 * 60, 12)
        fees, found = Eip1559(clock, 50 * GWEI, 0, LIMIT, demand), {}
        for second in seconds:
            clock.advance(second)
            fees.base_fee_at(second + 5 * 60)
            found[second] = fees.base_fee
        return found

    often, seldom = asked(list(range(0, 2 * DAY, 12))), asked([HOUR, DAY, 2 * DAY - 12])
    assert seldom == {second: often[second] for second in seldom}
    assert len(set(often.values())) > 1_000


def test_price_holds_for_a_block_and_the_past_is_not_kept() -> None:
    clock, fees = market(demand=constant(0))  # nobody else: an eighth less with every block
    assert [fees.base_fee_at(second) for second in (0, 1, 12, 13, 24)] == [
        100_000_000_000, 87_500_000_000, 87_500_000_000, 76_562_500_000, 76_562_500_000,
    ]  # fmt: skip
    clock.advance(13)
    assert fees.base_fee == 76_562_500_000
    with pytest.raises(ValueError, match="past"):
        fees.base_fee_at(12)


class TestClosedForms:
    """Demand of B wei a block: the base fee goes to B/T, by an eighth of the distance a block."""

    @pytest.mark.parametrize("level", [GWEI // 100, GWEI, 100 * GWEI, 5_000 * GWEI])
    @pytest.mark.parametrize("start", [1, 10 * GWEI, 900 * GWEI])
    def test_constant_demand_comes_to_rest_where_blocks_meet_their_target(self, start: int, level: int) -> None:
        budget = level * TARGET
        clock, fees = market(start, constant(budget))
        clock.advance(12 * 5_000)
        rest = fees.base_fee
        assert rest == pytest.approx(level, rel=1e-6)
        clock.advance(365 * DAY)
        assert fees.base_fee == rest
        assert budget // rest == pytest.approx(TARGET, abs=max(1, 8 * TARGET / rest))

    def test_it_falls_by_an_eighth_of_the_distance(self) -> None:
        clock, fees = market(100 * GWEI, constant(10 * GWEI * TARGET))
        for block in range(1, 60):
            clock.advance(12 * block)
            assert fees.base_fee == pytest.approx((10 + 90 * (7 / 8) ** block) * GWEI, rel=1e-6)

    def test_it_rises_by_an_eighth_while_blocks_are_full(self) -> None:
        """From 10 to 100 gwei: full until it costs 50, that is for ln 5/ln 1.125 = 13.7 blocks."""
        clock, fees = market(10 * GWEI, constant(100 * GWEI * TARGET))
        for block in range(1, 15):
            clock.advance(12 * block)
            assert fees.base_fee == pytest.approx(10 * 1.125**block * GWEI, rel=1e-6)
        distance = 100 * GWEI - fees.base_fee
        clock.advance(12 * 24)
        assert 100 * GWEI - fees.base_fee == pytest.approx(distance * (7 / 8) ** 10, rel=1e-6)

    @pytest.mark.parametrize("gas", [300_000, TARGET, 2 * TARGET])
    def test_gas_from_here_comes_on_top_of_that_of_others(self, gas: int) -> None:
        clock, fees = market()
        clock.advance(12 * 100)
        fees.include(gas // 2)
        fees.include(gas - gas // 2)
        clock.advance(12 * 101)
        assert fees.base_fee == 100 * GWEI + 100 * GWEI * min(gas, TARGET) // TARGET // 8
        clock.advance(12 * 1_000)
        assert fees.base_fee == pytest.approx(100 * GWEI, rel=1e-6)

    def test_what_no_block_has_room_for_fills_the_next_ones(self) -> None:
        clock, fees = market()
        fees.include(3 * LIMIT)
        for block in range(1, 4):
            clock.advance(12 * block)
            assert fees.base_fee == pytest.approx(100 * GWEI * 1.125**block, rel=1e-9)
        clock.advance(12 * 4)
        assert fees.base_fee < 100 * GWEI * 1.125**3


class TestDemand:
    """What others spend."""

    @staticmethod
    def spells(seed: int = 0, volatility: float = 0.5, slot: int = 12, size: int = 40_000) -> list[Spell]:
        demand = random_demand(Streams(seed), 100 * GWEI, LIMIT, volatility, HOUR, slot)
        return list(islice(demand, size))

    def test_levels_are_lognormal_around_the_mean(self) -> None:
        levels = np.array([spell.budget / TARGET / GWEI for spell in self.spells()])
        assert levels.mean() == pytest.approx(100, rel=0.01)
        assert np.log(levels).std() == pytest.approx(0.5, rel=0.02)
        assert (levels > 300).mean() == pytest.approx(
            0.5 * math.erfc((math.log(3) + 0.125) / 0.5 / math.sqrt(2)), rel=0.25
        )

    @pytest.mark.parametrize("slot", [2, 12])
    def test_spells_are_memoryless_with_their_mean(self, slot: int) -> None:
        seconds = np.array([slot * spell.blocks for spell in self.spells(slot=slot)])
        assert seconds.mean() == pytest.approx(HOUR, rel=0.02)
        assert (seconds > HOUR).mean() == pytest.approx(math.exp(-1), rel=0.03)
        assert seconds.min() >= slot

    def test_constant_demand_has_no_chance_in_it(self) -> None:
        assert {spell.budget for spell in self.spells(volatility=0, size=50)} == {100 * GWEI * TARGET}

    def test_draws_are_of_the_seed(self) -> None:
        assert self.spells(4, size=50) == self.spells(4, size=50) != self.spells(5, size=50)

    def test_base_fee_is_the_given_one_on_average_and_remembers(self) -> None:
        clock = Clock(12)
        fees = Eip1559(clock, 100 * GWEI, 0, LIMIT, random_demand(Streams(0), 100 * GWEI, LIMIT, 0.5, HOUR, 12))
        hourly = []
        for second in range(0, 1000 * DAY, HOUR):
            clock.advance(second)
            hourly.append(fees.base_fee / GWEI)
        series = np.array(hourly)
        assert series.mean() == pytest.approx(100, rel=0.03)
        correlation = np.corrcoef(series[:-1], series[1:])[0, 1]
        assert correlation == pytest.approx(math.exp(-1), abs=0.05)

    def test_a_long_run_forgets_the_spells_behind_it(self) -> None:
        clock, fees = market(demand=(Spell(1, (90 + number % 20) * GWEI * TARGET) for number in count()))
        clock.advance(12 * 20_000)
        expected = naive_fees(
            100 * GWEI, LIMIT, [Spell(1, (90 + number % 20) * GWEI * TARGET) for number in range(20_300)], {}, 20_300
        )
        assert fees.base_fee == expected[20_000]
        clock.advance(12 * 20_300)
        assert fees.base_fee == expected[20_300]


@pytest.mark.parametrize(
    ("wrong", "named"), [({"base_fee": 0}, "base_fee 0"), ({"limit": 1}, "gas_limit 1"), ({"slot": 0}, "slot")]
)
def test_market_that_cannot_be_is_refused(wrong: dict[str, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        market(**{"demand": constant(1), **wrong})  # type: ignore[arg-type]


class TestChain:
    """Transactions under a moving base fee."""

    @staticmethod
    def chain(gas_limit: int = LIMIT, tip: int = 2 * GWEI) -> Chain:
        clock = Clock(12)
        fees = Eip1559(clock, 100 * GWEI, tip, gas_limit, constant(100 * GWEI * (gas_limit // 2)))
        chain = Chain(HARDFORKS["london"], fees, clock, gas_limit)
        chain.mint("ann", 10**21)
        return chain

    def test_base_fee_is_burned_the_tip_is_the_proposers_and_all_adds_up(self) -> None:
        chain, paid, prices = self.chain(), 0, []
        for block in range(1, 40):
            chain.clock.advance(12 * block)
            for _ in range(block % 3):
                receipt = chain.execute(Transaction("ann", "bob", "", value=5))
                assert receipt.fee == 21_000 * (chain.fees.base_fee + 2 * GWEI)
                prices.append(chain.fees.base_fee)
                paid += receipt.fee
        balance = chain.ledger.balance
        assert balance(BURNED) == sum(21_000 * price for price in prices)
        assert balance(PROPOSER) == 21_000 * 2 * GWEI * len(prices)
        assert balance(BURNED) + balance(PROPOSER) == paid
        assert sum(chain.ledger.balances.values()) == chain.ledger.minted
        # 42,000 gas over a target of 15 million: 100 gwei x 0.0028 / 8
        assert max(prices) > 100 * GWEI + 30_000_000

    def test_the_price_stands_still_within_a_block(self) -> None:
        chain = self.chain()
        chain.clock.advance(12)
        fees = [chain.execute(Transaction("ann", "bob", "")).fee for _ in range(5)]
        assert len(set(fees)) == 1
        chain.clock.advance(24)
        assert chain.execute(Transaction("ann", "bob", "")).fee > fees[0]

    def test_more_gas_than_a_block_has_is_no_transaction(self) -> None:
        chain = self.chain(gas_limit=10**6)
        with pytest.raises(InvalidTransaction, match="gas limit is 1000001; at most 1000000"):
            chain.execute(Transaction("ann", "bob", "", gas_limit=10**6 + 1))
        assert chain.execute(Transaction("ann", "bob", "", gas_limit=10**6)).ok
        assert chain.fees.base_fee_at(12) == 100 * GWEI + 100 * GWEI * 21_000 // 500_000 // 8

    def test_estimate_of_what_no_block_has_room_for_is_a_whole_block(self) -> None:
        assert self.chain(gas_limit=20_000).estimate_gas(Transaction("ann", "bob", "")) == 20_000


class TestPresets:
    """Chains by name."""

    def test_names(self) -> None:
        assert list(FEE_TERMS) == ["free", "fixed", "eip1559", "l1_2019", "l1_2021_peak", "l1_2025", "l2_rollup"]

    @pytest.mark.parametrize(
        ("name", "kind", "gwei", "limit", "slot", "fork"),
        [
            ("l1_2019", FixedPrice, 4, 8_900_000, 15, "istanbul"),
            ("l1_2021_peak", Eip1559, 102, 30_000_000, 13, "london"),
            ("l1_2025", Eip1559, 1.1, 36_000_000, 12, "prague"),
            ("l2_rollup", FixedPrice, 0.01, 30_000_000, 2, "prague"),
            ("free", FreeGas, 0, 30_000_000, 0, "prague"),
        ],
    )
    def test_figures(self, name: str, kind: type, gwei: float, limit: int, slot: int, fork: str) -> None:
        terms = FEE_TERMS[name]
        fees = terms.market(Clock(terms.slot), Streams(0))
        assert isinstance(fees, kind)
        assert fees.base_fee + fees.tip == gwei * GWEI
        assert (terms.gas_limit, terms.slot, terms.schedule().name) == (limit, slot, fork)
        assert terms.source
        assert (terms.ether_price is None) == (name == "free")

    def test_rollup_pays_for_its_data_whether_or_not_the_floor_binds(self) -> None:
        plain, rollup = FeeTerms(), FeeTerms(data_gas=3)
        zero, nonzero = 700, 90
        extra = 3 * (zero + 4 * nonzero)
        before, after = (terms.schedule().calldata(zero, nonzero) for terms in (plain, rollup))
        assert [with_data - without for without, with_data in zip(before, after, strict=True)] == [extra, extra]
        old = FeeTerms(hardfork="london", data_gas=3).schedule()
        assert old.calldata(zero, nonzero) == (HARDFORKS["london"].calldata(zero, nonzero)[0] + extra, 0)
        assert plain.schedule() is HARDFORKS["prague"]


def test_fees_of_markets_that_stand_still() -> None:
    for fees in (FreeGas(), FixedPrice(3, 4)):
        before = (fees.base_fee, fees.tip)
        fees.include(10**9)
        assert [fees.base_fee_at(second) for second in (0, 10**9)] == [before[0]] * 2
        assert (fees.base_fee, fees.tip) == before


def test_spikes_are_steep_and_falls_are_too() -> None:
    """No block moves the base fee by more than an eighth, whatever demand does."""
    clock, fees = market(demand=random_demand(Streams(1), 100 * GWEI, LIMIT, 3.0, 60, 12))
    found = []
    for second in range(0, DAY, 12):
        clock.advance(second)
        found.append(fees.base_fee)
    steps = [later / earlier for earlier, later in pairwise(found)]
    assert max(steps) == pytest.approx(1.125, rel=1e-6)
    assert 0.875 - 1e-6 <= min(steps) < 0.9
