"""`n2n audit verify` works our logs out again and names the first entry that does not fit."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from node import merkle
from node.archive.log_check import LogReport, check_acts, check_receipts
from node.cli.main import main
from node.crypto.checkpoints import sign_checkpoint
from node.errors import LogBroken
from node.flows import witness
from node.flows.checkpoints import sign_acts
from node.flows.ports import ActorName
from node.model.ids import NodeCode
from node.store import actors, audit, log, tree, witnessed

XA, XB = NodeCode("XA"), NodeCode("XB")
CLERK = ActorName("clerk", "human")


@pytest.fixture
def sent(pair, papers) -> None:
    """Seven papers came from XA to XB in four calls; XB's acts were signed after two more were done, then one more."""
    stock = iter(papers(7))
    for count in (1, 3, 1, 2):
        for _ in range(count):
            content = next(stock)
            pair.xa.hand_in(content, XB, f"key {hash(content)}")
        pair.xa.work()
    act(pair.xb, "first")
    act(pair.xb, "second")
    sign_acts(pair.xb.wired.node)
    act(pair.xb, "third")


def act(country, object_: str) -> None:
    now = country.clock.now()

    def add(tx) -> None:
        actor = actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, now)
        audit.add(tx, actor, "looked", object_, {}, now)

    country.wired.node.store.write(add)


def receipts_of(country) -> LogReport:
    node = country.wired.node
    keys = [key.announce() for key in node.keys.checkpoint]
    return check_receipts(node.store, XB, XA, keys, lambda log, done, of: None)


def acts_of(country) -> LogReport:
    node = country.wired.node
    return check_acts(node.store, XB, [key.announce() for key in node.keys.checkpoint], lambda log, done, of: None)


@pytest.fixture
def spoil(pair) -> Callable[..., None]:
    """Changes XB's store as somebody who can write to its file may: triggers and foreign keys do not stop him."""

    def run(*statements: str | tuple[str, tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(pair.xb.home / "node.db")) as raw, raw:
            for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                raw.execute(*((statement,) if isinstance(statement, str) else statement))

    return run


def test_untouched_logs_hold_and_are_vouched_for(pair, sent) -> None:
    assert receipts_of(pair.xb) == LogReport("XB/XA", 7, 4, 7)
    assert acts_of(pair.xb) == LogReport("XB/acts", 3, 1, 2)
    assert acts_of(pair.xa).broken is None


def test_progress_is_told_up_to_the_end(pair, sent) -> None:
    node, told = pair.xb.wired.node, []
    keys = [key.announce() for key in node.keys.checkpoint]
    check_receipts(node.store, XB, XA, keys, lambda *said: told.append(said))
    check_acts(node.store, XB, keys, lambda *said: told.append(said))
    assert told == [("XB/XA", 7, 7), ("XB/acts", 3, 3)]


RECEIPTS = {
    "a receipt changed": ("UPDATE receipt SET receipt = receipt || x'00' WHERE log_index = 4", 5),
    "a receipt's id no text": (
        "UPDATE receipt SET message_id = CAST(x'ff' AS TEXT), receipt = 7 WHERE log_index = 4",
        5,
    ),
    "the first changed": ("UPDATE receipt SET receipt = x'00' WHERE log_index = 0", 1),
    "a receipt taken away": ("DELETE FROM receipt WHERE log_index = 2", 3),
    "the last taken away": ("DELETE FROM receipt WHERE log_index = 6", 7),
    "a number passed over": ("UPDATE receipt SET log_index = 9 WHERE log_index = 3", 4),
    "one taken out of the log": ("UPDATE receipt SET log_index = NULL WHERE log_index = 6", 7),
    "a leaf changed": ("UPDATE log_node SET hash = zeroblob(32) WHERE number = 6", 4),
    "a node above changed": ("UPDATE log_node SET hash = zeroblob(32) WHERE number = 3", 4),
    "a node taken away": ("DELETE FROM log_node WHERE number = 8", 5),
    "the log cut short": ("UPDATE receipt_log SET size = 5", 6),
    "a checkpoint spoilt": ("UPDATE issued_checkpoint SET note = x'00' WHERE size = 4", 4),
    "a checkpoint under another size": ("UPDATE issued_checkpoint SET size = 6 WHERE size = 5", 6),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_change_of_the_receipts_log_is_located(pair, sent, spoil, name: str) -> None:
    statement, at = RECEIPTS[name]
    spoil(statement)
    broken = receipts_of(pair.xb).broken
    assert broken is not None
    assert (broken.fields["log"], broken.fields["entry"]) == ("XB/XA", str(at))


def test_two_receipts_that_changed_places_are_located(pair, sent, spoil) -> None:
    spoil(*(f"UPDATE receipt SET log_index = {new} WHERE log_index = {old}" for old, new in ((1, 99), (2, 1), (99, 2))))
    assert receipts_of(pair.xb).broken.fields["entry"] == "2"


def test_whoever_makes_receipts_and_tree_fit_each_other_still_contradicts_what_was_signed(pair, sent, spoil) -> None:
    node = pair.xb.wired.node
    with closing(sqlite3.connect(pair.xb.home / "node.db")) as raw:
        stored = [
            one for (one,) in raw.execute("SELECT receipt FROM receipt WHERE direction = 'issued' ORDER BY log_index")
        ]
    stored[4] = stored[4][:-1] + b"\x00"
    nodes = tree.grow(0, [], [merkle.leaf_hash(one) for one in stored])
    spoil(
        ("UPDATE receipt SET receipt = ? WHERE log_index = 4", (stored[4],)),
        *(("UPDATE log_node SET hash = ? WHERE number = ?", (node_, number)) for number, node_ in nodes),
    )
    broken = receipts_of(pair.xb).broken
    assert broken.fields["entry"] == "5"
    assert "those up to 4 are" in broken.fields["detail"]
    assert node.keys.checkpoint


def test_receipts_without_any_checkpoint_are_told_to_be_vouched_for_by_nobody(pair, sent, spoil) -> None:
    spoil("DELETE FROM issued_checkpoint")
    assert receipts_of(pair.xb) == LogReport("XB/XA", 7, 0, 0)


ACTS = {
    "an act changed": ("UPDATE audit SET object = 'nothing' WHERE id = 2", 2),
    "the actor renamed": ("UPDATE actor SET name = 'nobody'", 1),
    "the actor gone": ("DELETE FROM actor", 1),
    "an act taken away": ("DELETE FROM audit WHERE id = 1", 2),
    "the last signed one and those behind it taken away": ("DELETE FROM audit WHERE id >= 2", 2),
    "all taken away": ("DELETE FROM audit", 1),
    "a signed end spoilt": ("UPDATE issued_checkpoint SET note = x'00' WHERE partner = 'XB'", 2),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_change_of_the_acts_is_located(pair, sent, spoil, name: str) -> None:
    statement, at = ACTS[name]
    spoil(statement)
    broken = acts_of(pair.xb).broken
    assert broken is not None
    assert (broken.fields["log"], broken.fields["entry"]) == ("XB/acts", str(at))


def test_whoever_chains_the_acts_anew_still_contradicts_the_end_that_was_signed(pair, sent, spoil) -> None:
    rows, link = pair.xb.wired.node.store.read(audit.acts), audit.FIRST_LINK
    changes = [("UPDATE audit SET object = 'nothing' WHERE id = 1", ())]
    for row in rows:
        said = [("nothing" if row.id == 1 and at == 4 else each) for at, each in enumerate(row.said)]
        link = audit.link_after(link, *said)
        changes.append(("UPDATE audit SET link = ? WHERE id = ?", (link, row.id)))
    spoil(*changes)
    broken = acts_of(pair.xb).broken
    assert broken.fields["entry"] == "2"
    assert "up to 0" in broken.fields["detail"]


def chained_around(pair) -> list[str | tuple[str, tuple[object, ...]]]:
    """The acts chained anew, the first of them forged, and none under a number whose end was signed."""
    with closing(sqlite3.connect(pair.xb.home / "node.db")) as raw:
        signed = {size for (size,) in raw.execute("SELECT size FROM issued_checkpoint WHERE partner = 'XB'")}
        acts = raw.execute("SELECT id, actor_id FROM audit ORDER BY id").fetchall()
    assert signed == {2}
    rows = {row.id: row for row in pair.xb.wired.node.store.read(audit.acts)}
    link, number, anew = audit.FIRST_LINK, 0, []
    for at, actor in acts:
        moment, kind, name, what, object_, detail = rows[at].said
        object_ = "forged" if object_ == "first" else object_
        number += 2 if number + 1 in signed else 1
        link = audit.link_after(link, moment, kind, name, what, object_, detail)
        anew.append((number, moment, actor, what, object_, detail, link))
    columns = "(id, moment, actor_id, act, object, detail, link)"
    insert = f"INSERT INTO audit {columns} VALUES (?, ?, ?, ?, ?, ?, ?)"
    return ["DELETE FROM audit", *((insert, row) for row in anew)]


def test_whoever_chains_the_acts_anew_around_the_signed_end_is_found_by_its_number(pair, sent, spoil) -> None:
    spoil(*chained_around(pair))
    broken = acts_of(pair.xb).broken
    assert broken is not None
    assert (broken.fields["log"], broken.fields["entry"]) == ("XB/acts", "2")


LOST_ENDS = {
    "chained anew around it": chained_around,
    "gone": lambda pair: ["DELETE FROM audit WHERE id = 2"],
    "all gone": lambda pair: ["DELETE FROM audit"],
    "another link": lambda pair: ["UPDATE audit SET link = zeroblob(32) WHERE id = 2"],
    "its checkpoint spoilt": lambda pair: ["UPDATE issued_checkpoint SET note = x'00' WHERE partner = 'XB'"],
}


@pytest.mark.parametrize("name", LOST_ENDS)
def test_a_chain_without_the_end_signed_last_is_never_signed_again(pair, sent, spoil, name: str) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    object.__setattr__(pair.xb.wired.node, "report", lambda action, **fields: told.append((action, fields)))
    spoil(*LOST_ENDS[name](pair))
    act(pair.xb, "fourth")
    sign_acts(pair.xb.wired.node)
    ((action, fields),) = told
    assert action == "alarm.own-acts-lost"
    assert isinstance(fields["error"], LogBroken)
    assert fields["error"].fields["entry"] == "2"
    assert set(pair.xb.wired.node.store.read(lambda tx: log.issued(tx, XB))) == {2}


def doubts(country, cleared: bool = False) -> None:
    """An alarm about XA was raised; perhaps a person cleared it."""
    now = country.clock.now()

    def raise_(tx) -> None:
        actor = actors.ensure(tx, "witness", actors.ActorKind.SYSTEM, now)
        witnessed.raise_alarm(tx, witnessed.Alarm(XA, now, b"known", b"shown"))
        audit.add(tx, actor, witnessed.FORKED, XA, {}, now)

    country.wired.node.store.write(raise_)
    if cleared:
        witness.clear(country.wired.node, XA, CLERK, "looked into")


def test_an_alarm_that_vanished_is_missed_by_the_act_that_raised_it(pair, sent, spoil) -> None:
    doubts(pair.xb, cleared=True)
    doubts(pair.xb)
    assert acts_of(pair.xb).broken is None
    spoil("DELETE FROM log_alarm")
    broken = acts_of(pair.xb).broken
    assert broken is not None
    assert broken.fields["entry"] == "6"
    assert "the alarm about XA" in broken.fields["detail"]


def test_an_alarm_that_a_person_cleared_is_not_missed(pair, sent) -> None:
    doubts(pair.xb, cleared=True)
    assert acts_of(pair.xb).broken is None


def test_a_key_that_is_not_here_vouches_for_nothing(pair, sent) -> None:
    report = check_receipts(pair.xb.wired.node.store, XB, XA, (), lambda log, done, of: None)
    assert report.broken is not None
    assert report.broken.fields["entry"] == "1"


def test_acts_are_signed_once_for_each_end(pair, sent) -> None:
    node = pair.xb.wired.node
    for _ in range(3):
        sign_acts(node)
    assert acts_of(pair.xb) == LogReport("XB/acts", 3, 2, 3)


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def n2n(pair, capsys, monkeypatch) -> Callable[..., tuple[int, str, str]]:
    """Runs `n2n ARGUMENTS` at XB's home."""
    monkeypatch.setenv("N2N_HOME", str(pair.xb.home))
    monkeypatch.setenv("N2N_LANG", "en")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        streams = capsys.readouterr()
        return code, streams.out, streams.err

    return run


def test_verify_says_that_all_holds(n2n, pair, sent) -> None:
    code, out, err = n2n("audit", "verify")
    assert (code, err) == (0, "")
    assert "XB/XA" in out
    assert "XB/acts" in out
    code, out, _ = n2n("audit", "verify", "--partner", "XA", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"log": "XB/XA", "entries": 7, "checkpoints": 4, "covered": 7, "holds": True, "error": None}
    ]


def test_verify_ends_with_the_code_of_the_first_thing_that_is_broken(n2n, pair, sent, spoil) -> None:
    spoil("UPDATE receipt SET receipt = x'00' WHERE log_index = 3", "DELETE FROM audit WHERE id = 2")
    code, out, err = n2n("audit", "verify", "--json")
    assert code == 74
    assert [(one["log"], one["holds"]) for one in json.loads(out)] == [("XB/XA", False), ("XB/acts", False)]
    error = json.loads(err)["error"]
    assert (error["code"], error["fields"]["entry"]) == ("N2N-LOG-002", "4")
    code, out, err = n2n("audit", "verify", "--lang", "zh-TW")
    assert code == 74
    assert "不成立" in out
    assert "N2N-LOG-002" in err


HIDDEN = {
    "its row gone": (["DELETE FROM receipt_log"], 1),
    "row and receipts gone": (["DELETE FROM receipt_log", "DELETE FROM receipt WHERE direction = 'issued'"], 1),
    "row and checkpoints gone": (["DELETE FROM receipt_log", "DELETE FROM issued_checkpoint"], 1),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_verify_finds_a_log_that_was_hidden(n2n, pair, sent, spoil, name: str) -> None:
    statements, at = HIDDEN[name]
    spoil(*statements)
    code, out, err = n2n("audit", "verify", "--json")
    assert code == 74
    assert [(one["log"], one["holds"]) for one in json.loads(out)] == [("XB/XA", False), ("XB/acts", True)]
    assert json.loads(err)["error"]["fields"]["entry"] == str(at)


def test_verify_tells_what_nobody_signed_from_what_holds(n2n, pair, sent, spoil) -> None:
    code, out, _ = n2n("audit", "verify")
    assert (code, "nothing was signed" in out) == (0, False)
    spoil("DELETE FROM issued_checkpoint")
    code, out, _ = n2n("audit", "verify")
    assert (code, out.count("fits, but nothing was signed"), out.count("holds")) == (0, 2, 0)
    code, out, _ = n2n("audit", "verify", "--lang", "zh-TW")
    assert (code, out.count("相符，惟無已簽署之查核點")) == (0, 2)


def test_verify_of_a_partner_that_never_got_a_receipt_is_refused(n2n, pair) -> None:
    code, _, err = n2n("audit", "verify", "--partner", "XC")
    assert code == 66
    assert "N2N-PROF-002" in err


def test_tail_shows_the_last_acts_and_those_behind_one(n2n, pair, sent) -> None:
    code, out, _ = n2n("audit", "tail", "--json", "--limit", "2")
    assert code == 0
    assert [(one["id"], one["act"], one["object"]) for one in json.loads(out)] == [
        (2, "looked", "second"),
        (3, "looked", "third"),
    ]
    _, out, _ = n2n("audit", "tail", "--json", "--after", "0", "--limit", "1")
    assert [one["object"] for one in json.loads(out)] == ["first"]
    _, out, _ = n2n("audit", "tail", "--act", "unheard-of")
    assert out == ""
    _, out, _ = n2n("audit", "tail")
    assert "clerk (human)" in out


def test_tail_shows_the_acts_about_one_partner(n2n, pair, papers) -> None:
    identifier = pair.xb.hand_in(papers(1)[0], XA)
    act(pair.xb, "something else")
    _, out, _ = n2n("audit", "tail", "--partner", "XA", "--json")
    assert [(one["act"], one["object"]) for one in json.loads(out)] == [("accepted", identifier)]


def test_an_alarm_is_cleared_by_a_person_with_a_reason_that_is_kept(n2n, pair) -> None:
    store, now = pair.xb.wired.node.store, pair.xb.clock.now()
    note = sign_checkpoint(XA, XB, 1, b"r" * 32, pair.xa.wired.node.keys.checkpoint[0])
    store.write(lambda tx: witnessed.raise_alarm(tx, witnessed.Alarm(XA, now, note, note)))
    code, _, err = n2n("audit", "clear", "XC", "--because", "letter 12")
    assert (code, "N2N-LOG-003" in err) == (66, True)
    code, _, err = n2n("audit", "clear", "XA", "--because", "letter 12")
    assert code == 0
    assert "cleared" in err
    assert store.read(lambda tx: witnessed.alarm(tx, XA)) is None
    _, out, _ = n2n("audit", "tail", "--act", "log-alarm-cleared", "--json")
    (entry,) = json.loads(out)
    assert (entry["kind"], entry["detail"]) == ("human", {"partner": "XA", "reason": "letter 12"})
    assert n2n("audit", "clear", "XA")[0] == 2
