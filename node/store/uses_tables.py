"""The tables of certificates that are used: what they certify, what was written off, and by which use.

`direction` is the certificate's: `in` are certificates of the partner that we use, `out` are ours that the partner
uses. Numbers of amounts are decimal texts: no database may round them.
"""

from sqlmodel import Field

from node.store.row import Row, table_of


class CertificateRow(Row, table=True):
    """A certificate that was used once: read from its document then, and known after that body was purged."""

    __tablename__ = "certificate"

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    document_sha256: bytes = Field(primary_key=True)
    exchange_id: str = Field(foreign_key="exchange.id")
    valid_until: str


class CertificateAmountRow(Row, table=True):
    """What a certificate certifies of one item by one measure."""

    __tablename__ = "certificate_amount"

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    document_sha256: bytes = Field(primary_key=True)
    item: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    unit: str
    number: str


class WrittenOffRow(Row, table=True):
    """The sum of what was used of one item of a chain of certificates; a replacement inherits it."""

    __tablename__ = "written_off"

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    issuer: str = Field(primary_key=True)
    chain_number: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    number: str


class CertificateUseRow(Row, table=True):
    """One use that counts or was taken back, under the number that its authority gave it."""

    __tablename__ = "certificate_use"

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    authority: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    exchange_id: str = Field(foreign_key="exchange.id", index=True)
    content: bytes
    document_sha256: bytes
    kind: str
    issuer: str
    certificate_number: str
    chain_number: str
    withdrawal: bytes | None = None
    """What asks to take it back; NULL when nothing does."""
    counts: bool
    """False once it was taken back."""


class CertificateUseAmountRow(Row, table=True):
    """What one use writes off."""

    __tablename__ = "certificate_use_amount"

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    authority: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    amount: str


CERTIFICATE = table_of(CertificateRow)
CERTIFICATE_AMOUNT = table_of(CertificateAmountRow)
WRITTEN_OFF = table_of(WrittenOffRow)
CERTIFICATE_USE = table_of(CertificateUseRow)
CERTIFICATE_USE_AMOUNT = table_of(CertificateUseAmountRow)
