"""Feeds under strain: a reader that does not read, a node that is killed, a way to the hub that changes overnight."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

sys.path.append(str(Path(__file__).parent))

import hub_lab
import pytest
from hub_lab import XA, XB, HubLab, Running, papers, until

from node.model.exchange import Direction, State
from node.sandbox import dev_pki
from node.sandbox.processes import NodeProcess
from node.settings import load_settings
from node.store import hub_jobs, jobs, queries
from node.wiring import wire


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> dev_pki.DevPki:
    return dev_pki.draw(tmp_path_factory.mktemp("pki") / "pki", [XA, XB], datetime.now(UTC))


@pytest.fixture
def lab(tmp_path: Path, pki: dev_pki.DevPki) -> Iterator[HubLab]:
    with hub_lab.two_nodes(tmp_path, pki) as made:
        yield made


def padded(contents: list[bytes], size: int) -> list[bytes]:
    return [content + b"\n" * (size - len(content)) for content in contents]


def test_a_reader_that_does_not_read_holds_a_few_pages_in_memory_and_loses_nothing(lab: HubLab) -> None:
    agency, theirs = lab.agency(lab.xa), lab.agency(lab.xb)
    contents = padded(papers(60), 400_000)
    desk, pages = lab.xb.wired.hub_door.desk, []
    read = desk.inbound

    def counted(*asked: object) -> object:
        page = read(*asked)
        pages.append(len(page.papers))
        return page

    for start in range(0, 60, 10):
        outcomes = agency.submit(*((f"k{n}", contents[n]) for n in range(start, start + 10)))
        assert {one.WhichOneof("outcome") for one in outcomes} == {"taken"}
    until(lambda: waiting(lab.xb) == 60, 60)
    desk.inbound = counted
    with theirs.inbound() as stream:
        first = next(stream)
        time.sleep(2)
        held = sum(pages)
        assert held < 30, "the node reads ahead of a reader that sleeps"
        time.sleep(1)
        assert sum(pages) == held
        seen = [one.document for one in first.papers]
        while len(seen) < 60:
            seen += [one.document for one in next(stream).papers]
    assert sorted(seen) == sorted(contents)


def waiting(running: Running) -> int:
    return sum(
        one.count
        for one in running.wired.node.store.read(queries.counts)
        if (one.direction, one.state) == (Direction.IN, State.RECEIVED)
    )


def test_papers_that_come_while_a_feed_is_watched_arrive_once_each_in_order(lab: HubLab) -> None:
    agency, theirs = lab.agency(lab.xa), lab.agency(lab.xb)
    contents = papers(60)

    def hand_in() -> None:
        for number, content in enumerate(contents):
            agency.submit((f"k{number}", content))

    writer = threading.Thread(target=hand_in)
    seen: list[bytes] = []
    with theirs.inbound() as stream:
        writer.start()
        while len(seen) < 60:
            seen += [one.document for one in next(stream).papers]
    writer.join()
    assert sorted(seen) == sorted(contents)


def test_a_killed_node_loses_nothing_that_was_taken_and_its_feeds_go_on(lab: HubLab) -> None:
    theirs = lab.agency(lab.xb)
    lab.xa.stop()
    process = NodeProcess(lab.xa.home)
    process.start()
    try:
        agency = lab.agency(lab.xa)
        with agency.moves(from_now=True) as stream:
            cursor = next(stream).cursor
        contents = papers(20)
        ids = [one.taken.exchange for one in agency.submit(*((f"k{n}", c) for n, c in enumerate(contents)))]
        process.kill()
        process.start()
        agency = lab.agency(lab.xa)
        again = agency.submit(*((f"k{n}", c) for n, c in enumerate(contents)))
        assert [one.taken.exchange for one in again] == ids
        assert {one.taken.before for one in again} == {True}
        found, _ = theirs.take(20)
        assert sorted(one.document for one in found) == sorted(contents)
        until(lambda: all(agency.view(one).state == "DELIVERED" for one in ids))
        seen: set[tuple[str, str]] = set()
        wanted = {(one, state) for one in ids for state in ("SEALED", "DELIVERED")}
        while not wanted <= seen:
            with agency.moves(cursor) as stream:
                message = next(stream)
            seen |= {(change.exchange, change.state) for change in message.changes}
            cursor = message.cursor
    finally:
        process.stop()


def test_a_hub_that_begins_anew_is_not_walked_through_what_it_has(lab: HubLab) -> None:
    agency, theirs = lab.agency(lab.xa), lab.agency(lab.xb)
    contents = papers(600)
    for start in range(0, 600, 50):
        agency.submit(*((f"k{n}", contents[n]) for n in range(start, start + 50)))
    cursor, count = "", 0
    while count < 599:
        found, cursor = theirs.take(1, cursor)
        kept = [one.exchange for one in found if one.document != contents[599]]
        theirs.acknowledge(*kept)
        count += len(kept)
    found, _ = theirs.take(1)
    assert [one.document for one in found] == [contents[599]]


# --- the way to the hub changes ---------------------------------------------------------------------------------------


def test_what_waits_for_a_watching_hub_is_handed_over_when_the_folder_takes_its_place(lab: HubLab) -> None:
    agency = lab.agency(lab.xa)
    contents = papers(3)
    agency.submit(*((f"k{n}", content) for n, content in enumerate(contents)))
    until(lambda: waiting(lab.xb) == 3)
    lab.xb.stop()
    settings = lab.xb.home / "node.toml"
    settings.write_text(settings.read_text().replace('kind = "grpc"', 'kind = "folder"'))
    lab.xb.start()
    inbound = lab.xb.home / "hub" / "inbound" / XA
    until(lambda: len(list(inbound.glob("*.done"))) == 3)
    assert sorted(file.read_bytes() for file in inbound.glob("*.xml")) == sorted(contents)
    until(lambda: waiting(lab.xb) == 0)


def test_what_the_folder_was_owed_is_seen_by_the_hub_that_watches(tmp_path: Path, lab: HubLab) -> None:
    agency = lab.agency(lab.xa)
    agency.submit(("k", papers(1)[0]))
    until(lambda: waiting(lab.xb) == 1)
    lab.xb.stop()
    wired = wire(load_settings(lab.xb.home, {"N2N_HUB_KIND": "folder"}))
    now = wired.node.clock.now()
    assert wired.node.store.write(lambda tx: hub_jobs.owe(tx, now)) == 1
    assert wired.node.store.write(lambda tx: hub_jobs.owe(tx, now)) == 0
    assert wired.node.store.read(jobs.next_due) is not None
    wired.close()
    lab.xb.start()
    assert lab.xb.wired.node.store.read(jobs.next_due) is None
    found, _ = lab.agency(lab.xb).take(1)
    assert len(found) == 1
