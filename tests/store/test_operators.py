"""The operator register: two times, codes however they are written, versions in any order, and forgetting."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from node.model.exchange import Direction
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorRecord, OperatorRemoval, OperatorState, OperatorStatus
from node.model.operator_effect import Entry, News, news_of
from node.model.operator_key import OperatorKey, folded
from node.store import operator_changes, operator_series, operators
from node.store.database import Database, Tx
from node.store.operator_changes import Changes

XB = NodeCode("XB")
XC = NodeCode("XC")
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
VALID, SUSPENDED, REVOKED = OperatorStatus.VALID, OperatorStatus.SUSPENDED, OperatorStatus.REVOKED


def record(
    number: str = "XB-AEOS-2021-0043",
    status: OperatorStatus = VALID,
    effective: datetime = START,
    version: int = 1,
    until: date | None = None,
    **more: object,
) -> OperatorRecord:
    said: dict[str, object] = {"certificateNumber": number, "name": "Jida Tea Co., Ltd.", "version": version, **more}
    codes = [said[name] for name in ("certificateNumber", "tin", "nationalId", "partnerAssignedCode") if name in said]
    return OperatorRecord(
        certificate_number=number,
        status=status,
        reason="",
        effective=effective,
        valid_until=until,
        version=version,
        consent_on=START.date(),
        body=json.dumps({**said, "status": status.value}, sort_keys=True),
        keys=tuple(OperatorKey(folded(str(code))) for code in codes),
    )


def removal(status: OperatorStatus = OperatorStatus.CEASED, forget: bool = False, **more: object) -> OperatorRemoval:
    plain = {"certificate_number": "XB-AEOS-2021-0043", "status": status, "reason": status.value, "effective": START}
    return OperatorRemoval(**{**plain, "forget": forget, **more})


def told(
    database: Database,
    *entries: Entry,
    at: datetime = START,
    issued: datetime | None = None,
    partner: NodeCode = XB,
    direction: Direction = Direction.IN,
) -> list[News]:
    """A paper with these entries came at that moment."""

    def write(tx: Tx) -> list[News]:
        series = operator_series.ensure(tx, partner, direction, "XB-CUSTOMS", "AEOS", at)
        known = operator_changes.held(tx, partner, direction, "XB-CUSTOMS", [one.certificate_number for one in entries])
        changes = Changes(tx, series, ExchangeId("an-exchange"), None, issued or at, at)
        found = []
        for entry in entries:
            before = known.get(entry.certificate_number)
            news = news_of(entry, before, issued or at)
            found.append(news)
            if news is News.NEW:
                changes.add(entry)
            elif news is News.NEWER and before is not None:
                changes.change(before, entry)
            elif news is News.SAME and before is not None:
                changes.confirm(before)
        changes.store()
        return found

    return database.write(write)


def find(
    database: Database,
    code: str = "XB-AEOS-2021-0043",
    on: datetime = START,
    known_at: datetime | None = None,
    partner: NodeCode | None = None,
    direction: Direction = Direction.IN,
) -> tuple[OperatorState, ...]:
    return database.read(
        lambda tx: operators.find(tx, code, partner=partner, direction=direction, on=on, known_at=known_at)
    )


def status(database: Database, on: datetime, known_at: datetime | None = None) -> OperatorStatus | None:
    states = find(database, on=on, known_at=known_at)
    return states[0].status if states else None


# --- two times ------------------------------------------------------------------------------------------------------


def test_a_suspension_told_late_was_in_force_before_anybody_here_knew(database: Database) -> None:
    told(database, record(), at=START)
    told(database, record(status=SUSPENDED, version=2, effective=START + 5 * DAY), at=START + 8 * DAY)
    assert status(database, on=START + 6 * DAY) is SUSPENDED
    assert status(database, on=START + 6 * DAY, known_at=START + 7 * DAY) is VALID
    assert status(database, on=START + 4 * DAY) is VALID
    assert status(database, on=START - DAY) is None
    assert status(database, on=START, known_at=START - DAY) is None


def test_a_correction_backwards_replaces_what_was_told_and_leaves_what_was_known(database: Database) -> None:
    told(database, record(), at=START)
    told(database, record(status=SUSPENDED, version=2, effective=START + 5 * DAY), at=START + 5 * DAY)
    told(database, record(status=REVOKED, version=3, effective=START + 3 * DAY), at=START + 9 * DAY)
    assert [status(database, on=START + day * DAY) for day in (2, 4, 6)] == [VALID, REVOKED, REVOKED]
    assert [status(database, START + day * DAY, START + 8 * DAY) for day in (2, 4, 6)] == [VALID, VALID, SUSPENDED]


def test_what_is_announced_for_later_is_not_in_force_yet(database: Database) -> None:
    told(database, record(), record("XB-OTHER"), at=START)
    told(database, record(status=REVOKED, version=2, effective=START + 30 * DAY), at=START + DAY)
    assert status(database, on=START + 29 * DAY) is VALID
    assert status(database, on=START + 30 * DAY) is REVOKED


def test_a_certificate_runs_out_by_itself_and_only_where_it_would_count(database: Database) -> None:
    told(database, record(until=date(2026, 3, 1)))
    told(database, record("XB-REVOKED", status=REVOKED, until=date(2026, 3, 1)))
    last = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    assert status(database, on=last) is VALID
    (state,) = find(database, on=last + DAY)
    assert (state.status, state.status_told, state.in_force) == (OperatorStatus.EXPIRED, VALID, False)
    assert find(database, "XB-REVOKED", on=last + DAY)[0].status is REVOKED


def test_history_tells_every_version_the_newest_first(database: Database) -> None:
    told(database, record(), at=START)
    told(database, record(status=SUSPENDED, version=2, effective=START + DAY), at=START + DAY)
    states = database.read(lambda tx: operators.history(tx, "xb aeos 2021 0043", on=START + DAY))
    assert [(state.status, state.version, state.known_to) for state in states] == [
        (SUSPENDED, 2, None),
        (VALID, 1, None),
    ]
    assert database.read(lambda tx: operators.history(tx, "nobody", on=START)) == ()


# --- codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["XB-AEOS-2021-0043", "xbaeos20210043", "XB 9041/7733", "xa7000014320", "12345678"])
def test_an_operator_is_found_by_every_code_however_it_is_written(database: Database, code: str) -> None:
    told(database, record(tin="XB90417733", partnerAssignedCode="XA-7000014320", nationalId="12345678"))
    assert [state.certificate_number for state in find(database, code)] == ["XB-AEOS-2021-0043"]


def test_an_empty_code_finds_nobody(database: Database) -> None:
    told(database, record())
    assert find(database, " - ") == ()


def test_a_code_that_is_compared_as_written_is_found_as_written_only(database: Database) -> None:
    plain = record()
    exact = OperatorRecord(
        plain.certificate_number, VALID, "", START, None, 1, None, plain.body, (OperatorKey(folded("aB-1"), "aB-1"),)
    )
    told(database, exact)
    assert len(find(database, " aB-1 ")) == 1
    assert find(database, "AB1") == ()


def test_one_code_of_two_operators_finds_both(database: Database) -> None:
    told(database, record(tin="XB1"), record("XB-OTHER", tin="XB-1"))
    assert {state.certificate_number for state in find(database, "XB1")} == {"XB-AEOS-2021-0043", "XB-OTHER"}


def test_registers_of_partners_and_directions_stand_apart(database: Database) -> None:
    told(database, record())
    told(database, record(status=SUSPENDED), partner=XC)
    told(database, record(status=REVOKED), direction=Direction.OUT)
    assert {state.partner: state.status for state in find(database)} == {XB: VALID, XC: SUSPENDED}
    assert find(database, partner=XC)[0].status is SUSPENDED
    assert find(database, direction=Direction.OUT)[0].status is REVOKED


def test_what_an_operator_is_comes_back_whole(database: Database) -> None:
    said = record(
        certificateType="891",
        nameLocal={"lang": "zh-Hant-TW", "text": "𠮷𪚥茶業股份有限公司"},
        address={"country": "XB", "lines": ["No. 36"], "city": "Luwan", "local": {"lang": "zh", "text": "鹿灣縣"}},
        roles=["exporter"],
        certifiedOn="2021-05-17",
    )
    told(database, said)
    (found,) = find(database)
    assert found.record == said.body
    assert (found.details.name, found.details.name_local) == ("Jida Tea Co., Ltd.", "𠮷𪚥茶業股份有限公司")
    assert found.details.certified_on == date(2021, 5, 17)


# --- any order ------------------------------------------------------------------------------------------------------

LIFE = (
    record(),
    record(status=SUSPENDED, version=2, effective=START + DAY),
    record(status=VALID, version=3, effective=START + 2 * DAY),
    record(status=REVOKED, version=4, effective=START + 3 * DAY),
)


@pytest.mark.parametrize(
    "order", list(permutations(LIFE)), ids=lambda order: "".join(str(one.version) for one in order)
)
def test_whatever_overtakes_what_the_newest_version_stays(database: Database, order: Sequence[OperatorRecord]) -> None:
    for hours, entry in enumerate(order):
        told(database, entry, at=START + 10 * DAY + timedelta(hours=hours))
    (state,) = find(database, on=START + 10 * DAY)
    assert (state.status, state.version) == (REVOKED, 4)


def test_a_version_that_is_known_says_the_same_or_contradicts(database: Database) -> None:
    assert told(database, record()) == [News.NEW]
    assert told(database, record()) == [News.SAME]
    assert told(database, record(tin="XB1")) == [News.CONTRADICTION]
    assert told(database, record(version=2)) == [News.NEWER]
    assert told(database, record()) == [News.OLDER]


def test_who_left_the_list_comes_back_by_a_later_paper_only(database: Database) -> None:
    told(database, record(), at=START)
    assert told(database, removal(), at=START + DAY) == [News.NEWER]
    assert status(database, on=START + DAY) is OperatorStatus.CEASED
    assert told(database, record(), at=START + 2 * DAY, issued=START) == [News.OLDER]
    assert told(database, record(), at=START + 2 * DAY) == [News.NEWER]
    assert told(database, removal(certificate_number="nobody")) == [News.NOTHING]


# --- forgetting -----------------------------------------------------------------------------------------------------


def test_who_withdraws_consent_is_unknown_by_every_code_and_at_every_time(database: Database) -> None:
    told(database, record(tin="XB1"), record("XB-OTHER"), at=START)
    told(database, removal(OperatorStatus.WITHDRAWN, forget=True), at=START + DAY)
    assert find(database) == ()
    assert find(database, "XB1") == ()
    assert find(database, on=START, known_at=START) == ()
    assert database.read(lambda tx: operators.history(tx, "XB1", on=START)) == ()
    assert len(find(database, "XB-OTHER")) == 1


def test_nothing_of_who_withdrew_consent_is_left_but_its_number(database: Database) -> None:
    told(database, record(tin="XB1", nationalId="12345678"))
    told(database, removal(forget=True), at=START + DAY)

    def everything(tx: Tx) -> str:
        names = ("operator_series", "operator", "operator_version", "operator_key", "operator_paper")
        return "".join(str(tx.exec_driver_sql(f"SELECT * FROM {name}").all()) for name in names)

    left = database.read(everything)
    assert "XB-AEOS-2021-0043" in left
    assert not [word for word in ("Jida", "XB1", "12345678") if word in left]


def test_a_late_paper_does_not_bring_back_who_withdrew_consent(database: Database) -> None:
    told(database, record(), at=START)
    told(database, removal(forget=True), at=START + 2 * DAY)
    assert told(database, record(version=2), at=START + 3 * DAY, issued=START + DAY) == [News.OLDER]
    assert told(database, record(version=2), at=START + 3 * DAY) == [News.WITHOUT_CONSENT]
    assert find(database) == ()


def test_who_withdraws_consent_before_anything_was_told_is_remembered(database: Database) -> None:
    told(database, removal(forget=True), at=START + 2 * DAY)
    assert told(database, record(), at=START + 3 * DAY, issued=START + DAY) == [News.OLDER]


def test_a_new_consent_brings_the_operator_back_with_nothing_of_before(database: Database) -> None:
    told(database, record(tin="XB1"), at=START)
    told(database, removal(forget=True), at=START + DAY)
    anew = record(version=2)
    anew = OperatorRecord(
        anew.certificate_number, VALID, "", START + 3 * DAY, None, 2, (START + 2 * DAY).date(), anew.body, anew.keys
    )
    assert told(database, anew, at=START + 3 * DAY) == [News.NEWER]
    assert status(database, on=START + 3 * DAY) is VALID
    assert find(database, "XB1", on=START + 3 * DAY) == ()
    assert status(database, on=START) is None


# --- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_a_lookup_does_not_walk_through_the_register(database: Database) -> None:
    told(database, *(record(f"XB-{n}", tin=f"T{n}") for n in range(50)))
    asked: list[str] = []

    def ask(tx: Tx) -> None:
        driver = tx.connection.dbapi_connection
        driver.set_trace_callback(asked.append)
        assert len(operators.find(tx, "T7", partner=XB, on=START)) == 1
        assert operators.find(tx, "T7", partner=XC, on=START) == ()
        operators.history(tx, "T7", on=START)
        driver.set_trace_callback(None)

    database.read(ask)
    plans = [
        str(step[3])
        for statement in asked
        if statement.startswith("SELECT")
        for step in database.read(lambda tx, text=statement: tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())
    ]
    assert plans
    assert not [step for step in plans if step.startswith("SCAN")]
    assert not [step for step in plans if "(partner=? AND direction=?)" in step]
