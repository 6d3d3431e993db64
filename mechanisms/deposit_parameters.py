"""What a Deposit-Refund-Take may be told: the parameters of its base rule and of the defences, and what goes together.

The base rule is described in `mechanisms.deposit_refund_take`; what each defence is for stands in
docs/mechanisms/defences.md, its formula in the module of the defence. Defences go with the profile ``corrected`` alone:
the other two are the rules of others, which have none. The parameters of a lever that is off are not looked at beyond
their range.

===================  ==============  ================================================================================
parameter            default         meaning
===================  ==============  ================================================================================
deposit_policy       inv_sqrt        ``inv_linear``, ``eip1559``; ``confidence``, ``novelty``, ``loyalty``: multiples
                                     of the price of ``base_policy``
base_policy          inv_sqrt        ``inv_sqrt``, ``inv_linear``, ``fixed`` or ``eip1559``
confidence_weight    1/2             b of ``confidence``, 0 to 1
novelty_weight       1               b of ``novelty``, -1 to 100; below 0 what is new is cheap
novelty_neighbours   5               k of ``novelty``, 1 or more
novelty_memory       100             contributions that ``novelty`` remembers, k to 10,000
loyalty_discount     1/2             c of ``loyalty``, 0 to 1
loyalty_floor        1/4             least multiple of ``loyalty``, 0 to 1
loyalty_scale        10              k of ``loyalty``: verified contributions that earn half of the discount, above 0
price_window         3,600 s         window of ``eip1559``, 1 s or more
price_target         6               contributions a window at which its price stays, 1 or more
lowest_deposit       unit / 100      p_min of ``eip1559``, 1 wei or more; it starts at ``deposit``
reputation           none            ``outcomes`` or ``values``: who has a good name pays less
reputation_memory    9/10            gamma, 0 or more and below 1
reputation_low       1/4             d_min: multiple of the price for the best reputation, 0 to d_max
reputation_high      1               d_max: multiple of the price for newcomers, above 0, at most 100
reputation_value     one unit        wei of a refund that counts in full under ``values``, 1 or more
standing_half_life   None            seconds after which standing counts half, 1 or more; None: it never fades
checks               3               m of ``refund_rule = majority``: an odd number, 3 to 99
check_gap            1 day           seconds between two of them, 1 or more
slashed_share        0               sigma: share of a deposit that its first report burns, 0 or more and below 1
reporter_share       None            beta: share of the rest that a report pays, above 0, at most 1; None: by standing
author_grace         0 s             seconds after maturity in which only the author may claim
commit_reveal        False           whether a sample must be committed to before it is submitted
commitment_wait      1 s             least age of a commitment that is revealed, 1 s or more
commitment_life      1 day           most age of a commitment that is revealed, at least ``commitment_wait``
===================  ==============  ================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from mechanisms.windows import check_order, check_storage, filled_windows
from sim.errors import ConfigError
from sim.units import DAY, DEFAULT_UNIT, HOUR, Seconds, Wei

PROFILES = ("corrected", "solidity", "reference")
BASE_POLICIES = ("inv_sqrt", "fixed", "inv_linear", "eip1559")
MULTIPLES = ("confidence", "novelty", "loyalty")
DEPOSIT_POLICIES = BASE_POLICIES + MULTIPLES
REFUND_RULES = ("retry", "one_shot", "snapshot_at_t", "majority")
CRUMB_STANDINGS = ("full", "pro_rata", "none")
REPUTATIONS = ("none", "outcomes", "values")

_COST_WEIGHT_END = 2**80  # the contract's uint80
_IN_EVERY_PROFILE = {"deposit_policy": ("inv_sqrt", "fixed"), "refund_rule": ("retry", "one_shot")}
_OFF: dict[str, object] = {
    "reputation": "none", "standing_half_life": None, "slashed_share": 0, "reporter_share": None, "author_grace": 0,
    "commit_reveal": False,
}  # fmt: skip
_RANGES: dict[str, tuple[Fraction | int, Fraction | int]] = {
    "confidence_weight": (0, 1),
    "novelty_weight": (-1, 100),
    "novelty_neighbours": (1, 10_000),
    "novelty_memory": (1, 10_000),
    "loyalty_discount": (0, 1),
    "loyalty_floor": (0, 1),
    "checks": (3, 99),
    "reputation_low": (0, 100),
    "reputation_high": (0, 100),
}
_AT_LEAST_ONE = ("price_window", "price_target", "lowest_deposit", "reputation_value", "check_gap", "commitment_wait")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The tables of this module and of the base rule; ``unit`` is the size of one unit in wei. Raises `ConfigError`."""

    profile: str = "corrected"
    cost_weight: Fraction = Fraction(1)
    refund_window: Seconds = DAY
    owner_claim_after: Seconds | None = None
    any_claim_after: Seconds | None = None
    deposit_policy: str = "inv_sqrt"
    deposit: Wei = DEFAULT_UNIT
    refund_rule: str = "retry"
    crumb_standing: str = "full"
    unit: Wei = DEFAULT_UNIT
    base_policy: str = "inv_sqrt"
    confidence_weight: Fraction = Fraction(1, 2)
    novelty_weight: Fraction = Fraction(1)
    novelty_neighbours: int = 5
    novelty_memory: int = 100
    loyalty_discount: Fraction = Fraction(1, 2)
    loyalty_floor: Fraction = Fraction(1, 4)
    loyalty_scale: Fraction = Fraction(10)
    price_window: Seconds = HOUR
    price_target: int = 6
    lowest_deposit: Wei | None = None
    reputation: str = "none"
    reputation_memory: Fraction = Fraction(9, 10)
    reputation_low: Fraction = Fraction(1, 4)
    reputation_high: Fraction = Fraction(1)
    reputation_value: Wei | None = None
    standing_half_life: Seconds | None = None
    checks: int = 3
    check_gap: Seconds = DAY
    slashed_share: Fraction = Fraction(0)
    reporter_share: Fraction | None = None
    author_grace: Seconds = 0
    commit_reveal: bool = False
    commitment_wait: Seconds = 1
    commitment_life: Seconds = DAY

    def __post_init__(self) -> None:
        for field, allowed in (
            ("profile", PROFILES),
            ("deposit_policy", DEPOSIT_POLICIES),
            ("base_policy", BASE_POLICIES),
            ("refund_rule", REFUND_RULES),
            ("crumb_standing", CRUMB_STANDINGS),
            ("reputation", REPUTATIONS),
        ):
            if getattr(self, field) not in allowed:
                raise ConfigError(f"{field} is {getattr(self, field)!r}; choose one of {', '.join(allowed)}.")
        if self.cost_weight < 0 or self.deposit < 0:
            raise ConfigError(f"cost_weight is {self.cost_weight}, deposit {self.deposit}; both must be 0 or more.")
        if self.unit <= 0:
            raise ConfigError(f"unit is {self.unit} wei; it must be above 0.")
        t, t_o, t_a = filled_windows(self.refund_window, self.owner_claim_after, self.any_claim_after)
        object.__setattr__(self, "any_claim_after", t_a)
        object.__setattr__(self, "owner_claim_after", t_o)
        for amount, default in (("lowest_deposit", max(1, self.unit // 100)), ("reputation_value", self.unit)):
            if getattr(self, amount) is None:
                object.__setattr__(self, amount, default)
        check_order(t, t_o, t_a)
        _check_profile(self, t, t_o, t_a)
        _check_ranges(self)
        _check_combinations(self, t_o, t_a)

    @property
    def price_policy(self) -> str:
        """The policy that makes the price, which a multiple may change."""
        return self.base_policy if self.deposit_policy in MULTIPLES else self.deposit_policy

    @property
    def defences(self) -> tuple[str, ...]:
        """The names of the parameters that ask for more than the base rule."""
        return tuple(_defences(self))

    @property
    def number_of_checks(self) -> int:
        """How often the model is asked for a verdict at set ages; 0 where it is asked when somebody claims."""
        return {"snapshot_at_t": 1, "majority": self.checks}.get(self.refund_rule, 0)

    @property
    def mature(self) -> Seconds:
        """The age from which an author may claim: t, or that of the last check."""
        return self.refund_window + max(0, self.number_of_checks - 1) * self.check_gap


def _defences(p: Parameters) -> Iterator[str]:
    if p.deposit_policy in (*MULTIPLES, "eip1559"):
        yield "deposit_policy"
    if p.number_of_checks:
        yield "refund_rule"
    yield from (name for name, off in _OFF.items() if getattr(p, name) != off)


def _check_profile(p: Parameters, t: Seconds, t_o: Seconds, t_a: Seconds) -> None:
    if p.profile == "corrected":
        return
    for field, allowed in _IN_EVERY_PROFILE.items():
        if getattr(p, field) not in allowed:
            raise ConfigError(
                f"{field} is {getattr(p, field)!r}, but the profile {p.profile!r} knows only {' and '.join(allowed)}. "
                f"Choose one of these, or profile = 'corrected'."
            )
    if p.defences:
        field = p.defences[0]
        raise ConfigError(
            f"{field} is {getattr(p, field)!s}, but the profile {p.profile!r} is the rules of others, which have no "
            f"such defence. Leave it out, or choose profile = 'corrected'."
        )
    if p.profile == "solidity":
        check_storage(t, t_o, t_a)
        if p.cost_weight * p.unit >= _COST_WEIGHT_END:
            raise ConfigError(
                f"cost_weight is {p.cost_weight} with units of {p.unit} wei; the contract stores it as wei "
                f"in 80 bits, below {_COST_WEIGHT_END} wei. Lower it, or choose another profile."
            )
    if p.profile == "reference" and t_a <= t + 7 * DAY:
        raise ConfigError(
            f"any_claim_after is {t_a} s; the reference profile wants more than "
            f"refund_window + 7 days ({t + 7 * DAY} s)."
        )


def _check_ranges(p: Parameters) -> None:
    for field, (low, high) in _RANGES.items():
        if not low <= getattr(p, field) <= high:
            raise ConfigError(f"{field} is {getattr(p, field)!s}; it must be {low} to {high}.")
    for field in _AT_LEAST_ONE:
        if getattr(p, field) < 1:
            raise ConfigError(f"{field} is {getattr(p, field)!s}; it must be at least 1.")
    if p.standing_half_life is not None and p.standing_half_life < 1:
        raise ConfigError(f"standing_half_life is {p.standing_half_life} s; it must be at least 1 s.")
    if p.loyalty_scale <= 0:
        raise ConfigError(f"loyalty_scale is {p.loyalty_scale!s}; it must be above 0.")
    for field in ("reputation_memory", "slashed_share"):
        if not 0 <= getattr(p, field) < 1:
            raise ConfigError(f"{field} is {getattr(p, field)!s}; it must be 0 or more and below 1.")
    if p.reporter_share is not None and not 0 < p.reporter_share <= 1:
        raise ConfigError(f"reporter_share is {p.reporter_share!s}; it must be above 0 and at most 1.")
    if p.author_grace < 0:
        raise ConfigError(f"author_grace is {p.author_grace} s; it must be 0 s or more.")


def _check_combinations(p: Parameters, t_o: Seconds, t_a: Seconds) -> None:
    if p.base_policy != "inv_sqrt" and p.deposit_policy not in MULTIPLES:
        raise ConfigError(
            f"base_policy is {p.base_policy!r}, but deposit_policy {p.deposit_policy!r} makes its own price. Leave out "
            f"base_policy, or choose a deposit_policy of {', '.join(MULTIPLES)}."
        )
    if p.checks % 2 == 0:
        raise ConfigError(f"checks is {p.checks}; a majority needs an odd number. Write {p.checks + 1}.")
    if p.novelty_memory < p.novelty_neighbours:
        raise ConfigError(
            f"novelty_memory is {p.novelty_memory}, novelty_neighbours {p.novelty_neighbours}; there must be at least "
            f"as many to remember as neighbours to look for. Raise novelty_memory."
        )
    if not p.reputation_high > 0 or p.reputation_low > p.reputation_high:
        raise ConfigError(
            f"reputation_low is {p.reputation_low!s}, reputation_high {p.reputation_high!s}; it must hold that "
            f"reputation_low <= reputation_high and 0 < reputation_high."
        )
    if p.commitment_life < p.commitment_wait:
        raise ConfigError(
            f"commitment_life is {p.commitment_life} s, commitment_wait {p.commitment_wait} s; nothing could ever be "
            f"revealed. Raise commitment_life."
        )
    assert p.lowest_deposit is not None
    if p.price_policy == "eip1559" and p.deposit < p.lowest_deposit:
        raise ConfigError(
            f"deposit is {p.deposit} wei, where the price starts, lowest_deposit {p.lowest_deposit} wei, which it "
            f"never falls below. Raise deposit, or lower lowest_deposit."
        )
    _check_claims_can_be_made(p, t_o, t_a)
    _check_there_is_a_price(p)


def _check_claims_can_be_made(p: Parameters, t_o: Seconds, t_a: Seconds) -> None:
    if p.number_of_checks and p.mature > t_o:
        raise ConfigError(
            f"the last of {p.checks} checks is made at {p.mature} s (refund_window + (checks - 1) * check_gap), after "
            f"owner_claim_after ({t_o} s). Raise owner_claim_after and any_claim_after, or shorten check_gap."
        )
    if p.author_grace and p.mature + p.author_grace >= t_a:
        raise ConfigError(
            f"author_grace is {p.author_grace} s from maturity at {p.mature} s on, and any_claim_after {t_a} s; nobody "
            f"could ever report. Raise any_claim_after, or shorten author_grace."
        )


def _check_there_is_a_price(p: Parameters) -> None:
    """Where nothing is paid, nothing can be multiplied, burned or shared."""
    policy = p.price_policy
    free = not p.deposit if policy == "fixed" else policy != "eip1559" and not p.cost_weight
    about_money = [name for name in p.defences if name in ("reputation", "slashed_share", "reporter_share")]
    if p.deposit_policy in MULTIPLES:
        about_money.insert(0, "deposit_policy")
    if free and about_money:
        field = about_money[0]
        raise ConfigError(
            f"{field} is {getattr(p, field)!s}, but contributions cost nothing. Raise "
            f"{'deposit' if policy == 'fixed' else 'cost_weight'} above 0, or leave out {field}."
        )
