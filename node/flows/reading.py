"""Reading an opened letter: its signatures, its metadata, the paper in it. Good here means: good in itself."""

from dataclasses import replace
from datetime import datetime

from node.crypto.verification import (
    VerifiedIssuer,
    VerifiedSignature,
    verify_document_signature,
    verify_issuer_signature,
    verify_key_statement,
)
from node.documents import reader
from node.errors import (
    AnswerMalformed,
    CertificateOutsideValidity,
    JsonError,
    KeyStatementRefused,
    KindUnknown,
    NodeError,
    PaperRefused,
    SenderMismatch,
    SignatureError,
    SignatureMissing,
    SignerUnknown,
    SigningTimeAhead,
    TooLarge,
    UploadMissing,
    WireError,
    XmlError,
)
from node.flows import attaching
from node.flows.admission import issuer_finding
from node.flows.kept_until import require_day
from node.flows.ports import Node
from node.flows.rulings import RETRY_HINT_MS, Opened, Proofs, Refusal, Ruled, Ruling, refused
from node.flows.standing import Paper
from node.model.document import Document, Finding
from node.model.envelope import Metadata
from node.model.exchange import Assurance
from node.model.ids import NodeCode
from node.model.receipt import (
    Deferred,
    DeferredCode,
    FindingCode,
    KeyStatement,
    Receipt,
    Verdict,
)
from node.profiles.profile import IssuerSignature
from node.wire import metadata_from_bytes


def read_paper(node: Node, caller: NodeCode, opened: Opened, refusals: list[Refusal], now: datetime) -> Ruling:
    """Signatures, metadata, the paper, the issuer's signature. Accepted here means: good in itself."""
    letter, body = opened.letter, opened.body
    metadata: Metadata | None = None
    try:
        metadata = metadata_from_bytes(body.metadata)
        require_size(opened)
        signatures = own_signatures(node, caller, opened, metadata, now)
        attaching.require(node, caller, metadata, opened.agreed)
        header, terms = letter.header, opened.agreed.terms
        document = reader.read(body.document, header.kind, header.kind_version, metadata.media_type, terms)
        require_day(document, opened.agreed, now)
        issuer = _issuer(node, caller, opened, document, now)
    except SignatureError as error:
        return refusal(opened, metadata, _never_readable(opened, metadata) or error, refusals, now)
    except NodeError as error:
        return refusal(opened, metadata, error, refusals, now)
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
    receipt = Receipt(letter.header.message_id, Verdict.ACCEPTED, now, letter.sealed.leaf, document.remarks)
    return Ruled(
        receipt,
        letter=letter,
        opened=opened,
        document=document,
        metadata=metadata,
        proofs=Proofs(signatures, issuer),
        paper=paper,
    )


def read_key_statement(node: Node, caller: NodeCode, opened: Opened, refusals: list[Refusal], now: datetime) -> Ruling:
    """A control paper: the partner's own announcement, signed like any document of its own (protocol 2, Keys)."""
    letter, body = opened.letter, opened.body
    metadata: Metadata | None = None
    try:
        metadata = metadata_from_bytes(body.metadata)
        require_size(opened)
        signatures = own_signatures(node, caller, opened, metadata, now)
        statement = KeyStatement(body.document, body.signatures[0])
        verified = verify_key_statement(statement, trust=node.book.partner(caller).trust, now=now)
    except (WireError, SignatureError, SenderMismatch) as error:
        return refusal(opened, metadata, error, refusals, now)
    receipt = Receipt(letter.header.message_id, Verdict.ACCEPTED, now, letter.sealed.leaf)
    proofs = Proofs(signatures)
    return Ruled(receipt, letter=letter, opened=opened, metadata=metadata, proofs=proofs, statement=verified)


def refusal(
    opened: Opened, metadata: Metadata | None, error: NodeError, refusals: list[Refusal], now: datetime
) -> Ruling:
    """What becomes of a paper that could not be read, noted in `refusals`: refused for ever, or deferred if curable."""
    refusals.append(Refusal(opened.letter.header.message_id, error))
    match error:
        case KeyStatementRefused():
            # What it announces is wrong in itself; a new signature does not cure that.
            pass
        case SignatureError():
            return Deferred(DeferredCode.SIGNATURE, RETRY_HINT_MS)
        case UploadMissing():
            return Deferred(DeferredCode.UPLOAD, RETRY_HINT_MS)
    return replace(refused(opened.letter, now, *findings_of(error)), opened=opened, metadata=metadata)


def _never_readable(opened: Opened, metadata: Metadata | None) -> XmlError | JsonError | None:
    """Why no new signature can make this document readable: a DTD, say, which also spoils its signature."""
    header = opened.letter.header
    try:
        if metadata is not None:
            reader.read(opened.body.document, header.kind, header.kind_version, metadata.media_type)
    except (XmlError, JsonError) as error:
        return error
    except NodeError:
        return None
    return None


def require_size(opened: Opened) -> None:
    """Raise TooLarge when the document is larger than was agreed for its kind."""
    if len(opened.body.document) > opened.agreed.max_bytes:
        raise TooLarge(field="document", limit=f"{opened.agreed.max_bytes} bytes")


def findings_of(error: NodeError) -> tuple[Finding, ...]:
    """What a final refusal for `error` tells the sender: codes and rules, never values."""
    match error:
        case PaperRefused():
            return error.findings
        case XmlError():
            return (Finding(FindingCode.XML, "", error.code),)
        case JsonError():
            return (Finding(FindingCode.JSON, "", error.code),)
        case TooLarge():
            return (Finding(FindingCode.TOO_LARGE, "", f"at most {error.fields['limit']}"),)
        case AnswerMalformed():
            return (Finding(FindingCode.SCHEMA, f"/{error.fields['field']}", error.fields["rule"]),)
        case KindUnknown():
            return (Finding(FindingCode.KIND_UNKNOWN, "/", "the document is not of the kind its header names"),)
        case WireError():
            return (Finding(FindingCode.METADATA, error.fields.get("field", ""), error.fields.get("rule", error.code)),)
        case _:
            return (Finding(FindingCode.RULE, "", error.code),)


def own_signatures(
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
