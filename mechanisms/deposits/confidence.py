r"""``confidence``: what the model knows already costs more.

With :math:`p_y` the model's probability of the submitted label before it learns it, the deposit is the price times

.. math:: 1 + b\,(2 p_y - 1)

that is 1 - b for a label the model thinks impossible, 1 where it does not know, 1 + b for one it is sure of. Whoever
farms standing with samples that the model agrees with anyway pays up to 1 + b times the price for it; whoever says
something new pays less, honest or not: the other side of the lever.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
confidence_weight  1/2         b, 0 to 1
=================  ==========  =========================================================

Which models say how probable a label is, and how, stands with `sim.models.Classifier.probability`.

Source: the deposit in proportion to P(h(x) = y) that Harris & Waggoner 2019 propose against data that the model
agrees with already; ``getNextAddDataCost`` of IncentiveMechanism.sol is the hook for it.
"""

from __future__ import annotations

from fractions import Fraction

from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.multiple import Multiple
from sim.chain.gas import Meter
from sim.chain.ledger import Address
from sim.errors import ConfigError
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Gas

_SQUASH: Gas = 1_000  # an exponential or a division in fixed point, assumed


class Confidence(Multiple):
    """See the module's text."""

    def __init__(self, p: Parameters, meter: Meter) -> None:
        self.meter = meter
        self._weight = p.confidence_weight
        self.least = 1 - p.confidence_weight

    def attach(self, model: Classifier) -> None:
        """It must say how probable a label is."""
        if not model.says_probabilities:
            raise ConfigError(
                f"deposit_policy 'confidence' asks how probable a label is, and model {model.name!r} of this profile "
                f"does not say. Choose naive_bayes or perceptron with model.profile = 'corrected', or another "
                f"deposit_policy."
            )
        self._model = model

    def of(self, data: Data, label: int, sender: Address) -> Fraction:
        """By the model's probability of the label."""
        return 1 + self._weight * (2 * self._model.probability(data.features, label) - 1)

    def charge(self, data: Data) -> None:
        """That of a prediction and a little more."""
        self._model.predict_on_chain(data.features)
        self.meter.charge(_SQUASH)
