"""What a domestic system may do is what its entry says; who is struck off hears it at the next call."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # refused handshakes are part of these tests

sys.path.append(str(Path(__file__).parent))

import grpc
import hub_lab
import pytest
from hub_lab import XA, XB, Client, HubLab, papers, refusal, until

from node.documents import samples
from node.errors import KeyFileTooOpen, KeyFileUnusable, KeyRolesShared, SettingInvalid
from node.protocol.n2n.v1 import hub_pb2
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.settings import HubKind, load_settings
from node.store import actors, audit
from node.wiring import wire

PHYTO = "phytosanitary_certificate"


@dataclass
class Stage:
    lab: HubLab
    origin_only: tuple[bytes, bytes]
    phyto_only: tuple[bytes, bytes]

    @property
    def agency(self) -> Client:
        return self.lab.agency(self.lab.xa)

    @property
    def theirs(self) -> Client:
        return self.lab.agency(self.lab.xb)

    @property
    def origin(self) -> Client:
        return self.lab.client(self.lab.xa, *self.origin_only)

    @property
    def phyto(self) -> Client:
        return self.lab.client(self.lab.xb, *self.phyto_only)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("rights")
    pki = dev_pki.draw(folder / "pki", [XA, XB], datetime.now(UTC))
    clients: list[tuple[bytes, bytes]] = []

    def enrol(lab: HubLab) -> None:
        clients.append(lab.enrol(lab.xa, "origin-office", f'kinds = ["{hub_lab.KIND}"]'))
        clients.append(lab.enrol(lab.xb, "plant-health", f'kinds = ["{PHYTO}"]'))

    with hub_lab.two_nodes(folder, pki, enrol) as made:
        yield Stage(made, *clients)


def phyto(number: str) -> bytes:
    return samples.vary(PHYTO, samples.sample(PHYTO, samples.sample_names(PHYTO)[0]), number)


def test_a_client_of_one_kind_hands_in_that_kind_and_says_so(stage: Stage) -> None:
    content, other = papers(2)
    named, unnamed = stage.origin.submit(("r1", content), kind=hub_lab.KIND), stage.origin.submit(("r2", other))
    wrong = stage.origin.submit(("r3", phyto("R-3")), kind=PHYTO)
    posing = stage.origin.submit(("r4", phyto("R-4")), kind=hub_lab.KIND)
    assert named[0].WhichOneof("outcome") == "taken"
    assert [one[0].refusal.code for one in (unnamed, wrong, posing)] == ["N2N-HUB-012", "N2N-HUB-012", "N2N-DOC-002"]


def test_a_client_of_one_kind_sees_acknowledges_answers_and_follows_that_kind_only(stage: Stage) -> None:
    (content,) = papers(1, 100)
    (origin,) = stage.agency.submit(("s1", content))
    (plants,) = stage.agency.submit(("s2", phyto("S-2")))
    found, _ = stage.phyto.take(1)
    assert [one.kind for one in found] == [PHYTO]
    everything: dict[str, str] = {}
    while len(everything) < 2:
        taken, _ = stage.theirs.take(2)
        everything = {one.kind: one.exchange for one in taken}
    hidden = everything[hub_lab.KIND]
    assert list(stage.phyto.acknowledge(hidden).unknown) == [hidden]
    assert stage.phyto.answer(hidden).refusal.code == "N2N-SEQ-008"
    with pytest.raises(grpc.RpcError) as refused:
        stage.phyto.view(hidden)
    assert refusal(refused.value) == (grpc.StatusCode.NOT_FOUND, "N2N-SEQ-008")
    assert stage.theirs.view(hidden).state == "RECEIVED"
    assert stage.phyto.answer(everything[PHYTO]).WhichOneof("outcome") == "taken"
    until(lambda: stage.agency.view(plants.taken.exchange).state == "ANSWERED")
    seen = stage.origin.follow(lambda change: (change.exchange, change.state) == (origin.taken.exchange, "DELIVERED"))
    assert {change.kind for change in seen} == {hub_lab.KIND}


def test_keys_are_a_clients_own(stage: Stage) -> None:
    one, other = papers(2, 200)
    (mine,) = stage.agency.submit(("same", one), kind=hub_lab.KIND)
    (theirs,) = stage.origin.submit(("same", other), kind=hub_lab.KIND)
    assert mine.taken.exchange != theirs.taken.exchange
    assert stage.origin.view(mine.taken.exchange).idempotency_key == ""
    assert stage.agency.view(mine.taken.exchange).idempotency_key == "same"
    found = stage.origin.stub.GetExchange(hub_pb2.GetExchangeRequest(idempotency_key="same"), timeout=5)
    assert found.exchange == theirs.taken.exchange


def test_who_handed_in_acknowledged_and_answered_is_in_the_audit(stage: Stage) -> None:
    (content,) = papers(1, 300)
    (sent,) = stage.agency.submit(("audit", content))
    paper = next(one for one in iter_inbound(stage.theirs) if one.document == content)
    stage.theirs.acknowledge(paper.exchange)
    stage.theirs.answer(paper.exchange)
    told = {
        (entry.act, entry.actor, entry.kind)
        for running, identifier in ((stage.lab.xa, sent.taken.exchange), (stage.lab.xb, paper.exchange))
        for entry in running.wired.node.store.read(lambda tx: audit.entries(tx, limit=10_000))
        if entry.object == identifier
    }
    hub = ("hub client agency", actors.ActorKind.HUB)
    assert {("accepted", *hub), ("acknowledged", *hub), ("answered", *hub)} <= told


def iter_inbound(client: Client) -> Iterator[hub_pb2.InboundPaper]:
    with client.inbound() as stream:
        for message in stream:
            yield from message.papers


def test_a_refused_caller_is_in_the_audit_by_its_certificate(stage: Stage) -> None:
    client = stage.lab.client(stage.lab.xa, *stage.lab.minted("nobody"))
    with pytest.raises(grpc.RpcError):
        client.view("019aa9b0-0000-7000-8000-000000000001")

    def told() -> bool:
        entries = stage.lab.xa.wired.node.store.read(lambda tx: audit.entries(tx, limit=10_000))
        return any(e.kind is actors.ActorKind.HUB and e.actor.startswith("certificate ") for e in entries)

    until(told)


def test_a_renewed_certificate_is_taken_without_restart_and_the_old_one_is_nobodys(stage: Stage) -> None:
    lab = stage.lab
    old = stage.origin
    with old.moves(from_now=True) as stream:
        next(stream)
        key, certificate = lab.minted("renewed")
        (lab.xa.home / "certs" / "hub" / "origin-office.pem").write_bytes(certificate)
        assert lab.xa.wired.hub_door.renew()
        assert not lab.xa.wired.hub_door.renew()
        with pytest.raises(grpc.RpcError) as ended:
            list(stream)
    assert refusal(ended.value) == (grpc.StatusCode.UNAUTHENTICATED, "N2N-AUTH-001")
    with pytest.raises(grpc.RpcError) as refused:
        old.view("019aa9b0-0000-7000-8000-000000000001")
    assert refusal(refused.value) == (grpc.StatusCode.UNAUTHENTICATED, "N2N-AUTH-001")
    new = lab.client(lab.xa, key, certificate)
    (sent,) = new.submit(("renewed", papers(1, 400)[0]), kind=hub_lab.KIND)
    assert sent.WhichOneof("outcome") == "taken"


# --- doors that do not open -------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    pki = dev_pki.draw(tmp_path / "pki", [XA], datetime.now(UTC))
    return furnish_home(pki, tmp_path / XA, XA, hub=HubKind.GRPC)


def test_a_hub_key_that_partners_know_stops_the_node(home: Path) -> None:
    for name in ("key", "pem"):
        shutil.copy(home / "keys" / f"tls.{name}", home / "keys" / f"hub.{name}")
    with pytest.raises(KeyRolesShared):
        wire(load_settings(home, {}))


def test_a_hub_key_that_others_may_read_stops_the_node(home: Path) -> None:
    (home / "keys" / "hub.key").chmod(0o640)
    with pytest.raises(KeyFileTooOpen):
        wire(load_settings(home, {}))


@pytest.mark.parametrize("name", ["keys/hub.pem", "certs/hub/ca.pem", "certs/hub/agency.pem"])
def test_a_file_that_holds_no_certificate_stops_the_node(home: Path, name: str) -> None:
    (home / name).write_text("nothing")
    with pytest.raises(KeyFileUnusable):
        wire(load_settings(home, {}))


def test_a_kind_that_nobody_knows_stops_the_node(home: Path) -> None:
    settings = (home / "node.toml").read_text(encoding="utf-8")
    entry = 'certificate = "certs/hub/agency.pem"\n'
    (home / "node.toml").write_text(settings.replace(entry, entry + 'kinds = ["certificate_of_orgin"]\n'))
    with pytest.raises(SettingInvalid, match="certificate_of_orgin"):
        wire(load_settings(home, {}))


def test_two_clients_with_one_certificate_stop_the_node(home: Path) -> None:
    with (home / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[hub.client]]\nname = "twin"\ncertificate = "certs/hub/agency.pem"\n')
    with pytest.raises(KeyFileUnusable, match="agency"):
        wire(load_settings(home, {}))
