"""Malformed scenarios: one readable paragraph that names field, value, allowed range and fix."""

from pathlib import Path

import pytest

from experiments.build import build
from experiments.scenario import load_scenario, validate
from sim.errors import ConfigError

HONEST = "[[agents]]\nkind = 'honest'\n"
MALFORMED = {
    "unknown key": (f"horizn = 5\n{HONEST}", ["horizn is unknown", "'horizon'", "Allowed here: agents"]),
    "unknown key of a table": (f"[mechanism]\ncost_wight = 5\n{HONEST}", ["mechanism.cost_wight", "'cost_weight'"]),
    "unknown key of a group": (f"{HONEST}mistakes = 0.1\n", ["agents.honest.mistakes", "'mistake_rate'"]),
    "key of another behaviour": (
        "[[agents]]\nkind = 'spammer'\nmistake_rate = 0.1\n", ["agents.spammer.mistake_rate is unknown", "Allowed"],
    ),
    "wrong unit of time": (f"horizon = '5 parsec'\n{HONEST}", ["horizon", "'5 parsec'", "s, min, h, d, w, y"]),
    "money for time": (f"[mechanism]\nrefund_window = '2 gwei'\n{HONEST}", ["mechanism.refund_window", "'10min'"]),
    "time for money": (f"{HONEST}balance = '2 d'\n", ["agents.honest.balance", "'2 d'", "wei, gwei, ether"]),
    "fraction of a second": (f"horizon = 0.5\n{HONEST}", ["horizon", "0.5", "whole number of seconds"]),
    "no horizon": (f"horizon = 0\n{HONEST}", ["horizon is 0", "at least 1 s"]),
    "negative window": (f"[mechanism]\nrefund_window = -5\n{HONEST}", ["mechanism.refund_window is -5", "0 or more"]),
    "negative deposit": (f"[mechanism]\ndeposit = -1\n{HONEST}", ["mechanism.deposit is -1", "between 0 and"]),
    "negative weight": (f"[mechanism]\ncost_weight = -1\n{HONEST}", ["mechanism.cost_weight is -1", "0 and 10^9"]),
    "windows in the wrong order": (
        f"[mechanism]\nrefund_window = '3d'\nany_claim_after = '2d'\n{HONEST}",
        ["refund_window is 259200 s", "any_claim_after 172800 s", "refund_window <= owner_claim_after", "Raise"],
    ),
    "reference wants a week": (
        f"[mechanism]\nprofile = 'reference'\nany_claim_after = '8d'\n{HONEST}", ["any_claim_after is 691200", "7 d"],
    ),
    "unknown profile": (f"[mechanism]\nprofile = 'ideal'\n{HONEST}", ["mechanism.profile is 'ideal'", "reference"]),
    "unknown model": (f"[model]\nkind = 'bayes'\n{HONEST}", ["model.kind is 'bayes'", "naive_bayes, perceptron"]),
    "unknown fork": (f"[chain]\nhardfork = 'paris'\n{HONEST}", ["chain.hardfork is 'paris'", "prague"]),
    "no agents": ("seed = 1\n", ["agents is missing", "Add it"]),
    "empty agents": ("agents = []\n", ["agents is ()", "at least 1"]),
    "agents is no list": ("agents = 5\n", ["agents is 5", "a list"]),
    "a group is no table": ("agents = [5]\n", ["agents.0 is 5", "table with kind"]),
    "no kind": ("[[agents]]\nname = 'a'\n", ["agents.a.kind is missing", "label_flipper"]),
    "unknown kind": ("[[agents]]\nkind = 'honset'\n", ["agents.honset.kind is 'honset'", "Did you mean 'honest'?"]),
    "two groups of one name": (f"{HONEST}\n{HONEST}", ["'honest' names two groups", "own name"]),
    "a group named like an address": (
        f"{HONEST}count = 3\n[[agents]]\nkind = 'spammer'\nname = 'honest-2'\n", ["'honest-2' is also an address"],
    ),
    "name with a dot": (f"{HONEST}name = 'a.b'\n", ["agents.a.b.name is 'a.b'", "letters, digits"]),
    "nobody": (f"{HONEST}count = 0\n", ["agents.honest.count is 0", "at least 1", "1 to 10^6"]),
    "half a person": (f"{HONEST}count = 1.5\n", ["agents.honest.count is 1.5", "whole number"]),
    "too many people": (f"{HONEST}count = 1000000000\n", ["agents.honest.count", "at most 1000000"]),
    "true is no number": (f"{HONEST}count = true\n", ["agents.honest.count is True", "whole number"]),
    "text is no number": (f"{HONEST}count = '3'\n", ["agents.honest.count is '3'", "without quotes"]),
    "not a number": (f"{HONEST}balance = nan\n", ["agents.honest.balance is nan", "an amount"]),
    "infinite": (f"[mechanism]\ncost_weight = inf\n{HONEST}", ["mechanism.cost_weight is inf", "finite"]),
    "infinite capital cost": (f"{HONEST}capital_cost = inf\n", ["agents.honest.capital_cost is inf", "finite"]),
    "absurd amount": (f"{HONEST}balance = 1e30\n", ["agents.honest.balance", "10^15"]),
    "absurd exponent": (f"[mechanism]\ncost_weight = '1e999999999'\n{HONEST}", ["cost_weight", "10^9"]),
    "absurd integer": (f"seed = {'9' * 400}\n{HONEST}", ["seed is 999", "at most"]),
    "absurd work": (f"horizon = '900000y'\n{HONEST}", ["would wake up", "at most 10^9", "Shorten"]),
    "not a probability": (f"{HONEST}mistake_rate = 2\n", ["agents.honest.mistake_rate is 2", "at most 1"]),
    "willing to pay nothing": (f"{HONEST}willingness_to_pay = 0\n", ["willingness_to_pay", "above 0"]),
    "spread of memoryless gaps": (f"{HONEST}arrival = {{ sd = 3 }}\n", ["agents.honest.arrival", "kind = 'normal'"]),
    "share above one": (f"[data]\ninitial = 1.5\n{HONEST}", ["data.initial is 1.5", "0.02 is 2 %"]),
    "more initial than all": (f"[data]\ninitial = 20\nsize = 10\n{HONEST}", ["data.initial is 20", "at most size"]),
    "more than there is": (f"[data]\nsize = 7001\n{HONEST}", ["data.size is 7001", "7000 training rows"]),
    "unknown data": (f"[data]\ndataset = 'subjectivty'\n{HONEST}", ["'subjectivty'", "Did you mean 'subjectivity'?"]),
    "negative seed": (f"seed = -1\n{HONEST}", ["seed is -1", "at least 0"]),
    "fixed fees without a price": (f"[chain]\nfees = 'fixed'\n{HONEST}", ["chain", "gas_price = '2 gwei'"]),
    "a price of free gas": (f"[chain]\ngas_price = '2 gwei'\n{HONEST}", ["fees is 'free'", "leave gas_price out"]),
    "gas price without unit": (f"[chain]\nfees = 'fixed'\ngas_price = 20\n{HONEST}", ["chain.gas_price is 20", "gwei"]),
    "unknown fees": (
        f"[chain]\nfees = 'l1_2020'\n{HONEST}", ["chain.fees.kind is 'l1_2020'", "l2_rollup", "Did you mean"],
    ),
    "fees are a number": (f"[chain]\nfees = 5\n{HONEST}", ["chain.fees is 5", "a table", "l1_2025"]),
    "gas costs money but what is a unit": (
        f"[chain]\nfees = 'l1_2025'\n{HONEST}", ["chain.unit is not given", "unit = '0.001 ether'", "fees = 'free'"],
    ),
    "fixed price, what is a unit": (
        f"[chain]\nfees = 'fixed'\ngas_price = '2 gwei'\n{HONEST}", ["chain.unit is not given", "unit = '0.001 ether'"],
    ),
    "moving fees from nowhere": (
        f"[chain]\nunit = '1 ether'\nfees = 'eip1559'\n{HONEST}", ["chain.fees", "base_fee", "'20 gwei'"],
    ),
    "field of another kind of fees": (
        f"[chain.fees]\nkind = 'l1_2019'\nbase_fee = '1 gwei'\n{HONEST}", ["base_fee belongs to kind = 'eip1559'"],
    ),
    "terms of free gas": (f"[chain.fees]\ngas_limit = 3_000_000\n{HONEST}", ["gas_limit belongs to", "'free'"]),
    "unknown field of fees": (f"[chain.fees]\nbasefee = '1 gwei'\n{HONEST}", ["chain.fees.basefee", "'base_fee'"]),
    "base fee without unit": (
        f"[chain.fees]\nkind = 'eip1559'\nbase_fee = 20\n{HONEST}", ["chain.fees.base_fee is 20", "'2 gwei'"],
    ),
    "absurd base fee": (
        f"[chain]\nunit = '1 ether'\nfees = {{ kind = 'eip1559', base_fee = '1 ether' }}\n{HONEST}", ["1000000 gwei"],
    ),
    "tiny block": (f"[chain.fees]\nkind = 'l1_2025'\ngas_limit = 5\n{HONEST}", ["gas_limit is 5", "at least 1000000"]),
    "two prices of gas": (
        f"[chain]\nunit = '1 ether'\ngas_price = '1 gwei'\nfees = {{ kind = 'fixed', price = '2 gwei' }}\n{HONEST}",
        ["two prices, 1 gwei and 2 gwei", "keep one"],
    ),
    "a fixed price of moving fees": (
        f"[chain]\nunit = '1 ether'\ngas_price = '1 gwei'\nfees = 'l1_2025'\n{HONEST}", ["the base fee moves"],
    ),
    "moving fees without blocks": (
        f"[chain]\nunit = '1 ether'\nblock_time = 0\nfees = 'l1_2025'\n{HONEST}", ["block_time is 0", "'12s'"],
    ),
    "currency of nothing": (f"[chain]\ncurrency = 'EUR'\n{HONEST}", ["no ether_price", "ether_price = 2500"]),
    "worthless ether": (f"[chain]\nether_price = 0\n{HONEST}", ["chain.ether_price is", "above 0"]),
    "ceiling without unit": (f"{HONEST}most_gas_price = 30\n", ["agents.honest.most_gas_price is 30", "'2 gwei'"]),
    "nothing is a unit": (f"[chain]\nunit = '0 wei'\n{HONEST}", ["unit", "'1 wei'"]),
    "a table is a number": (f"data = 5\n{HONEST}", ["data is 5", "a table"]),
    "a name that is no file name": (f"name = '../x'\n{HONEST}", ["name is '../x'", "letters"]),
    "no TOML": ("seed = \n", ["not valid TOML", "line 1"]),
    "a date": (f"seed = 2020-01-01\n{HONEST}", ["seed is", "whole number"]),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_scenario_is_explained(case: str, tmp_path: Path) -> None:
    text, expected = MALFORMED[case]
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        build(load_scenario(path))
    message = str(caught.value)
    assert [part for part in expected if part not in message] == [], message
    assert "\n" not in message
    assert len(message) < 700
    assert "pydantic" not in message.lower()


def test_several_mistakes_are_all_named() -> None:
    with pytest.raises(ConfigError, match=r"seed is -1.*2 more to correct: horizon, agents.honest.count"):
        validate({"seed": -1, "horizon": -1, "agents": [{"kind": "honest", "count": 0}]})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "large|valid TOML"),
        (None, "no scenario file"),
    ],
)
def test_unreadable_files(content: bytes | None, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "strange.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=expected):
        load_scenario(path)


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenario(tmp_path)


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(ConfigError, match=r"no scenario 'quikstart'. Did you mean 'quickstart'\?"):
        load_scenario("quikstart")
