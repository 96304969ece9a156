"""What a call to a partner may end in besides its answer, said the same way by every transport."""

from collections.abc import Callable
from typing import TypeVar

from node.errors import AnswerRefused, PartnerRefusedCall, WireError
from node.model.ids import NodeCode
from node.wire import error_from_status

T = TypeVar("T")


def read_answer(partner: NodeCode, read: Callable[[bytes], T], data: bytes) -> T:
    """The partner's answer; raises AnswerRefused when it breaks a rule. Nothing of it is quoted."""
    try:
        return read(data)
    except WireError as error:
        detail = f"{error.code} at {error.fields.get('field', '?')}"
        raise AnswerRefused(partner=partner, detail=detail) from error


def refused_call(partner: NodeCode, status: bytes, otherwise: str) -> PartnerRefusedCall:
    """The partner's refusal, named by our code for it when the status carries one; that error is the cause."""
    named = error_from_status(status)
    refusal = PartnerRefusedCall(partner=partner, reason=named.code if named else otherwise)
    refusal.__cause__ = named
    return refusal
