"""The business answer: what the receiving agency decided about a paper, as the hub says it and partners read it."""

from dataclasses import dataclass
from enum import StrEnum

MAX_REASON_CODE_CHARACTERS = 64
MAX_REASON_CHARACTERS = 1000
MAX_REFERENCE_CHARACTERS = 128


class AnswerVerdict(StrEnum):
    """The closed list of decisions. Each is final: what changes later is told by a new paper, not by a new answer."""

    ACCEPTED = "accepted"
    """The agency takes the paper for what it says."""
    CONDITIONAL = "conditional"
    """Taken under a condition that the reason names: an inspection, a missing supplement, a shorter term."""
    REJECTED = "rejected"
    """The agency does not take the paper."""


class AnswerForm(StrEnum):
    """How an arrangement wants answers to papers of a kind written. Each word is the kind of the control paper, too."""

    BUSINESS_ANSWER = "business_answer"
    """The node's own JSON, which answers any paper."""
    SPS_ACKNOWLEDGEMENT = "sps_acknowledgement"
    """UN/CEFACT SPSAcknowledgement 17, about SPS certificates only."""

    def answers(self, kind: str) -> bool:
        """Whether papers of this kind can be answered in this form."""
        return self is AnswerForm.BUSINESS_ANSWER or kind == "phytosanitary_certificate"


@dataclass(frozen=True, slots=True)
class BusinessAnswer:
    """One decision. `reason` is a sentence for people, `reference` the agency's file.

    `reason_code` is of the list `answer_reasons`, or one of the agency's own.
    """

    verdict: AnswerVerdict
    reason_code: str = ""
    reason: str = ""
    reference: str = ""
