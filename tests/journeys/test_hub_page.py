"""docs/hub-grpc.md is true: its programs run as they stand there, its tables are the rules, its words are all there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

sys.path.append(str(Path(__file__).parent))

import hub_lab
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from hub_lab import XA, XB, HubLab, Running, papers, until

from node.model.exchange import MOVES, Direction, State, is_end
from node.protocol.n2n.v1 import hub_pb2
from node.sandbox import dev_pki

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs/hub-grpc.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubLab]:
    folder = tmp_path_factory.mktemp("page")
    pki = dev_pki.draw(folder / "pki", [XA, XB], datetime.now(UTC))
    with hub_lab.two_nodes(folder, pki) as made:
        yield made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, page: str) -> Path:
    """A hub engineer's folder: the classes made by the page's own command, the two programs as they stand there."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "protos").symlink_to(ROOT / "protos")
    (command,) = re.findall(r"```sh\npython (-m grpc_tools.*?)\n```", page, re.DOTALL)
    arguments = command.replace("\\\n", " ").split()
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True)
    for name in ("send", "receive"):
        (program,) = re.findall(rf"<!-- {name}:begin -->\n```python\n(.*?)```\n<!-- {name}:end -->", page, re.DOTALL)
        assert len(program.splitlines()) <= 24
        (folder / f"{name}.py").write_text(program, encoding="utf-8")
    return folder


def at(desk: Path, lab: HubLab, running: Running) -> Path:
    """The engineer's folder with the credentials of one country's agency."""
    folder = desk / running.home.name
    folder.mkdir(exist_ok=True)
    for name in ("n2n", "send.py", "receive.py"):
        if not (folder / name).exists():
            (folder / name).symlink_to(desk / name)
    key, certificate = lab.pki.agency(running.home.name)
    (folder / "hub-ca.pem").write_bytes(lab.hub_roots(running.home.name))
    (folder / "agency.key").write_bytes(key.read_bytes())
    (folder / "agency.pem").write_bytes(certificate.read_bytes())
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder)}


def send(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "send.py", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def receiving(folder: Path, address: str) -> Iterator[Path]:
    """`receive.py` at work; what it says is in the file."""
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "receive.py", address], cwd=folder, env=environment(folder), stdout=out, stderr=out
        )
    try:
        yield said
    finally:
        process.kill()
        process.wait()


def test_the_programs_send_receive_and_answer_as_they_stand_on_the_page(lab: HubLab, desk: Path) -> None:
    ours, theirs = at(desk, lab, lab.xa), at(desk, lab, lab.xb)
    (content,) = papers(1)
    (ours / "paper.xml").write_bytes(content)
    with receiving(theirs, lab.xb.hub_address) as said:
        for _ in range(2):
            done = send(ours, lab.xa.hub_address, XB, "paper.xml")
            assert (done.returncode, done.stdout.split()[:2]) == (0, ["SEALED", "DELIVERED"]), done.stderr
        until(lambda: said.read_text().count("\n") == 1)
        exchange, carrier = said.read_text().split()
    assert (theirs / f"{exchange}.xml").read_bytes() == content
    agency = lab.agency(lab.xb)
    until(lambda: agency.view(exchange).state == "ANSWERED")
    assert agency.view(exchange).answer_exchange == carrier


def test_a_paper_that_is_refused_is_told_by_the_program(lab: HubLab, desk: Path) -> None:
    ours = at(desk, lab, lab.xa)
    (ours / "bad.xml").write_bytes(papers(1, 10)[0].replace(b"<ExportCountry>XA</ExportCountry>", b""))
    done = send(ours, lab.xa.hub_address, XB, "bad.xml")
    assert done.returncode == 1
    assert "N2N-DOC-002" in done.stderr


def test_the_program_ends_however_a_paper_ends_and_waits_while_a_human_is_asked(page: str) -> None:
    (ends,) = re.findall(r"if change\.state in \((.*?)\):", page)
    named = {State(word.strip().strip('"')) for word in ends.split(",")}
    ways_out = {state for moves in MOVES[Direction.OUT].values() for state in moves if is_end(Direction.OUT, state)}
    # The answer of an agency comes after delivery, and the program does not wait for it.
    assert named == ways_out - {State.ANSWERED} | {State.DELIVERED}
    assert State.PARKED not in named


def test_enrolled_clients_are_told_what_the_service_looks_like(lab: HubLab) -> None:
    known = ProtoReflectionDescriptorDatabase(lab.agency(lab.xa).channel)
    assert "n2n.v1.Hub" in known.get_services()
    file = known.FindFileContainingSymbol("n2n.v1.Hub")
    assert {method.name for method in file.service[0].method} == set(
        hub_pb2.DESCRIPTOR.services_by_name["Hub"].methods_by_name
    )


def test_the_tables_are_the_rules() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/vectors/hub_page.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_call_and_state_is_explained(page: str) -> None:
    calls, states = (page.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0] for heading in ("Calls", "States"))
    for call in hub_pb2.DESCRIPTOR.services_by_name["Hub"].methods_by_name:
        assert f"| `{call}` |" in calls
    for state in State:
        assert f"`{state.value}`" in states
