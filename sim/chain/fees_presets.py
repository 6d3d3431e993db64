"""Terms of gas: everything a fee market is made from, and chains of some years by name.

Presets are round figures of a time, to be changed field by field, not a record of it. Sources, by the name used below:

* *repository*: microsoft/0xDeCA10B, figures its authors worked with between October 2019 and September 2020;
* *specification*: github.com/ethereum/execution-specs, the fork's rules;
* *mainnet*: block limits and times as the network had them (limits: 30 million until February 2025, then 36 million);
* *chosen*: this project's own round figure for the level of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from sim.chain.clock import Clock
from sim.chain.fees import FeeMarket, FixedPrice, FreeGas
from sim.chain.fees_eip1559 import Eip1559, random_demand
from sim.chain.gas import HARDFORKS, GasSchedule
from sim.rng import Streams
from sim.units import GWEI, HOUR, Gas, Seconds, Wei


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """What gas costs on a chain. Amounts are wei per unit of gas.

    =============  ==========  ======================================================================================
    field          default     meaning
    =============  ==========  ======================================================================================
    kind           free        ``free``, ``fixed``, or ``eip1559``: a base fee that moves (`sim.chain.fees_eip1559`)
    price          0           of ``fixed``: what every unit of gas costs, paid to the proposer
    base_fee       0           of ``eip1559``: at the start, and on average
    tip            0           of ``eip1559``: priority fee
    volatility     0.5         of ``eip1559``: σ of the logarithm of demand by others; 0 is constant demand
    persistence    1 h         of ``eip1559``: mean seconds for which demand stays as it is
    gas_limit      30,000,000  gas of a block, at least 1,000,000: no transaction may use more
    data_gas       0           gas a rollup charges for posting the data of a transaction, for each token of calldata
                               (a zero byte is one token, another byte four)
    hardfork       prague      gas schedule
    slot           0           seconds between blocks; 0: blocks appear when needed
    ether_price    None        money of ``currency`` that an ether costs
    currency       USD         in which profits and fees are told where there is an ether_price
    source         ""          where the figures are from
    =============  ==========  ======================================================================================
    """

    kind: str = "free"
    price: Wei = 0
    base_fee: Wei = 0
    tip: Wei = 0
    volatility: float = 0.5
    persistence: Seconds = HOUR
    gas_limit: Gas = 30_000_000
    data_gas: Gas = 0
    hardfork: str = "prague"
    slot: Seconds = 0
    ether_price: Fraction | None = None
    currency: str = "USD"
    source: str = ""

    def schedule(self) -> GasSchedule:
        """The gas schedule of the fork, with the rollup's charge for data in the price of calldata."""
        fork, gas = HARDFORKS[self.hardfork], self.data_gas
        if not gas:
            return fork
        return replace(
            fork,
            calldata_zero=fork.calldata_zero + gas,
            calldata_nonzero=fork.calldata_nonzero + 4 * gas,
            # the floor too, so that it binds when it did before and the data are paid in either case
            calldata_floor_token=fork.calldata_floor_token and fork.calldata_floor_token + gas,
        )

    def market(self, clock: Clock, streams: Streams) -> FeeMarket:
        """The fee market. ``clock`` must have the ``slot`` of these terms where the base fee moves."""
        if self.kind == "free":
            return FreeGas()
        if self.kind == "fixed":
            return FixedPrice(self.price)
        demand = random_demand(streams, self.base_fee, self.gas_limit, self.volatility, self.persistence, clock.slot)
        return Eip1559(clock, self.base_fee, self.tip, self.gas_limit, demand)


FEE_TERMS: dict[str, FeeTerms] = {
    "free": FeeTerms(source="the papers' figures and the reference simulation"),
    "fixed": FeeTerms(kind="fixed"),
    "eip1559": FeeTerms(kind="eip1559", slot=12),
    "l1_2019": FeeTerms(
        kind="fixed", price=4 * GWEI, gas_limit=8_900_000, hardfork="istanbul", slot=15, ether_price=Fraction(266),
        source="price of gas 4 gwei, block limit (October 2019), ether price (February 2020): repository; fork "
        "(December 2019): specification; time between blocks (13 to 15 s): mainnet",
    ),
    "l1_2021_peak": FeeTerms(
        kind="eip1559", base_fee=100 * GWEI, tip=2 * GWEI, hardfork="london", slot=13, ether_price=Fraction(4000),
        source="base fee rule and fork: specification; block limit, time between blocks: mainnet; base fee, tip, "
        "ether price (autumn 2021), volatility: chosen",
    ),
    "l1_2025": FeeTerms(
        kind="eip1559", base_fee=GWEI, tip=GWEI // 10, gas_limit=36_000_000, slot=12, ether_price=Fraction(2500),
        source="base fee rule and fork (May 2025): specification; block limit, time between blocks: mainnet; base fee, "
        "tip, ether price, volatility: chosen",
    ),
    "l2_rollup": FeeTerms(
        kind="fixed", price=GWEI // 100, data_gas=2, slot=2, ether_price=Fraction(2500),
        source="execution at 0.01 gwei, inside the usual 0.001 to 0.1 gwei, and ether price as in l1_2025: chosen; "
        "data: 0.02 gwei a token, about what the OP stack's formula gives at 1 gwei on layer 1 and blobs at their "
        "minimum",
    ),
}  # fmt: skip
"""Terms by the word a config uses: three kinds to be filled in, then presets."""
