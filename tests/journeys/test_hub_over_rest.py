"""A hub that is a web service: papers are pulled from it and cross, what comes back is pushed to it."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.errors import HubRefused
from node.hub import rest_calls
from node.model.exchange import Direction, State
from node.model.ids import NodeCode
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.service import away_pause, serve, take_from_hub
from node.settings import HubKind, load_settings
from node.store import queries
from node.transport.loopback import Loopback
from node.wiring import wire

sys.path.append(str(Path(__file__).parents[1] / "hub"))

import hub_over_https

XA, XB = NodeCode("XA"), NodeCode("XB")
CLIENT, HUB = NodeCode("XAC"), NodeCode("XAH")

SETTINGS = """
[hub.rest]
url = "{url}"
ca = "certs/hub/web.pem"
certificate = "keys/hub-client.pem"
key = "keys/hub-client.key"
poll_s = 0.1
timeout_s = 10
"""


@pytest.fixture(scope="session")
def hub_pki(tmp_path_factory: pytest.TempPathFactory) -> dev_pki.DevPki:
    """Of today, because TLS asks the machine's clock."""
    return dev_pki.draw(tmp_path_factory.mktemp("hub-pki") / "pki", [CLIENT, HUB], datetime.now(UTC))


@pytest.fixture
def web(hub_pki: dev_pki.DevPki) -> Iterator[hub_over_https.Hub]:
    keys = hub_pki.keys(HUB)
    with hub_over_https.serving(keys.tls_certificate, keys.tls_key, hub_pki.ca(CLIENT)) as hub:
        yield hub


@pytest.fixture
def rest_home(pki, hub_pki, web, empty_store: Path, tmp_path: Path) -> Path:
    """XA's home, with a web service as its hub."""
    home = furnish_home(pki, tmp_path / "rest-xa", XA, partners={XB: "localhost:1"}, hub=HubKind.REST)
    with (home / "node.toml").open("a") as settings:
        settings.write(SETTINGS.format(url=web.url))
    shutil.copy(hub_pki.ca(HUB), home / "certs/hub/web.pem")
    shutil.copy(hub_pki.keys(CLIENT).tls_certificate, home / "keys/hub-client.pem")
    shutil.copy(hub_pki.keys(CLIENT).tls_key, home / "keys/hub-client.key")
    shutil.copy(empty_store, home)
    return home


@pytest.fixture
def reopen_xa(pair, rest_home: Path, clock, monkeypatch) -> Iterator[Callable[[], object]]:
    """The pair after XA started (again) with its web service as hub."""
    make_pair, country, road = type(pair), type(pair.xa), type(pair.xa.road)
    monkeypatch.setattr(rest_calls, "AWAY_S", 0.0)
    wired = []

    def start() -> object:
        for one in wired:
            one.close()
        wired[:] = [wire(load_settings(rest_home, {}), clock)]
        there = wired[0].transports[XB] = road(Loopback(XB, XA, pair.xb.wired.door))
        pair.xb.wired.transports[XA] = road(Loopback(XA, XB, wired[0].door))
        return make_pair(country(wired[0], clock, there), pair.xb)

    yield start
    for one in wired:
        one.close()


def outbound(country) -> list[str]:
    wanted = queries.ExchangeFilter(direction=Direction.OUT, limit=500)
    return [one.id for one in country.wired.node.store.read(lambda tx: queries.list_exchanges(tx, wanted))]


def test_a_paper_is_pulled_crosses_and_its_receipt_is_pushed_back(reopen_xa, web, origin: bytes) -> None:
    pair = reopen_xa()
    web.hand_in("coo-17", origin)
    assert take_from_hub(pair.xa.wired)
    assert not take_from_hub(pair.xa.wired)
    (outcome,) = web.outcomes["outbound/coo-17"]
    sent = outcome["exchange"]
    pair.cross()
    assert pair.xb.hub_has() == [origin]
    assert (web.status[sent]["state"], web.status[sent]["key"]) == ("DELIVERED", "XB/coo-17")
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_partners_paper_is_pushed_to_the_hub_with_exact_bytes(reopen_xa, web, origin: bytes) -> None:
    pair = reopen_xa()
    pair.xb.hand_in(origin, XA)
    pair.xb.work()
    pair.xa.work()
    ((identifier, note),) = web.inbound.items()
    assert hub_over_https.document(note) == origin
    assert note["media_type"] == "application/xml"
    assert pair.xa.exchange(identifier).state is State.HANDED_OVER


def test_decisions_travel_both_ways_over_the_web_service(reopen_xa, web, origin: bytes, phyto: bytes) -> None:
    pair = reopen_xa()
    sent_by_xb = pair.xb.hand_in(phyto, XA)
    pair.xb.work()
    pair.xa.work()
    (here,) = web.inbound
    web.outgoing_answers.append(
        {
            "name": "d-1",
            "partner": XB,
            "exchange": here,
            "verdict": "conditional",
            "reason": "抽驗",
            "reason_code": "C2",
        }
    )
    assert take_from_hub(pair.xa.wired)
    pair.cross()
    pair.cross()
    assert pair.xb.exchange(sent_by_xb).state is State.ANSWERED
    assert web.outcomes["answers/d-1"][0]["state"] == "ACCEPTED"
    # A certificate of plants, so the answer travels as the arrangement wants it.
    assert [one.kind for one in pair.xb.received()] == ["sps_acknowledgement"]

    web.hand_in("coo-17", origin)
    take_from_hub(pair.xa.wired)
    pair.cross()
    sent = web.outcomes["outbound/coo-17"][0]["exchange"]
    (there,) = [one.id for one in pair.xb.received() if one.kind == "certificate_of_origin"]
    answers = pair.xb.home / "hub/answers/XA"
    (answers / "a.json").write_text(f'{{"exchange": "{there}", "verdict": "rejected", "reference": "B-9"}}')
    (answers / "a.done").touch()
    take_from_hub(pair.xb.wired)
    pair.xb.work()
    pair.cross()
    assert web.answers[sent]["answer"] == {"verdict": "rejected", "reason_code": "", "reason": "", "reference": "B-9"}


def test_what_the_node_does_not_take_is_told_with_its_code_and_holds_nobody_up(reopen_xa, web, origin: bytes) -> None:
    pair = reopen_xa()
    web.hand_in("nonsense", b"<a/>")
    web.hand_in("stranger", origin, partner="XZ")
    web.hand_in("damaged", origin, sha256="0" * 64)
    web.hand_in("good", origin)
    take_from_hub(pair.xa.wired)
    told = {name: [one.get("code", "") for one in said] for name, said in web.outcomes.items()}
    assert told == {
        "outbound/nonsense": ["N2N-DOC-001"],
        "outbound/stranger": ["N2N-PROF-002"],
        "outbound/damaged": ["N2N-HUB-002"],
        "outbound/good": [""],
    }
    assert web.outbound == []


def test_a_crash_between_the_commit_and_the_outcome_leaves_one_exchange(reopen_xa, web, origin: bytes) -> None:
    pair = reopen_xa()
    web.hand_in("coo-17", origin)
    web.fault = lambda request: request.command == "PUT" and hub_over_https.instead(lambda one: one.cut())(request)
    for _ in range(2):
        take_from_hub(pair.xa.wired)
        assert web.outcomes == {}
        pair = reopen_xa()
    (sent,) = outbound(pair.xa)
    web.fault = None
    assert take_from_hub(pair.xa.wired)
    assert web.outcomes["outbound/coo-17"][0]["exchange"] == sent
    assert outbound(pair.xa) == [sent]


def test_the_same_name_with_other_bytes_is_refused_and_the_first_paper_stands(
    reopen_xa, web, origin: bytes, phyto: bytes
) -> None:
    pair = reopen_xa()
    web.hand_in("one", origin)
    take_from_hub(pair.xa.wired)
    web.hand_in("one", phyto)
    take_from_hub(pair.xa.wired)
    first, second = web.outcomes["outbound/one"]
    assert (first["state"], second["code"]) == ("ACCEPTED", "N2N-SEQ-001")
    assert first["sha256"] != second["sha256"]
    assert outbound(pair.xa) == [first["exchange"]]


def test_a_paper_the_hub_refuses_for_good_is_kept_and_tried_ever_more_seldom(
    reopen_xa, web, capsys, origin: bytes
) -> None:
    pair = reopen_xa()
    pair.xb.hand_in(origin, XA)
    pair.xb.work()
    web.fault = hub_over_https.instead(lambda request: request.answer(422, {"code": "NO-SUCH-OFFICE"}))
    pair.xa.work()
    waits = [pair.xa.next_try() for _ in range(14)]
    assert max(waits[:3]) < timedelta(seconds=20)
    assert max(waits) <= timedelta(minutes=6)
    assert min(waits[-3:]) > timedelta(minutes=2)
    (arrived,) = pair.xa.received()
    assert (arrived.state, arrived.first_cause) == (State.RECEIVED, HubRefused.code)
    assert pair.xa.wired.journal.counters()["hub.not-taken"] == 15
    said = capsys.readouterr().err
    assert "N2N-HUB-003" in said
    assert "NO-SUCH-OFFICE" in said
    web.fault = None
    pair.xa.later(minutes=6)
    assert hub_over_https.document(web.inbound[arrived.id]) == origin
    assert pair.xa.exchange(arrived.id).state is State.HANDED_OVER


def test_a_hub_that_refuses_one_paper_gets_the_others(reopen_xa, web, papers) -> None:
    pair = reopen_xa()
    contents = papers(4)
    for number, content in enumerate(contents):
        pair.xb.hand_in(content, XA, f"k{number}")
    refused = []

    def first_one(request) -> None:
        refused.append(request.path) if not refused else None
        if request.path in refused:
            request.answer(409, {"code": "LOCKED"})
        else:
            request.answer(*request.outcome())

    web.fault = hub_over_https.instead(first_one)
    pair.xb.work()
    pair.xa.work()
    assert len(web.inbound) == 3
    web.fault = None
    pair.xa.later(minutes=6)
    assert sorted(hub_over_https.document(note) for note in web.inbound.values()) == sorted(contents)


def test_a_running_node_pulls_by_itself_and_comes_back_to_a_hub_that_was_away(rest_home, web, origin: bytes) -> None:
    web.hand_in("coo-17", origin)
    away = iter(range(2))
    broken = hub_over_https.instead(lambda request: request.answer(503))
    web.fault = lambda request: next(away, None) is not None and broken(request)

    async def run() -> None:
        settings = load_settings(rest_home, {"N2N_LISTEN_EXCHANGE": "127.0.0.1:0"})
        wired = await asyncio.to_thread(wire, settings)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(wired, stop))
        for _ in range(300):
            await asyncio.sleep(0.05)
            if web.outcomes:
                break
        stop.set()
        await serving
        await asyncio.to_thread(wired.close)

    asyncio.run(run())
    assert web.outcomes["outbound/coo-17"][0]["state"] == "ACCEPTED"


@pytest.mark.parametrize(
    ("poll_s", "failures", "pause"),
    [(1, 0, 1), (1, 1, 2), (1, 3, 8), (1, 5, 30), (1, 10_000, 30), (0.25, 0, 0.25), (60, 0, 60), (60, 4, 60)],
)
def test_a_hub_that_fails_is_asked_more_and_more_seldom(poll_s: float, failures: int, pause: float) -> None:
    assert away_pause(poll_s, failures) == pause
