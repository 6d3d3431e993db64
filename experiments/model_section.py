"""``[model]`` of a scenario: the classifier on the chain, its arithmetic, and the file it may start from."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pydantic import Field, create_model, model_validator

from experiments.deployment import has_file, imported_kind
from experiments.fields import ExactNumber, Section, in_words, one_of
from sim.models import ADAPTERS, MODEL_NAMES, MODEL_PROFILES, kind_of, models_of

_REFERENCE = "reference"
_ADAPTERS = {model.name: model for model in ADAPTERS}
_ESTIMATORS = tuple(dict.fromkeys(name for model in ADAPTERS for name in model.learners))

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
        default="corrected",
        description="whose arithmetic: corrected, solidity: the contracts', quirks and all, or reference: the papers'",
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

    estimator: one_of(_ESTIMATORS) | None = Field(  # type: ignore[valid-type]
        default=None, description="of scikit_learn and river: the learner, by the name of its class"
    )
    estimator_options: dict[str, bool | int | float | str] = Field(
        default={}, description="of scikit_learn and river: parameters of the learner, by its own names for them"
    )

    @property
    def imported(self) -> str | None:
        """The path of the file the model starts from; None: it is trained on the initial samples."""
        name: str | None = getattr(self, _IMPORT)
        return name

    def options(self) -> dict[str, Any]:
        """The parameters of this kind of model, by the names its class has for them."""
        kind = kind_of(self.kind)
        if kind in _ADAPTERS:
            return {"estimator": self.estimator, "options": tuple(sorted(self.estimator_options.items()))}
        if kind == "naive_bayes":
            return {"smoothing": self.smoothing}
        if kind.endswith("perceptron") and self.profile != _REFERENCE:
            return {"step": self.step, "passes": self.passes}
        return {}

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

    @model_validator(mode="after")
    def _has_what_it_names(self) -> ModelSection:
        kind = kind_of(self.kind)
        if self.imported is not None and not has_file(kind, self.profile):
            raise ValueError(
                f"model.import is {self.imported!r}, but a model of kind {kind!r} and profile {self.profile!r} cannot "
                f"start from a file; leave out model.import, or choose the profile 'corrected' or 'solidity'"
            )
        adapter = _ADAPTERS.get(kind)
        if adapter is not None:
            learner = self.estimator or next(iter(adapter.learners))
            in_words(lambda options: adapter.check_options(learner, options))(self.estimator_options)
        elif self.estimator or self.estimator_options:
            raise ValueError(
                f"model.estimator and model.estimator_options are of {' and '.join(_ADAPTERS)}, but model.kind is "
                f"{self.kind!r}; leave them out, or change the kind"
            )
        return self

    def canonical(self) -> dict[str, Any]:
        """What this table means: one word for each kind, nothing that is as by default. See `scenario_hash`."""
        facts = {name: getattr(self, name) for name in type(self).model_fields} | {"kind": kind_of(self.kind)}
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        written = {name: fact for name, fact in facts.items() if fact != defaults[name]}
        return {name: str(fact) if isinstance(fact, Fraction) else fact for name, fact in written.items()}
