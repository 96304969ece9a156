"""Writing the operator register: new versions, the end of those that a list leaves out, and forgetting.

An operator whose consent is gone keeps one row: its certificate number, the version it ended at and when. Without that,
a list that was made before and comes later would bring the operator back. Codes, versions and names are deleted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ClauseElement, bindparam, case, delete, func, insert, select, update

from node.clock import from_ms
from node.errors import RaceLost
from node.model.exchange import Direction
from node.model.ids import Digest, ExchangeId, NodeCode
from node.model.operator import OperatorRecord, OperatorRemoval, OperatorStatus
from node.model.operator_effect import Entry, HeldOperator, content_of
from node.store.columns import intact
from node.store.database import Tx
from node.store.operator_series import Series
from node.store.operator_tables import OPERATOR, OPERATOR_KEY, OPERATOR_VERSION
from node.store.sql import ListStatement, Statement, insert_for, insertion, ms

_NO_CONTENT = Digest(bytes(32))
"""What a removal says."""

_NOTHING = "{}"


def held(
    tx: Tx, partner: NodeCode, direction: Direction, authority: str, numbers: Collection[str]
) -> dict[str, HeldOperator]:
    """What the register holds of the operators with these certificate numbers; those never named are missing."""
    with intact("operator"):
        return {
            row[1]: HeldOperator(
                id=row[0],
                certificate_number=row[1],
                serial=row[2],
                version=row[3],
                content=Digest(bytes(row[4])),
                status=OperatorStatus(row[5]),
                issued=from_ms(row[6]),
                forgotten_at=from_ms(row[7]) if row[7] is not None else None,
            )
            for row in _HELD.rows(tx, numbers, partner, direction.value, authority)
        }


class Changes:
    """What one paper changes, gathered entry by entry and stored in a few statements."""

    def __init__(
        self, tx: Tx, series: Series, exchange: ExchangeId, sequence: int | None, issued: datetime, now: datetime
    ) -> None:
        """`sequence` is that of the list, None for an event; `issued` when the paper was made."""
        self._tx = tx
        self._series = series
        self._exchange = exchange
        self._sequence = sequence
        self._issued = issued
        self._now = now
        self._next_id = int(_LAST_ID.rows(tx)[0][0] or 0) + 1
        self._new: list[tuple[object, ...]] = []
        self._moved: list[tuple[object, ...]] = []
        self._superseded: list[tuple[object, ...]] = []
        self._versions: list[tuple[object, ...]] = []
        self._keys: list[tuple[object, ...]] = []
        self._named: list[int] = []
        self._left: list[tuple[int, OperatorRemoval]] = []
        self._forgotten: list[int] = []

    def add(self, entry: Entry) -> int:
        """An operator that was not known; its id."""
        identifier, self._next_id = self._next_id, self._next_id + 1
        forget = isinstance(entry, OperatorRemoval)
        version = entry.version or 0
        series = self._series
        self._new.append(
            (
                identifier,
                series.partner,
                series.direction.value,
                series.authority,
                entry.certificate_number,
                series.id,
                0 if forget else 1,
                version,
                content(entry),
                entry.status.value,
                ms(self._issued),
                series.run,
                ms(self._now) if forget else None,
            )
        )
        if isinstance(entry, OperatorRecord):
            self._version(identifier, 1, version, entry, entry.body)
            self._keys += [(key.folded, identifier, key.exact) for key in entry.keys]
        return identifier

    def change(self, known: HeldOperator, entry: Entry) -> None:
        """A newer version of an operator that was known."""
        version = known.version if entry.version is None else entry.version
        forget = isinstance(entry, OperatorRemoval) and entry.forget
        self._moved.append(
            (
                known.id,
                known.serial + 1,
                version,
                content(entry),
                entry.status.value,
                ms(max(self._issued, known.issued)),
                self._series.run,
                ms(self._now) if forget else None,
            )
        )
        if forget:
            self._forgotten.append(known.id)
            return
        self._superseded.append((known.id, ms(self._now), ms(entry.effective)))
        if isinstance(entry, OperatorRecord):
            self._version(known.id, known.serial + 1, version, entry, entry.body)
            self._keys += [(key.folded, known.id, key.exact) for key in entry.keys]
        else:
            (body, until), *_ = [*_BODY.rows(self._tx, known.id, known.serial), (_NOTHING, None)]
            self._version(known.id, known.serial + 1, version, entry, body, until)

    def confirm(self, known: HeldOperator) -> None:
        """A list names an operator as it is known."""
        self._named.append(known.id)

    @property
    def forgotten(self) -> Sequence[int]:
        """Ids of operators whose consent is gone."""
        return self._forgotten

    def store(self) -> None:
        """Store all that was gathered. RaceLost when another process added operators meanwhile."""
        tx = self._tx
        _INSERT.run_all(tx, self._new, lost=RaceLost())
        _SUPERSEDE.run_all(tx, self._superseded)
        _INSERT_VERSION.run_all(tx, self._versions)
        _INSERT_KEY.run_all(tx, self._keys)
        _MOVE.run_all(tx, self._moved)
        _CONFIRM.run(tx, self._named, self._series.run, ms(self._issued), ms(self._issued))
        for identifier in self._forgotten:
            _FORGET_KEYS.run(tx, identifier)
            _FORGET_VERSIONS.run(tx, identifier)

    def _version(
        self, operator: int, serial: int, version: int, entry: Entry, body: str, valid_until: str | None = None
    ) -> None:
        if isinstance(entry, OperatorRecord) and entry.valid_until is not None:
            valid_until = entry.valid_until.isoformat()
        self._versions.append(
            (
                operator,
                serial,
                ms(entry.effective),
                ms(self._now),
                None,
                entry.status.value,
                entry.reason,
                valid_until,
                version,
                self._exchange,
                self._sequence,
                body,
            )
        )


def end_unlisted(tx: Tx, series: Series, exchange: ExchangeId, issued: datetime, now: datetime) -> int:
    """End operators that the complete baseline issued at `issued` left out; how many.

    One that a paper issued after the baseline tells of is left alone.
    """
    values = (series.id, series.run, ms(issued))
    _CLOSE_UNLISTED.run(tx, ms(now), ms(issued), *values)
    _ADD_UNLISTED.run(tx, ms(issued), ms(now), exchange, series.sequence, *values)
    return _END_UNLISTED.run(tx, ms(issued), series.run, *values)


def content(entry: Entry) -> Digest:
    """What the register compares the next record of the same version with."""
    return content_of(entry) if isinstance(entry, OperatorRecord) else _NO_CONTENT


# --- statements -----------------------------------------------------------------------------------------------------

_HELD = ListStatement(
    lambda numbers: select(
        OPERATOR.c.id,
        OPERATOR.c.certificate_number,
        OPERATOR.c.serial,
        OPERATOR.c.version,
        OPERATOR.c.content,
        OPERATOR.c.status,
        OPERATOR.c.issued,
        OPERATOR.c.forgotten_at,
    ).where(
        OPERATOR.c.partner == bindparam("its_partner"),
        OPERATOR.c.direction == bindparam("its_direction"),
        OPERATOR.c.authority == bindparam("its_authority"),
        OPERATOR.c.certificate_number.in_(numbers),
    ),
    "its_partner",
    "its_direction",
    "its_authority",
)
_LAST_ID = Statement(select(func.max(OPERATOR.c.id)))
_BODY = Statement(
    select(OPERATOR_VERSION.c.body, OPERATOR_VERSION.c.valid_until).where(
        OPERATOR_VERSION.c.operator_id == bindparam("whose"), OPERATOR_VERSION.c.serial == bindparam("which")
    ),
    "whose",
    "which",
)
_INSERT = insertion(OPERATOR)
_INSERT_VERSION = insertion(OPERATOR_VERSION)


def _key_insert(dialect: str) -> ClauseElement:
    columns = [column.name for column in OPERATOR_KEY.columns]
    return (
        insert_for(dialect)(OPERATOR_KEY).values({name: bindparam(name) for name in columns}).on_conflict_do_nothing()
    )


_INSERT_KEY = Statement(
    {name: _key_insert(name) for name in ("sqlite", "postgresql")}, *(column.name for column in OPERATOR_KEY.columns)
)
_SUPERSEDE = Statement(
    update(OPERATOR_VERSION)
    .where(OPERATOR_VERSION.c.operator_id == bindparam("whose"), OPERATOR_VERSION.c.known_to.is_(None))
    .where(OPERATOR_VERSION.c.effective >= bindparam("from_then"))
    .values(known_to=bindparam("until_now")),
    "whose",
    "until_now",
    "from_then",
)
_MOVED = ("serial", "version", "content", "status", "issued", "run", "forgotten_at")
_MOVE = Statement(
    update(OPERATOR)
    .where(OPERATOR.c.id == bindparam("whose"))
    .values({name: bindparam(f"new_{name}") for name in _MOVED}),
    "whose",
    *(f"new_{name}" for name in _MOVED),
)
_CONFIRM = ListStatement(
    lambda ids: (
        update(OPERATOR)
        .where(OPERATOR.c.id.in_(ids))
        .values(
            run=bindparam("new_run"),
            issued=case((OPERATOR.c.issued < bindparam("at_least"), bindparam("new_issued")), else_=OPERATOR.c.issued),
        )
    ),
    "new_run",
    "at_least",
    "new_issued",
)
_FORGET_KEYS = Statement(delete(OPERATOR_KEY).where(OPERATOR_KEY.c.operator_id == bindparam("whose")), "whose")
_FORGET_VERSIONS = Statement(
    delete(OPERATOR_VERSION).where(OPERATOR_VERSION.c.operator_id == bindparam("whose")), "whose"
)
_UNLISTED = (
    OPERATOR.c.series_id == bindparam("its_series"),
    OPERATOR.c.run < bindparam("this_run"),
    OPERATOR.c.issued <= bindparam("this_issued"),
    OPERATOR.c.forgotten_at.is_(None),
    *(OPERATOR.c.status != status.value for status in OperatorStatus if status.is_over),
)
_OF_RUN = ("its_series", "this_run", "this_issued")
_CLOSE_UNLISTED = Statement(
    update(OPERATOR_VERSION)
    .where(OPERATOR_VERSION.c.operator_id.in_(select(OPERATOR.c.id).where(*_UNLISTED)))
    .where(OPERATOR_VERSION.c.known_to.is_(None), OPERATOR_VERSION.c.effective >= bindparam("from_then"))
    .values(known_to=bindparam("until_now")),
    "until_now",
    "from_then",
    *_OF_RUN,
)
_ADD_UNLISTED = Statement(
    insert(OPERATOR_VERSION).from_select(
        [column.name for column in OPERATOR_VERSION.columns if column.name != "known_to"],
        select(
            OPERATOR.c.id,
            OPERATOR.c.serial + 1,
            bindparam("from_then", type_=OPERATOR_VERSION.c.version.type),
            bindparam("at_now", type_=OPERATOR_VERSION.c.version.type),
            bindparam("its_status", OperatorStatus.UNLISTED.value),
            bindparam("its_reason", ""),
            OPERATOR_VERSION.c.valid_until,
            OPERATOR.c.version,
            bindparam("by_exchange", type_=OPERATOR_VERSION.c.exchange_id.type),
            bindparam("by_list", type_=OPERATOR_VERSION.c.list_sequence.type),
            OPERATOR_VERSION.c.body,
        )
        .join(
            OPERATOR_VERSION,
            (OPERATOR_VERSION.c.operator_id == OPERATOR.c.id) & (OPERATOR_VERSION.c.serial == OPERATOR.c.serial),
        )
        .where(*_UNLISTED),
    ),
    "from_then",
    "at_now",
    "by_exchange",
    "by_list",
    *_OF_RUN,
)
_END_UNLISTED = Statement(
    update(OPERATOR)
    .where(*_UNLISTED)
    .values(
        serial=OPERATOR.c.serial + 1,
        status=OperatorStatus.UNLISTED.value,
        run=bindparam("new_run"),
        issued=bindparam("new_issued"),
    ),
    "new_issued",
    "new_run",
    *_OF_RUN,
)
