"""Checking an evidence file with nothing but the file, the authorities' certificates and, if need be, pins.

    report = verify(data, anchors=load_certificates(path))
    report.verdict, report.ok

No settings, no database, no network (protocol 4). There are no time stamps and no revocation answers in a file yet, so
each certificate is judged at the time that its own signer claims, and nothing is said about revocation.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from node import merkle
from node.archive import container
from node.archive.package import RECEIPT_SEAL, SEAL, SUMS, Proof, proof_of, sums_of
from node.archive.report import EvidenceVerdict, Report, Signer, Step, StepName, Told
from node.clock import to_xml
from node.crypto.claimed import Certificate, ClaimedSignature, issuer_among, party_of, verify_claimed
from node.crypto.claimed_by_digest import verify_claimed_digest
from node.crypto.keys import Role
from node.crypto.manifest import manifest_from_xml
from node.crypto.seal import body_digest_by, paper_leaf, receipt_leaf
from node.crypto.trust import fingerprint, public_key_info
from node.crypto.verification import MAX_AHEAD
from node.errors import (
    AlgorithmRefused,
    CertificateOutsideValidity,
    CertificateRefused,
    EntryChanged,
    EntryMissing,
    NoAnchor,
    NodeError,
    PackageMalformed,
    PathRefused,
    ReferenceRefused,
    SignatureInvalid,
    SignatureMissing,
    SignerNotParty,
    StatementsDisagree,
    TimesDisagree,
    TransformRefused,
)
from node.model.document import MediaType
from node.model.envelope import Header, Manifest, Place, Purpose
from node.model.ids import Digest, Leaf, NodeCode, is_node_code
from node.model.receipt import Receipt, Verdict
from node.wire import header_from_bytes, metadata_from_bytes, receipt_from_bytes

_VERDICTS: tuple[tuple[EvidenceVerdict, tuple[type[NodeError], ...]], ...] = (
    (EvidenceVerdict.MISSING, (EntryMissing, SignatureMissing)),
    (EvidenceVerdict.DIGEST, (EntryChanged, SignatureInvalid)),
    (EvidenceVerdict.ALGORITHM, (AlgorithmRefused,)),
    (EvidenceVerdict.COVERAGE, (PathRefused, ReferenceRefused, TransformRefused, StatementsDisagree)),
    (EvidenceVerdict.WRONG_KEY, (SignerNotParty, CertificateRefused)),
    (EvidenceVerdict.UNTRUSTED, (NoAnchor,)),
    (EvidenceVerdict.EXPIRED, (CertificateOutsideValidity,)),
    (EvidenceVerdict.TIME, (TimesDisagree,)),
)
"""What a refusal means for the evidence; every other one means MALFORMED."""

_SALT_BYTES = 32
_PIN = re.compile(r"([A-Z0-9]+):(sign|receipt)=([0-9A-Fa-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pin:
    """The reader knows that the certificate with this SHA-256 is that node's for that role."""

    party: NodeCode
    role: Role
    fingerprint: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """A pin as `CODE:ROLE=SHA256`, with or without colons in the digest as openssl prints it; else ValueError."""
        names, equals, digest = text.partition("=")
        said = _PIN.fullmatch(f"{names}{equals}{digest.replace(':', '')}")
        if said is None or not is_node_code(said[1]):
            raise ValueError("not CODE:ROLE=SHA256")
        return cls(NodeCode(said[1]), Role(said[2]), said[3].lower())


def verify(
    data: bytes,
    anchors: Sequence[Certificate] = (),
    pins: Collection[Pin] = (),
    *,
    anchors_of: Mapping[NodeCode, Sequence[Certificate]] | None = None,
    now: datetime | None = None,
) -> Report:
    """Check an evidence file; nothing is raised, whatever it holds.

    `anchors` are the authorities that vouch for anybody, `anchors_of` those that alone vouch for one node. With `now`,
    times from the future are noticed too.
    """
    record = _Record()
    try:
        _judge(data, _Beliefs(anchors, anchors_of or {}, pins, now), record)
    except NodeError as error:
        record.fail(error)
    return record.report()


def verdict_of(error: NodeError) -> EvidenceVerdict:
    """Which verdict a refusal comes to."""
    return next((verdict for verdict, classes in _VERDICTS if isinstance(error, classes)), EvidenceVerdict.MALFORMED)


@dataclass(frozen=True, slots=True)
class _Beliefs:
    """What the reader brings along."""

    anchors: Sequence[Certificate]
    anchors_of: Mapping[NodeCode, Sequence[Certificate]]
    pins: Collection[Pin]
    now: datetime | None

    def knows(self, certificate: Certificate, party: NodeCode, role: Role) -> bool:
        """Whether the certificate is that party's for that role: pins of theirs decide alone, else its SAN URI."""
        mine = fingerprint(certificate)
        pinned = {pin.fingerprint for pin in self.pins if (pin.party, pin.role) == (party, role)}
        elsewhere = {pin.fingerprint for pin in self.pins} - pinned
        if pinned or mine in elsewhere:
            return mine in pinned
        return party_of(certificate) == (party, role)

    def vouches(self, certificate: Certificate, party: NodeCode, moment: datetime) -> Certificate | None:
        """The authority that issued the party's certificate."""
        return issuer_among(certificate, self.anchors_of.get(party, self.anchors), moment)


class _Record:
    """Collects what the steps come to."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._told: Told | None = None
        self._signers: list[tuple[Signer, Certificate]] = []

    def step(self, name: StepName) -> None:
        """Begin a step; it counts as held unless it fails."""
        self._steps.append(Step(len(self._steps) + 1, name, EvidenceVerdict.OK))

    def fail(self, error: NodeError) -> None:
        """The present step does not hold."""
        self._steps[-1] = replace(self._steps[-1], verdict=verdict_of(error), cause=error)

    def tell(self, told: Told) -> None:
        self._told = told

    def signed(self, part: str, party: NodeCode, role: Role, claimed: ClaimedSignature) -> None:
        self._signers.append((Signer(part, party, role, claimed.fingerprint, claimed.signed_at), claimed.certificate))

    def trust(self, beliefs: _Beliefs) -> None:
        """Name the authority behind every signer; the step fails when one has none, and the others are still named."""
        for position, (signer, certificate) in enumerate(self._signers):
            anchor = beliefs.vouches(certificate, signer.party, signer.signed_at)
            if anchor is None:
                self.fail(NoAnchor(partner=signer.party, role=signer.role))
            else:
                self._signers[position] = (replace(signer, anchor=fingerprint(anchor)), certificate)

    def report(self) -> Report:
        reached = {step.name for step in self._steps}
        open_ = [name for name in StepName if name not in reached]
        steps = [*self._steps, *(Step(len(reached) + at, name, None) for at, name in enumerate(open_, 1))]
        failed = (step.verdict for step in steps if step.verdict is not EvidenceVerdict.OK)
        verdict = next(failed, EvidenceVerdict.OK) or EvidenceVerdict.MALFORMED
        return Report(verdict, tuple(steps), self._told, tuple(signer for signer, _ in self._signers))


def _judge(data: bytes, beliefs: _Beliefs, record: _Record) -> None:
    """All steps in order; raises at the first that does not hold."""
    # 1. It is a container with the entries of an evidence file in their order.
    record.step(StepName.CONTAINER)
    entries = container.read(data)
    proof = proof_of(entries)
    # 2. Every entry has the digest that SHA256SUMS names, and SHA256SUMS names nothing else.
    record.step(StepName.SUMS)
    _require_sums(entries)
    # 3. Written again, the container is the same file: no byte is unprotected.
    record.step(StepName.BYTES)
    if container.write(entries.items()) != data:
        raise PackageMalformed(detail="a byte outside its entries differs")
    # 4. Header, metadata and receipt are in their canonical form.
    record.step(StepName.PARTS)
    header, receipt = _parts(proof)
    signed, present = proof.document_signature is not None, proof.document is not None
    record.tell(Told(header, proof.document_sha256, receipt, signed, present))
    # 5. The sender's sign key signed the seal, which is one of papers from the sender for the recipient.
    record.step(StepName.SEAL)
    sender, recipient = header.sender, header.recipient
    xml, papers, receipts = MediaType.XML, proof.seal, proof.receipt_seal
    part = _Part(SEAL, papers.manifest, xml, papers.signature, sender, Role.SIGN)
    seal = _signature(part, proof, beliefs, record)
    manifest = _manifest(papers.manifest, Purpose.PAPERS, sender, recipient, proof.count)
    # 6. The seal covers this header, these metadata and this document.
    record.step(StepName.PAPER)
    leaf = paper_leaf(proof.header, body_digest_by(proof.salt, proof.metadata, proof.document_sha256))
    _require_place(manifest, leaf, proof.place)
    # 7. The sender's sign key signed the document itself, where that was agreed.
    record.step(StepName.DOCUMENT)
    signatures = [seal]
    if proof.document_signature is not None:
        name, media_type = proof.media_type.file_name, proof.media_type
        content = proof.document if proof.document is not None else proof.document_sha256
        part = _Part(name, content, media_type, proof.document_signature, sender, Role.SIGN, proof.document is None)
        signatures.append(_signature(part, proof, beliefs, record))
    # 8. The recipient's receipt key, which is another key, signed a seal of receipts from the recipient for the sender.
    record.step(StepName.RECEIPT_SEAL)
    part = _Part(RECEIPT_SEAL, receipts.manifest, xml, receipts.signature, recipient, Role.RECEIPT)
    answer = _signature(part, proof, beliefs, record)
    _require_other_key(seal, answer, recipient)
    answers = _manifest(receipts.manifest, Purpose.RECEIPTS, recipient, sender, proof.receipt_count)
    # 9. That seal covers this receipt.
    record.step(StepName.RECEIPT)
    _require_place(answers, receipt_leaf(proof.receipt), proof.receipt_place)
    # 10. The receipt speaks of this paper.
    record.step(StepName.ANSWER)
    _require_answer(receipt, header, leaf)
    # 11. Nothing claims to be earlier than what it follows.
    record.step(StepName.TIMES)
    _require_order(header, receipt, [*signatures, answer], beliefs.now)
    # 12. The given authorities vouch for every signer.
    record.step(StepName.TRUST)
    record.trust(beliefs)


def _require_sums(entries: Mapping[str, bytes]) -> None:
    others = [(name, content) for name, content in entries.items() if name != SUMS]
    lines = set(entries[SUMS].split(b"\n"))
    for entry in others:
        if sums_of([entry]).rstrip(b"\n") not in lines:
            raise EntryChanged(entry=entry[0])
    if sums_of(others) != entries[SUMS]:
        raise PackageMalformed(detail="SHA256SUMS is not in its one form")


def _parts(proof: Proof) -> tuple[Header, Receipt]:
    header, metadata, receipt = (
        header_from_bytes(proof.header),
        metadata_from_bytes(proof.metadata),
        receipt_from_bytes(proof.receipt),
    )
    if metadata.media_type is not proof.media_type:
        raise StatementsDisagree(what="metadata.bin", detail=f"it is about a document of type {metadata.media_type}")
    if len(proof.salt) != _SALT_BYTES:
        raise PackageMalformed(detail=f"salt.bin does not have {_SALT_BYTES} bytes")
    return header, receipt


@dataclass(frozen=True, slots=True)
class _Part:
    """A signed entry: its name, content and type, the signature, and who must have made it with which key.

    `by_digest`: the content is the SHA-256 of an entry that is not there.
    """

    name: str
    content: bytes
    media_type: MediaType
    signature: bytes
    party: NodeCode
    role: Role
    by_digest: bool = False


def _signature(part: _Part, proof: Proof, beliefs: _Beliefs, record: _Record) -> ClaimedSignature:
    """The signature over one entry, proved to be the party's; its certificate must lie in the file."""
    if part.by_digest:
        claimed = verify_claimed_digest(Digest(part.content), part.name, part.media_type, part.signature)
    else:
        claimed = verify_claimed(part.content, part.name, part.media_type, part.signature)
    if not beliefs.knows(claimed.certificate, part.party, part.role):
        raise SignerNotParty(what=part.name, partner=part.party, role=part.role)
    enclosed = {(one.party, one.use.value, fingerprint(one.certificate)) for one in proof.certificates}
    if (part.party, part.role.value, claimed.fingerprint) not in enclosed:
        raise EntryMissing(entry=f"the certificate that signed {part.name}")
    record.signed(part.name, part.party, part.role, claimed)
    return claimed


def _manifest(data: bytes, purpose: Purpose, sender: NodeCode, recipient: NodeCode, count: int) -> Manifest:
    """The manifest, proved to be what its place in the file says."""
    manifest = manifest_from_xml(data)
    if manifest.purpose is not purpose:
        raise StatementsDisagree(what=purpose.file_name, detail=f"it is a seal of {manifest.purpose}")
    if (manifest.sender, manifest.recipient) != (sender, recipient):
        raise StatementsDisagree(what=purpose.file_name, detail="it is between other nodes")
    if manifest.count != count:
        raise StatementsDisagree(what=purpose.file_name, detail="the path file names another count")
    return manifest


def _require_place(manifest: Manifest, leaf: Leaf, place: Place) -> None:
    try:
        root = merkle.root_from_path(leaf, place.leaf_index, manifest.count, place.path)
    except ValueError as error:
        raise PathRefused from error
    if root != manifest.root:
        raise PathRefused


def _require_other_key(seal: ClaimedSignature, answer: ClaimedSignature, recipient: NodeCode) -> None:
    """One key under two names would be one party that answers itself."""
    if public_key_info(seal.certificate) == public_key_info(answer.certificate):
        raise SignerNotParty(what=RECEIPT_SEAL, partner=recipient, role=Role.RECEIPT)


def _require_answer(receipt: Receipt, header: Header, leaf: Leaf) -> None:
    if receipt.message_id != header.message_id:
        raise StatementsDisagree(what="receipt.bin", detail="it has another message id")
    if receipt.leaf != (None if receipt.verdict is Verdict.ABSENT else leaf):
        raise StatementsDisagree(what="receipt.bin", detail="it has the leaf of another paper")


def _require_order(
    header: Header, receipt: Receipt, signatures: Sequence[ClaimedSignature], now: datetime | None
) -> None:
    """Both sides' clocks may differ by five minutes (protocol 2); a document may be signed before its header."""
    seal, *_, answer = signatures
    claims = [
        ("created_at", header.created_at, "the seal's SigningTime", seal.signed_at),
        ("created_at", header.created_at, "received_at", receipt.received_at),
        ("received_at", receipt.received_at, "the receipt seal's SigningTime", answer.signed_at),
    ]
    if now is not None:
        times = [receipt.received_at, *(one.signed_at for one in signatures)]
        claims += [(to_xml(moment), moment, "the present", now) for moment in times]
    for earlier, moment, later, bound in claims:
        if moment > bound + MAX_AHEAD:
            raise TimesDisagree(earlier=earlier, later=later)
