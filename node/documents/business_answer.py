"""The business answer as a control paper: one small JSON object in one canonical form.

    {"about":{"message_id":"…","sha256":"…"},"reason":"…","schema":"urn:n2n:v1:business-answer","verdict":"accepted"}

Members in alphabetical order, no white space, empty texts left out: the same answer is the same bytes, so giving it
twice is one paper. It names the paper it answers by message id and digest, so that its signature alone says what was
answered, without the envelope it came in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from node.documents.checks import unfit
from node.errors import AnswerMalformed
from node.model.answer import (
    MAX_REASON_CHARACTERS,
    MAX_REASON_CODE_CHARACTERS,
    MAX_REFERENCE_CHARACTERS,
    AnswerVerdict,
    BusinessAnswer,
)
from node.model.ids import Digest, is_uuid7
from node.safe_json import Json, JsonLimits, parse

SCHEMA = "urn:n2n:v1:business-answer"

LIMITS = JsonLimits(size_bytes=16 * 1024, depth=2)
"""Room for the longest texts in any script, in one object that names its paper in another."""

_TEXTS: Mapping[str, int] = {
    "reason": MAX_REASON_CHARACTERS,
    "reason_code": MAX_REASON_CODE_CHARACTERS,
    "reference": MAX_REFERENCE_CHARACTERS,
}
_DIGEST_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class PaperAnswered:
    """The paper that is answered, as its envelope named it, and the digest of its exact bytes."""

    message_id: str
    document_sha256: Digest
    number: str = ""
    """The paper's own number, where the form of the answer names it."""


def require_fit_texts(answer: BusinessAnswer) -> None:
    """Raise AnswerMalformed when a text is too long or holds unfit characters."""
    for name, text in _texts(answer).items():
        if len(text) > _TEXTS[name]:
            raise AnswerMalformed(field=name, rule=f"has at most {_TEXTS[name]} characters")
        if rule := unfit(text):
            raise AnswerMalformed(field=name, rule=rule)


def _texts(answer: BusinessAnswer) -> dict[str, str]:
    return {"reason": answer.reason, "reason_code": answer.reason_code, "reference": answer.reference}


def write(answer: BusinessAnswer, about: PaperAnswered) -> bytes:
    """The one form of this answer. Raises AnswerMalformed when a text is too long or holds unfit characters."""
    require_fit_texts(answer)
    value = {
        "about": {"message_id": about.message_id, "sha256": about.document_sha256.hex()},
        "schema": SCHEMA,
        "verdict": answer.verdict.value,
    } | {name: text for name, text in _texts(answer).items() if text}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read(content: bytes) -> tuple[BusinessAnswer, PaperAnswered]:
    """The answer in `content`, when it is in its one form. Raises AnswerMalformed or JsonError."""
    value = parse(content, LIMITS)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise AnswerMalformed(field="schema", rule=f"is {SCHEMA}")
    about = value.get("about")
    if not isinstance(about, dict):
        raise AnswerMalformed(field="about", rule="names the paper that is answered")
    paper = PaperAnswered(_message_id(about), _digest(about))
    texts = {name: _text(value, name) for name in _TEXTS}
    try:
        verdict = AnswerVerdict(_text(value, "verdict"))
    except ValueError as error:
        raise AnswerMalformed(field="verdict", rule=f"is one of {', '.join(AnswerVerdict)}") from error
    answer = BusinessAnswer(verdict, texts["reason_code"], texts["reason"], texts["reference"])
    if write(answer, paper) != content:
        # Unknown members, other orders and white space all end here: what we do not understand we do not answer for.
        raise AnswerMalformed(field="document", rule="is in the canonical form")
    return answer, paper


def _text(value: Mapping[str, Json], name: str) -> str:
    text = value.get(name, "")
    if not isinstance(text, str):
        raise AnswerMalformed(field=name, rule="is text")
    return text


def _message_id(about: Mapping[str, Json]) -> str:
    identifier = _text(about, "message_id")
    if not is_uuid7(identifier):
        raise AnswerMalformed(field="message_id", rule="is a UUIDv7 of 36 lower-case characters")
    return identifier


def _digest(about: Mapping[str, Json]) -> Digest:
    text = _text(about, "sha256")
    try:
        digest = bytes.fromhex(text)
    except ValueError as error:
        raise AnswerMalformed(field="sha256", rule="is hexadecimal") from error
    if len(text) != _DIGEST_CHARACTERS:
        raise AnswerMalformed(field="sha256", rule=f"has {_DIGEST_CHARACTERS} digits")
    return Digest(digest)
