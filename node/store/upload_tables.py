"""Attachments of papers: declarations only."""

from sqlmodel import Field

from node.store.row import Row, table_of


class AttachmentRow(Row, table=True):
    """Content that travels beside a paper; its ciphertext is a file (store/upload_files.py). Goes with the body."""

    __tablename__ = "attachment"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    position: int = Field(primary_key=True)
    partner: str
    name: str
    media_type: str
    size: int
    sha256: bytes
    upload_sha256: bytes
    key: bytes


ATTACHMENT = table_of(AttachmentRow)
