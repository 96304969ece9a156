"""`n2n evidence`: one paper with all that proves its journey, as a file; and what such a file is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.evidence_words import STEPS, VERDICTS
from node.cli.failure import as_data
from node.cli.output import Cell, Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import VERDICTS as ANSWERS
from node.cli.words import Text
from node.clock import SystemClock

if TYPE_CHECKING:  # the command line starts without them
    from node.archive.check import Pin
    from node.archive.report import Report, Signer, Step, Told
    from node.crypto.claimed import Certificate
    from node.model.ids import NodeCode

app = typer.Typer(no_args_is_help=True, help="Proof that outlives the node. 可長久保存的證據。")

_ID = Column("id", Text("Exchange", "交換"))
_FILE = Column("file", Text("File", "檔案"))
_SIZE = Column("bytes", Text("Bytes", "位元組"))
_SHA256 = Column("sha256", Text("SHA-256", "SHA-256"))
_EXPORTED = (_ID, _FILE, _SIZE, _SHA256)

_NUMBER = Column("number", Text("#", "#"))
_STEP = Column("step", Text("What is checked", "查驗事項"))
_RESULT = Column("result", Text("Result", "結果"))
_WHY = Column("why", Text("Why", "原因"))
_STEPS = (_NUMBER, _STEP, _RESULT, _WHY)

_SIGNED = Column("signed", Text("Signed", "所簽部分"))
_BY = Column("by", Text("By", "簽署者"))
_CERTIFICATE = Column("certificate", Text("SHA-256 of its certificate", "憑證 SHA-256"))
_CLAIMED = Column("claimed_time", Text("Claimed time", "宣稱時間"))
_AUTHORITY = Column("authority", Text("SHA-256 of the authority", "憑證機構 SHA-256"))
_SIGNERS = (_SIGNED, _BY, _CERTIFICATE, _CLAIMED, _AUTHORITY)

_NOT_REACHED = Text("not reached", "未執行")
_PURGED = Text(
    "The document was purged before this file was made; everything was judged by its SHA-256. Whoever kept the "
    "document makes a file with it: n2n evidence export ID --document FILE.",
    "產出前文件已清除，均以其 SHA-256 判定；保有文件者可據以產出完整證據：n2n evidence export ID --document FILE。",
)
_NOTE = Text(
    "Certificates were judged at the times their signers claim: the file holds no time stamps. "
    "Revocation was not judged.",
    "憑證依簽署者宣稱之時間判定：檔案內無時戳；未查驗廢止狀態。",
)


@command(app, "export")
def export(
    session: Session,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Exchanges, or beginnings of ids. 交換識別碼。")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to. 輸出目錄。")] = Path(),
    document: Annotated[
        Path | None,
        typer.Option(
            "--document", metavar="FILE", help="The document itself, where the node purged it. 已清除之文件。"
        ),
    ] = None,
) -> None:
    """Write each exchange's evidence file. 產出各交換的證據檔。"""
    from node.cli.node_access import export_evidence
    from node.model.ids import sha256

    if document is not None and len(ids) != 1:
        raise typer.BadParameter("one exchange at a time; 一次一筆交換", param_hint="--document")
    given = None if document is None else _read(document)
    rows: list[tuple[Cell, ...]] = []
    for exchange, data in export_evidence(session, ids, given):
        path = out / f"{exchange}.asice"
        _write(path, data)
        rows.append((exchange, str(path), len(data), sha256(data).hex()))
    session.output.table(_EXPORTED, rows, Text("Nothing was exported.", "未產出檔案。"))


@command(app, "verify")
def verify(
    session: Session,
    file: Annotated[Path, typer.Argument(help="An evidence file. 證據檔。")],
    anchors: Annotated[
        list[str] | None,
        typer.Option(
            "--anchors",
            metavar="[CODE=]PEM",
            help="The authorities' certificates, got from them; CODE= for one node alone. 憑證機構憑證，可限定節點。",
        ),
    ] = None,
    pins: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="CODE:ROLE=SHA256", help="A certificate known to be that node's. 已知憑證。"),
    ] = None,
) -> None:
    """Check an evidence file; needs no node and no network. 查驗證據檔，無須節點與網路。"""
    from node.archive import check

    general, own = _anchors(anchors or [])
    report = check.verify(
        _read(file), general, [_pin(text) for text in pins or []], anchors_of=own, now=SystemClock().now()
    )
    if session.as_json:
        session.output.data(_report(report))
    else:
        _show(session, report)
    if (category := report.verdict.category) is not None:
        raise typer.Exit(category.exit_code)


def _show(session: Session, report: "Report") -> None:
    output, to = session.output, session.language
    rows: list[tuple[Cell, ...]] = [
        (
            step.number,
            STEPS[step.name.value].to(to),
            step.verdict.value if step.verdict else _NOT_REACHED.to(to),
            f"{step.cause.code} {step.cause.message(to)}" if step.cause else "",
        )
        for step in report.steps
    ]
    output.table(_STEPS, rows, _NOT_REACHED)
    if report.signers:
        output.table(_SIGNERS, [_signer_row(one) for one in report.signers], _NOT_REACHED)
    if report.ok and report.told:
        output.record(_told_lines(report.told, session))
    output.text(f"\n{report.verdict.value}: {VERDICTS[report.verdict.value].to(to)}")
    for step in report.steps:
        if step.cause and (remedy := step.cause.next_step(to)):
            output.say(remedy)
    if report.told is not None and not report.told.document_present:
        output.say(_PURGED)
    output.say(_NOTE)


def _signer_row(one: "Signer") -> tuple[Cell, ...]:
    return one.part, f"{one.party} {one.role}", one.fingerprint, one.signed_at, one.anchor


def _told_lines(told: "Told", session: Session) -> list[tuple[Column, Cell]]:
    header, receipt, to = told.header, told.receipt, session.language
    answer = f"{ANSWERS[receipt.verdict].to(to)} ({receipt.verdict.name})"
    finding = Column("finding", Text("Finding", "發現事項"))
    return [
        (Column("message_id", Text("Message", "訊息")), header.message_id),
        (Column("sender", Text("Sender", "寄件方")), header.sender),
        (Column("recipient", Text("Recipient", "收件方")), header.recipient),
        (Column("kind", Text("Kind", "種類")), f"{header.kind} v{header.kind_version}"),
        (Column("document_sha256", Text("Document SHA-256", "文件 SHA-256")), told.document_sha256.hex()),
        (Column("document_present", Text("Document in the file", "檔案含文件")), told.document_present),
        (Column("document_signed", Text("Document signed by itself", "文件本身已簽章")), told.document_signed),
        (Column("created_at", Text("Created", "建立時間")), header.created_at),
        (Column("receipt", Text("Receipt", "收據")), answer),
        (Column("received_at", Text("Received", "收到時間")), receipt.received_at),
        *((finding, f"{each.code} {each.path}: {each.rule}") for each in receipt.findings),
    ]


def _report(report: "Report") -> dict[str, Data]:
    return {
        "verdict": report.verdict.value,
        "ok": report.ok,
        "steps": [_step(step) for step in report.steps],
        "signers": [_signer(one) for one in report.signers],
        "told": _told(report.told) if report.told else None,
        "judged": {"certificates_at": "claimed signing time", "time_stamps": False, "revocation": False},
    }


def _step(step: "Step") -> dict[str, Data]:
    return {
        "number": step.number,
        "step": step.name.value,
        "verdict": step.verdict.value if step.verdict else None,
        "error": as_data(step.cause) if step.cause else None,
    }


def _signer(one: "Signer") -> dict[str, Data]:
    return {
        "part": one.part,
        "party": one.party,
        "role": one.role.value,
        "certificate_sha256": one.fingerprint,
        "claimed_time": one.signed_at,
        "anchor_sha256": one.anchor,
    }


def _told(told: "Told") -> dict[str, Data]:
    header, receipt = told.header, told.receipt
    return {
        "message_id": header.message_id,
        "sender": header.sender,
        "recipient": header.recipient,
        "kind": header.kind,
        "kind_version": header.kind_version,
        "created_at": header.created_at,
        "expires_at": header.expires_at,
        "document_sha256": told.document_sha256.hex(),
        "document_present": told.document_present,
        "document_signed": told.document_signed,
        "receipt": {
            "verdict": receipt.verdict.name,
            "received_at": receipt.received_at,
            "already_known": receipt.already_known,
            "findings": [{"code": each.code, "path": each.path, "rule": each.rule} for each in receipt.findings],
        },
    }


def _anchors(
    given: Sequence[str],
) -> "tuple[tuple[Certificate, ...], Mapping[NodeCode, tuple[Certificate, ...]]]":
    """Authorities for everybody, and those for one node alone."""
    from node.crypto.trust import load_certificates

    general: tuple[Certificate, ...] = ()
    own: dict[NodeCode, tuple[Certificate, ...]] = {}
    for each in given:
        code, equals, path = each.partition("=")
        if equals and not Path(each).exists():
            party = node_code(code)
            own[party] = (*own.get(party, ()), *load_certificates(Path(path)))
        else:
            general = (*general, *load_certificates(Path(each)))
    return general, own


def _pin(text: str) -> "Pin":
    from node.archive.check import Pin

    try:
        return Pin.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: CODE:sign=SHA256 or CODE:receipt=SHA256", param_hint="--pin") from error


def _read(path: Path) -> bytes:
    from node.archive.container import MAX_FILE_BYTES
    from node.errors import EvidenceFileUnusable

    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)  # one more than is allowed, so that the check refuses it
    except OSError as error:
        raise EvidenceFileUnusable(path=path, detail=error.strerror or "it cannot be read") from error


def _write(path: Path, data: bytes) -> None:
    """Create the file and never overwrite one; the same bytes that are there already are fine."""
    from node.errors import EvidenceFileUnusable

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:  # refuses whatever has the name already, symbolic links included
                file.write(data)
        except FileExistsError:
            if path.is_symlink() or path.read_bytes() != data:
                raise
    except OSError as error:
        raise EvidenceFileUnusable(path=path, detail=error.strerror or "it cannot be written") from error
