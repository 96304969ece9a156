"""Documents go when their time is over, stay under a hold, and what was proved stays proved."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from node.cli.main import main
from node.errors import HoldReleased, SecondActorNeeded
from node.flows import forgetting, holding
from node.flows.ports import ActorName
from node.service import purge
from node.store import retention

XA, XB = "XA", "XB"
CLERK, JUDGE = ActorName("clerk@desk", "human"), ActorName("judge@court", "human")
Told = Callable[..., tuple[int, str]]


@pytest.fixture
def n2n(pair, capsys) -> Told:
    """The command line at XA's home: its exit code and what it said."""

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*words, "--home", str(pair.xa.home)])
        said = capsys.readouterr()
        return code, said.out if "--json" in words else said.out + said.err

    return run


def agree(country, other: str, terms: str, reopen) -> None:
    """The arrangement of both says so about certificates of origin."""
    file = country.home / "partner_profiles" / other / "xa-xb-trade-papers.toml"
    text = file.read_text(encoding="utf-8")
    head, name, tail = text.partition('name = "certificate_of_origin"')
    before, kind, after = tail.partition("[[kind]]")
    file.write_text(f"{head}{name}{before}\n{terms}\n{kind}{after}", encoding="utf-8")
    reopen(country)


def delivered(pair, content: bytes, key: str = "k1") -> tuple[str, str]:
    sent = pair.xa.hand_in(content, XB, key)
    pair.cross()
    (there,) = (one.id for one in pair.xb.received() if one.document_sha256 == pair.xa.exchange(sent).document_sha256)
    return sent, there


def test_a_kind_goes_by_the_days_of_its_arrangement_and_others_by_the_nodes(
    pair, reopen, origin: bytes, phyto: bytes
) -> None:
    agree(pair.xa, XB, "[kind.terms.retention]\ndays_after_end = 30", reopen)
    short, _ = delivered(pair, origin)
    long, _ = delivered(pair, phyto, "k2")
    node = pair.xa.wired.node
    pair.xa.later(days=29)
    assert purge(pair.xa.wired) == 0
    pair.xa.later(days=2)
    assert purge(pair.xa.wired) == 1
    assert list(node.store.read(lambda tx: retention.tombstones(tx, [short, long]))) == [short]
    assert pair.xa.timeline(short)[-1] == "purged"
    assert pair.xa.audited("purged") == [{"object": short, "partner": XB, "reason": forgetting.REASON}]
    pair.xa.later(days=3650)
    assert purge(pair.xa.wired) == 1


def test_a_duplicate_of_a_purged_paper_gets_the_stored_receipt_and_its_number_stays_taken(
    pair, reopen, origin: bytes
) -> None:
    agree(pair.xb, XA, "[kind.terms.retention]\ndays_after_end = 1", reopen)
    sent, there = delivered(pair, origin)
    carried = pair.xa.road.carried[-1]
    before = pair.xa.receipt(sent).signed
    node = pair.xb.wired.node
    pair.xb.later(days=3)
    assert purge(pair.xb.wired) == 1
    (again,) = pair.xb.wired.door.deliver(XA, carried).answers
    assert again.outcome.receipt == before.receipt
    assert pair.xb.timeline(there)[-1] == "repeated"
    assert node.store.read(lambda tx: retention.tombstones(tx, [there]))[there].actor == "retention"


def test_what_is_held_is_not_purged_until_a_second_person_says_so(pair, origin: bytes) -> None:
    sent, _ = delivered(pair, origin)
    node = pair.xa.wired.node
    placed = holding.place(node, [sent], CLERK, "case 7", None)
    pair.xa.later(days=4000)
    assert purge(pair.xa.wired) == 0
    for same in (CLERK, ActorName("Clerk@elsewhere", "human"), ActorName("clerk (shared@desk)", "human")):
        with pytest.raises(SecondActorNeeded):
            holding.release(node, placed.id, same, "enough")
    assert purge(pair.xa.wired) == 0
    assert holding.release(node, placed.id, JUDGE, "judgement of 3 May").released_by == JUDGE.name
    with pytest.raises(HoldReleased):
        holding.release(node, placed.id, JUDGE, "twice")
    assert purge(pair.xa.wired) == 1
    acts = [(one["object"], one["reason"]) for act in ("hold-placed", "hold-released") for one in pair.xa.audited(act)]
    assert acts == [("hold 1", "case 7"), ("hold 1", "judgement of 3 May")]


def test_the_command_line_shows_holds_and_purges(
    pair, n2n: Told, origin: bytes, phyto: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, _ = delivered(pair, origin)
    other, _ = delivered(pair, phyto, "k2")
    monkeypatch.setenv("N2N_STORE_BODY_RETENTION_DAYS", "1")

    def lots() -> dict[str, tuple[int, int, int, int]]:
        told = json.loads(n2n("retention", "show", "--json")[1])
        return {
            one["kind"]: (one["kept"], one["due"], one["held"], one["purged"])
            for one in told
            if one["kept"] + one["purged"]
        }

    assert lots() == {"certificate_of_origin": (1, 1, 0, 0), "phytosanitary_certificate": (1, 1, 0, 0)}
    code, said = n2n("retention", "hold", "--kind", "phytosanitary_certificate", "--reason", "case 7", "--json")
    assert (code, json.loads(said)["papers"]) == (0, 1)
    assert json.loads(n2n("retention", "purge", "--dry-run", "--json")[1])[0]["due"] == 1
    assert lots()["certificate_of_origin"] == (1, 1, 0, 0), "a dry run changes nothing"
    assert json.loads(n2n("retention", "purge", "--json")[1]) == {"purged": 1, "held": 1}
    assert lots() == {"certificate_of_origin": (0, 0, 0, 1), "phytosanitary_certificate": (1, 0, 1, 0)}
    assert n2n("retention", "release", "1", "--reason", "over")[0] == 77
    assert "case 7" in n2n("exchange", "show", other)[1]
    assert n2n("retention", "release", "1", "--reason", "over", "--as", "Judge")[0] == 77
    settings = pair.xa.home / "node.toml"
    settings.write_text(settings.read_text() + "\n[people]\nshared_accounts = true\n")
    assert n2n("retention", "release", "1", "--reason", "over", "--as", "Judge")[0] == 0
    assert n2n("retention", "release", "1", "--reason", "over", "--as", "Judge")[0] != 0
    assert json.loads(n2n("retention", "holds", "--json")[1]) == []
    (told,) = json.loads(n2n("retention", "holds", "--all", "--json")[1])
    assert told["released_by"].startswith("Judge (")
    assert n2n("retention", "hold", sent, "--reason", "late")[0] != 0
    assert n2n("retention", "hold", other, "--reason", "late", "--until", "2026-01-01")[0] != 0
    shown = json.loads(n2n("exchange", "show", sent, "--json")[1])["purged"]
    assert shown["reason"] == forgetting.REASON
    assert "清除" in n2n("exchange", "show", sent, "--lang", "zh-TW")[1]
    # What was proved stays proved: by the digest alone, and whole with the document that somebody kept.
    anchors, kept = tmp_path / "anchors.pem", tmp_path / "kept.xml"
    anchors.write_bytes(b"".join((pair.xa.home / "certs" / code / "ca.pem").read_bytes() for code in (XA, XB)))
    kept.write_bytes(origin)
    for folder, more in (("digest", ()), ("whole", ("--document", str(kept)))):
        assert n2n("evidence", "export", sent, "--out", str(tmp_path / folder), *more)[0] == 0
        file = str(tmp_path / folder / f"{sent}.asice")
        code, said = n2n("evidence", "verify", file, "--anchors", str(anchors), "--json")
        assert (code, json.loads(said)["told"]["document_present"]) == (0, folder == "whole")
