"""What crypto and wire cost for each paper of a call, part by part: `python tests/oracle/cost.py [--batch 32]`.

Both sides in one process, in the order in which they happen; what one side remembers is forgotten before the other
side's turn. CPU time of the process, medians over the calls. Beside them one raw P-256 verification, by which to
compare machines.
"""

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Run as a script: the repository itself is what is exercised, wherever Python was started.
sys.path.insert(0, str(Path(__file__).parents[2]))

from cast import DAY, NOW, XA, XB, Cast, draw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from node import merkle, wire
from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.boxes import CALL_KEY_BYTES, close_body, open_body, unwrap_call_key, wrap_call_key
from node.crypto.keys import Role, generate_decryption_key
from node.crypto.seal import body_digest, make_seal, paper_leaf, receipt_leaf
from node.crypto.verification import verify_document_signature, verify_place, verify_seal
from node.crypto.xades import sign_detached
from node.model.document import MediaType
from node.model.envelope import Body, Chain, DeliverRequest, Envelope, Header, Metadata, Priority, Purpose
from node.model.ids import MessageId, uuid7
from node.model.receipt import Answer, Receipt, SignedReceipt, Verdict

SIZES = (4_096, 30_720)
P256 = SignatureAlgorithm.ECDSA_P256_SHA256
DECRYPTION = generate_decryption_key(Suite.HYBRID, NOW - DAY, 90)
PUBLIC = DECRYPTION.announce()


class Costs:
    """Seconds of CPU by part, one list entry for each call."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.seconds[part].append(time.process_time() - began)

    def per_paper(self, papers: int) -> dict[str, float]:
        """Microseconds, median."""
        return {part: statistics.median(each) / papers * 1e6 for part, each in self.seconds.items()}


def call(cast: Cast, documents: list[bytes], costs: Costs) -> None:
    """One call with everything that crypto and wire do in it."""
    sign, receipt_key = cast.keys[Role.SIGN, P256], cast.keys[Role.RECEIPT, P256]
    ids = [MessageId(uuid7(NOW, secrets.token_bytes)) for _ in documents]
    with costs.of("sender: header, metadata"):
        headers = [
            wire.header_to_bytes(Header(each, XA, XB, "certificate_of_origin", 1, NOW, NOW + 2 * DAY, Priority.B, each))
            for each in ids
        ]
        chain = Chain("XA authority", "XA-CO-2026-000123")
        metadata = [wire.metadata_to_bytes(Metadata(MediaType.XML, "xa-xb", ("UCR1",), chain)) for _ in documents]
    with costs.of("sender: digests, leaves"):
        bodies = [Body(secrets.token_bytes(32), *pair) for pair in zip(metadata, documents, strict=True)]
        digests = [body_digest(each.salt, each.metadata, each.document) for each in bodies]
        leaves = [paper_leaf(*pair) for pair in zip(headers, digests, strict=True)]
    with costs.of("sender: seal"):
        seal, places = make_seal(leaves, Purpose.PAPERS, XA, XB, sign, NOW, cast.trust, "xa-xb", 1)
    with costs.of("sender: headers again, key wrap"):
        _ = [wire.header_from_bytes(each) for each in headers]
        call_key = secrets.token_bytes(CALL_KEY_BYTES)
        wrap = wrap_call_key(Suite.HYBRID, PUBLIC, call_key, XA, XB)
    with costs.of("sender: bodies closed"):
        pairs = zip(map(wire.body_to_bytes, bodies), leaves, strict=True)
        closed = [close_body(octets, call_key, leaf, secrets.token_bytes) for octets, leaf in pairs]
    with costs.of("sender: request"):
        parts = zip(headers, digests, places, closed, strict=True)
        envelopes = tuple(Envelope(header, digest, 0, place, octets) for header, digest, place, octets in parts)
        request = wire.deliver_request_to_bytes(DeliverRequest((seal,), wrap, envelopes))
    _forget()
    with costs.of("receiver: request"):
        read = wire.deliver_request_from_bytes(request)
    with costs.of("receiver: seal, headers, places"):
        verified = verify_seal(read.seals[0], purpose=Purpose.PAPERS, recipient=XB, trust=cast.trust, now=NOW)
        for _ in range(3):
            _ = [wire.header_from_bytes(each.header) for each in read.envelopes]
        proved = [
            verify_place(verified, paper_leaf(each.header, each.body_digest), each.place) for each in read.envelopes
        ]
    with costs.of("receiver: bodies opened"):
        key = unwrap_call_key(read.key, [DECRYPTION], XA, XB)
        found = zip(read.envelopes, proved, strict=True)
        opened = [wire.body_from_bytes(open_body(each.sealed_body, key, place.leaf)) for each, place in found]
    with costs.of("receiver: digests, metadata"):
        again = [body_digest(each.salt, each.metadata, each.document) for each in opened]
        _ = [wire.metadata_from_bytes(each.metadata) for each in opened]
    assert again == digests
    with costs.of("receiver: receipts, seal, response"):
        receipts = [
            wire.receipt_to_bytes(Receipt(each, Verdict.ACCEPTED, NOW, leaf))
            for each, leaf in zip(ids, leaves, strict=True)
        ]
        sealed = make_seal(list(map(receipt_leaf, receipts)), Purpose.RECEIPTS, XA, XB, receipt_key, NOW, cast.trust)
        answers = [
            Answer(each, SignedReceipt(octets, sealed[0], place))
            for each, octets, place in zip(ids, receipts, sealed[1], strict=True)
        ]
        response = wire.deliver_response_to_bytes(answers)
    _forget()
    with costs.of("sender: response, receipts"):
        said = [answer.outcome for answer in wire.deliver_response_from_bytes(response)]
        by = verify_seal(said[0].seal, purpose=Purpose.RECEIPTS, recipient=XB, trust=cast.trust, now=NOW)
        for one in said:
            verify_place(by, receipt_leaf(one.receipt), one.place)
            wire.receipt_from_bytes(one.receipt)


def _forget() -> None:
    wire.header_from_bytes.cache_clear()
    merkle._shared.cache_clear()


def document(cast: Cast, times: int) -> Costs:
    """Assurance `document`, one paper of 4 KB."""
    costs, octets = Costs(), _document(SIZES[0])
    for _ in range(times):
        with costs.of("sign"):
            signature = sign_detached(octets, "document.xml", MediaType.XML, cast.keys[Role.SIGN, P256], NOW)
        with costs.of("verify"):
            verify_document_signature(octets, MediaType.XML, signature, trust=cast.trust, now=NOW)
        with costs.of("verify again, as the partner"):
            verify_document_signature(octets, MediaType.XML, signature, trust=cast.trust, now=NOW)
    return costs


def _raw(cast: Cast, times: int) -> Costs:
    key, ecdsa = cast.keys[Role.SIGN, P256].private_key, ec.ECDSA(hashes.SHA256())
    public, value, costs = key.public_key(), key.sign(b"x", ecdsa), Costs()
    for _ in range(times):
        with costs.of("one raw P-256 verification"):
            public.verify(value, b"x", ecdsa)
    return costs


def _document(size: int) -> bytes:
    return b'<Paper xmlns="urn:example:paper">' + secrets.token_hex(size // 2 - 24).encode() + b"</Paper>"


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--calls", type=int, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cast = draw(Path(folder))
    _tell("CPU", _raw(cast, 200).per_paper(1))
    for size in SIZES:
        costs = Costs()
        for number in range(asked.calls + 2):
            call(cast, [_document(size) for _ in range(asked.batch)], costs if number > 1 else Costs())
        _tell(f"per paper of {size} bytes, {asked.batch} in a call", costs.per_paper(asked.batch))
    _tell("per document of 4096 bytes", document(cast, 20 * asked.calls).per_paper(1))


def _tell(title: str, costs: dict[str, float]) -> None:
    rows = [*costs.items(), *([("together", sum(costs.values()))] if len(costs) > 1 else [])]
    sys.stdout.write("".join([f"{title}, µs\n", *(f"{cost:>8.1f}  {part}\n" for part, cost in rows)]))


if __name__ == "__main__":
    main()
