"""What registers say, in both languages, and how their rows are shown and written out."""

from collections.abc import Mapping, Sequence
from datetime import date

from node.cli.output import Cell, Column, Data
from node.cli.words import Text
from node.errors import Language
from node.model.certificate import OPERATOR_LIVES, OPERATORS, Certificate, Life
from node.model.lookup import LookupAnswer, QuantityLeft
from node.model.operator import OperatorState
from node.model.uses import Measure

LIVES: Mapping[Life, Text] = {
    Life.IN_FORCE: Text("in force", "有效"),
    Life.NOT_YET: Text("not yet in force", "尚未生效"),
    Life.EXPIRED: Text("expired", "已逾有效期限"),
    Life.SUSPENDED: Text("suspended", "停權中"),
    Life.REPLACED: Text("replaced by another", "已換發"),
    Life.WITHDRAWN: Text("withdrawn", "已撤回"),
    Life.CANCELLED: Text("cancelled", "已註銷"),
    Life.REVOKED: Text("revoked", "已廢止"),
    Life.CEASED: Text("ceased to exist", "已歇業"),
    Life.MERGED: Text("merged into another", "已併入他公司"),
    Life.UNLISTED: Text("no longer listed", "已不在名單"),
    Life.UNKNOWN: Text("not known", "查無資料"),
}

PARTNER = Column("partner", Text("Partner", "夥伴"))
KIND = Column("kind", Text("Kind", "種類"))
ISSUER = Column("issuer", Text("Issuer", "核發機關"))
NUMBER = Column("number", Text("Number", "編號"))
STATUS = Column("status", Text("Status", "狀態"))
ISSUED = Column("issued", Text("Issued", "核發日期"))
VALID_UNTIL = Column("valid_until", Text("Valid until", "有效期限"))
KNOWN_SINCE = Column("known_since", Text("Known since", "知悉時間"))
STATUS_SINCE = Column("status_since", Text("Status known since", "狀態知悉時間"))
EXCHANGE = Column("exchange", Text("Exchange", "交換"))
CERTIFICATES = (PARTNER, KIND, ISSUER, NUMBER, STATUS, ISSUED, VALID_UNTIL, KNOWN_SINCE, STATUS_SINCE, EXCHANGE)
"""The columns of a certificate, in the table and in the export."""


OPERATOR_COLUMNS = (
    *CERTIFICATES,
    Column("reason", Text("Reason", "原因")),
    Column("name", Text("Name", "名稱")),
    Column("name_local", Text("Local name", "當地文字名稱")),
)
"""The columns of an operator, in the list and in the export."""

Entry = Certificate | OperatorState
"""What a register holds: operators of `aeo_status`, certificates of every other kind."""


def entry_life(one: Entry) -> Life:
    """How it stands."""
    return one.life if isinstance(one, Certificate) else operator_life(one)


def entry_row(one: Entry, status: str) -> tuple[Cell, ...]:
    """The cells of CERTIFICATES or OPERATOR_COLUMNS, with the status in words of the reader's choice."""
    if isinstance(one, Certificate):
        return row_of(one, status)
    return (*operator_row(one, status), one.reason, one.details.name, one.details.name_local)


def entry_data(one: Entry) -> dict[str, Data]:
    """One entry for programs."""
    return data_of(one) if isinstance(one, Certificate) else operator_data(one)


def entry_says(one: Entry, sought: str) -> bool:
    """Whether its number, its issuer or a name contains `sought`, which is in lower case."""
    texts: tuple[str, ...]
    if isinstance(one, Certificate):
        texts = (one.latest.number, one.latest.issuer)
    else:
        texts = (one.certificate_number, one.authority, one.details.name, one.details.name_local)
    return any(sought in text.casefold() for text in texts)


def operator_row(found: OperatorState, status: str) -> tuple[Cell, ...]:
    """The same cells for an operator: it is known from its version on, and its status holds from a moment on."""
    names = (found.partner, OPERATORS, found.authority, found.certificate_number, status)
    days = (_day(found.details.certified_on), _day(found.valid_until))
    return (*names, *days, found.known_from, found.effective, found.exchange)


def operator_data(found: OperatorState) -> dict[str, Data]:
    """An operator for programs."""
    cells = operator_row(found, operator_life(found).value)
    data: dict[str, Data] = {column.key: cell for column, cell in zip(CERTIFICATES, cells, strict=True)}
    named: dict[str, Data] = {"name": found.details.name, "name_local": found.details.name_local}
    return {**data, "in_force": found.in_force, "reason": found.reason, **named}


def operator_life(found: OperatorState) -> Life:
    """How the operator stands, in the words of all registers."""
    return OPERATOR_LIVES[found.status]


LEFT = (
    NUMBER,
    Column("item", Text("Item", "項次")),
    Column("measure", Text("By", "核銷方式")),
    Column("left", Text("Left", "餘額")),
    Column("unit", Text("Unit", "單位")),
)
"""The columns of what is left of certificates."""

MEASURES: Mapping[str, Text] = {Measure.QUANTITY: Text("quantity", "數量"), Measure.VALUE: Text("value", "價值")}


def left_rows(found: Certificate, left: Sequence[QuantityLeft], language: Language) -> list[tuple[Cell, ...]]:
    """What is left of a certificate, item by item."""
    number = found.latest.number
    return [(number, one.item, MEASURES[one.measure].to(language), one.left, one.unit) for one in left]


def left_data(left: Sequence[QuantityLeft]) -> list[Data]:
    """The same for programs."""
    return [{"item": one.item, "measure": one.measure, "unit": one.unit, "left": one.left} for one in left]


def told_lines(told: LookupAnswer, partner: str, language: Language) -> list[tuple[Column, Cell]]:
    """A partner's answer, line by line."""
    known = told.status in set(Life)
    lines: list[tuple[Column, Cell]] = [
        (PARTNER, partner),
        (STATUS, LIVES[Life(told.status)].to(language) if known else told.status),
        (ISSUED, _day(told.valid_from)),
        (VALID_UNTIL, _day(told.valid_until)),
        (STATUS_SINCE, told.status_since),
        (Column("said_at", Text("Said at", "答覆時間")), told.said_at),
    ]
    left = Column("left", Text("Left", "餘額"))
    return [*lines, *((left, f"{one.item}: {one.left} {one.unit}") for one in told.left)]


def told_data(told: LookupAnswer, partner: str, number: int) -> dict[str, Data]:
    """A partner's answer for programs, with the number under which it is kept."""
    return {
        "partner": partner,
        "status": told.status,
        "in_force": told.in_force,
        "valid_from": _day(told.valid_from),
        "valid_until": _day(told.valid_until),
        "status_since": told.status_since,
        "said_at": told.said_at,
        "left": left_data(told.left),
        "lookup": number,
    }


def row_of(found: Certificate, status: str) -> tuple[Cell, ...]:
    """The cells of CERTIFICATES, with the status in words of the reader's choice."""
    last = found.latest
    names = (last.partner, last.kind, last.issuer, last.number, status)
    return (*names, last.issued, last.valid_until, found.first.known_since, found.since, last.exchange)


def data_of(found: Certificate) -> dict[str, Data]:
    """A certificate for programs, without its chain."""
    cells = row_of(found, found.life.value)
    data: dict[str, Data] = {column.key: cell for column, cell in zip(CERTIFICATES, cells, strict=True)}
    return {**data, "in_force": found.in_force}


def with_chain(found: Certificate, left: Sequence[QuantityLeft]) -> dict[str, Data]:
    """A certificate for programs, with every paper of its chain and what is left of it."""
    chain: list[Data] = [
        {
            "number": one.number,
            "version": one.version,
            "issued": one.issued,
            "known_since": one.known_since,
            "exchange": one.exchange,
        }
        for one in found.chain
    ]
    return {**data_of(found), "chain": chain, "left": left_data(left)}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
