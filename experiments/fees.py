"""``[chain] fees``: the price of gas, as a name (``"l1_2025"``) or as a table that starts from one and changes fields.

What a table does not say is as in `sim.chain.fees_presets`; what it says is laid over it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from experiments.fields import Amount, NamedMoney, PositiveDuration, Section
from experiments.messages import did_you_mean
from sim.chain import FEE_TERMS, FeeTerms
from sim.units import GWEI, Wei

LARGEST_PRICE: Wei = 10**6 * GWEI
_OF_KIND = {
    "free": (),
    "fixed": ("price", "gas_limit", "data_gas"),
    "eip1559": ("base_fee", "tip", "volatility", "persistence", "gas_limit", "data_gas"),
}


def _known(kind: str) -> str:
    if kind not in FEE_TERMS:
        raise ValueError(f"choose one of {', '.join(FEE_TERMS)}.{did_you_mean(kind, FEE_TERMS)}")
    return kind


class FeesSection(Section):
    """The market for gas: free, at a fixed price, or with the moving base fee of EIP-1559."""

    BARE: ClassVar[str] = "kind"

    kind: Annotated[str, AfterValidator(_known)] = Field(
        default="free", description="free, fixed, eip1559, or a preset to start from (docs/fees.md)"
    )
    price: NamedMoney | None = Field(
        default=None, description="of fixed: an amount per unit of gas with its unit, such as '2 gwei'"
    )
    base_fee: NamedMoney | None = Field(
        default=None, description="of eip1559: base fee at the start and on average, '1 wei' to '1000000 gwei'"
    )
    tip: NamedMoney | None = Field(default=None, description="of eip1559: priority fee, such as '1 gwei'")
    volatility: float | None = Field(
        default=None, ge=0, le=3, allow_inf_nan=False,
        description="of eip1559: standard deviation of the logarithm of demand by others, 0 (constant) to 3",
    )  # fmt: skip
    persistence: PositiveDuration | None = Field(
        default=None, description="of eip1559: mean time for which demand by others stays as it is, 1 s or more"
    )
    gas_limit: int | None = Field(default=None, ge=10**6, le=10**9, description="gas of a block, 10^6 to 10^9")
    data_gas: int | None = Field(
        default=None, ge=0, le=10**6, description="gas a rollup charges on top per token of calldata, 0 to 10^6"
    )

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> FeesSection:
        kind = FEE_TERMS[self.kind].kind
        allowed = _OF_KIND[kind]
        for name in self.written():
            if name not in allowed:
                owners = " or ".join(f"'{other}'" for other, names in _OF_KIND.items() if name in names)
                raise ValueError(
                    f"{name} belongs to kind = {owners}, and kind is {self.kind!r}; choose another kind, or leave "
                    f"{name} out"
                )
        if kind == "eip1559" and not 1 <= self.over(FEE_TERMS[self.kind]).base_fee <= LARGEST_PRICE:
            raise ValueError("kind = 'eip1559' needs a base_fee between '1 wei' and '1000000 gwei', such as '20 gwei'")
        return self

    def written(self) -> dict[str, Any]:
        """The fields that change something of the kind."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}
        return {name: value for name, value in fields.items() if value is not None}

    def over(self, terms: FeeTerms) -> FeeTerms:
        """Terms with the fields that are written laid over them."""
        written = self.written().items()
        fields: dict[str, Any] = {name: value.wei(1) if isinstance(value, Amount) else value for name, value in written}
        return replace(terms, **fields)

    def plain(self) -> Any:
        """As a config would say it: a name where that is all."""
        table = self.model_dump(exclude_unset=True)
        return table.get("kind", self.kind) if set(table) <= {"kind"} else table


def _by_name(value: Any) -> Any:
    """A bare name is a table that says no more than its kind."""
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, dict | FeesSection):
        raise ValueError(f"it must be a table, or one of {', '.join(FEE_TERMS)}, in quotes")
    return value


Fees = Annotated[
    FeesSection,
    BeforeValidator(_by_name),
    PlainSerializer(lambda fees: fees.plain()),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": list(FEE_TERMS)}, {"type": "object"}]}),
]
"""A fee market by its name or as a table."""
