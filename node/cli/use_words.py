"""What the command line says of certificates that are used."""

from typing import TYPE_CHECKING

from node.cli.output import Cell, Column, Data
from node.cli.session import Session
from node.cli.words import Text
from node.model.uses import Balance, Life, Measure, plain

if TYPE_CHECKING:
    from node.store.uses import Account

LIVES = {
    Life.IN_FORCE: Text("in force", "有效"),
    Life.WITHDRAWN: Text("withdrawn by its issuer: it cannot be used any more", "核發機關已撤回，不得再使用"),
    Life.REPLACED: Text("replaced: use the one in its place", "已換發取代，請使用新證明書"),
    Life.CLOSED: Text("never reached the partner", "未送達夥伴"),
}
MEASURES = {Measure.QUANTITY: Text("quantity", "數量"), Measure.VALUE: Text("value", "價值")}

_ITEM = Column("item", Text("Item", "項次"))
_MEASURE = Column("measure", Text("By", "核銷依據"))
_UNIT = Column("unit", Text("Unit", "單位"))
_CERTIFIED = Column("certified", Text("Certified", "證明"))
_USED = Column("used", Text("Used", "已核銷"))
_LEFT = Column("left", Text("Left", "餘額"))
BALANCE = (_ITEM, _MEASURE, _UNIT, _CERTIFIED, _USED, _LEFT)

_NUMBER = Column("number", Text("Use", "核銷編號"))
_AUTHORITY = Column("authority", Text("Authority", "核銷機關"))
_STANDS = Column("counts", Text("Counts", "計入"))
_EXCHANGE = Column("exchange", Text("Exchange", "交換"))
USES = (_NUMBER, _AUTHORITY, _STANDS, _EXCHANGE)

NOTHING_CERTIFIED = Text("It certifies nothing that could be written off.", "未載可核銷之數量。")
NOT_USED = Text("Not used yet.", "尚未核銷。")


def balance_rows(balance: Balance, session: Session) -> list[tuple[Cell, ...]]:
    """The rows of BALANCE."""
    return [
        (
            one.item,
            MEASURES[one.measure].to(session.language),
            one.unit,
            plain(one.certified),
            plain(one.used),
            plain(one.left),
        )
        for one in balance.items
    ]


def show(account: "Account", session: Session) -> None:
    """The account of a certificate, for people."""
    output, balance = session.output, account.balance
    lines: list[tuple[Column, Cell]] = [
        (Column("life", Text("Certificate", "證明書")), LIVES[balance.life].to(session.language))
    ]
    if account.ended_by is not None:
        lines.append((Column("ended_by", Text("Ended by", "終止於交換")), account.ended_by))
    output.record(lines)
    output.table(BALANCE, balance_rows(balance, session), NOTHING_CERTIFIED)
    uses: list[tuple[Cell, ...]] = [(one.number, one.authority, one.counts, one.exchange) for one in account.uses]
    output.table(USES, uses, NOT_USED)


def data_of(account: "Account | None") -> Data:
    """The same for programs; null for a paper that is no certificate."""
    if account is None:
        return None
    from node.cli.use_access import in_digits

    items: list[Data] = [dict(one) for one in in_digits(account.balance)]
    return {
        "life": account.balance.life.value,
        "ended_by": account.ended_by,
        "valid_until": account.balance.valid_until.isoformat() if account.balance.valid_until is not None else None,
        "items": items,
        "uses": [
            {
                "number": one.number,
                "authority": one.authority,
                "counts": one.counts,
                "being_taken_back": one.counts and one.withdrawal is not None,
                "certificate": one.certificate.number,
                "exchange": one.exchange,
            }
            for one in account.uses
        ],
    }
