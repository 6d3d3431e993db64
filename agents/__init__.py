"""Participants of the economy, one behaviour a file. A new one is a file and a line in `AGENTS`."""

from agents.base import Participant, Settings, Traits
from agents.bounty_provider import BountyProvider
from agents.honest import Honest
from agents.label_flipper import LabelFlipper
from agents.spammer import Spammer

AGENTS: tuple[type[Participant], ...] = (Honest, LabelFlipper, Spammer, BountyProvider)
"""Every behaviour a config can name."""

__all__ = ["AGENTS", "BountyProvider", "Honest", "LabelFlipper", "Participant", "Settings", "Spammer", "Traits"]
