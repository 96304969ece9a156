"""An agency's decision as a small JSON file or message, strictly read: what every hub that is asked hands in."""

from collections.abc import Mapping

from node.errors import JsonError, SubmissionUnreadable
from node.model.answer import (
    MAX_REASON_CHARACTERS,
    MAX_REASON_CODE_CHARACTERS,
    MAX_REFERENCE_CHARACTERS,
    AnswerVerdict,
    BusinessAnswer,
)
from node.safe_json import Json, JsonLimits, parse

LIMITS = JsonLimits(size_bytes=16 * 1024, depth=2)
"""Room for the longest texts in any script, and one object."""

_TEXTS: Mapping[str, int] = {
    "reason_code": MAX_REASON_CODE_CHARACTERS,
    "reason": MAX_REASON_CHARACTERS,
    "reference": MAX_REFERENCE_CHARACTERS,
}
_EXCHANGE_CHARACTERS = 36


def answer_from_file(name: str, content: bytes) -> tuple[str, BusinessAnswer]:
    """The exchange that is answered, and the decision. Raises SubmissionUnreadable, naming the answer `name`."""
    try:
        value = parse(content, LIMITS)
    except JsonError as error:
        raise SubmissionUnreadable(name=name, detail=error.code) from error
    if not isinstance(value, dict):
        raise SubmissionUnreadable(name=name, detail="it is no JSON object")
    return read_answer(name, value)


def read_answer(name: str, value: Mapping[str, Json]) -> tuple[str, BusinessAnswer]:
    """The same from the members of an object that was parsed already. Raises SubmissionUnreadable."""
    if unknown := sorted(set(value) - {"exchange", "verdict", *_TEXTS}):
        raise SubmissionUnreadable(name=name, detail=f"the member {unknown[0][:40]!r} is unknown")
    exchange = _text(name, value, "exchange", _EXCHANGE_CHARACTERS)
    texts = {key: _text(name, value, key, most, required=False) for key, most in _TEXTS.items()}
    try:
        verdict = AnswerVerdict(_text(name, value, "verdict", _EXCHANGE_CHARACTERS))
    except ValueError as error:
        words = ", ".join(AnswerVerdict)
        raise SubmissionUnreadable(name=name, detail=f"verdict must be one of {words}") from error
    return exchange, BusinessAnswer(verdict, texts["reason_code"], texts["reason"], texts["reference"])


def _text(name: str, value: Mapping[str, Json], key: str, most: int, *, required: bool = True) -> str:
    text = value.get(key, None if required else "")
    if not isinstance(text, str) or len(text) > most or (required and not text):
        raise SubmissionUnreadable(name=name, detail=f"{key} must be text of at most {most} characters")
    return text
