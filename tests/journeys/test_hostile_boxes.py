"""Keys and bodies that do not open: asked for anew, with our current keys where it is those – and no oracle."""

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hostile import (
    HYBRID,
    X25519,
    XA,
    XB,
    XC,
    XD,
    Call,
    Stage,
    announced,
    message,
    numbered,
    wrap,
)

from node.crypto.keys import KeyUse
from node.crypto.verification import verify_key_statement
from node.model.receipt import KeyStatement
from node.protocol.n2n.v1.answer_pb2 import Answer

Spoil = Callable[[Call], object]

# --- bodies ---------------------------------------------------------------------------------------------------------


def body(*fields: tuple[int, bytes]) -> Spoil:
    """Another body under the same leaf: closed as it should be, and not what the digest says or not a body."""
    return lambda call: call.shut(1, message(fields))


def sealed_body(edit: Callable[[bytes], bytes]) -> Spoil:
    def spoil(call: Call) -> None:
        call.parcels[1].sealed_body = edit(call.parcels[1].sealed_body)

    return spoil


def other_field(number: int, edit: Callable[[bytes], bytes]) -> Spoil:
    """The right body with one field that departs from what was sealed."""

    def spoil(call: Call) -> None:
        paper = call.papers[1]
        fields = {1: paper.salt, 2: paper.metadata, 3: paper.document}
        call.shut(1, message(sorted((fields | {number: edit(fields[number])}).items())))

    return spoil


BODIES: dict[str, Spoil] = {
    "one-bit-of-the-nonce": sealed_body(lambda octets: bytes([octets[0] ^ 1]) + octets[1:]),
    "one-bit-of-the-ciphertext": sealed_body(lambda octets: octets[:99] + bytes([octets[99] ^ 1]) + octets[100:]),
    "one-bit-of-the-tag": sealed_body(lambda octets: octets[:-1] + bytes([octets[-1] ^ 1])),
    "truncated": sealed_body(lambda octets: octets[:-1]),
    "truncated-to-the-least": sealed_body(lambda octets: octets[:29]),
    "longer": sealed_body(lambda octets: octets + b"\0"),
    "random": sealed_body(lambda octets: secrets.token_bytes(len(octets))),
    "under-another-call-key": lambda call: replace(call, call_key=bytes(32)).shut(1, call.papers[1].body),
    "under-the-neighbours-leaf": lambda call: call.shut(1, call.papers[1].body, call.papers[0].leaf),
    "the-neighbours-body": lambda call: call.shut(1, call.papers[0].body),
    "the-neighbours-box": lambda call: setattr(call.parcels[1], "sealed_body", call.parcels[0].sealed_body),
    "not-protobuf": lambda call: call.shut(1, b"\xff" * 50),
    "another-document": other_field(3, lambda octets: numbered()),
    "document-with-line-end": other_field(3, lambda octets: octets + b"\n"),
    "another-salt": other_field(1, lambda octets: bytes(32)),
    "salt-of-31-bytes": other_field(1, lambda octets: octets[:31]),
    "other-metadata": other_field(2, lambda octets: message([(1, "application/xml"), (5, "another-arrangement")])),
    "no-metadata": other_field(2, lambda octets: b""),
    "field-twice": lambda call: call.shut(1, call.papers[1].body + message([(3, call.papers[1].document)])),
    "unknown-field": lambda call: call.shut(1, call.papers[1].body + message([(9, b"more")])),
    "five-signatures": lambda call: call.shut(1, call.papers[1].body + message([(4, b"<a/>")] * 5)),
    "empty-signature": lambda call: call.shut(1, call.papers[1].body + message([(4, b"")])),
    "signature-of-65-kib": lambda call: call.shut(1, call.papers[1].body + message([(4, bytes(65_537))])),
}


@pytest.mark.parametrize("spoil", BODIES.values(), ids=BODIES)
def test_a_body_that_does_not_open_or_match_is_asked_for_anew(stage: Stage, spoil: Spoil) -> None:
    call = stage.xa.call([stage.xa.paper() for _ in range(3)])
    spoil(call)
    stage.victim.suffers(stage.xa, call, 1, "deferred BODY", "N2N-ENC-003")


def test_a_document_over_a_mebibyte_is_asked_for_anew_as_no_body_of_ours(stage: Stage) -> None:
    large = stage.xa.paper(numbered() + b" " * (1 << 20))
    call = stage.xa.call([stage.xa.paper(), large, stage.xa.paper()])
    stage.victim.suffers(stage.xa, call, 1, "deferred BODY", "N2N-ENC-003")


def test_the_same_leaf_encrypted_anew_is_then_accepted(stage: Stage) -> None:
    paper = stage.xa.paper()
    call = stage.xa.call([paper])
    call.parcels[0].sealed_body = call.parcels[0].sealed_body[:-1]
    assert [one.words for one in stage.victim.told(XA, call.octets())] == ["deferred BODY"]
    assert [one.words for one in stage.victim.told(XA, stage.xa.call([paper], suite=HYBRID).octets())] == ["accepted"]


# --- keys: one wrap serves the whole call ---------------------------------------------------------------------------


def wrapped_as(sender: str, recipient: str, length: int = 32) -> Spoil:
    """The call key wrapped for another relation, or of another length."""

    def spoil(call: Call) -> None:
        call.wrapped = wrap(X25519, STATEMENT[call.key_id], bytes(length), sender, recipient)

    return spoil


STATEMENT: dict[str, bytes] = {}

BROKEN_WRAPS: dict[str, Spoil] = {
    "random": lambda call: setattr(call, "wrapped", secrets.token_bytes(80)),
    "truncated": lambda call: setattr(call, "wrapped", call.wrapped[:-1]),
    "longer": lambda call: setattr(call, "wrapped", call.wrapped + b"\0"),
    "one-byte": lambda call: setattr(call, "wrapped", b"\0"),
    "point-of-low-order": lambda call: setattr(call, "wrapped", bytes(32) + call.wrapped[32:]),
    "one-bit": lambda call: setattr(call, "wrapped", call.wrapped[:-1] + bytes([call.wrapped[-1] ^ 1])),
    "as-if-from-another-sender": wrapped_as(XC, XB),
    "as-if-for-another-recipient": wrapped_as(XA, XC),
    "call-key-of-31-bytes": wrapped_as(XA, XB, 31),
}


def silent(stage: Stage, call: Call, code: str = XA) -> tuple[set[bytes], set[str]]:
    """What the whole call hears, with nothing stored: the distinct outcomes, and the codes of our audit."""
    before, audit = stage.victim.count(), stage.victim.last_audit()
    heard = stage.victim.told(code, call.octets())
    assert stage.victim.count() == before
    outcomes = set()
    for one in heard:
        answer = Answer.FromString(one.octets)
        answer.ClearField("message_id")
        outcomes.add(answer.SerializeToString(deterministic=True))
    told_of = [said for _, said in stage.victim.audited(audit)]
    assert len(told_of) == len(heard)
    return outcomes, set(told_of)


@pytest.fixture(autouse=True)
def _statement(stage: Stage) -> None:
    STATEMENT.update(stage.xa.partner_keys.values())


@pytest.mark.parametrize("spoil", BROKEN_WRAPS.values(), ids=BROKEN_WRAPS)
def test_a_call_key_that_does_not_open_stores_nothing(stage: Stage, spoil: Spoil) -> None:
    call = stage.xa.call([stage.xa.paper() for _ in range(2)])
    spoil(call)
    outcomes, codes = silent(stage, call)
    assert (len(outcomes), codes) == (1, {"N2N-ENC-003"})


def test_an_answer_does_not_tell_why_something_did_not_open(stage: Stage) -> None:
    """Every way of failing gives the same octets; only our audit may tell (security K2)."""
    answers: Counter[bytes] = Counter()
    for spoil in BROKEN_WRAPS.values():
        call = stage.xa.call([stage.xa.paper()])
        spoil(call)
        answers.update(silent(stage, call)[0])
    for spoil in BODIES.values():
        call = stage.xa.call([stage.xa.paper(), stage.xa.paper()])
        spoil(call)
        call.parcels = call.parcels[1:]
        answers.update(silent(stage, call)[0])
    assert list(answers.values()) == [len(BROKEN_WRAPS) + len(BODIES)]


HYBRID_WRAPS: dict[str, Spoil] = {
    "random": lambda call: setattr(call, "wrapped", secrets.token_bytes(1168)),
    "classic-half-of-low-order": lambda call: setattr(
        call, "wrapped", call.wrapped[:1088] + bytes(32) + call.wrapped[1120:]
    ),
    "quantum-half-spoilt": lambda call: setattr(call, "wrapped", bytes(1088) + call.wrapped[1088:]),
}


@pytest.mark.parametrize("spoil", HYBRID_WRAPS.values(), ids=HYBRID_WRAPS)
def test_both_halves_of_the_hybrid_are_needed(stage: Stage, spoil: Spoil) -> None:
    call = stage.xa.call([stage.xa.paper()], suite=HYBRID)
    spoil(call)
    outcomes, codes = silent(stage, call)
    assert (len(outcomes), codes) == (1, {"N2N-ENC-003"})


@pytest.mark.parametrize(
    ("code", "spoil", "cause"),
    [
        pytest.param(XA, lambda call: setattr(call, "key_id", "0123456789abcdef"), "N2N-ENC-002", id="unknown-key"),
        pytest.param(XA, lambda call: setattr(call, "suite", "RSA-OAEP"), "N2N-ENC-001", id="unknown-suite"),
        pytest.param(XA, lambda call: setattr(call, "suite", HYBRID), "N2N-ENC-001", id="suite-of-another-key"),
        pytest.param(XC, None, "N2N-ENC-001", id="suite-not-agreed"),
    ],
)
def test_an_unknown_key_or_suite_is_answered_with_our_current_keys(
    stage: Stage, code: str, spoil: Spoil | None, cause: str
) -> None:
    peer = stage.peers[code]
    call = peer.call([peer.paper() for _ in range(2)], suite=X25519 if spoil else HYBRID)
    if spoil is not None:
        spoil(call)
    (outcome,), codes = silent(stage, call, code)
    assert codes == {cause}
    statement = Answer.FromString(outcome).deferred.key_statement
    node = stage.victim.wired.node
    verified = verify_key_statement(
        KeyStatement(statement.document, statement.signature), trust=node.own_trust, now=node.clock.now()
    )
    opening = {key.id for key in verified.keys if key.use is KeyUse.DECRYPT}
    assert opening == {key_id for key_id, _ in peer.partner_keys.values()}
    assert announced(statement.document) == dict(peer.partner_keys)


def test_nothing_is_opened_before_seal_and_agreement_hold(stage: Stage) -> None:
    """A call key that does not open is not even tried for papers that are out before: their answers do not change."""
    papers = [stage.xa.paper(sender="XC"), stage.xa.paper(kind="unheard_of"), stage.xa.paper(recipient="XC")]
    call = stage.xa.call(papers)
    BROKEN_WRAPS["random"](call)
    assert [one.words for one in stage.victim.told(XA, call.octets())] == [
        "coarse NOT_AUTHENTIC",
        "refused KIND_UNKNOWN",
        "coarse NOT_FOR_US",
    ]


def test_under_a_suspended_arrangement_papers_wait(stage: Stage) -> None:
    peer = stage.peers[XD]
    call = peer.call([peer.paper() for _ in range(2)])
    outcomes, codes = silent(stage, call, XD)
    assert (len(outcomes), codes) == (1, {"N2N-PROF-005"})
    assert {one.words for one in stage.victim.told(XD, call.octets())} == {"deferred SUSPENDED"}
