"""`n2n paper show FILE|ID`: one paper as officers read it, from a file or from an exchange of the node."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Cell, Column, Data
from node.cli.paper_validate import read_paper
from node.cli.session import Session, command
from node.cli.words import STATES, Text
from node.errors import Language

if TYPE_CHECKING:
    from node.documents.view_parts import View
    from node.documents.views import Item, Value
    from node.flows.examination import Examined
    from node.model.exchange import Exchange

_KIND, _NUMBER, _ACCEPTABLE = Text("Kind", "種類"), Text("Number", "號碼"), Text("Acceptable", "可接受")
_SIGNED = Text("Issuer's signature in it", "文件內含核發機關簽章")
_IN_NODE, _FINDINGS = Text("In this node", "於本節點"), Text("Findings", "事由")
_YES, _NO = Text("yes", "是"), Text("no", "否")
_PURGED = Text(
    "The paper itself was purged; its digest and its proof are kept.", "文件本體已清除，仍保存其雜湊值與證明。"
)
_MEANS = Text("{text} ({meaning})", "{text}（{meaning}）")


@dataclass(frozen=True, slots=True)
class _Line:
    depth: int
    label: str
    text: str


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "show")(show)


def show(
    session: Session,
    paper: Annotated[str, typer.Argument(metavar="FILE|ID", help="A file, or an exchange's id. 檔案或交換識別碼。")],
) -> None:
    """One paper in labelled sections, codes with their meaning. 以分段標示檢視文件，代碼附意義。"""
    exchange: Exchange | None = None
    file = Path(paper)
    if file.exists():
        try:
            content: bytes | None = read_paper(file)
        except OSError as error:
            raise typer.BadParameter(f"{paper}: {error.strerror}", param_hint="FILE") from error
    else:
        from node.cli.node_access import paper_of

        exchange, content = paper_of(session, paper)
    if content is None:
        _show_purged(session, exchange)
        return
    from node.documents.view_parts import view_of
    from node.flows.examination import examine

    view, examined = view_of(content), examine(content)
    if session.as_json:
        session.output.data(_as_data(view, examined, exchange))
        return
    _print(session, view, examined, exchange)


def _show_purged(session: Session, exchange: "Exchange | None") -> None:
    if session.as_json:
        session.output.data({"purged": True, "exchange": _exchange_data(exchange)})
        return
    session.output.say(_PURGED)
    session.output.record([_cell(line) for line in _exchange_lines(exchange, session.language)])


# --- for people -----------------------------------------------------------------------------------------------------


def _print(session: Session, view: "View", examined: "Examined", exchange: "Exchange | None") -> None:
    output, language = session.output, session.language
    output.heading(Text(view.kind.title_en, view.kind.title_zh).to(language))
    lines = [
        _Line(0, _KIND.to(language), f"{view.kind.name} {view.kind.version}"),
        _Line(0, _NUMBER.to(language), examined.number),
        _Line(0, _ACCEPTABLE.to(language), (_YES if examined.ok else _NO).to(language)),
        _Line(0, _SIGNED.to(language), (_YES if view.issuer_signed else _NO).to(language)),
    ]
    output.record([_cell(line) for line in lines])
    for section in view.sections:
        output.heading("")
        output.heading(Text(*section.title).to(language))
        output.record([_cell(line) for line in _lines(section.items, language)])
    if exchange is not None:
        output.heading("")
        output.heading(_IN_NODE.to(language))
        output.record([_cell(line) for line in _exchange_lines(exchange, language)])
    if examined.findings:
        output.heading("")
        output.heading(_FINDINGS.to(language))
        output.record([_cell(_Line(0, one.finding.path or "/", one.reason[language])) for one in examined.findings])


def _cell(line: _Line) -> tuple[Column, Cell]:
    label = f"{'  ' * line.depth}{line.label}"
    return Column(label, Text(label, label)), line.text


def _lines(items: "tuple[Item, ...]", language: Language, depth: int = 0) -> Iterator[_Line]:
    for item in items:
        label = Text(*item.label).to(language)
        attributes = [one for one in item.items if one.name.startswith("@")]
        inner = tuple(one for one in item.items if not one.name.startswith("@"))
        text = " ｜ ".join(_shown(value, language) for value in item.values)
        for one in attributes:
            said = " ｜ ".join(_shown(value, language) for value in one.values)
            known = one.values[0].meaning is not None
            text = f"{text}  {said}" if known else f"{text}  [{Text(*one.label).to(language)}: {said}]"
        yield _Line(depth, label, text.strip())
        yield from _lines(inner, language, depth + 1)


def _shown(value: "Value", language: Language) -> str:
    text = value.text
    if value.meaning is not None:
        meaning = Text(*value.meaning).to(language)
        text = text if meaning == text else _MEANS.to(language).format(text=text, meaning=meaning)
    if value.moment is not None:
        text = f"{local_form(value.moment, language)}  [{text}]"
    return f"{text} [{value.language}]" if value.language else text


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def local_form(moment: datetime | date, language: Language) -> str:
    """A day as people write it; of a moment also the hour with its offset, and the same in UTC."""
    day = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    if language is Language.ZH:
        day = f"{moment.year}年{moment.month}月{moment.day}日"
    if not isinstance(moment, datetime):
        return day
    return f"{day} {moment:%H:%M} {moment:%z} = {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _exchange_lines(exchange: "Exchange | None", language: Language) -> list[_Line]:
    if exchange is None:
        return []
    state = STATES[exchange.state].to(language)
    pairs = (
        (Text("Exchange", "交換"), exchange.id),
        (Text("State", "狀態"), state),
        (Text("Partner", "夥伴"), exchange.partner),
        (Text("Arrangement", "協定"), f"{exchange.arrangement} v{exchange.arrangement_version}"),
        (Text("Kind", "種類"), f"{exchange.kind} {exchange.kind_version}"),
        (Text("Issuer", "核發機關"), exchange.issuer),
        (Text("Number", "號碼"), exchange.number),
        (Text("Version", "版本"), exchange.version),
        (Text("Follows exchange", "承接之交換"), exchange.follows or ""),
        (Text("SHA-256", "SHA-256"), exchange.document_sha256.hex()),
    )
    return [_Line(0, label.to(language), text) for label, text in pairs if text]


# --- for programs ---------------------------------------------------------------------------------------------------


def _as_data(view: "View", examined: "Examined", exchange: "Exchange | None") -> Data:
    return {
        "kind": view.kind.name,
        "kind_version": view.kind.version,
        "title": _pair((view.kind.title_en, view.kind.title_zh)),
        "number": examined.number,
        "ok": examined.ok,
        "issuer_signed": view.issuer_signed,
        "sections": [
            {"title": _pair(section.title), "items": [_item_data(item) for item in section.items]}
            for section in view.sections
        ],
        "findings": [
            {
                "code": one.finding.code,
                "path": one.finding.path,
                "rule": one.finding.rule,
                "severity": one.severity.value,
                "owner": one.owner.value,
                "reason": {language.value: one.reason[language] for language in Language},
            }
            for one in examined.findings
        ],
        "exchange": _exchange_data(exchange),
    }


def _item_data(item: "Item") -> Data:
    return {
        "name": item.name,
        "label": _pair(item.label),
        "values": [
            {
                "text": value.text,
                "lang": value.language or None,
                "meaning": _pair(value.meaning) if value.meaning is not None else None,
                "utc": value.moment.astimezone(UTC) if isinstance(value.moment, datetime) else None,
            }
            for value in item.values
        ],
        "items": [_item_data(one) for one in item.items],
    }


def _exchange_data(exchange: "Exchange | None") -> Data:
    if exchange is None:
        return None
    return {
        "id": exchange.id,
        "state": exchange.state.value,
        "partner": exchange.partner,
        "arrangement": exchange.arrangement,
        "kind": exchange.kind,
        "issuer": exchange.issuer,
        "number": exchange.number,
        "version": exchange.version,
        "follows": exchange.follows,
        "document_sha256": exchange.document_sha256.hex(),
    }


def _pair(pair: tuple[str, str]) -> Data:
    return {Language.EN.value: pair[0], Language.ZH.value: pair[1]}
