"""`n2n retention`: how long documents are kept, purging what is over, and legal holds that keep what must stay."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.choosing import As, Ids, Kind, Part, Partner, Reason, States, Way
from node.cli.keeping_words import hold_data
from node.cli.moments import until as until_
from node.cli.output import Cell, Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text

if TYPE_CHECKING:  # the command line starts without them
    from node.cli.retention_access import Kept
    from node.store.holds import Hold

app = typer.Typer(no_args_is_help=True, help="Keeping and forgetting documents. 文件之保存、清除與保全。")

_PARTNER = Column("partner", Text("Partner", "夥伴"))
_ARRANGEMENT = Column("arrangement", Text("Arrangement", "協定"))
_KIND = Column("kind", Text("Kind", "種類"))
_RULE = Column("rule", Text("Kept for", "保存期限"))
_KEPT = Column("kept", Text("Kept", "保存中"))
_DUE = Column("due", Text("Due to go", "已屆期"))
_HELD = Column("held", Text("Under a hold", "保全中"))
_PURGED = Column("purged", Text("Purged", "已清除"))
_LOTS = (_PARTNER, _ARRANGEMENT, _KIND, _RULE, _KEPT, _DUE, _HELD, _PURGED)

_NUMBER = Column("hold", Text("Hold", "保全令"))
_PLACED = Column("placed_at", Text("Placed", "發出時間"))
_BY = Column("placed_by", Text("By", "發出者"))
_REASON = Column("reason", Text("Reason", "事由"))
_UNTIL = Column("until", Text("Until", "至"))
_PAPERS = Column("papers", Text("Documents", "文件數"))
_RELEASED = Column("released_at", Text("Released", "解除時間"))
_RELEASED_BY = Column("released_by", Text("By", "解除者"))
_RELEASE_REASON = Column("release_reason", Text("Why released", "解除事由"))
_HOLDS = (_NUMBER, _PLACED, _BY, _REASON, _UNTIL, _PAPERS, _RELEASED, _RELEASED_BY, _RELEASE_REASON)

_NOTHING = Text("Nothing is agreed and nothing is stored.", "尚無協定，亦無文件。")
_NO_HOLDS = Text("There is no legal hold.", "無保全令。")


@command(app, "show")
def show(session: Session) -> None:
    """Show how long documents are kept, how many are, and how many are due. 顯示保存期限與數量。"""
    from node.cli.retention_access import kept

    _lots(session, kept(session))


@command(app, "purge")
def purge(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go. 僅試算。")] = False,
) -> None:
    """Purge documents whose time is over now, as the node does every hour; the proof stays. 立即清除已屆期文件。"""
    from node.cli.retention_access import kept
    from node.cli.retention_access import purge as purge_all

    before = kept(session)
    due = sum(one.due for one in before)
    if dry_run:
        _lots(session, [one for one in before if one.due])
        return
    with _bar(session, due) as progress:
        gone = purge_all(session, progress)
    if session.as_json:
        session.output.data({"purged": gone, "held": sum(one.held for one in before)})
    else:
        session.output.say(Text(f"{gone} documents were purged.", f"已清除 {gone} 份文件。"))


@command(app, "hold")
def hold(
    session: Session,
    reason: Reason,
    exchange: Ids = None,
    partner: Partner = None,
    kind: Kind = None,
    state: States = None,
    direction: Way = None,
    text: Part = "",
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Last day, else until released. 末日，未給定則至解除。")
    ] = None,
    called: As = None,
) -> None:
    """Keep the documents of exchanges, whatever their retention says. 保全文件，不論其保存期限。

    Those that match now are held, not those to come. 僅保全目前符合者。
    """
    from node.cli.retention_access import place_hold
    from node.store.queries import ExchangeFilter

    wanted = None
    if any((partner, kind, state, direction, text)):
        code = node_code(partner) if partner else None
        wanted = ExchangeFilter(direction, code, kind, frozenset(state or ()), text)
    ends_at = until_(until) if until else None
    _holds(
        session, [place_hold(session, exchange or (), wanted, reason=reason, ends_at=ends_at, called=called)], one=True
    )


@command(app, "release")
def release(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="HOLD", min=1, help="The hold's number. 保全令號。")],
    reason: Reason,
    called: As = None,
) -> None:
    """End a legal hold; another person than the one who placed it. 解除保全令，須由發出者以外之人為之。"""
    from node.cli.retention_access import release_hold

    _holds(session, [release_hold(session, number, reason, called)], one=True)


@command(app, "holds")
def holds(
    session: Session,
    ended: Annotated[bool, typer.Option("--all", help="Also those that are over. 含已解除或屆期者。")] = False,
) -> None:
    """List legal holds. 列出保全令。"""
    from node.cli.retention_access import all_holds

    _holds(session, all_holds(session, ended=ended))


def _lots(session: Session, lots: "list[Kept]") -> None:
    if session.as_json:
        session.output.data([_lot(one) for one in lots])
        return
    rows: list[tuple[Cell, ...]] = [
        (one.lot.partner, one.lot.arrangement, one.lot.kind, _rule(one, session), *_counts(one)) for one in lots
    ]
    session.output.table(_LOTS, rows, _NOTHING)


def _counts(one: "Kept") -> tuple[int, int, int, int]:
    return one.kept, one.due, one.held, one.purged


def _lot(one: "Kept") -> dict[str, Data]:
    terms = one.terms
    return {
        "partner": one.lot.partner,
        "arrangement": one.lot.arrangement,
        "kind": one.lot.kind,
        "days_after_end": None if terms is None else terms.days_after_end,
        "days_after_valid_until": None if terms is None else terms.days_after_valid_until,
        "node_days": one.default_days if terms is None else None,
        "kept": one.kept,
        "due": one.due,
        "held": one.held,
        "purged": one.purged,
    }


def _rule(one: "Kept", session: Session) -> str:
    terms = one.terms
    if terms is None:
        days = one.default_days
        return Text(f"{days} days (the node's)", f"{days} 日（節點預設）").to(session.language)
    parts = [
        (terms.days_after_end, Text("{} days after the end", "結束後 {} 日")),
        (terms.days_after_valid_until, Text("{} days after its validity", "效期後 {} 日")),
    ]
    joint = Text(", the later", "，取較晚者").to(session.language) if None not in (days for days, _ in parts) else ""
    return "; ".join(text.to(session.language).format(days) for days, text in parts if days is not None) + joint


def _holds(session: Session, found: "list[Hold]", *, one: bool = False) -> None:
    if session.as_json:
        told = [hold_data(each) for each in found]
        session.output.data(told[0] if one else told)
        return
    session.output.table(_HOLDS, [tuple(hold_data(each).values()) for each in found], _NO_HOLDS)


@contextmanager
def _bar(session: Session, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar for a person at a terminal; programs and files are spared it."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)
