"""What all tables of the store are made from."""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a later migration can find it on any database."""


class Row(SQLModel):
    """Base of the tables, with their own list of tables and names."""

    metadata = MetaData(naming_convention=NAMES)


def table_of(row: type[Row]) -> Table:
    """The table that a row declares."""
    return row.metadata.tables[str(row.__tablename__)]
