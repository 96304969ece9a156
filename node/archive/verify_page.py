"""VERIFY.txt: how to check this very file with sha256sum, od, xmlsec1 and openssl alone, in words and as commands.

The page is a shell script whose comments are the explanation. Everything that it quotes comes from fields of narrow
alphabets (codes, ids, digests, names of entries) or is quoted for the shell.
"""

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

_BEGINNING = Path(__file__).with_name("verify_page.sh")
"""The commands that are the same for every evidence file."""


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
    signed: tuple[Signed, ...]


def verify_page(page: Page) -> str:
    """The page, ended by a line feed."""
    return "".join([_BEGINNING.read_text(encoding="utf-8"), "\n", *(f"{line}\n" for line in _steps(page))])


def _steps(page: Page) -> Iterator[str]:
    header = page.header
    seal, *document, receipt = page.signed
    yield "# ---- This file 本檔 " + "-" * 78
    yield f"# {header.kind} {header.kind_version}, {header.sender} -> {header.recipient}, {to_xml(header.created_at)}"
    yield f"# receipt 收據: {page.receipt.verdict.name}, {to_xml(page.receipt.received_at)}"
    yield ""
    yield f"message='{header.message_id}' sender='{header.sender}' recipient='{header.recipient}'"
    yield f"document='{page.document}'"
    yield ""
    yield "# 1. No entry was changed by accident. 內容未經意外更動。"
    yield "sha256sum -c SHA256SUMS || failed 'DIGEST: SHA256SUMS'"
    yield ""
    yield "# 2. The sender's sign key signed the seal. 寄件方以簽署金鑰簽署封印。"
    yield from _signature(seal)
    yield ""
    yield "# 3. The seal covers header, metadata and document of this paper. 封印涵蓋本文件之標頭、後設資料與內容。"
    yield "body=$({ octets salt.bin; bytes \"$(digest < metadata.bin)\"; bytes \"$(digest < \"$document\")\"; } | digest)"
    yield "leaf=$({ printf '\\000'; bytes \"$(digest < header.bin)\"; bytes \"$body\"; } | digest)"
    yield 'covers seal.xml papers "$sender" "$recipient" "$(climb path.txt "$leaf")"'
    yield 'starts header.bin "0a24$(code "$message")12$(length "$sender")$(code "$sender")1a$(length "$recipient")' + (
        '$(code "$recipient")22"'
    )
    yield ""
    yield "# 4. The sender's own signature over the document. 寄件方對文件本身之簽章。"
    yield from (_signature(document[0]) if document else (_BATCH,))
    yield ""
    yield "# 5. The recipient's receipt key signed the receipt's seal. 收件方以收據金鑰簽署收據封印。"
    yield from _signature(receipt)
    yield ""
    yield "# 6. That seal covers the receipt, and the receipt names this paper. 該封印涵蓋收據，收據所指即本文件。"
    yield "answer=$({ printf '\\000'; octets receipt.bin; } | digest)"
    yield 'covers receipt-seal.xml receipts "$recipient" "$sender" "$(climb receipt-path.txt "$answer")"'
    yield f'starts receipt.bin "0a24$(code "$message"){_ANSWERS[page.receipt.verdict]}"'
    yield ""
    yield f"printf 'OK: %s, from %s to %s: {page.receipt.verdict.name}\\n' \"$message\" \"$sender\" \"$recipient\""


_BATCH = "# None: under batch assurance the seal alone covers the document. 無：批次保證僅以封印涵蓋文件。"

_ANSWERS = {Verdict.ACCEPTED: "1220${leaf}1801", Verdict.REFUSED: "1220${leaf}1802", Verdict.ABSENT: "1803"}
"""The receipt's leaf and verdict in protobuf's hex (protocol 3); ABSENT carries no leaf."""


def _signature(signed: Signed) -> Iterator[str]:
    moment = to_ms(signed.signed_at) // 1000
    yield f"# claimed time 宣稱時間: {to_xml(signed.signed_at)}"
    yield f"certificate {signed.certificate} {signed.party} {signed.role} {moment}"
    if signed.parts is None:
        yield f"signature {signed.file} {signed.signature} {signed.certificate}"
        return
    yield "# RSA-PSS, which xmlsec1 before 1.3 does not know: the parts in canonical form, and openssl."
    yield "# xmlsec1 1.3 之前不支援 RSA-PSS：以下為各部分之正規形式，改用 openssl。"
    yield f'[ "$(digest < {signed.signature})" = {signed.signature_sha256.hex()} ] || failed "DIGEST: {signed.signature}"'
    for name, octets in _named(signed.parts):
        yield f"{name}={shlex.quote(octets.decode('utf-8'))}"
    yield f"pss {signed.file} {signed.certificate}"


def _named(parts: CanonicalParts) -> Iterator[tuple[str, bytes]]:
    yield "info", parts.signed_info
    yield "properties", parts.signed_properties
    yield "key_info", parts.key_info
    yield "value", parts.value.encode("ascii")
