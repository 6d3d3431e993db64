"""Levers that change nothing because the rule they belong to is off: whoever pulls one would wait for an effect.

>>> from experiments.scenario import load_scenario
>>> print(*idle_levers(load_scenario("quickstart"), ["mechanism.deposit", "mechanism.cost_weight"]))
Note: mechanism.deposit changes nothing here; it is for deposit_policy fixed or eip1559, and that is inv_sqrt.
"""

from __future__ import annotations

from collections.abc import Iterable

from experiments.mechanism_section import MechanismSection
from experiments.schema import Scenario
from mechanisms import DepositRefundTake
from mechanisms.deposit_parameters import MULTIPLES

_FOR: dict[str, dict[str, tuple[str, ...]]] = {
    "deposit_policy": {
        "cost_weight": ("inv_sqrt", "inv_linear"),
        "deposit": ("fixed", "eip1559"),
        **dict.fromkeys(("price_window", "price_target", "lowest_deposit"), ("eip1559",)),
        "confidence_weight": ("confidence",),
        **dict.fromkeys(("novelty_weight", "novelty_neighbours", "novelty_memory"), ("novelty",)),
        **dict.fromkeys(("loyalty_discount", "loyalty_floor", "loyalty_scale"), ("loyalty",)),
    },
    "refund_rule": dict.fromkeys(("checks", "check_gap"), ("majority",)),
    "reputation": {
        **dict.fromkeys(("reputation_memory", "reputation_low", "reputation_high"), ("outcomes", "values")),
        "reputation_value": ("values",),
    },
    "commit_reveal": dict.fromkeys(("commitment_wait", "commitment_life"), ("true",)),
}
"""For each rule the levers that need some of its values."""


def idle_levers(scenario: Scenario, levers: Iterable[str]) -> list[str]:
    """A sentence for people on each of the levers, by dotted path, that changes nothing in a checked scenario."""
    mechanism = scenario.mechanism
    if mechanism.kind != DepositRefundTake.kind:
        return []  # of other mechanisms what they do not have is refused
    pulled = {path.removeprefix("mechanism.") for path in levers if path.startswith("mechanism.")}
    return [
        f"Note: mechanism.{lever} changes nothing here; it is for {rule} {' or '.join(values)}, and that is "
        f"{_values(mechanism, rule)[0]}."
        for rule, needs in _FOR.items()
        for lever, values in needs.items()
        if lever in pulled and not set(values) & set(_values(mechanism, rule))
    ]


def _values(mechanism: MechanismSection, rule: str) -> list[str]:
    """What a rule is; of a policy that multiplies another one's price that one too."""
    value = getattr(mechanism, rule)
    if rule == "deposit_policy" and value in MULTIPLES:
        return [value, mechanism.base_policy]
    return [str(value).lower() if isinstance(value, bool) else value]
