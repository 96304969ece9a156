"""Receipts and DeliverResponse: protobuf and model, both directions side by side (protocol 3).

A response is written by the partner: it is judged as strictly as a request, and with bounded work.
"""

from collections.abc import Sequence
from dataclasses import replace

from node.clock import to_ms
from node.errors import Malformed
from node.model.checkpoint import ConsistencyProof
from node.model.document import Finding
from node.model.envelope import Seal
from node.model.ids import Leaf, MessageId, is_uuid7
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    DeliverResponse,
    FindingCode,
    KeyStatement,
    NotHeld,
    Outcome,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.protocol.n2n.v1 import answer_pb2 as pb
from node.protocol.n2n.v1 import envelope_pb2, exchange_pb2
from node.wire import limits
from node.wire.checks import (
    CONTROLS,
    are_digests,
    bounded_fields,
    canonical,
    filled,
    is_digest,
    is_plain,
    member,
    moment,
    parse,
    proved,
    require,
    within,
    writing,
)
from node.wire.requests import place_from_message, seal_from_message, seal_to_message
from node.wire.rules import rule_of

_REMARKS = frozenset(code.value for code in FindingCode if code.is_remark)
# What a receipt holds besides its findings, generously.
_FINDINGS_BYTES = limits.MAX_RECEIPT_BYTES - limits.KIB
_FINDING_FRAME_BYTES = 16


def receipt_to_bytes(receipt: Receipt) -> bytes:
    """The receipt as it is signed and stored; raises Malformed or TooLarge when a rule of protocol 3 is broken.

    Findings quote names that the partner chose, so they are brought through `bounded_findings` here.
    """
    if receipt.findings:
        receipt = replace(receipt, findings=bounded_findings(receipt.findings))
    with writing("Receipt"):
        message = pb.Receipt(
            message_id=receipt.message_id,
            leaf=receipt.leaf or b"",
            verdict=pb.Verdict.Name(receipt.verdict),
            findings=[pb.Finding(code=each.code, path=each.path, rule=each.rule) for each in receipt.findings],
            already_known=receipt.already_known,
            received_at=to_ms(receipt.received_at),
        )
    return proved("Receipt", message, limits.MAX_RECEIPT_BYTES, _receipt_from_message, receipt)


def receipt_from_bytes(data: bytes) -> Receipt:
    """The receipt that `data` carries; raises Malformed, NotCanonical or TooLarge."""
    return _receipt_from_message(canonical(pb.Receipt, data, limits.MAX_RECEIPT_BYTES))


def _receipt_from_message(message: pb.Receipt) -> Receipt:
    message_id, leaf, findings, already_known = (
        message.message_id,
        message.leaf,
        message.findings,
        message.already_known,
    )
    verdict = member(Verdict, message.verdict, "Receipt.verdict")
    require(is_uuid7(message_id), "Receipt.message_id")
    require(is_digest(leaf) if verdict is not Verdict.ABSENT else not leaf, "Receipt.leaf")
    require(len(findings) <= limits.MAX_FINDINGS, "Receipt.findings")
    require(verdict is Verdict.REFUSED or all(each.code in _REMARKS for each in findings), "Receipt.findings")
    require(not findings or verdict is not Verdict.ABSENT, "Receipt.findings")
    require(not already_known or verdict is Verdict.ACCEPTED, "Receipt.already_known")
    return Receipt(
        message_id=MessageId(message_id),
        verdict=verdict,
        received_at=moment(message.received_at, "Receipt.received_at"),
        leaf=Leaf(leaf) if leaf else None,
        findings=tuple(_finding_from_message(each) for each in findings),
        already_known=already_known,
    )


def bounded_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """As many findings, from the first, as a receipt can carry, with control characters shown as U+FFFD.

    The names in them come from the partner's paper; no paper may be able to make its own refusal unwritable.
    """
    kept: list[Finding] = []
    room = _FINDINGS_BYTES
    for finding in findings[: limits.MAX_FINDINGS]:
        code = _visible(finding.code)[: limits.MAX_FINDING_CODE_CHARACTERS] or FindingCode.RULE
        visible = Finding(code, _visible(finding.path), _visible(finding.rule))
        room -= _FINDING_FRAME_BYTES + len((visible.code + visible.path + visible.rule).encode())
        if room < 0:
            break
        kept.append(visible)
    return tuple(kept)


def _visible(text: str) -> str:
    return CONTROLS.sub("\ufffd", text).encode("utf-8", "replace").decode("utf-8")


def _finding_from_message(message: pb.Finding) -> Finding:
    require(is_plain(message.code, limits.MAX_FINDING_CODE_CHARACTERS), "Finding.code")
    require(is_plain(message.path, limits.MAX_FINDING_PATH_CHARACTERS, least=0), "Finding.path")
    require(is_plain(message.rule, limits.MAX_FINDING_RULE_CHARACTERS, least=0), "Finding.rule")
    return Finding(message.code, message.path, message.rule)


def deliver_response_to_bytes(response: DeliverResponse) -> bytes:
    """The response as it is sent, each seal once; raises Malformed or TooLarge when a rule is broken."""
    seals: dict[Seal, int] = {}
    with writing("DeliverResponse"):
        listed = [_answer_to_message(answer, seals) for answer in response.answers]
        proof = response.proof
        message = exchange_pb2.DeliverResponse(
            seals=[seal_to_message(seal) for seal in seals],
            answers=listed,
            checkpoint=response.checkpoint,
            proof=None if proof is None else _proof_to_message(proof),
        )
    return proved("DeliverResponse", message, limits.MAX_RESPONSE_BYTES, _response_from_message, response)


def deliver_response_from_bytes(data: bytes) -> DeliverResponse:
    """The response that `data` carries; raises Malformed or TooLarge.

    The number of answers is the asker's to compare, checkpoint and proof are its to judge.
    """
    within(data, limits.MAX_RESPONSE_BYTES, "DeliverResponse")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "DeliverResponse")
    return _response_from_message(parse(exchange_pb2.DeliverResponse, data))


def _response_from_message(message: exchange_pb2.DeliverResponse) -> DeliverResponse:
    require(len(message.seals) <= limits.MAX_SEALS, "DeliverResponse.seals")
    require(1 <= len(message.answers) <= limits.MAX_ENVELOPES, "DeliverResponse.answers")
    _require_bounded_log(message)
    seals = [seal_from_message(seal) for seal in message.seals]
    answers = tuple(_answer_from_message(answer, seals) for answer in message.answers)
    used = {answer.receipt.seal_index for answer in message.answers if answer.HasField("receipt")}
    require(len(used) == len(seals), "DeliverResponse.seals")
    proof = _proof_from_message(message.proof) if message.HasField("proof") else None
    return DeliverResponse(answers, message.checkpoint, proof)


def _require_bounded_log(message: exchange_pb2.DeliverResponse) -> None:
    within(message.checkpoint, limits.MAX_CHECKPOINT_BYTES, "DeliverResponse.checkpoint")
    nodes = message.proof.nodes
    require(len(nodes) <= limits.MAX_PROOF_NODES and are_digests(nodes), "ConsistencyProof.nodes")
    require(bool(message.checkpoint) or not message.HasField("proof"), "DeliverResponse.proof")


def _proof_to_message(proof: ConsistencyProof) -> exchange_pb2.ConsistencyProof:
    return exchange_pb2.ConsistencyProof(from_size=proof.from_size, nodes=proof.nodes)


def _proof_from_message(message: exchange_pb2.ConsistencyProof) -> ConsistencyProof:
    return ConsistencyProof(message.from_size, tuple(message.nodes))


def _answer_to_message(answer: Answer, seals: dict[Seal, int]) -> pb.Answer:
    outcome = answer.outcome
    match outcome:
        case SignedReceipt():
            seal_index = seals.setdefault(outcome.seal, len(seals))
            return pb.Answer(message_id=answer.message_id, receipt=_signed_receipt_to_message(outcome, seal_index))
        case Deferred():
            return pb.Answer(message_id=answer.message_id, deferred=_deferred_to_message(outcome))
        case NotHeld():
            return pb.Answer(message_id=answer.message_id, not_held=pb.NotHeld())
        case Coarse():
            reason = pb.CoarseReason.Name(outcome.reason)
            return pb.Answer(message_id=answer.message_id, coarse=pb.Coarse(reason=reason))


def _answer_from_message(message: pb.Answer, seals: Sequence[Seal]) -> Answer:
    message_id = message.message_id
    require(not message_id or is_uuid7(message_id), "Answer.message_id")
    return Answer(message_id, _outcome_from_message(message, seals))


def _outcome_from_message(message: pb.Answer, seals: Sequence[Seal]) -> Outcome:
    match message.WhichOneof("outcome"):
        case "receipt":
            return _signed_receipt_from_message(message.receipt, seals)
        case "deferred":
            return _deferred_from_message(message.deferred)
        case "not_held":
            return NotHeld()
        case "coarse":
            return Coarse(member(CoarseReason, message.coarse.reason, "Coarse.reason"))
        case _:
            raise Malformed(field="Answer", rule=rule_of("Answer.receipt"))


def _signed_receipt_to_message(receipt: SignedReceipt, seal_index: int) -> pb.SignedReceipt:
    return pb.SignedReceipt(
        receipt=receipt.receipt,
        seal_index=seal_index,
        leaf_index=receipt.place.leaf_index,
        path=receipt.place.path,
        repeat=receipt.repeat,
    )


def _signed_receipt_from_message(message: pb.SignedReceipt, seals: Sequence[Seal]) -> SignedReceipt:
    seal_index = message.seal_index
    require(seal_index < len(seals), "SignedReceipt.seal_index")
    return SignedReceipt(
        receipt=filled(message.receipt, limits.MAX_RECEIPT_BYTES, "SignedReceipt.receipt"),
        seal=seals[seal_index],
        place=place_from_message(message.leaf_index, message.path, "SignedReceipt"),
        repeat=message.repeat,
    )


def _deferred_to_message(deferred: Deferred) -> pb.Deferred:
    statement = deferred.key_statement
    return pb.Deferred(
        code=pb.DeferredCode.Name(deferred.code),
        retry_after_ms=deferred.retry_after_ms,
        key_statement=None
        if statement is None
        else envelope_pb2.KeyStatement(document=statement.document, signature=statement.signature),
    )


def _deferred_from_message(message: pb.Deferred) -> Deferred:
    code = member(DeferredCode, message.code, "Deferred.code")
    require(0 <= message.retry_after_ms <= limits.MAX_RETRY_AFTER_MS, "Deferred.retry_after_ms")
    require(code is DeferredCode.KEY or not message.HasField("key_statement"), "Deferred.key_statement")
    statement = _key_statement_from_message(message.key_statement) if message.HasField("key_statement") else None
    return Deferred(code, message.retry_after_ms, statement)


def _key_statement_from_message(message: envelope_pb2.KeyStatement) -> KeyStatement:
    return KeyStatement(
        document=filled(message.document, limits.MAX_STATEMENT_BYTES, "KeyStatement.document"),
        signature=filled(message.signature, limits.MAX_SIGNATURE_BYTES, "KeyStatement.signature"),
    )
