"""Verify: open what may be opened, check digests and signatures, read the paper and judge it under its profile.

What lies inside the leaf and cannot be cured is refused for ever, with all findings; what time, keys or settings
can cure is deferred and may come again (protocol 3).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from node.crypto.boxes import open_body, unwrap_call_key
from node.crypto.seal import body_digest
from node.crypto.verification import (
    VerifiedIssuer,
    VerifiedKeyStatement,
    VerifiedLeaf,
    VerifiedSignature,
    verify_document_signature,
    verify_issuer_signature,
    verify_key_statement,
)
from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.errors import (
    AfterWithdrawal,
    ArrangementSuspended,
    BodyUnopenable,
    CertificateOutsideValidity,
    ChainForeign,
    ChainUnlinked,
    KeyStatementRefused,
    KindUnknown,
    NodeError,
    NotAgreed,
    PaperNumberTaken,
    PaperRefused,
    PredecessorUnknown,
    RecipientKeyUnknown,
    SenderMismatch,
    SignatureError,
    SignatureMissing,
    SignerUnknown,
    SigningTimeAhead,
    SuiteRefused,
    TooLarge,
    Unexpected,
    UploadMissing,
    WireError,
    XmlError,
)
from node.flows import control
from node.flows.admission import issuer_finding
from node.flows.ports import Node
from node.flows.standing import Paper, Rank, Standing
from node.model.document import Document, Finding
from node.model.envelope import Body, Envelope, Header, KeyWrap, Metadata
from node.model.exchange import Assurance
from node.model.ids import NodeCode
from node.model.receipt import (
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    FindingCode,
    KeyStatement,
    Outcome,
    Receipt,
    Verdict,
)
from node.profiles.profile import AgreedKind, IssuerSignature, Profile
from node.store import actors, audit
from node.store.database import Tx
from node.wire import body_from_bytes, metadata_from_bytes

RETRY_HINT_MS = 5_000
"""What a deferred sender is told to wait, milliseconds: long enough to breathe, short enough for an urgent paper."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An envelope whose seal, identities and path hold: authentic, for us, and not yet opened."""

    header: Header
    envelope: Envelope
    sealed: VerifiedLeaf


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter's content, equal to what was sealed, under the agreement that admits it."""

    letter: Letter
    body: Body
    profile: Profile
    agreed: AgreedKind


@dataclass(frozen=True, slots=True)
class Proofs:
    """What was verified about a paper beside its seal."""

    signatures: tuple[VerifiedSignature, ...] = ()
    issuer: VerifiedIssuer | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """A final verdict, to be signed; with `keep` it is stored, together with what arrived."""

    receipt: Receipt
    keep: bool = True
    letter: Letter | None = None
    opened: Opened | None = None
    document: Document | None = None
    metadata: Metadata | None = None
    proofs: Proofs = Proofs()
    paper: Paper | None = None
    standing: Rank | None = None
    statement: VerifiedKeyStatement | None = None


Ruling = Outcome | Ruled


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not taken, for the audit: which id, and the true code that the outside may not hear."""

    message_id: str
    error: NodeError


def verify(
    node: Node,
    caller: NodeCode,
    key: KeyWrap,
    letters: Mapping[int, Letter],
    refusals: list[Refusal],
    now: datetime,
) -> dict[int, Ruling]:
    """A ruling for every letter: agreement, opening, signatures, the paper itself, its place among the others."""
    rulings: dict[int, Ruling] = {}
    agreed = _agreed(node, caller, letters, rulings, refusals, now)
    opened = _open(node, caller, key, agreed, rulings, refusals)
    read: dict[int, Ruled] = {}
    for index, one in opened.items():
        if one.letter.header.kind == control.KEY_STATEMENT:
            rulings[index] = _read_key_statement(node, caller, one, refusals, now)
            continue
        try:
            ruling = _read(node, caller, one, refusals, now)
        except Exception as defect:
            # A defect of ours in judging one paper must not take its neighbours along; the partner may send it again.
            node.report("judgement.defect", partner=caller, error=defect)
            refusals.append(Refusal(one.letter.header.message_id, Unexpected(detail=type(defect).__name__)))
            rulings[index] = Coarse(CoarseReason.TRY_LATER)
            continue
        if isinstance(ruling, Ruled) and ruling.paper is not None:
            read[index] = ruling
        else:
            rulings[index] = ruling
    return rulings | _rank(node, caller, read, refusals)


def _refused(letter: Letter, now: datetime, *findings: Finding) -> Ruled:
    receipt = Receipt(letter.header.message_id, Verdict.REFUSED, now, letter.sealed.leaf, findings)
    return Ruled(receipt, letter=letter)


# --- agreement ------------------------------------------------------------------------------------------------------


def _agreed(
    node: Node,
    caller: NodeCode,
    letters: Mapping[int, Letter],
    rulings: dict[int, Ruling],
    refusals: list[Refusal],
    now: datetime,
) -> dict[int, tuple[Letter, Profile, AgreedKind]]:
    """Kinds nobody agreed are refused before they are opened: there is no need to read what we may not have."""
    admitted: dict[int, tuple[Letter, Profile, AgreedKind]] = {}
    for index, letter in letters.items():
        header = letter.header
        try:
            profile, kind = control.inbound_agreement(node, caller, header.kind, header.kind_version, now)
        except ArrangementSuspended as error:
            rulings[index] = Deferred(DeferredCode.SUSPENDED, RETRY_HINT_MS)
            refusals.append(Refusal(header.message_id, error))
        except NotAgreed as error:
            known = (header.kind, header.kind_version) in CATALOGUE
            code = FindingCode.NOT_AGREED if known else FindingCode.KIND_UNKNOWN
            rulings[index] = _refused(letter, now, Finding(code, "", "no arrangement admits this kind and version"))
            refusals.append(Refusal(header.message_id, error))
        else:
            admitted[index] = (letter, profile, kind)
    return admitted


# --- opening --------------------------------------------------------------------------------------------------------


def _open(
    node: Node,
    caller: NodeCode,
    key: KeyWrap,
    agreed: Mapping[int, tuple[Letter, Profile, AgreedKind]],
    rulings: dict[int, Ruling],
    refusals: list[Refusal],
) -> dict[int, Opened]:
    if not agreed:
        return {}
    try:
        if key.suite not in node.book.partner(caller).trust.suites:
            raise SuiteRefused(suite=key.suite)
        call_key = unwrap_call_key(key, node.keys.decryption, caller, node.code)
    except NodeError as error:
        for index, (letter, _, _) in agreed.items():
            rulings[index] = _ask_anew(node, error)
            refusals.append(Refusal(letter.header.message_id, error))
        return {}
    opened: dict[int, Opened] = {}
    for index, (letter, profile, kind) in agreed.items():
        try:
            opened[index] = Opened(letter, _body(letter, call_key), profile, kind)
        except NodeError as error:
            rulings[index] = _ask_anew(node, error)
            refusals.append(Refusal(letter.header.message_id, error))
    return opened


def _ask_anew(node: Node, error: NodeError) -> Deferred:
    if isinstance(error, RecipientKeyUnknown | SuiteRefused):
        return Deferred(DeferredCode.KEY, RETRY_HINT_MS, node.statement)
    return Deferred(DeferredCode.BODY, RETRY_HINT_MS)


def _body(letter: Letter, call_key: bytes) -> Body:
    """Open, decode, compare with the digest that the seal covers. Raises BodyUnopenable however it fails."""
    try:
        body = body_from_bytes(open_body(letter.envelope.sealed_body, call_key, letter.sealed.leaf))
    except WireError as error:
        raise BodyUnopenable from error
    if body_digest(body.salt, body.metadata, body.document) != letter.envelope.body_digest:
        raise BodyUnopenable
    return body


# --- reading --------------------------------------------------------------------------------------------------------


def _read(node: Node, caller: NodeCode, opened: Opened, refusals: list[Refusal], now: datetime) -> Ruling:
    """Signatures, metadata, the paper, the issuer's signature. Accepted here means: good in itself."""
    letter, body = opened.letter, opened.body
    metadata: Metadata | None = None
    try:
        metadata = metadata_from_bytes(body.metadata)
        _require_size(opened)
        signatures = _signatures(node, caller, opened, metadata, now)
        _require_uploads(metadata)
        document = reader.read(body.document, letter.header.kind, letter.header.kind_version, metadata.media_type)
        issuer = _issuer(node, caller, opened, document, now)
    except SignatureError as error:
        never = _never_readable(opened, metadata)
        refusals.append(Refusal(letter.header.message_id, never or error))
        if never is not None:
            return replace(_refused(letter, now, *_findings(never)), opened=opened, metadata=metadata)
        return Deferred(DeferredCode.SIGNATURE, RETRY_HINT_MS)
    except UploadMissing as error:
        refusals.append(Refusal(letter.header.message_id, error))
        return Deferred(DeferredCode.UPLOAD, RETRY_HINT_MS)
    except NodeError as error:
        refusals.append(Refusal(letter.header.message_id, error))
        return replace(_refused(letter, now, *_findings(error)), opened=opened, metadata=metadata)
    identity = document.reading.identity
    paper = Paper(
        kind=document.kind,
        issuer=identity.issuer,
        number=identity.number,
        version=identity.version,
        document_sha256=document.digest,
        predecessor=metadata.chain.predecessor if metadata.chain is not None else None,
        succeeds=document.reading.succession.number if document.reading.succession is not None else "",
    )
    receipt = Receipt(letter.header.message_id, Verdict.ACCEPTED, now, letter.sealed.leaf)
    return Ruled(
        receipt,
        letter=letter,
        opened=opened,
        document=document,
        metadata=metadata,
        proofs=Proofs(signatures, issuer),
        paper=paper,
    )


def _read_key_statement(node: Node, caller: NodeCode, opened: Opened, refusals: list[Refusal], now: datetime) -> Ruling:
    """A control paper: the partner's own announcement, signed like any document of its own (protocol 2, Keys)."""
    letter, body = opened.letter, opened.body
    metadata: Metadata | None = None
    try:
        metadata = metadata_from_bytes(body.metadata)
        _require_size(opened)
        signatures = _signatures(node, caller, opened, metadata, now)
        statement = KeyStatement(body.document, body.signatures[0])
        verified = verify_key_statement(statement, trust=node.book.partner(caller).trust, now=now)
    except (WireError, KeyStatementRefused, SenderMismatch) as error:
        refusals.append(Refusal(letter.header.message_id, error))
        return replace(_refused(letter, now, *_findings(error)), opened=opened, metadata=metadata)
    except SignatureError as error:
        refusals.append(Refusal(letter.header.message_id, error))
        return Deferred(DeferredCode.SIGNATURE, RETRY_HINT_MS)
    receipt = Receipt(letter.header.message_id, Verdict.ACCEPTED, now, letter.sealed.leaf)
    proofs = Proofs(signatures)
    return Ruled(receipt, letter=letter, opened=opened, metadata=metadata, proofs=proofs, statement=verified)


def _never_readable(opened: Opened, metadata: Metadata | None) -> XmlError | None:
    """Why no new signature can make this document readable: a DTD, say, which also spoils its signature."""
    header = opened.letter.header
    try:
        if metadata is not None:
            reader.read(opened.body.document, header.kind, header.kind_version, metadata.media_type)
    except XmlError as error:
        return error
    except NodeError:
        return None
    return None


def _require_size(opened: Opened) -> None:
    if len(opened.body.document) > opened.agreed.max_bytes:
        raise TooLarge(field="document", limit=f"{opened.agreed.max_bytes} bytes")


def _require_uploads(metadata: Metadata) -> None:
    """Upload is not served yet, so what a paper says lies there cannot be here (protocol 1)."""
    if metadata.attachments:
        raise UploadMissing(sha256=metadata.attachments[0].upload_sha256.hex())


def _findings(error: NodeError) -> tuple[Finding, ...]:
    match error:
        case PaperRefused():
            return error.findings
        case XmlError():
            return (Finding(FindingCode.XML, "", error.code),)
        case TooLarge():
            return (Finding(FindingCode.TOO_LARGE, "", f"at most {error.fields['limit']}"),)
        case KindUnknown():
            return (Finding(FindingCode.KIND_UNKNOWN, "/", "the document is not of the kind its header names"),)
        case WireError():
            return (Finding(FindingCode.METADATA, error.fields.get("field", ""), error.fields.get("rule", error.code)),)
        case _:
            return (Finding(FindingCode.RULE, "", error.code),)


def _signatures(
    node: Node, caller: NodeCode, opened: Opened, metadata: Metadata, now: datetime
) -> tuple[VerifiedSignature, ...]:
    """Every signature that came along must hold; with document assurance there must be one."""
    if opened.agreed.assurance is Assurance.DOCUMENT and not opened.body.signatures:
        raise SignatureMissing(what=metadata.media_type.file_name)
    trust = node.book.partner(caller).trust
    return tuple(
        verify_document_signature(opened.body.document, metadata.media_type, signature, trust=trust, now=now)
        for signature in opened.body.signatures
    )


def _issuer(node: Node, caller: NodeCode, opened: Opened, document: Document, now: datetime) -> VerifiedIssuer | None:
    """The issuing authority's own signature, by the whole-root rule, where one is agreed (protocol 2)."""
    policy, signed = opened.agreed.issuer_signature, document.reading.issuer_signed
    if policy is IssuerSignature.REQUIRED and not signed:
        raise reader.refuse(document.kind, [issuer_finding("the arrangement asks for the issuer's signature")])
    if policy is IssuerSignature.NONE and signed:
        raise reader.refuse(document.kind, [issuer_finding("no arrangement says whose signature this may be")])
    if not signed:
        return None
    issuers = node.book.partner(caller).trust.issuers
    try:
        return verify_issuer_signature(document.content, issuers=issuers, now=now)
    except (SignerUnknown, CertificateOutsideValidity, SigningTimeAhead):
        # Settings or time can cure these: the issuer's certificate may be enrolled tomorrow.
        raise
    except SignatureError as error:
        raise reader.refuse(document.kind, [issuer_finding(error.code)]) from error


# --- standing -------------------------------------------------------------------------------------------------------


def _rank(node: Node, caller: NodeCode, read: Mapping[int, Ruled], refusals: list[Refusal]) -> dict[int, Ruling]:
    """Where each good paper stands among those already accepted, and among those before it in this call."""
    papers = [one.paper for one in read.values() if one.paper is not None]
    if not papers:
        return {}
    standing = node.store.read(lambda tx: Standing.read(tx, caller, papers))
    rulings: dict[int, Ruling] = {}
    for index, one in read.items():
        if one.paper is not None:
            rulings[index] = _ranked(one, one.paper, standing, refusals)
    return rulings


def _ranked(one: Ruled, paper: Paper, standing: Standing, refusals: list[Refusal]) -> Ruling:
    rank = standing.of(paper)
    if error := _OUT_OF_PLACE.get(rank):
        refusals.append(Refusal(one.receipt.message_id, error(number=paper.number)))
    if rank is Rank.ORPHAN:
        return Deferred(DeferredCode.PREDECESSOR, RETRY_HINT_MS)
    if finding := rank.finding:
        refused = replace(one.receipt, verdict=Verdict.REFUSED, findings=(finding,))
        return replace(one, receipt=refused, standing=rank)
    standing.add(paper)
    return replace(one, receipt=replace(one.receipt, already_known=rank is Rank.KNOWN), standing=rank)


_OUT_OF_PLACE: Mapping[Rank, type[NodeError]] = {
    Rank.ORPHAN: PredecessorUnknown,
    Rank.NUMBER_TAKEN: PaperNumberTaken,
    Rank.FOREIGN_CHAIN: ChainForeign,
    Rank.UNLINKED: ChainUnlinked,
    Rank.AFTER_WITHDRAWAL: AfterWithdrawal,
}
"""What the audit says of each rank that is not taken."""


# --- audit ----------------------------------------------------------------------------------------------------------


def audit_refusals(tx: Tx, caller: NodeCode, refusals: Sequence[Refusal], now: datetime) -> None:
    """Who sent what we did not take, and the true reason."""
    if not refusals:
        return
    actor = actors.ensure(tx, caller, actors.ActorKind.PARTNER, now)
    # Without a readable id there is nothing to tell such envelopes apart by: one row says how many there were.
    unreadable = Counter(refusal.error.code for refusal in refusals if not refusal.message_id)
    entries = [(one.message_id, {"code": one.error.code}) for one in refusals if one.message_id]
    entries += [("(unreadable)", {"code": code, "count": str(count)}) for code, count in sorted(unreadable.items())]
    audit.add_all(tx, actor, "refused", entries, now)
