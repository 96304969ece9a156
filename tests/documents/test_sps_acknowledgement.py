"""What is written as an acknowledgement is read back as the same answer, whatever the agency says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.documents import answer_forms, sps_acknowledgement
from node.documents.business_answer import PaperAnswered
from node.documents.checks import unfit
from node.errors import AnswerMalformed
from node.model.answer import AnswerForm, AnswerVerdict, BusinessAnswer
from node.model.ids import sha256

AT = datetime(2026, 11, 22, 14, 35, 6, tzinfo=UTC)
ABOUT = PaperAnswered("019aa9b0-0000-7000-8000-000000000001", sha256(b"x"), "XA-PC-2026-004711")


def texts(most: int) -> st.SearchStrategy[str]:
    alphabet = st.characters(exclude_categories=["Cs"])
    return st.text(alphabet, max_size=most).filter(lambda text: not unfit(text) and (not text or bool(text.strip())))


@given(st.sampled_from(AnswerVerdict), texts(64), texts(1000), texts(128))
def test_an_answer_comes_back_as_it_was_given(verdict: AnswerVerdict, code: str, reason: str, reference: str) -> None:
    answer = BusinessAnswer(verdict, code, reason, reference)
    content = answer_forms.write(AnswerForm.SPS_ACKNOWLEDGEMENT, answer, ABOUT, AT)
    assert answer_forms.read(content) == (answer, ABOUT)
    assert answer_forms.write(AnswerForm.SPS_ACKNOWLEDGEMENT, answer, ABOUT, AT) == content


def test_every_verdict_has_a_status_of_its_own() -> None:
    assert set(sps_acknowledgement.STATUSES) == set(AnswerVerdict)
    assert len(set(sps_acknowledgement.STATUSES.values())) == len(AnswerVerdict)


@pytest.mark.parametrize(
    "answer",
    [
        BusinessAnswer(AnswerVerdict.REJECTED, "x" * 65),
        BusinessAnswer(AnswerVerdict.REJECTED, reason="x" * 1001),
        BusinessAnswer(AnswerVerdict.REJECTED, reference="x" * 129),
        BusinessAnswer(AnswerVerdict.REJECTED, reference=" "),
        BusinessAnswer(AnswerVerdict.REJECTED, reason="a\u202eb"),
    ],
)
def test_what_nobody_could_read_is_not_written(answer: BusinessAnswer) -> None:
    with pytest.raises(AnswerMalformed):
        sps_acknowledgement.write(answer, ABOUT, AT)


def test_the_longest_answer_in_any_script_is_within_its_limits() -> None:
    answer = BusinessAnswer(AnswerVerdict.REJECTED, "𠮷" * 64, "𠮷" * 1000, "𠮷" * 128)
    content = sps_acknowledgement.write(answer, ABOUT, AT)
    assert sps_acknowledgement.read(content) == (answer, ABOUT)
