"""Large files travel beside their paper: resumed where they were cut, opened before a receipt."""

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta

import pytest

from node.errors import NoAnswer
from node.flows.attaching import collect
from node.model.envelope import DeliverRequest
from node.model.exchange import Direction, Exchange, State
from node.model.upload import Chunk
from node.service import take_from_hub
from node.store import attachments, queries, retention
from node.store.actors import ActorKind, ensure
from node.transport.loopback import Loopback
from node.wire import receipt_from_bytes

SCAN = hashlib.shake_256(b"scan").digest(1_300_000)
NOTE = "簽署之影本".encode() * 10


def hand_in(pair, content: bytes, name: str = "one", files: dict[str, bytes] | None = None) -> None:
    folder = pair.xa.home / "hub" / "outbound" / "XB"
    beside = folder / f"{name}.files"
    beside.mkdir()
    for file, data in ({"scan.pdf": SCAN, "影本.txt": NOTE} if files is None else files).items():
        (beside / file).write_bytes(data)
    (folder / f"{name}.xml").write_bytes(content)
    (folder / f"{name}.done").touch()
    take_from_hub(pair.xa.wired)


def sent(pair) -> Exchange:
    wanted = queries.ExchangeFilter(direction=Direction.OUT, limit=9)
    (row,) = pair.xa.wired.node.store.read(lambda tx: queries.list_exchanges(tx, wanted))
    return row


def at_the_hub(pair) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (pair.xb.home / "hub" / "inbound").glob("XA/*.files/*")}


def lying(country, way: str) -> list[str]:
    return sorted(file.name for file in (country.home / "uploads" / way).glob("*/*"))


def test_files_beside_a_paper_arrive_beside_it(pair, origin: bytes) -> None:
    hand_in(pair, origin)
    pair.cross()
    assert sent(pair).state is State.DELIVERED
    assert at_the_hub(pair) == {"scan.pdf": SCAN, "影本.txt": NOTE}
    (note,) = (pair.xb.home / "hub" / "inbound" / "XA").glob("*.note")
    told = json.loads(note.read_text())["attachments"]
    assert [(one["name"], one["media_type"], one["size"]) for one in told] == [
        ("scan.pdf", "application/pdf", len(SCAN)),
        ("影本.txt", "text/plain", len(NOTE)),
    ]
    assert told[0]["sha256"] == hashlib.sha256(SCAN).hexdigest()
    assert sorted(path.name for path in (pair.xa.home / "hub" / "taken" / "XB").iterdir()) == [
        "one.files",
        "one.note",
        "one.xml",
    ]


def test_neither_node_keeps_the_content_in_clear(pair, origin: bytes) -> None:
    hand_in(pair, origin)
    pair.cross()
    for country in (pair.xa, pair.xb):
        files = list((country.home / "uploads").glob("*/*/*"))
        assert len(files) == 2
        assert all(SCAN[:1000] not in file.read_bytes() and NOTE[:50] not in file.read_bytes() for file in files)


def test_what_was_cut_goes_on_where_it_was_cut(pair, origin: bytes) -> None:
    brought: list[int] = []

    def cut(chunks: Iterable[Chunk]) -> Iterable[Chunk]:
        for chunk in chunks:
            if len(brought) == 1:
                raise NoAnswer(partner="XB", seconds="1")
            if chunk.data:
                brought.append(len(chunk.data))
            yield chunk

    pair.xa.road.uploading = cut
    hand_in(pair, origin)
    pair.xa.work()
    assert sent(pair).state is State.SEALED
    assert pair.xb.received() == []

    def counted(chunks: Iterable[Chunk]) -> Iterable[Chunk]:
        for chunk in chunks:
            brought.append(len(chunk.data))
            yield chunk

    pair.xa.road.uploading = counted
    pair.xa.next_try()
    pair.cross()
    assert sent(pair).state is State.DELIVERED
    assert sum(brought) == sum(file.stat().st_size for file in (pair.xa.home / "uploads" / "out" / "XB").iterdir())
    assert at_the_hub(pair)["scan.pdf"] == SCAN


def test_an_upload_that_was_lost_is_sent_again(pair, origin: bytes) -> None:
    def lose(request: DeliverRequest) -> DeliverRequest:
        for file in (pair.xb.home / "uploads" / "in" / "XA").iterdir():
            file.unlink()
        pair.xa.road.tamper = lambda same: same
        return request

    pair.xa.road.tamper = lose
    hand_in(pair, origin)
    pair.xa.work()
    assert pair.xb.received() == []
    pair.xa.next_try()
    pair.cross()
    assert sent(pair).state is State.DELIVERED
    assert at_the_hub(pair)["scan.pdf"] == SCAN


def test_other_papers_do_not_wait_for_one_whose_files_cannot_be_brought(pair, origin: bytes, phyto: bytes) -> None:
    def broken(chunks: Iterable[Chunk]) -> Iterable[Chunk]:
        raise NoAnswer(partner="XB", seconds="1")

    pair.xa.road.uploading = broken
    hand_in(pair, origin)
    other = pair.xa.hand_in(phyto, pair.xb.code)
    pair.xa.work()
    assert pair.xa.exchange(other).state is State.DELIVERED


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({f"{number}.txt": b"x" for number in range(17)}, "N2N-HUB-002"),
        ({"-rf": b"x"}, "N2N-HUB-002"),
    ],
    ids=["seventeen", "a name that is none"],
)
def test_files_that_cannot_travel_send_the_paper_back(pair, origin: bytes, files: dict[str, bytes], code: str) -> None:
    hand_in(pair, origin, files=files)
    note = json.loads((pair.xa.home / "hub" / "refused" / "XB" / "one.note").read_text())
    assert note["code"] == code
    pair.xa.work()
    assert pair.xb.received() == []


def test_a_link_beside_a_paper_is_not_followed(pair, origin: bytes) -> None:
    beside = pair.xa.home / "hub" / "outbound" / "XB" / "two.files"
    beside.mkdir()
    (beside / "key.txt").symlink_to(pair.xa.home / "keys" / "sign.key")
    (beside.parent / "two.xml").write_bytes(origin)
    (beside.parent / "two.done").touch()
    take_from_hub(pair.xa.wired)
    assert (pair.xa.home / "hub" / "refused" / "XB" / "two.note").exists()
    assert lying(pair.xa, "out") == []


def test_attachments_go_with_the_body(pair, origin: bytes, clock) -> None:
    hand_in(pair, origin)
    pair.cross()
    collect(pair.xb.wired.node)
    for country in (pair.xa, pair.xb):
        store, node = country.wired.node.store, country.wired.node
        (row,) = country.received() if country is pair.xb else [sent(pair)]
        assert row.id in store.read(lambda tx, row=row: attachments.load(tx, [row.id]))
        clock.advance(timedelta(days=30))
        store.write(
            lambda tx, row=row: retention.purge(
                tx, [row.id], ensure(tx, "clerk", ActorKind.HUMAN, clock.now()), "asked", clock.now()
            )
        )
        assert store.read(attachments.kept) == set()
        collect(node)
    assert (lying(pair.xa, "out"), lying(pair.xb, "in")) == ([], [])


def agree(pair, country, reopen, most: int) -> None:
    """Attachments of up to `most` bytes are what this country knows to be agreed."""
    other = "XB" if country is pair.xa else "XA"
    file = country.home / "partner_profiles" / other / "xa-xb-trade-papers.toml"
    before = file.read_text()
    assert "max_upload_bytes = 104857600" in before
    file.write_text(before.replace("max_upload_bytes = 104857600", f"max_upload_bytes = {most}"))
    reopen(country)


@pytest.mark.parametrize("over", [0, 1])
def test_an_attachment_larger_than_agreed_sends_the_paper_back_and_leaves_nothing(
    pair, phyto: bytes, reopen, over: int
) -> None:
    agree(pair, pair.xa, reopen, len(SCAN) - over)
    hand_in(pair, phyto)
    note = pair.xa.home / "hub" / "refused" / "XB" / "one.note"
    if not over:
        assert (note.exists(), sent(pair).state) == (False, State.ACCEPTED)
        return
    told = json.loads(note.read_text())
    assert told["code"] == "N2N-WIRE-003"
    assert f"{len(SCAN) - 1} bytes" in str(told)
    assert lying(pair.xa, "out") == []


def test_an_attachment_larger_than_the_partner_agreed_is_refused_with_its_signed_receipt(
    pair, phyto: bytes, reopen
) -> None:
    agree(pair, pair.xb, reopen, len(SCAN) - 1)
    pair.xa.road.there = Loopback(pair.xb.code, pair.xa.code, pair.xb.wired.door, pair.xb.wired.door.uploads)
    hand_in(pair, phyto)
    pair.cross()
    assert sent(pair).state is State.REFUSED
    receipt = receipt_from_bytes(pair.xa.receipt(sent(pair).id).signed.receipt)
    assert [one.code for one in receipt.findings] == ["TOO_LARGE"]
    assert pair.xb.hub_has() == []
