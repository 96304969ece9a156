"""`n2n demo`: two countries exchange papers on this machine; one is away for a while, somebody forges."""

from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Cell, Column, Data
from node.cli.register_words import LIVES
from node.cli.session import Session, command
from node.cli.words import STATES, Text
from node.errors import Category, Language
from node.model.certificate import Life

if TYPE_CHECKING:  # the command line starts without it
    from node.sandbox.demo import Crossing
    from node.sandbox.demo_registers import Lookups
    from node.sandbox.demo_uses import Uses

EXIT_NOT_SHOWN = Category.INTERNAL.exit_code
"""A claim of the demonstration did not hold: a defect of ours."""

_KIND = Column("kind", Text("Paper", "文件"))
_NUMBER = Column("number", Text("Number", "編號"))
_WAY = Column("way", Text("Way", "方向"))
_ASSURANCE = Column("assurance", Text("Signed", "簽署方式"))
_STATE = Column("state", Text("State", "狀態"))
_RECEIPT = Column("receipt", Text("Receipt verified", "收據驗證成立"))
_HUB = Column("handed_over", Text("With the hub", "樞紐已接收"))
_PROVED = Column("proved", Text("Evidence verified", "證據查驗成立"))
_COLUMNS = (_KIND, _NUMBER, _WAY, _ASSURANCE, _STATE, _RECEIPT, _HUB, _PROVED)

_WAITED = Column("waited", Text("Waited while the partner was away, then crossed", "夥伴離線時等待、其後送達"))
_REPEATED = Column("repeated", Text("Replayed and answered with the same receipt", "重放後回覆同一收據"))
_REFUSED = Column("refused", Text("Forged and turned away", "偽造並遭拒"))
_USES = Column("uses", Text("Certificate written off, and refused the second time", "證明書核銷、再次使用遭拒"))
_LOOKUPS = Column("lookups", Text("Operator suspended, as the other side's lookup says", "優質企業停權，對方查詢結果"))
_SECONDS = Column("seconds", Text("Seconds", "秒數"))
_FOLDER = Column("folder", Text("Everything lies in", "所有檔案位於"))

_ASSURANCES = {
    "document": Text("each paper, and the batch", "逐份及整批"),
    "batch": Text("the batch", "整批"),
}

_DONE = Text(
    "Every claim held. Look around: n2n exchange list --home {folder}/XA",
    "全部成立。可自行查看：n2n exchange list --home {folder}/XA",
)
_FAILED = Text("Not everything held; the logs are {folder}/*/node.log", "並非全部成立；紀錄位於 {folder}/*/node.log")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo")(demo)


def _told(one: "Crossing") -> dict[str, Data]:
    return {
        "kind": one.kind,
        "direction": f"{one.sender}>{one.recipient}",
        "assurance": one.assurance,
        "state": one.state.value,
        "receipt": one.receipt,
        "evidence": str(one.evidence) if one.proved else None,
        "number": one.number,
        "handed_over": one.handed_over,
    }


def _written_off(uses: "Uses") -> str:
    refused = f"{uses.refused_at_intake}, {uses.refused_by_issuer}"
    return f"{uses.certificate}: {uses.certified} {uses.unit}, {uses.left_there} = {uses.left_here}; {refused}"


def _looked_up(shown: "Lookups", to: Language) -> str:
    told = [
        (Text("before", "停權前"), shown.before),
        (Text("after", "停權後"), shown.after),
        (Text("yesterday", "昨日"), shown.yesterday),
        (Text("the partner's own answer", "夥伴答覆"), shown.by_partner),
    ]
    return f"{shown.operator}: " + "; ".join(f"{when.to(to)} – {_life(status, to)}" for when, status in told)


def _life(status: str, to: Language) -> str:
    return LIVES[Life(status)].to(to) if status in set(Life) else status


def demo(
    session: Session,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="A new or empty folder to keep. 保留於此目錄。")
    ] = None,
) -> None:
    """Show the main job: papers both ways, a decision, a partner away, a replay, forgeries. 示範完整的跨境文件交換。"""
    from node.sandbox.demo import STEPS, run  # brings the whole node

    place = folder or Path(mkdtemp(prefix="n2n-demo-"))
    shown = run(place, lambda step: session.output.say(Text(*(f"· {words}" for words in STEPS[step]))))
    output, to = session.output, session.language
    summary: list[tuple[Column, Cell]] = [
        (_WAITED, shown.waited),
        (_REPEATED, shown.repeated),
        (_REFUSED, shown.refused),
        (_USES, _written_off(shown.uses)),
        (_LOOKUPS, _looked_up(shown.lookups, to)),
    ]
    rest: list[tuple[Column, Cell]] = [(_SECONDS, shown.seconds), (_FOLDER, str(shown.folder))]
    if session.as_json:
        output.line(
            {
                "ok": shown.ok,
                "exchanges": [_told(one) for one in shown.crossings],
                "answers": [_told(one) for one in shown.answers],
                "refused": shown.refused,
                "repeated": shown.repeated,
                "waited": shown.waited,
                "uses": shown.uses.told(),
                "lookups": shown.lookups.told(),
                "seconds": shown.seconds,
                "folder": str(shown.folder),
                "anchors": str(shown.anchors),
            }
        )
    else:
        rows = [
            (
                one.kind,
                one.number,
                f"{one.sender} → {one.recipient}",
                _ASSURANCES[one.assurance].to(to),
                STATES[one.state].to(to),
                one.receipt,
                one.handed_over,
                one.proved,
            )
            for one in (*shown.crossings, *shown.answers)
        ]
        output.table(_COLUMNS, rows, Text("Nothing crossed.", "沒有文件送達。"))
        output.record([*summary, *rest])
    closing = _DONE if shown.ok else _FAILED
    output.say(Text(*(text.format(folder=place) for text in closing)))
    if not shown.ok:
        raise typer.Exit(EXIT_NOT_SHOWN)
