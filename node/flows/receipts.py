"""Receipts, both ways: signing ours in batches, judging theirs. And our signature on documents."""

from collections.abc import Sequence
from datetime import datetime

from node.crypto.seal import make_seal, receipt_leaf
from node.crypto.verification import VerifiedSeal, verify_document_signature, verify_place, verify_seal
from node.crypto.xades import sign_detached
from node.errors import AnswerRefused, OwnWorkFailed, SignatureError
from node.flows.ports import Node
from node.model.document import MediaType
from node.model.envelope import Purpose, Seal
from node.model.ids import Leaf, MessageId, NodeCode
from node.model.receipt import Receipt, SignedReceipt, Verdict
from node.wire import receipt_from_bytes, receipt_to_bytes


def issue(node: Node, partner: NodeCode, receipts: Sequence[Receipt], now: datetime) -> list[SignedReceipt]:
    """Our receipts for one partner under one seal by the receipt key, in order. Raises OwnWorkFailed."""
    if not receipts:
        return []
    serialised = [receipt_to_bytes(receipt) for receipt in receipts]
    seal, places = make_seal(
        [receipt_leaf(one) for one in serialised],
        Purpose.RECEIPTS,
        node.code,
        partner,
        node.keys.receipt,
        now,
        node.own_trust,
    )
    return [SignedReceipt(one, seal, place) for one, place in zip(serialised, places, strict=True)]


class ReceiptReader:
    """Judges a partner's receipts of one call: each seal is verified once, each receipt against its own place."""

    def __init__(self, node: Node, partner: NodeCode, now: datetime) -> None:
        self._node = node
        self._trust = node.book.partner(partner).trust
        self._now = now
        self._seals: dict[Seal, VerifiedSeal] = {}

    def read(self, signed: SignedReceipt, message_id: MessageId, leaf: Leaf) -> Receipt:
        """The receipt, if it is theirs, sealed as receipts to us, and about exactly this paper (protocol 3).

        Raises SignatureError or WireError when it does not hold, AnswerRefused when it speaks of something else.
        """
        seal = self._seals.get(signed.seal)
        if seal is None:
            seal = verify_seal(
                signed.seal, purpose=Purpose.RECEIPTS, recipient=self._node.code, trust=self._trust, now=self._now
            )
            self._seals[signed.seal] = seal
        verify_place(seal, receipt_leaf(signed.receipt), signed.place)
        receipt = receipt_from_bytes(signed.receipt)
        about_us = receipt.leaf is None if receipt.verdict is Verdict.ABSENT else receipt.leaf == leaf
        if receipt.message_id != message_id or not about_us:
            raise AnswerRefused(partner=self._trust.partner, detail="the receipt is for another paper")
        return receipt


def sign_document(node: Node, content: bytes, media_type: MediaType, now: datetime) -> bytes:
    """A detached XAdES over the exact bytes, verified as the partner will verify it. Raises OwnWorkFailed."""
    signature = sign_detached(content, media_type.file_name, media_type, node.keys.sign, now)
    try:
        verify_document_signature(content, media_type, signature, trust=node.own_trust, now=now)
    except SignatureError as error:
        raise OwnWorkFailed(detail=error.code) from error
    return signature
