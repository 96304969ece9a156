"""`n2n use ID`: a declaration used a certificate of a partner's: write it off, and tell the partner."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.moments import day
from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import STATES, Text
from node.clock import SystemClock
from node.model.uses import Measure

if TYPE_CHECKING:
    from node.cli.use_access import Asked

_ID = Column("id", Text("Exchange", "交換"))
_NUMBER = Column("number", Text("Use", "核銷編號"))
_CERTIFICATE = Column("certificate", Text("Certificate", "證明書"))
_PARTNER = Column("partner", Text("Partner", "夥伴"))
_STATE = Column("state", Text("State", "狀態"))

_ASIDE = Text("Nothing is certified.", "未載可核銷之數量。")

_TAKEN = re.compile(r"(?P<item>[^=@\s]{1,35})=(?P<amount>[0-9]{1,16}([.][0-9]{1,6})?)(@(?P<goods>[1-9][0-9]{0,2}))?")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "use")(use)


def use(
    session: Session,
    exchange: Annotated[
        str, typer.Argument(help="The certificate's exchange, or the beginning of its id. 證明書之交換識別碼。")
    ],
    declaration: Annotated[
        list[str] | None, typer.Option("--declaration", metavar="MRN", help="Who used it. 進口報單號碼。")
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            metavar="ITEM=QUANTITY[@GOODS]",
            help="So much of an item, for a goods item. 項次=數量[@報單項次]。",
        ),
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option("--value", metavar="ITEM=AMOUNT", help="The same by value. 項次=價值。")
    ] = None,
    ucr: Annotated[list[str] | None, typer.Option("--ucr", help="The consignment. 貨物唯一追蹤號碼。")] = None,
    on: Annotated[str, typer.Option("--date", help="2026-11-22, else today. 核銷日期，預設今日。")] = "",
    number: Annotated[str, typer.Option("--number", help="Our number, else one is made. 核銷編號。")] = "",
    withdraw: Annotated[str, typer.Option("--withdraw", metavar="USE", help="Take that use back. 撤銷該筆核銷。")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is taken back. 撤銷理由。")] = "",
    authority: Annotated[str, typer.Option("--authority", help="Its id, else our code. 核銷機關識別碼。")] = "",
    authority_name: Annotated[
        str, typer.Option("--authority-name", help="In Latin letters, else our name. 核銷機關英文名稱。")
    ] = "",
) -> None:
    """Write a certificate off and tell its issuer, or take that back. 核銷證明書並通知核發方，或撤銷核銷。"""
    from node.cli.use_access import Wanted, use_certificate  # brings the whole node
    from node.cli.use_words import BALANCE, balance_rows

    if withdraw and (declaration or item or value or not reason):
        raise typer.BadParameter("--withdraw needs --reason and nothing to use; 撤銷須附理由，且不得另列核銷內容")
    if not withdraw and not (declaration and (item or value)):
        raise typer.BadParameter("needs --declaration and --item or --value; 應載明報單及項次數量或價值")
    wanted = Wanted(
        on=day(on, SystemClock().now()),
        declarations=declaration or (),
        lines=_lines(item or [], value or []),
        ucr=ucr or (),
        number=number,
        withdraw=withdraw,
        reason=reason,
        authority_id=authority,
        authority_name=authority_name,
    )
    certificate, used, balance = use_certificate(session, exchange, wanted)
    state = used.state.value if session.as_json else STATES[used.state].to(session.language)
    session.output.record(
        [
            (_ID, used.id),
            (_NUMBER, used.number),
            (_CERTIFICATE, certificate.number),
            (_PARTNER, used.partner),
            (_STATE, state),
        ]
    )
    session.output.aside(BALANCE, balance_rows(balance, session), _ASIDE)


def _lines(items: list[str], values: list[str]) -> "list[Asked]":
    """Quantities and values of the same item for the same goods item stand on one line."""
    from node.cli.use_access import Asked

    found: dict[tuple[str, int | None], dict[Measure, str]] = {}
    for measure, texts in ((Measure.QUANTITY, items), (Measure.VALUE, values)):
        for text in texts:
            taken = _TAKEN.fullmatch(text)
            if taken is None:
                raise typer.BadParameter(f"{text!r}: ITEM=AMOUNT, as 1=120 or 2=5.5@3; 格式如 1=120 或 2=5.5@3")
            key = (taken["item"], int(taken["goods"]) if taken["goods"] else None)
            amounts = found.setdefault(key, {})
            if measure in amounts:
                raise typer.BadParameter(f"{text!r}: named twice; 重複列載")
            amounts[measure] = taken["amount"]
    return [Asked(item, amounts, goods) for (item, goods), amounts in found.items()]
