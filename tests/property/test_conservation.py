"""Money is conserved between roles and coalitions, and every deposit has a fate, whatever the economy."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agents import AGENTS
from experiments import run
from experiments.result import Result
from experiments.scenario import validate

KINDS = [kind.kind for kind in AGENTS if not kind.traits.provides]

group = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "count": st.integers(1, 3),
        "balance": st.integers(0, 60),
        "coalition": st.sampled_from(["", "mob", "others"]),
    }
)
rules = st.sampled_from(
    [
        {},
        {"refund_rule": "one_shot", "owner": "g0", "owner_claim_after": "26h"},
        {"slashed_share": 0.25, "reporter_share": 0.5},
        {"commit_reveal": True},
        {"reputation": "outcomes", "author_grace": "2h"},
    ]
)
chains = st.sampled_from(
    [
        {},
        {"fees": "fixed", "gas_price": "2 gwei", "unit": "0.001 ether"},
        {"block_time": "10min", "ordering": "tip"},
        {"block_time": "10min", "ordering": "random", "fees": "fixed", "gas_price": "2 gwei", "unit": "0.001 ether"},
    ]
)


def economy(groups: list[dict[str, Any]], mechanism: dict[str, Any], chain: dict[str, Any], seed: int) -> Result:
    people = [{**entry, "name": f"g{place}"} for place, entry in enumerate(groups)]
    people[0]["count"] = 1  # g0 is an address, that of an owner perhaps
    config = {
        "seed": seed, "horizon": "4d", "agents": people, "chain": chain,
        "data": {"dataset": "subjectivity", "size": 260, "initial": 20},
        "mechanism": {"refund_window": "6h", "any_claim_after": "30h", **mechanism},
    }  # fmt: skip
    return run(validate(config))


@settings(max_examples=25, deadline=None)
@given(st.lists(group, min_size=1, max_size=5), rules, chains, st.integers(0, 10**6))
def test_what_members_gain_others_lose(
    groups: list[dict[str, Any]], mechanism: dict[str, Any], chain: dict[str, Any], seed: int
) -> None:
    """Profits of a coalition and of all others add up to minus fees, burned and locked deposits, in wei."""
    result = economy(groups, mechanism, chain, seed)
    gone = sum(row.statement.fees + row.statement.burned + row.statement.locked for row in result.agents)
    facts = result.to_dict()
    for coalition in facts["coalitions"]:
        others = sum(row.profit for row in result.agents if row.coalition != coalition["name"])
        assert int(coalition["profit"]) + others == -gone
        assert coalition["outcomes"]["profit_wei"] == coalition["profit"]
    assert sum(row.profit for row in result.agents) == -gone
    assert gone == result.supply.escrow + result.supply.burned + result.supply.tips


@settings(max_examples=25, deadline=None)
@given(st.lists(group, min_size=1, max_size=5), rules, chains, st.integers(0, 10**6))
def test_every_deposit_has_a_fate(
    groups: list[dict[str, Any]], mechanism: dict[str, Any], chain: dict[str, Any], seed: int
) -> None:
    """Refunded, taken by reports, by the owner or late, burned, or locked; and class by class the same sums."""
    result = economy(groups, mechanism, chain, seed)
    for row in result.agents:
        account = row.statement
        fates = account.refunded_value + account.lost_to_reports + account.lost_to_owner + account.lost_late
        assert fates + account.burned + account.locked == account.deposited
        assert account.taken_from <= account.lost_to_reports + account.lost_to_owner + account.lost_late
    for field, part in (("submitted", "submitted"), ("deposited", "deposited"), ("refunded_value", "refunded"),
                        ("refunded", "refunds"), ("locked", "open")):  # fmt: skip
        for name in result.groups:
            accounts = [row.statement for row in result.agents if row.group == name]
            classes = [row for row in result.classes if row.group == name]
            assert sum(getattr(a, field) for a in accounts) == sum(getattr(row, part) for row in classes), field
