"""What registers say, in both languages, and how their rows are shown and written out."""

from collections.abc import Mapping

from node.cli.output import Cell, Column, Data
from node.cli.words import Text
from node.model.certificate import Certificate, Life

LIVES: Mapping[Life, Text] = {
    Life.IN_FORCE: Text("in force", "有效"),
    Life.NOT_YET: Text("not yet in force", "尚未生效"),
    Life.EXPIRED: Text("expired", "已逾有效期限"),
    Life.SUSPENDED: Text("suspended", "停權中"),
    Life.REPLACED: Text("replaced by another", "已換發"),
    Life.WITHDRAWN: Text("withdrawn", "已撤回"),
    Life.CANCELLED: Text("cancelled", "已註銷"),
    Life.REVOKED: Text("revoked", "已廢止"),
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


def with_chain(found: Certificate) -> dict[str, Data]:
    """A certificate for programs, with every paper of its chain."""
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
    return {**data_of(found), "chain": chain}
