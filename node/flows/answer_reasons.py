"""Reason codes of business answers: an unknown one is remarked, or refused where the arrangement closes the list.

The terms are those under which the answered paper travelled, for answers need no arrangement of their own.
"""

from node.documents.code_lists import code_list
from node.errors import AnswerMalformed
from node.flows.ports import Node
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.exchange import Exchange
from node.model.receipt import FindingCode

LIST = "answer_reasons"

PATH = "/reason_code"
RULE = f"is no code of the list {LIST}"


def is_known(answer: BusinessAnswer) -> bool:
    """Whether the answer has no reason code, or one of the list."""
    return not answer.reason_code or answer.reason_code in code_list(LIST).names


def is_closed(node: Node, paper: Exchange) -> bool:
    """Whether answers to this paper may only have codes of the list. Raises PartnerUnknown."""
    profile = node.book.profile(paper.partner, paper.arrangement)
    kinds = profile.kinds if profile is not None else ()
    return any(LIST in one.terms.closed_lists for one in kinds if one.name == paper.kind)


def require_fit(node: Node, paper: Exchange, answer: BusinessAnswer) -> None:
    """Raise AnswerMalformed for a code of our agency that the arrangement does not admit."""
    if not is_known(answer) and is_closed(node, paper):
        raise AnswerMalformed(field="reason_code", rule=RULE)


def finding(node: Node, paper: Exchange, answer: BusinessAnswer) -> Finding | None:
    """What is to be said of a partner's code: AGREED refuses the answer, CODE_UNKNOWN is a remark; None is nothing."""
    if is_known(answer):
        return None
    code = FindingCode.AGREED if is_closed(node, paper) else FindingCode.CODE_UNKNOWN
    return Finding(code, PATH, RULE)
