"""VERIFY.txt: how to check this very file with sha256sum, od, xmlsec1 and openssl alone, in words and as commands.

The page is a shell script whose comments are the explanation: verify_page.sh beside this module, with blanks filled in.
What goes into them comes from fields of narrow alphabets (codes, ids, digests, entry names) or is quoted for the shell.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from node.clock import to_ms, to_xml
from node.crypto.claimed import CanonicalParts
from node.crypto.keys import Role
from node.model.envelope import Header
from node.model.ids import Digest, NodeCode
from node.model.receipt import Receipt, Verdict

_TEMPLATE = Path(__file__).with_name("verify_page.sh")

_BLANK = re.compile(r"@([A-Z ]+)@")

_BATCH = "# None: under batch assurance the seal alone covers the document. 無：批次保證僅以封印涵蓋文件。"

_HERE, _GONE = 'digest < "$document"', 'read -r sum _ < document.sha256 && printf %s "$sum"'
"""How the page gets at the document's digest."""

_PURGED = """\
# The document was purged by the node that made this file; document.sha256 names it. Whoever has it puts it here, and it
# is checked too. 文件業經產出節點依保存期限清除，由 document.sha256 指明；持有者將其置於此處即一併查驗。
if [ -e "$document" ]; then
  sha256sum -c document.sha256 || failed "COVERAGE: $document\""""

_PSS = """\
# RSA-PSS, which xmlsec1 before 1.3 does not know: the canonical form of its parts, and openssl.
# xmlsec1 1.3 之前不支援 RSA-PSS：以下為各部分之正規形式，改用 openssl。"""

_ANSWERS = {Verdict.ACCEPTED: "1220${leaf}1801", Verdict.REFUSED: "1220${leaf}1802", Verdict.ABSENT: "1803"}
"""The receipt's leaf and verdict in protobuf's hex (protocol 3); ABSENT carries no leaf."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A file of the evidence and its signature; `parts` are given where xmlsec1 does not know the algorithm (PSS)."""

    file: str
    signature: str
    certificate: str
    party: NodeCode
    role: Role
    signed_at: datetime
    signature_sha256: Digest
    parts: CanonicalParts | None


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one evidence file depends on."""

    header: Header
    receipt: Receipt
    document: str
    seal: Signed
    document_signature: Signed | None
    receipt_seal: Signed
    document_present: bool = True


def verify_page(page: Page) -> str:
    """The page, ended by a line feed."""
    header, receipt = page.header, page.receipt
    blanks = {
        "PAPER": f"{header.kind} {header.kind_version}, {header.sender} -> {header.recipient}",
        "CREATED": to_xml(header.created_at),
        "RECEIVED": to_xml(receipt.received_at),
        "MESSAGE": header.message_id,
        "SENDER": header.sender,
        "RECIPIENT": header.recipient,
        "DOCUMENT": page.document,
        "VERDICT": receipt.verdict.name,
        "ANSWER": _ANSWERS[receipt.verdict],
        "SEAL SIGNATURE": "\n".join(_signature(page.seal)),
        "CONTENT": _HERE if page.document_present else _GONE,
        "DOCUMENT SIGNATURE": "\n".join(_document_signature(page)),
        "RECEIPT SIGNATURE": "\n".join(_signature(page.receipt_seal)),
    }
    return _BLANK.sub(lambda blank: blanks[blank[1]], _TEMPLATE.read_text(encoding="utf-8"))


def _document_signature(page: Page) -> Iterator[str]:
    """The commands for the document's own signature, and for a document that somebody else must bring."""
    signature = page.document_signature
    if page.document_present:
        yield from _signature(signature) if signature else (_BATCH,)
        return
    yield _PURGED
    yield from _signature(signature) if signature else (_BATCH,)
    yield "fi"


def _signature(signed: Signed) -> Iterator[str]:
    """The commands for one signature."""
    yield f"# claimed time 宣稱時間: {to_xml(signed.signed_at)}"
    yield f"certificate {signed.certificate} {signed.party} {signed.role} {to_ms(signed.signed_at) // 1000}"
    if signed.parts is None:
        yield f"signature {signed.file} {signed.signature} {signed.certificate}"
        return
    yield _PSS
    for name, octets in _named(signed.parts):
        yield f"{name}={shlex.quote(octets.decode('utf-8'))}"
    yield f"pss {signed.file} {signed.signature} {signed.certificate} {signed.signature_sha256.hex()}"


def _named(parts: CanonicalParts) -> Iterator[tuple[str, bytes]]:
    yield "info", parts.signed_info
    yield "properties", parts.signed_properties
    yield "key_info", parts.key_info
    yield "value", parts.value.encode("ascii")
