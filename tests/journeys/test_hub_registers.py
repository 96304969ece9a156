"""A domestic system asks the registers over real sockets: ours, the partner's own word, and what hangs together."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # refused handshakes are part of these tests

sys.path.append(str(Path(__file__).parent))

import grpc
import hub_lab
import pytest
from hub_lab import XA, XB, Client, HubLab, papers, refusal, until
from operators import HEAD, baseline, event, record

from node.cli.main import main
from node.clock import to_ms
from node.documents import samples
from node.protocol.n2n.v1 import hub_pb2
from node.sandbox import dev_pki
from node.store import audit, tracing
from node.wire.hub_rules import MAX_TRACED

AUTHORITY, GOOD, SUSPENDED = HEAD.authority["id"], "XA-AEOS-2026-0001", "XA-AEOS-2026-0002"
LONG_AGO = "2026-11-02"
"""Both are in force since then."""


@dataclass
class Stage:
    """XA told XB of two operators; later that one of them is suspended since yesterday."""

    lab: HubLab
    before: datetime
    between: datetime
    origin_only: tuple[bytes, bytes]

    @property
    def agency(self) -> Client:
        return self.lab.agency(self.lab.xb)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("registers")
    pki = dev_pki.draw(folder / "pki", [XA, XB], datetime.now(UTC))
    clients: list[tuple[bytes, bytes]] = []

    def enrol(lab: HubLab) -> None:
        clients.append(lab.enrol(lab.xb, "origin-office", f'kinds = ["{hub_lab.KIND}"]'))

    with hub_lab.two_nodes(folder, pki, enrol) as lab:
        before = datetime.now(UTC)
        lists = baseline("L-1", 1, before - timedelta(hours=1), [record(GOOD, tin="XA22901870"), record(SUSPENDED)])
        tell(lab, *lists)
        between = datetime.now(UTC)
        since = (between - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        tell(lab, event("suspend", "E-1", record(SUSPENDED, 2, "40", since), between))
        yield Stage(lab, before, between, *clients)


def tell(lab: HubLab, *contents: bytes) -> list[str]:
    """XA's agency hands these in; they are with XB when this returns."""
    sender = lab.agency(lab.xa)
    outcomes = [sender.submit((hub_lab.digest(one).hex(), one))[0] for one in contents]
    assert [one.WhichOneof("outcome") for one in outcomes] == ["taken"] * len(contents), outcomes
    ids = [one.taken.exchange for one in outcomes]
    until(lambda: all(sender.view(one).state == "DELIVERED" for one in ids))
    return ids


def ask(client: Client, code: str, **more: object) -> hub_pb2.LookupOperatorResponse:
    return client.stub.LookupOperator(hub_pb2.LookupOperatorRequest(code=code, **more), timeout=hub_lab.PATIENCE_S)


def standing(client: Client, code: str, **more: object) -> list[tuple[str, bool]]:
    return [(one.status, one.in_force) for one in ask(client, code, **more).operators]


def trace(client: Client, what: str) -> hub_pb2.TraceResponse:
    return client.stub.Trace(hub_pb2.TraceRequest(what=what), timeout=hub_lab.PATIENCE_S)


# --- LookupOperator ---------------------------------------------------------------------------------------------------


def test_an_operator_is_found_by_any_spelling_of_its_codes_with_all_that_the_partner_told(stage: Stage) -> None:
    (one,) = ask(stage.agency, "xa 2290-1870").operators
    assert (one.partner, one.authority, one.programme, one.certificate_number) == (XA, AUTHORITY, HEAD.programme, GOOD)
    assert (one.status, one.in_force, one.reason) == ("in_force", True, "")
    assert one.name == f"Merrow Works of {GOOD}"
    assert to_ms(stage.before) <= one.known_since <= to_ms(stage.between)
    assert stage.agency.view(one.exchange).kind == "aeo_status"


def test_a_suspension_holds_from_its_day_on_and_since_it_was_known(stage: Stage) -> None:
    assert standing(stage.agency, SUSPENDED) == [("suspended", False)]
    assert standing(stage.agency, SUSPENDED, on=LONG_AGO) == [("in_force", True)]
    assert standing(stage.agency, SUSPENDED, known_at=to_ms(stage.between)) == [("in_force", True)]
    assert standing(stage.agency, SUSPENDED, known_at=to_ms(stage.before)) == []
    assert [one.reason for one in ask(stage.agency, SUSPENDED).operators] == ["security-incident"]


def test_partner_and_authority_narrow_and_what_nobody_knows_is_no_error(stage: Stage) -> None:
    assert standing(stage.agency, GOOD, partner=XA, authority=AUTHORITY) == [("in_force", True)]
    assert standing(stage.agency, GOOD, authority="XA-SOMEBODY-ELSE") == []
    assert standing(stage.agency, "XA-NEVER") == []
    # XA told XB and was told nothing.
    assert standing(stage.lab.agency(stage.lab.xa), GOOD) == []


def test_the_partners_own_word_stands_beside_ours_and_is_kept(stage: Stage) -> None:
    asked = ask(stage.agency, SUSPENDED, partner=XA, authority=AUTHORITY, ask_partner=True)
    assert [one.status for one in asked.operators] == [asked.partner_answer.status] == ["suspended"]
    assert not asked.partner_answer.in_force
    assert not asked.HasField("partner_refusal")
    entries = stage.lab.xb.wired.node.store.read(lambda tx: audit.entries(tx, limit=10_000))
    told = [(one.actor, one.detail["lookup"]) for one in entries if one.act == "lookup-asked"]
    assert told[-1] == ("hub client agency", str(asked.partner_answer.lookup))
    then = ask(stage.agency, SUSPENDED, partner=XA, authority=AUTHORITY, ask_partner=True, on=LONG_AGO)
    assert (then.partner_answer.status, then.partner_answer.in_force) == ("in_force", True)
    never = ask(stage.agency, "XA-NEVER", partner=XA, authority=AUTHORITY, ask_partner=True)
    assert (never.partner_answer.status, len(never.operators)) == ("unknown", 0)


def test_a_client_without_the_kind_may_not_ask(stage: Stage) -> None:
    client = stage.lab.client(stage.lab.xb, *stage.origin_only)
    with pytest.raises(grpc.RpcError) as refused:
        ask(client, GOOD)
    assert refusal(refused.value) == (grpc.StatusCode.PERMISSION_DENIED, "N2N-HUB-012")


@pytest.mark.parametrize(
    "broken",
    [
        {"code": ""},
        {"code": "a\nb"},
        {"code": "x" * 129},
        {"code": GOOD, "on": "yesterday"},
        {"code": GOOD, "on": "2026-02-30"},
        {"code": GOOD, "partner": "xa"},
        {"code": GOOD, "known_at": -1},
        {"code": GOOD, "known_at": 2**62},
        {"code": GOOD, "ask_partner": True, "authority": AUTHORITY},
        {"code": GOOD, "ask_partner": True, "partner": XA},
    ],
)
def test_a_question_that_breaks_a_rule_is_refused(stage: Stage, broken: dict[str, object]) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(stage.agency, **broken)
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


def test_a_partner_that_nobody_knows_is_named(stage: Stage) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(stage.agency, GOOD, partner="XZ")
    assert refusal(refused.value) == (grpc.StatusCode.NOT_FOUND, "N2N-PROF-002")


def test_our_register_answers_while_the_partner_is_away(stage: Stage) -> None:
    stage.lab.xa.stop()
    try:
        asked = ask(stage.agency, GOOD, partner=XA, authority=AUTHORITY, ask_partner=True)
    finally:
        stage.lab.xa.start()
    assert [one.in_force for one in asked.operators] == [True]
    assert not asked.HasField("partner_answer")
    assert asked.partner_refusal.code.startswith("N2N-")
    assert {one.language for one in asked.partner_refusal.texts} == {"en", "zh-TW"}


# --- an officer at the command line beside the running nodes ----------------------------------------------------------


def typed(capsys: pytest.CaptureFixture[str], stage: Stage, *arguments: str) -> tuple[int, str]:
    code = main(["register", *arguments, "--home", str(stage.lab.xb.home)])
    return code, capsys.readouterr().out


def test_an_officer_asks_the_partner_itself_and_finds_it_kept(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--ask", "--partner", XA)
    code, out = typed(capsys, stage, "lookup", "aeo_status", AUTHORITY, SUSPENDED, *asked, "--json")
    told = json.loads(out)
    assert (code, told["status"], told["in_force"]) == (1, "suspended", False)
    assert typed(capsys, stage, "lookup", "aeo_status", AUTHORITY, SUSPENDED, *asked, "--on", LONG_AGO)[0] == 0
    assert typed(capsys, stage, "lookup", "aeo_status", AUTHORITY, "XA-NEVER", *asked)[0] == 66
    code, out = typed(capsys, stage, "lookup", "aeo_status", AUTHORITY, GOOD, *asked, "--lang", "zh-TW")
    assert (code, "有效" in out) == (0, True)
    (mine,) = [one for one in json.loads(typed(capsys, stage, "asked", "--json")[1]) if one["lookup"] == told["lookup"]]
    assert (mine["number"], mine["status"], mine["asked_by_us"]) == (SUSPENDED, "suspended", True)


# --- Trace ------------------------------------------------------------------------------------------------------------


def test_a_consignment_is_traced_over_kinds_and_a_client_sees_its_own(stage: Stage) -> None:
    origin = papers(1, 700)[0]
    kind = "inspection_result"
    inspection = next(samples.sample(kind, name) for name in samples.sample_names(kind))
    sent = tell(stage.lab, origin, inspection)
    found = trace(stage.lab.agency(stage.lab.xa), sent[0])
    (mine,) = [one for one in found.exchanges if one.exchange == sent[0]]
    assert (mine.direction, mine.partner, mine.kind, mine.number) == ("out", XB, hub_lab.KIND, "HUB-00700")
    assert mine.state == "DELIVERED"
    assert not found.incomplete
    (there,) = [one for one in trace(stage.agency, mine.message_id).exchanges if one.message_id == mine.message_id]
    assert (there.direction, there.partner, there.number) == ("in", XA, "HUB-00700")
    restricted = stage.lab.client(stage.lab.xb, *stage.origin_only)
    assert {one.kind for one in trace(restricted, there.exchange).exchanges} == {hub_lab.KIND}
    (result,) = [one for one in trace(stage.agency, ucr_of(stage, sent[1])).exchanges if one.kind == kind]
    assert all(one.kind != kind for one in trace(restricted, result.ucrs[0]).exchanges)
    assert not trace(restricted, result.exchange).exchanges


def ucr_of(stage: Stage, exchange: str) -> str:
    (one,) = [one for one in trace(stage.lab.agency(stage.lab.xa), exchange).exchanges if one.exchange == exchange]
    return one.ucrs[0].upper()


def test_nothing_known_is_an_empty_trace_and_no_name_is_refused(stage: Stage) -> None:
    assert not trace(stage.agency, "6XA-NOTHING").exchanges
    assert not trace(stage.agency, "019aa9b0-0000-7000-8000-000000000001").exchanges
    for broken in ("", "a\x00b", "x" * 129):
        with pytest.raises(grpc.RpcError) as refused:
            trace(stage.agency, broken)
        assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "N2N-WIRE-001")


def test_a_trace_on_the_wire_is_as_long_as_the_store_gives() -> None:
    assert tracing.MAX_TRACED == MAX_TRACED
