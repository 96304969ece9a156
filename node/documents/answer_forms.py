"""The forms of a business answer as a control paper; the first octet tells them apart, so both are read by one door."""

from collections.abc import Mapping
from datetime import datetime

from node.documents import business_answer, sps_acknowledgement
from node.documents.business_answer import PaperAnswered
from node.model.answer import AnswerForm, BusinessAnswer
from node.model.document import MediaType

MEDIA_TYPES: Mapping[AnswerForm, MediaType] = {
    AnswerForm.BUSINESS_ANSWER: MediaType.JSON,
    AnswerForm.SPS_ACKNOWLEDGEMENT: MediaType.XML,
}
"""What each form is written in."""


def write(form: AnswerForm, answer: BusinessAnswer, about: PaperAnswered, at: datetime) -> bytes:
    """The answer in this form, given at that moment (UTC). Raises AnswerMalformed."""
    match form:
        case AnswerForm.BUSINESS_ANSWER:
            return business_answer.write(answer, about)
        case AnswerForm.SPS_ACKNOWLEDGEMENT:
            return sps_acknowledgement.write(answer, about, at)


def read(content: bytes) -> tuple[BusinessAnswer, PaperAnswered]:
    """The answer in `content`, and the paper that it is about. Raises AnswerMalformed, JsonError, XmlError."""
    if MediaType.of(content) is MediaType.JSON:
        return business_answer.read(content)
    return sps_acknowledgement.read(content)
