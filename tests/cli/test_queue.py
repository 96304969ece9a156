"""`n2n queue` on a real node home whose partner does not run."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import main
from node.documents import samples
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.job import Verb
from node.settings import load_settings
from node.store import actors, circuits, holds, jobs, operator_series, witnessed
from node.store.database import Database, Tx
from node.store.tables import EXCHANGE, JOB

Run = Callable[..., Any]
KIND = "certificate_of_origin"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "pki"
    assert main(["pki", "dev", str(folder), "XA", "XB"]) == 0
    return folder


@pytest.fixture
def home(drawn: Path, tmp_path: Path) -> Path:
    """XA, with three papers for XB that wait."""
    home = tmp_path / "xa"
    assert main(["init", str(home), "--code", "XA", "--pki", str(drawn), "--partner", "XB=127.0.0.1:1"]) == 0
    original = samples.sample(KIND, samples.sample_names(KIND)[0])
    for at in range(3):
        file = tmp_path / f"{at}.xml"
        file.write_bytes(samples.vary(KIND, original, f"QUEUE-{at}"))
        assert main(["send", str(file), "--to", "XB", "--home", str(home)]) == 0
    return home


def listed(n2n: Run, home: Path, *words: str) -> list[dict[str, Any]]:
    return n2n("exchange", "list", "--json", "--home", home, *words).data


def test_a_dry_run_counts_and_changes_nothing(n2n: Run, home: Path) -> None:
    ran = n2n("queue", "park", "--partner", "XB", "--dry-run", "--reason", "x", "--json", "--home", home)
    assert (ran.code, ran.data["count"]) == (0, 3)
    assert [one["state"] for one in ran.data["sample"]] == ["ACCEPTED"] * 3
    assert {one["state"] for one in listed(n2n, home)} == {"ACCEPTED"}


def test_many_are_parked_and_resumed_with_a_line_for_each_and_the_reason_in_the_audit(n2n: Run, home: Path) -> None:
    ran = n2n("queue", "park", "--text", "queue-", "--yes", "--reason", "wrong tariff", "--json", "--home", home)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["before"], one["after"], one["error"]) for one in lines] == [("ACCEPTED", "PARKED", None)] * 3
    acts = n2n("audit", "tail", "--act", "parked", "--json", "--home", home).out
    assert acts.count("wrong tariff") == 3
    retried = n2n("queue", "retry", "--partner", "XB", "--yes", "--json", "--home", home)
    assert [json.loads(line)["error"]["code"] for line in retried.out.splitlines()] == ["N2N-SEQ-017"] * 3
    ran = n2n("queue", "resume", "--cause", "by hand", "--yes", "--home", home)
    assert "Done: 3. Not done: 0." in ran.err
    assert {one["state"] for one in listed(n2n, home)} == {"ACCEPTED"}


def test_more_than_one_needs_a_yes_and_everything_needs_a_name(n2n: Run, home: Path) -> None:
    assert n2n("queue", "cancel", "--partner", "XB", "--reason", "x", "--home", home).code == 2
    assert n2n("queue", "cancel", "--reason", "x", "--yes", "--home", home).code == 2
    assert {one["state"] for one in listed(n2n, home)} == {"ACCEPTED"}


def test_one_paper_is_cancelled_by_its_id_and_not_again(n2n: Run, home: Path) -> None:
    one = listed(n2n, home)[0]["id"]
    assert n2n("queue", "cancel", one, "--reason", "the exporter asked", "--home", home).code == 0
    assert n2n("exchange", "show", one, "--json", "--home", home).data["state"] == "CANCELLED"
    assert n2n("queue", "cancel", one, "--reason", "again", "--home", home).code != 0


def test_a_filter_that_finds_nothing_does_nothing(n2n: Run, home: Path) -> None:
    ran = n2n("queue", "cancel", "--partner", "XB", "--older-than", "7d", "--yes", "--reason", "x", "--home", home)
    assert (ran.code, ran.out) == (0, "")
    assert "No exchange matches." in ran.err


def test_an_act_that_is_stopped_between_two_portions_keeps_what_is_done(
    n2n: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from node.flows import acts

    monkeypatch.setattr(acts, "CHUNK", 1)
    perform, calls = acts.perform, []

    def stopped(*given: object) -> object:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(given)
        return perform(*given)

    monkeypatch.setattr(acts, "perform", stopped)
    ran = n2n("queue", "park", "--partner", "XB", "--yes", "--reason", "x", "--home", home)
    assert ran.code == 130
    assert "Stopped after 2 of 3" in ran.err
    assert sorted(one["state"] for one in listed(n2n, home)) == ["ACCEPTED", "PARKED", "PARKED"]
    monkeypatch.setattr(acts, "perform", perform)
    n2n("queue", "park", "--partner", "XB", "--yes", "--reason", "x", "--home", home)
    assert {one["state"] for one in listed(n2n, home)} == {"PARKED"}


# --- what waits, and for whom -----------------------------------------------------------------------------------------


def test_top_counts_what_waits_by_lane_and_by_first_cause(n2n: Run, home: Path) -> None:
    top = n2n("queue", "top", "--json", "--home", home).data
    (lane,) = top["lanes"]
    assert (lane["partner"], lane["verb"], lane["priority"]) == ("XB", "seal", "B")
    assert (lane["waiting"], lane["due"], lane["leased"], lane["blocked"]) == (3, 3, 0, 0)
    assert lane["oldest"] == min(one["created_at"] for one in listed(n2n, home))
    n2n("queue", "park", "--partner", "XB", "--yes", "--reason", "x", "--home", home)
    top = n2n("queue", "top", "--json", "--home", home).data
    assert top["lanes"] == []
    (cause,) = top["causes"]
    assert (cause["state"], cause["first_cause"], cause["count"]) == ("PARKED", "by hand", 3)
    assert "by hand" in n2n("queue", "top", "--home", home).out


def test_top_shows_what_is_at_work_what_waits_behind_another_and_who_is_away(n2n: Run, home: Path) -> None:
    now = datetime.now(UTC)
    first, second, _ = sorted(one["id"] for one in listed(n2n, home))

    def spoil(tx: Tx) -> None:
        jobs.claim(tx, jobs.Lane(NodeCode("XB"), Verb.SEAL), "w", 1, now, timedelta(minutes=5))
        tx.execute(JOB.update().where(JOB.c.exchange_id == second).values(blocked_by=first))
        circuits.note_away(tx, circuits.Away(NodeCode("XB"), now - timedelta(hours=2), "N2N-DLV-001", 9, now))

    changed(home, spoil)
    top = n2n("queue", "top", "--json", "--home", home).data
    assert [(one["waiting"], one["leased"], one["blocked"]) for one in top["lanes"]] == [(3, 1, 1)]
    assert [(one["partner"], one["cause"]) for one in top["away"]] == [("XB", "N2N-DLV-001")]
    tasks = n2n("queue", "tasks", "--json", "--home", home).data
    assert [(one["kind"], one["next"]) for one in tasks] == [("away", "n2n queue retry --partner XB --yes")]


def test_every_task_says_since_when_who_must_act_and_what_to_type(n2n: Run, home: Path) -> None:
    assert n2n("queue", "tasks", "--json", "--home", home).data == []
    first, second, third = sorted(one["id"] for one in listed(n2n, home))
    n2n("queue", "park", first, "--reason", "x", "--home", home)
    now = datetime.now(UTC)

    def spoil(tx: Tx) -> None:
        tx.execute(
            EXCHANGE.update().where(EXCHANGE.c.id == second).values(state="UNRESOLVED", first_cause="N2N-DLV-002")
        )
        tx.execute(JOB.update().where(JOB.c.exchange_id == second).values(created_at=now - timedelta(hours=100)))
        tx.execute(JOB.update().where(JOB.c.exchange_id == third).values(partner="ZZ"))
        witnessed.raise_alarm(tx, witnessed.Alarm(NodeCode("XB"), now, b"known", b"shown"))
        actor = actors.ensure(tx, "somebody", actors.ActorKind.HUMAN, now)
        holds.place(tx, [first], actor, "a case", now, now + timedelta(days=2))
        series = operator_series.ensure(tx, NodeCode("XB"), Direction.IN, "XB-CUSTOMS", "XBAEO", now)
        operator_series.note_gap(tx, series, 8, now)

    changed(home, spoil)
    tasks = {one["kind"]: one for one in n2n("queue", "tasks", "--json", "--home", home).data}
    assert tasks.keys() == {"parked", "unresolved", "log", "hold", "register", "unroutable"}
    assert tasks["parked"]["next"] == f"n2n queue resume {first}"
    assert (tasks["unresolved"]["side"], tasks["unresolved"]["next"]) == ("theirs", f"n2n queue retry {second}")
    assert tasks["unresolved"]["cause"] == "N2N-DLV-002"
    assert tasks["register"]["next"] == "n2n register request XB"
    assert "list 8 of XBAEO" in tasks["register"]["what"]["en"]
    assert tasks["unroutable"]["partner"] == "ZZ"
    assert all(one["since"] for one in tasks.values())
    assert "暫停" in n2n("queue", "tasks", "--lang", "zh-TW", "--home", home).out


def changed(home: Path, work: Callable[[Tx], None]) -> None:
    """Things happen to the store that would take days."""
    store = Database.open(load_settings(home, {}).store_url)
    store.write(work)
    store.close()


def test_a_drain_closes_intake_shows_what_is_left_and_opens_again(n2n: Run, home: Path) -> None:
    ran = n2n("queue", "drain", "--reason", "moving", "--wait", "0", "--json", "--home", home)
    assert ran.data["closed_since"]
    assert [one["waiting"] for one in ran.data["lanes"]] == [3]
    assert n2n("queue", "top", "--json", "--home", home).data["closed_since"] == ran.data["closed_since"]
    assert n2n("send", home.parent / "0.xml", "--to", "XB", "--key", "new", "--home", home).code == 75
    assert n2n("queue", "drain", "--open", "--json", "--home", home).data == {"open": True, "was_closed": True}
    assert n2n("queue", "top", "--json", "--home", home).data["closed_since"] is None
