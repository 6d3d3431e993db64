"""``[model]`` of a scenario: the classifier on the chain, its arithmetic, and the file it may start from."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pydantic import Field, create_model, model_validator

from experiments.deployment import imported_kind
from experiments.fields import ExactNumber, Section, in_words, one_of
from sim.models import MODEL_NAMES, MODEL_PROFILES, kind_of, models_of

_IMPORT = "import"  # Python's own word, so that no class body can have a field of this name
_FIELDS: dict[str, Any] = {
    _IMPORT: (
        str | None,
        Field(default=None, min_length=1, max_length=4096, description="deployment file (JSON) to start from"),
    )
}
_ModelFile: Any = create_model("_ModelFile", __base__=Section, **_FIELDS)


class ModelSection(_ModelFile):
    """``[model]``: the classifier on the chain. A model ignores the parameters of others."""

    kind: one_of(MODEL_NAMES) = Field(  # type: ignore[valid-type]
        default="naive_bayes", description="classifier: 'deca10b list models'; of an import: that of the file"
    )
    profile: one_of(MODEL_PROFILES) = Field(  # type: ignore[valid-type]
        default="corrected", description="whose arithmetic: corrected, or solidity: the contracts', quirks and all"
    )
    smoothing: float = Field(
        default=1.0, gt=0, le=1e6, allow_inf_nan=False, description="of naive_bayes: above 0, to 10^6; 1 is Laplace's"
    )
    step: ExactNumber = Field(
        default=Fraction(1), ge=Fraction(1, 10**9), le=10**6, description="of perceptrons: learning rate, 1e-9 to 10^6"
    )
    passes: int = Field(
        default=5, ge=0, le=1000, description="of perceptrons: passes over the initial samples, 0 to 1000"
    )

    @property
    def imported(self) -> str | None:
        """The path of the file the model starts from; None: it is trained on the initial samples."""
        name: str | None = getattr(self, _IMPORT)
        return name

    @model_validator(mode="before")
    @classmethod
    def _kind_of_file(cls, table: Any) -> Any:
        """What kind a file holds is looked up once; from then on the table says it without the file."""
        if isinstance(table, dict) and isinstance(table.get(_IMPORT), str) and "kind" not in table:
            return {**table, "kind": in_words(imported_kind)(table[_IMPORT])}
        return table

    @model_validator(mode="after")
    def _kind_exists(self) -> ModelSection:
        kind = kind_of(self.kind)
        if kind not in models_of(self.profile):
            others = " or ".join(repr(profile) for profile in MODEL_PROFILES if kind in models_of(profile))
            raise ValueError(
                f"model.kind is {self.kind!r}, which does not exist under profile {self.profile!r}; write "
                f"model.profile = {others}, or choose one of {', '.join(models_of(self.profile))}"
            )
        return self

    def canonical(self) -> dict[str, Any]:
        """What this table means: one word for each kind, nothing that is as by default. See `scenario_hash`."""
        facts = {name: getattr(self, name) for name in type(self).model_fields} | {"kind": kind_of(self.kind)}
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        written = {name: fact for name, fact in facts.items() if fact != defaults[name]}
        return {name: str(fact) if isinstance(fact, Fraction) else fact for name, fact in written.items()}
