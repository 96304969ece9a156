"""`n2n exchange`: which papers are on their way, and everything that is known and provable about one of them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.choosing import As, Part, Reason, States, Way
from node.cli.keeping_words import (
    cancellation_data,
    cancellation_lines,
    hold_data,
    keeping_lines,
    purged_data,
    wait_data,
    wait_lines,
)
from node.cli.moments import since
from node.cli.output import Cell, Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import DECISIONS, DIRECTIONS, FACTS, STATES, VERDICTS, Text
from node.clock import SystemClock
from node.errors import Language
from node.model.evidence import EvidenceFact
from node.model.exchange import Exchange, State
from node.model.guarded import GUARDED
from node.model.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.model.document import Finding
    from node.model.ids import ExchangeId
    from node.store.answers import ToldAnswer

app = typer.Typer(no_args_is_help=True, help="Papers on their way. 往來文件。")

PAGE = 50
"""A screenful, unless told otherwise."""

MAX_LISTED = 10_000
"""A list is for reading; more than this is an export of the whole store."""

_ID = Column("id", Text("Exchange", "交換"))
_DIRECTION = Column("direction", Text("Direction", "方向"))
_PARTNER = Column("partner", Text("Partner", "夥伴"))
_KIND = Column("kind", Text("Kind", "種類"))
_NUMBER = Column("number", Text("Number", "編號"))
_STATE = Column("state", Text("State", "狀態"))
_FIRST = Column("first_cause", Text("First cause", "最初原因"))
_CAUSE = Column("last_cause", Text("Last cause", "最近原因"))
_UPDATED = Column("updated_at", Text("Last change", "最近變動"))
_LISTED = (_ID, _DIRECTION, _PARTNER, _KIND, _NUMBER, _STATE, _FIRST, _CAUSE, _UPDATED)

_MOMENT = Column("moment", Text("When", "時間"))
_FACT = Column("fact", Text("What happened", "經過"))
_DIGEST = Column("digest", Text("SHA-256", "SHA-256"))
_DETAIL = Column("detail", Text("Detail", "備註"))
_TIMELINE = (_MOMENT, _FACT, _DIGEST, _DETAIL)

_NONE = Text("No exchange matches.", "沒有符合的交換。")


@command(app, "list")
def list_(
    session: Session,
    partner: Annotated[str | None, typer.Option("--partner", help="Code of the partner. 夥伴代碼。")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="As `n2n kinds` names it. 文件種類。")] = None,
    state: States = None,
    direction: Way = None,
    text: Part = "",
    after: Annotated[
        str | None, typer.Option("--since", help="2026-11-22, a moment, or 30m, 24h, 7d ago. 自何時起。")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MAX_LISTED, help="At most so many. 筆數上限。")] = PAGE,
    as_csv: Annotated[bool, typer.Option("--csv", help="Results as CSV. 以 CSV 輸出。")] = False,
) -> None:
    """List exchanges, newest first. 列出交換，由新至舊。"""
    from node.cli.node_access import list_exchanges

    found = list_exchanges(
        session,
        direction=direction,
        partner=node_code(partner) if partner else None,
        kind=kind,
        states=frozenset(state or ()),
        text=text,
        since=since(after, SystemClock().now()) if after else None,
        limit=limit,
    )
    found = [_listed(one) for one in found]
    if as_csv:
        session.output.csv(_LISTED, [_raw(one) for one in found])
    elif session.as_json:
        session.output.data([_as_data(one) for one in found])
    else:
        session.output.table(_LISTED, [_row(one, session) for one in found], _NONE)


@command(app, "show")
def show(
    session: Session,
    exchange: Annotated[str, typer.Argument(help="Its id, or the beginning of it. 識別碼或其開頭。")],
) -> None:
    """Everything known about one exchange: timeline and receipt. 顯示單一交換的歷程與收據。"""
    from node.cli import use_words
    from node.cli.node_access import everything_about
    from node.cli.use_access import account_of

    known = everything_about(session, exchange)
    account = account_of(session, known.exchange)
    if session.as_json:
        session.output.data(
            {
                **_as_data(known.exchange),
                "timeline": [_fact(one) for one in known.timeline],
                "receipt": _receipt(known.receipt),
                "answer": _answer(known.answer),
                "purged": purged_data(known.tombstone),
                "release": wait_data(known.wait),
                "holds": [hold_data(one) for one in known.holds],
                "certificate": use_words.data_of(account),
                "cancellation": cancellation_data(known.cancellation),
            }
        )
        return
    output, language = session.output, session.language
    output.record(_lines(known.exchange, session))
    output.text("")
    rows: list[tuple[Cell, ...]] = [
        (one.moment, FACTS[one.fact].to(language), one.digest.hex()[:16] if one.digest else "", one.detail)
        for one in known.timeline
    ]
    output.table(_TIMELINE, rows, Text("No timeline.", "沒有歷程。"))
    if known.receipt is not None:
        output.record(_receipt_lines(known.receipt, session))
    if known.answer is not None:
        output.record(_answer_lines(known.answer, session))
    output.record(
        cancellation_lines(known.cancellation) + wait_lines(known.wait) + keeping_lines(known.tombstone, known.holds)
    )
    if account is not None:
        use_words.show(account, session)


_Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Their ids, or the beginnings. 識別碼或其開頭。")]


@command(app, "park")
def park(
    session: Session,
    exchange: _Ids,
    reason: Reason,
) -> None:
    """Stop sending papers until they are resumed. 暫停送出文件，直至恢復。"""
    from node.cli.node_access import park_exchanges

    _moved(session, park_exchanges(session, exchange, reason))


@command(app, "resume")
def resume(
    session: Session,
    exchange: _Ids,
    reason: Reason = "",
) -> None:
    """Put parked papers back on their way, once the cause is cured. 原因排除後，恢復暫停之文件。"""
    from node.cli.node_access import resume_exchanges

    _moved(session, resume_exchanges(session, exchange, reason))


@command(app, "release")
def release(
    session: Session,
    exchange: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it. 識別碼或其開頭。")],
    reason: Reason,
    called: As = None,
) -> None:
    """Release a paper that waits for a second person; not by who handed it in. 放行待第二人放行之文件，送件者除外。"""
    from node.cli.retention_access import release_exchange

    _moved(session, release_exchange(session, exchange, reason, called))


def _moved(session: Session, moved: "Mapping[ExchangeId, State]") -> None:
    if session.as_json:
        session.output.data([{"id": one, "state": state.value} for one, state in moved.items()])
    else:
        session.output.table(
            (_ID, _STATE), [(one, STATES[to].to(session.language)) for one, to in moved.items()], _NONE
        )


def _listed(one: Exchange) -> Exchange:
    """As lists show it: of a guarded paper neither number nor issuer; who needs them asks for it by its id."""
    return replace(one, number="", issuer="") if one.kind in GUARDED else one


def _row(one: Exchange, session: Session) -> tuple[Cell, ...]:
    direction, state = DIRECTIONS[one.direction], STATES[one.state]
    to = session.language
    return (
        one.id,
        direction.to(to),
        one.partner,
        one.kind,
        one.number,
        state.to(to),
        one.first_cause,
        one.last_cause,
        one.updated_at,
    )


def _raw(one: Exchange) -> tuple[Cell, ...]:
    return (
        one.id,
        one.direction.value,
        one.partner,
        one.kind,
        one.number,
        one.state.value,
        one.first_cause,
        one.last_cause,
        one.updated_at,
    )


def _as_data(one: Exchange) -> dict[str, Data]:
    """The whole row, in the names of the model; digests in hex."""
    return {
        "id": one.id,
        "direction": one.direction.value,
        "partner": one.partner,
        "arrangement": one.arrangement,
        "arrangement_version": one.arrangement_version,
        "kind": one.kind,
        "kind_version": one.kind_version,
        "assurance": one.assurance.value,
        "state": one.state.value,
        "priority": one.priority,
        "issuer": one.issuer,
        "number": one.number,
        "version": one.version,
        "document_sha256": one.document_sha256.hex(),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "expires_at": one.expires_at,
        "message_id": one.message_id,
        "leaf": one.leaf.hex() if one.leaf else None,
        "conversation_id": one.conversation_id,
        "refers_to": one.refers_to,
        "first_cause": one.first_cause,
        "last_cause": one.last_cause,
        "follows": one.follows,
        "already_known": one.already_known,
        "idempotency_key": one.idempotency_key,
    }


def _fact(one: EvidenceFact) -> dict[str, Data]:
    digest = one.digest.hex() if one.digest else None
    return {"moment": one.moment, "fact": one.fact.value, "digest": digest, "detail": one.detail}


def _receipt(receipt: Receipt | None) -> dict[str, Data] | None:
    if receipt is None:
        return None
    return {
        "verdict": receipt.verdict.name,
        "received_at": receipt.received_at,
        "already_known": receipt.already_known,
        "findings": [_finding(each) for each in receipt.findings],
    }


def _answer(told: "ToldAnswer | None") -> dict[str, Data] | None:
    if told is None:
        return None
    return {
        "verdict": told.answer.verdict.value,
        "reason_code": told.answer.reason_code,
        "reason_meaning": _meaning(told.answer.reason_code),
        "reason": told.answer.reason,
        "reference": told.answer.reference,
        "carrier": told.stored.carrier,
        "stored_at": told.stored.stored_at,
    }


def _meaning(code: str) -> dict[str, Data] | None:
    """What a reason code of our list means, in both languages; of the agency's own codes nobody can say."""
    if not code:
        return None
    from node.documents.code_lists import meaning  # only an answer with a code needs the lists

    found = meaning("answer_reasons", code)
    return dict(zip((language.value for language in Language), found, strict=True)) if found is not None else None


def _lines(one: Exchange, session: Session) -> list[tuple[Column, Cell]]:
    to = session.language
    lines: list[tuple[Column, Cell]] = [
        (_ID, one.id),
        (_DIRECTION, DIRECTIONS[one.direction].to(to)),
        (_PARTNER, one.partner),
        (Column("arrangement", Text("Arrangement", "協定")), f"{one.arrangement} v{one.arrangement_version}"),
        (_KIND, f"{one.kind} v{one.kind_version}"),
        (Column("issuer", Text("Issuer", "核發機關")), one.issuer),
        (_NUMBER, one.number),
        (_STATE, f"{STATES[one.state].to(to)} ({one.state.value})"),
        (Column("document_sha256", Text("Document SHA-256", "文件 SHA-256")), one.document_sha256.hex()),
        (Column("message_id", Text("Message", "訊息")), one.message_id),
        (_FIRST, one.first_cause),
        (_CAUSE, one.last_cause),
        (Column("created_at", Text("Since", "建立時間")), one.created_at),
        (_UPDATED, one.updated_at),
        (Column("expires_at", Text("Expires", "到期")), one.expires_at),
    ]
    return [(column, cell) for column, cell in lines if cell not in ("", None)]


def _receipt_lines(receipt: Receipt, session: Session) -> list[tuple[Column, Cell]]:
    verdict = f"{VERDICTS[receipt.verdict].to(session.language)} ({receipt.verdict.name})"
    lines: list[tuple[Column, Cell]] = [
        (Column("verdict", Text("Receipt", "收據")), verdict),
        (Column("received_at", Text("Received there", "對方收到時間")), receipt.received_at),
    ]
    finding = Column("finding", Text("Finding", "發現事項"))
    return lines + [
        (finding, f"{each.code} {each.path}: {_reason(each, session.language)}") for each in receipt.findings
    ]


def _finding(one: "Finding") -> dict[str, Data]:
    return {
        "code": one.code,
        "path": one.path,
        "rule": one.rule,
        "reason": {language.value: _reason(one, language) for language in Language},
    }


def _reason(one: "Finding", language: Language) -> str:
    from node.documents.findings import reason  # only a paper with findings needs the rules' texts

    return reason(one.rule)[language]


def _answer_lines(told: "ToldAnswer", session: Session) -> list[tuple[Column, Cell]]:
    answer, meant = told.answer, _meaning(told.answer.reason_code)
    code = answer.reason_code if meant is None else f"{answer.reason_code}: {meant[session.language.value]}"
    lines: list[tuple[Column, Cell]] = [
        (Column("answer", Text("Business answer", "業務回覆")), DECISIONS[answer.verdict].to(session.language)),
        (Column("reason_code", Text("Reason code", "理由代碼")), code),
        (Column("reason", Text("Reason", "理由")), answer.reason),
        (Column("reference", Text("Their file", "案號")), answer.reference),
        (Column("carrier", Text("Carried by", "承載交換")), told.stored.carrier),
    ]
    return [(column, cell) for column, cell in lines if cell != ""]
