"""What an arrangement says about papers of one kind beyond the kind's own rules, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from node.model.answer import AnswerForm
from node.model.enforcement_terms import EnforcementTerms
from node.model.operator_terms import OperatorTerms
from node.model.origin_terms import OriginTerms
from node.model.retention_terms import RetentionTerms


class Tolerance(StrEnum):
    """How papers of a partner are read. What we send is always strict."""

    STRICT = "strict"
    """Every departure from the schema is a refusal."""
    TOLERANT = "tolerant"
    """What the kind knows how to overlook is accepted and named in the receipt; the bytes stay as they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one kind in one arrangement; each part is read by the kinds that know it.

    `closed_lists` names code lists in which an unknown code is refused instead of remarked; `code_maps` gives, per code
    list, the partner's code for ours where they differ; `answer` is the form of our answers to such papers.
    """

    tolerance: Tolerance = Tolerance.STRICT
    closed_lists: frozenset[str] = frozenset()
    code_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answer: AnswerForm = AnswerForm.BUSINESS_ANSWER
    retention: RetentionTerms | None = None
    enforcement: EnforcementTerms | None = None
    origin: OriginTerms | None = None
    operators: OperatorTerms | None = None

    @property
    def strict(self) -> "Terms":
        """The same for papers that we send: nothing is overlooked there."""
        return self if self.tolerance is Tolerance.STRICT else replace(self, tolerance=Tolerance.STRICT)


NO_TERMS = Terms()
"""The kind's own rules, and nothing else."""
