"""Participants of the economy, one behaviour a file. A new one is a file and a line in `AGENTS`."""

from agents.backdoor import Backdoor
from agents.base import Participant, Settings, Traits
from agents.best_responder import BestResponder
from agents.boiling_frog import BoilingFrog
from agents.bounty_hunter import BountyHunter
from agents.bounty_provider import BountyProvider
from agents.caller import Caller
from agents.coalition import Coalition, Member
from agents.colluding_ring import ColludingRing
from agents.creator import Creator
from agents.duplicator import Duplicator
from agents.fee_sensitive import FeeSensitive
from agents.front_runner import FrontRunner
from agents.honest import Honest
from agents.honest_class import HonestClass
from agents.label_flipper import LabelFlipper
from agents.sleeper import Sleeper
from agents.spammer import Spammer
from agents.sybil import Sybil
from agents.targeted_flipper import TargetedFlipper

AGENTS: tuple[type[Participant], ...] = (
    Honest, HonestClass, FeeSensitive, BountyHunter, BestResponder, LabelFlipper, TargetedFlipper, BoilingFrog,
    Backdoor, Sleeper, Spammer, Duplicator, FrontRunner, Sybil, ColludingRing, Creator, BountyProvider, Caller,
)  # fmt: skip
"""Every behaviour a config can name."""

__all__ = [
    "AGENTS", "Backdoor", "BestResponder", "BoilingFrog", "BountyHunter", "BountyProvider", "Caller", "Coalition",
    "ColludingRing", "Creator", "Duplicator", "FeeSensitive", "FrontRunner", "Honest", "HonestClass", "LabelFlipper",
    "Member", "Participant", "Settings", "Sleeper", "Spammer", "Sybil", "TargetedFlipper", "Traits",
]  # fmt: skip
