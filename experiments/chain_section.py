"""``[chain]`` of a scenario: money, gas, time, and who comes first in a block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field, model_validator

from experiments.fees import Fees, FeesSection
from experiments.fields import Amount, Duration, ExactNumber, NamedMoney, Section, one_of
from sim.blocks import ORDERINGS
from sim.chain import FEE_TERMS, HARDFORKS, FeeTerms
from sim.units import DEFAULT_UNIT, ETHER, Wei

IMMEDIATE = "immediate"
"""The ordering without a mempool."""

LARGEST_UNIT: Wei = 10**6 * ETHER


class ChainSection(Section):
    """``[chain]``: money, gas and time."""

    fees: Fees = Field(
        default=FeesSection(),
        description=f"price of gas: one of {', '.join(FEE_TERMS)}, or a table that starts from one: {{kind, price, …}}",
    )
    gas_price: NamedMoney | None = Field(
        default=None, description="of fees = fixed: an amount per unit of gas with its unit, such as '2 gwei'"
    )
    hardfork: one_of(HARDFORKS) | None = Field(  # type: ignore[valid-type]
        default=None, description=f"gas schedule: {', '.join(HARDFORKS)}; default: that of the fees, else prague"
    )
    block_time: Duration | None = Field(
        default=None, description="time between blocks, such as '12s'; 0: whenever needed; default: that of the fees"
    )
    ordering: one_of((IMMEDIATE, *ORDERINGS)) = Field(  # type: ignore[valid-type]
        default=IMMEDIATE,
        description="immediate: what is sent is executed at once; or it waits in a mempool for its block, which puts "
        "first: fifo, what was sent first; tip, the higher tip; random, anything; adversarial, what adversaries sent",
    )
    latency: Duration = Field(
        default=0, description="of a mempool: time until others see what is sent, such as '2s', 0 s or more"
    )
    unit: NamedMoney = Field(
        default=Amount.parse("0.001 ether"), description="what a bare amount counts: '1 wei' to '1000000 ether'"
    )
    ether_price: ExactNumber | None = Field(
        default=None, gt=0, description="what an ether costs, a number above 0; default: that of the fees, if they have"
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Za-z]{2,10}$", description="of ether_price: letters, such as USD (the default)"
    )

    @property
    def terms(self) -> FeeTerms:
        """What gas costs, what this table says laid over what its fees say."""
        terms = self.fees.over(FEE_TERMS[self.fees.kind])
        written: dict[str, Any] = {
            "price": None if self.gas_price is None else self.gas_price.wei(1),
            "hardfork": self.hardfork,
            "slot": self.block_time,
            "ether_price": self.ether_price,
            "currency": self.currency,
        }
        return replace(terms, **{name: value for name, value in written.items() if value is not None})

    @model_validator(mode="after")
    def _consistent(self) -> ChainSection:
        for check in (_check_gas_price, _check_unit, _check_fiat, _check_mempool):
            complaint = check(self)
            if complaint:
                raise ValueError(complaint)
        return self

    def canonical(self) -> dict[str, Any]:
        """What this table means, whatever it was written with: nothing that is as by default. See `scenario_hash`."""
        terms, usual = self.terms, FeeTerms()
        names = ("hardfork", "gas_limit", "data_gas", "base_fee", "tip", "volatility", "persistence")
        facts = {name: getattr(terms, name) for name in names}
        facts |= {"fees": terms.kind, "block_time": terms.slot, "unit": f"{self.unit.wei(1)} wei"}
        facts |= {"ordering": self.ordering, "latency": self.latency}
        defaults = {name: getattr(usual, name) for name in names}
        defaults |= {"fees": "free", "block_time": 0, "unit": f"{DEFAULT_UNIT} wei"}
        defaults |= {"ordering": IMMEDIATE, "latency": 0}
        if terms.kind == "fixed":
            facts["gas_price"] = f"{terms.price} wei"
        if terms.ether_price is not None:
            facts |= {"ether_price": str(terms.ether_price), "currency": terms.currency}
        return {name: fact for name, fact in facts.items() if fact != defaults.get(name)}


def _check_unit(chain: ChainSection) -> str:
    if not 1 <= chain.unit.wei(1) <= LARGEST_UNIT:
        return f"unit is {chain.unit.plain()!r}; it must be between '1 wei' and '1000000 ether'"
    if chain.terms.kind != "free" and "unit" not in chain.model_fields_set:
        return (
            "gas costs money here, so it matters how much money a unit is, and chain.unit is not given; write it, "
            "such as unit = '0.001 ether', or write fees = 'free'"
        )
    return ""


def _check_gas_price(chain: ChainSection) -> str:
    terms, price = chain.terms, chain.gas_price
    if terms.kind == "fixed" and not terms.price and price is None and chain.fees.price is None:
        return "fees = 'fixed' needs a gas_price, such as gas_price = '2 gwei'; or write fees = 'free'"
    if terms.kind == "free" and price is not None:
        return "gas_price is given but fees is 'free'; write fees = 'fixed', or leave gas_price out"
    if terms.kind == "eip1559" and price is not None:
        return "gas_price is given but the base fee moves; set fees.base_fee, or write fees = 'fixed'"
    other = chain.fees.price
    if price is not None and other is not None and price.wei(1) != other.wei(1):
        return f"gas_price and fees.price are two prices, {price.plain()} and {other.plain()}; keep one"
    if terms.kind == "eip1559" and not terms.slot:
        return "block_time is 0, but the base fee moves from block to block; write block_time = '12s', or leave it out"
    return ""


def _check_fiat(chain: ChainSection) -> str:
    if chain.currency is not None and chain.terms.ether_price is None:
        return "currency is given but no ether_price; write what an ether costs, such as ether_price = 2500"
    return ""


def _check_mempool(chain: ChainSection) -> str:
    if chain.ordering != IMMEDIATE and not chain.terms.slot:
        return (
            f"ordering is {chain.ordering!r}, but block_time is 0, so there are no blocks to wait for; write "
            f"block_time = '12s', or leave ordering out"
        )
    if chain.latency and chain.ordering == IMMEDIATE:
        return (
            f"latency is {chain.latency} s, but with ordering = 'immediate' nothing waits to be seen; choose one of "
            f"{', '.join(ORDERINGS)}, or leave latency out"
        )
    return ""
