"""Which levers of ``[mechanism]`` a mechanism has: those of others are refused, since nothing would come of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from mechanisms import DepositRefundTake, Points, PredictionMarket, deposit_refund_take, points, prediction_market

if TYPE_CHECKING:
    from experiments.mechanism_section import MechanismSection

_PARAMETERS = {
    DepositRefundTake.kind: deposit_refund_take.Parameters,
    Points.kind: points.Parameters,
    PredictionMarket.kind: prediction_market.Parameters,
}


def levers_of(kind: str, levers: Iterable[str]) -> list[str]:
    """Those of the levers that a mechanism has beside ``kind``; what is no mechanism's parameter is of the deposits."""
    has = {known: {field.name for field in fields(table)} for known, table in _PARAMETERS.items()}
    shared = set().union(*has.values())
    return [
        lever
        for lever in levers
        if lever != "kind" and (lever in has[kind] or (kind == DepositRefundTake.kind and lever not in shared))
    ]


def foreign_lever(mechanism: MechanismSection) -> str:
    """A complaint about the first lever that is set though this mechanism does not have it; "" if there is none."""
    tables = type(mechanism).model_fields
    if mechanism.kind not in _PARAMETERS:
        return ""
    own = levers_of(mechanism.kind, tables)
    for lever, field in tables.items():
        value = getattr(mechanism, lever)
        if lever == "kind" or lever in own or value == field.get_default():
            continue
        return (
            f"mechanism.{lever} is set, but mechanism.kind is {mechanism.kind!r}, which has no such lever. Leave it "
            f"out, or set the whole table to be rid of it: mechanism = {{kind = '{mechanism.kind}'}}. Levers of "
            f"{mechanism.kind!r}: {', '.join(own)}."
        )
    return ""
