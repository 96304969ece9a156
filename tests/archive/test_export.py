"""What two nodes exchanged is exported by either of them, and checked by anybody, from the command line."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_lab import XA, XB, Lab

from node.archive.check import verify
from node.archive.collect import export
from node.archive.container import read
from node.archive.package import build, proof_of
from node.archive.report import EvidenceVerdict
from node.cli.evidence_words import STEPS, VERDICTS
from node.cli.main import main
from node.errors import EvidenceIncomplete, ExchangeUnknown, Language
from node.model.exchange import Direction, State
from node.model.ids import sha256
from node.model.receipt import Verdict
from node.store import retention
from node.store.actors import ActorKind, ensure
from node.store.database import Database

KINDS = {"phytosanitary_certificate": True, "certificate_of_origin": False}
"""Kind → whether the agreed assurance has the document signed by itself."""

Paper = Callable[[str, str], bytes]
Pair = Any
Country = Any


def exported(country: Country, exchange: str) -> bytes:
    node = country.wired
    return export(node.node.store, node.settings, node.node.book, exchange)[1]


# --- from two stores --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_can_prove_what_crossed_either_way(pair: Pair, lab: Lab, paper: Paper, kind: str) -> None:
    mirrored = paper(kind, "B-1").replace(b"XA", b"@@").replace(b"XB", b"XA").replace(b"@@", b"XB")
    pair.xa.hand_in(paper(kind, "A-1"), "1")
    pair.xb.hand_in(mirrored, "1")
    pair.cross()
    pair.cross()
    told = []
    for country in (pair.xa, pair.xb):
        for direction in Direction:
            (one,) = country.exchanges(direction)
            report = verify(exported(country, one.id), lab.anchors, now=pair.clock.now())
            assert report.ok, report
            assert report.told is not None
            assert report.told.document_signed is KINDS[kind]
            assert report.told.receipt.verdict is Verdict.ACCEPTED
            assert report.told.document_sha256 == one.document_sha256
            told.append((report.told.header, report.told.receipt))
    assert len(set(told)) == 2, "both sides prove the same two crossings"


def test_the_two_sides_files_differ_in_nothing_that_is_signed(pair: Pair, paper: Paper) -> None:
    sent = pair.xa.hand_in(paper("phytosanitary_certificate", "A-1"), "1")
    pair.cross()
    (received,) = pair.xb.exchanges(Direction.IN)
    ours, theirs = read(exported(pair.xa, sent)), read(exported(pair.xb, received.id))
    beside = {"VERIFY.txt", "SHA256SUMS"}
    assert {name for name in ours if not name.startswith("certificates/")} - beside == {
        name for name in theirs if not name.startswith("certificates/")
    } - beside
    assert all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys() - beside)


def test_a_whole_batch_is_provable_paper_by_paper(pair: Pair, lab: Lab, paper: Paper) -> None:
    sent = [pair.xa.hand_in(paper("certificate_of_origin", f"A-{number}"), str(number)) for number in range(7)]
    pair.cross()
    files = [exported(pair.xa, one) for one in sent]
    assert all(verify(data, lab.anchors).ok for data in files)
    assert {proof_of(read(data)).place.leaf_index for data in files} == set(range(7))


def test_the_same_exchange_gives_the_same_file(pair: Pair, paper: Paper) -> None:
    sent = pair.xa.hand_in(paper("certificate_of_origin", "A-1"), "1")
    pair.cross()
    assert exported(pair.xa, sent) == exported(pair.xa, sent[:30])


def test_a_refusal_is_evidence_for_both(two_countries: Callable[..., Pair], lab: Lab, paper: Paper) -> None:
    pair = two_countries({"max_bytes = 1048576": "max_bytes = 1024"})
    sent = pair.xa.hand_in(paper("phytosanitary_certificate", "A-1"), "1")
    pair.cross()
    (received,) = pair.xb.exchanges(Direction.IN)
    assert received.state is State.REFUSED
    for country, exchange in ((pair.xa, sent), (pair.xb, received.id)):
        report = verify(exported(country, exchange), lab.anchors)
        assert report.ok
        assert report.told is not None
        assert report.told.receipt.verdict is Verdict.REFUSED
        assert report.told.receipt.findings


def test_that_a_paper_never_arrived_is_evidence_too(pair: Pair, lab: Lab, paper: Paper) -> None:
    lost = pair.lose(paper("certificate_of_origin", "A-1"))
    report = verify(exported(pair.xa, lost), lab.anchors)
    assert report.ok
    assert report.told is not None
    assert report.told.receipt.verdict is Verdict.ABSENT


def test_certificates_and_the_partners_authority_lie_in_the_file(pair: Pair, paper: Paper, lab: Lab) -> None:
    sent = pair.xa.hand_in(paper("certificate_of_origin", "A-1"), "1")
    pair.cross()
    enclosed = {(one.party, one.use.value) for one in proof_of(read(exported(pair.xa, sent))).certificates}
    assert enclosed == {(XA, "sign"), (XA, "receipt"), (XB, "sign"), (XB, "receipt"), (XB, "anchor")}


def test_an_exchange_without_receipt_proves_nothing_yet(pair: Pair, paper: Paper) -> None:
    sent = pair.xa.hand_in(paper("certificate_of_origin", "A-1"), "1")
    with pytest.raises(EvidenceIncomplete, match="no receipt"):
        exported(pair.xa, sent)
    with pytest.raises(ExchangeUnknown):
        exported(pair.xa, "0" * 36)


@pytest.mark.parametrize("kind", KINDS)
def test_a_purged_document_is_still_proved_by_its_digest(
    pair: Pair, lab: Lab, paper: Paper, kind: str, tmp_path: Path
) -> None:
    content = paper(kind, "A-1")
    sent = pair.xa.hand_in(content, "1")
    pair.cross()
    before = exported(pair.xa, sent)
    later = pair.clock.now() + timedelta(days=1)

    def purge(tx: object) -> int:
        return retention.purge_bodies(
            tx, later, ensure(tx, "clock", ActorKind.SYSTEM, later), "its time is over", later
        )

    node = pair.xa.wired
    store: Database = node.node.store
    assert store.write(purge) == 1
    after = exported(pair.xa, sent)
    assert content not in after
    report = verify(after, lab.anchors, now=pair.clock.now())
    assert report.ok, report
    assert report.told is not None
    assert not report.told.document_present
    assert report.told.document_signed is KINDS[kind]
    assert report.told.document_sha256 == sha256(content)
    assert export(store, node.settings, node.node.book, sent, content)[1] == before, "with the document it is whole"
    with pytest.raises(EvidenceIncomplete, match="another one"):
        export(store, node.settings, node.node.book, sent, content + b" ")


def test_what_does_not_pass_our_own_check_is_not_exported(
    pair: Pair, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    from node.archive import collect

    sent = pair.xa.hand_in(paper("certificate_of_origin", "A-1"), "1")
    pair.cross()
    monkeypatch.setattr(collect, "build", lambda proof: build(proof).replace(b"<Count>", b"<count>"))
    with pytest.raises(EvidenceIncomplete, match="DIGEST at step 2, sums"):
        exported(pair.xa, sent)


# --- from the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def n2n(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("N2N_LANG", "en")
    monkeypatch.delenv("N2N_HOME", raising=False)

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return run


N2n = Callable[..., tuple[int, str, str]]


@pytest.fixture
def crossed(
    pair: Pair, paper: Paper, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path, str]:
    """XA's home, both authorities in one file, and an exchange that crossed."""
    from node.clock import SystemClock

    monkeypatch.setattr(SystemClock, "now", lambda _: pair.clock.now() + timedelta(minutes=1))
    sent = pair.xa.hand_in(paper("phytosanitary_certificate", "A-1"), "1")
    pair.cross()
    anchors = tmp_path / "both.pem"
    anchors.write_bytes(lab.pki.ca(XA).read_bytes() + lab.pki.ca(XB).read_bytes())
    return pair.xa.home, anchors, sent


def test_export_and_verify(n2n: N2n, crossed: tuple[Path, Path, str], tmp_path: Path, lab: Lab) -> None:
    home, anchors, sent = crossed
    out = tmp_path / "new" / "folder"
    code, written, _ = n2n("evidence", "export", sent[:30], "--out", out, "--home", home, "--json")
    assert code == 0
    (row,) = json.loads(written)
    file = Path(row["file"])
    assert file == out / f"{sent}.asice"
    assert row["bytes"] == file.stat().st_size
    for given in (
        ["--anchors", anchors],
        ["--anchors", lab.pki.ca(XA), "--anchors", lab.pki.ca(XB)],
        ["--anchors", f"XA={lab.pki.ca(XA)}", "--anchors", f"XB={lab.pki.ca(XB)}"],
    ):
        code, said, noted = n2n("evidence", "verify", file, *given)
        assert code == 0, said
        assert "OK: everything holds" in said
        assert "Revocation was not judged" in noted
    code, said, _ = n2n("evidence", "verify", file, "--anchors", anchors, "--json")
    told = json.loads(said)
    assert (code, told["verdict"], told["ok"]) == (0, "OK", True)
    assert [step["verdict"] for step in told["steps"]] == ["OK"] * 12
    assert told["told"]["receipt"]["verdict"] == "ACCEPTED"
    assert {one["party"] for one in told["signers"]} == {"XA", "XB"}
    assert told["judged"] == {"certificates_at": "claimed signing time", "time_stamps": False, "revocation": False}


def test_what_does_not_hold_has_its_exit_code_and_words(
    n2n: N2n, crossed: tuple[Path, Path, str], tmp_path: Path, lab: Lab
) -> None:
    home, anchors, sent = crossed
    assert n2n("evidence", "export", sent, "--out", tmp_path, "--home", home)[0] == 0
    file = tmp_path / f"{sent}.asice"
    code, said, noted = n2n("evidence", "verify", file)
    assert (code, "UNTRUSTED: everything holds, but" in said) == (77, True)
    assert "by --anchors" in noted
    swapped = ["--anchors", f"XA={lab.pki.ca(XB)}", "--anchors", f"XB={lab.pki.ca(XA)}"]
    assert n2n("evidence", "verify", file, *swapped)[0] == 77
    pin = f"XA:sign={'0' * 64}"
    code, said, _ = n2n("evidence", "verify", file, "--anchors", anchors, "--pin", pin, "--lang", "zh-TW")
    assert (code, "WRONG_KEY: 無從得知簽章屬於該方" in said) == (77, True)
    assert "未執行" in said
    file.write_bytes(file.read_bytes() + b"\0")
    code, said, _ = n2n("evidence", "verify", file, "--anchors", anchors, "--json")
    assert (code, json.loads(said)["verdict"]) == (65, "MALFORMED")
    causes = [step["error"] for step in json.loads(said)["steps"] if step["error"]]
    assert [cause["code"] for cause in causes] == ["N2N-EVD-003"]
    assert set(causes[0]["message"]) == {language.value for language in Language}


def test_what_cannot_be_used_says_so(n2n: N2n, crossed: tuple[Path, Path, str], tmp_path: Path) -> None:
    home, anchors, sent = crossed
    assert n2n("evidence", "verify", tmp_path / "nowhere")[0] == 66
    assert n2n("evidence", "verify", tmp_path)[0] == 66
    assert n2n("evidence", "verify", anchors, "--anchors", tmp_path / "nowhere")[0] == 78
    assert n2n("evidence", "verify", anchors, "--pin", "XA")[0] == 2
    assert n2n("evidence", "verify", anchors, "--anchors", "xa=nowhere")[0] == 2
    assert n2n("evidence", "export", "0" * 36, "--home", home)[0] == 66
    assert n2n("evidence", "export", sent, "--home", tmp_path / "nowhere")[0] == 78


def test_nothing_is_overwritten_and_no_link_is_followed(
    n2n: N2n, crossed: tuple[Path, Path, str], tmp_path: Path
) -> None:
    home, _, sent = crossed
    file, elsewhere = tmp_path / f"{sent}.asice", tmp_path / "elsewhere"
    for make in (lambda: file.write_bytes(b"precious"), lambda: file.symlink_to(elsewhere)):
        make()
        code, _, said = n2n("evidence", "export", sent, "--out", tmp_path, "--home", home)
        assert (code, "N2N-EVD-002" in said) == (66, True)
        assert not elsewhere.exists()
        file.unlink()
    assert n2n("evidence", "export", sent, "--out", tmp_path, "--home", home)[0] == 0
    before = file.stat().st_mtime_ns
    assert n2n("evidence", "export", sent, "--out", tmp_path, "--home", home)[0] == 0
    assert file.stat().st_mtime_ns == before
    assert stat.S_ISREG(file.lstat().st_mode)


def test_every_step_and_verdict_has_its_words() -> None:
    from node.archive.report import StepName

    assert set(STEPS) == {name.value for name in StepName}
    assert set(VERDICTS) == {verdict.value for verdict in EvidenceVerdict}
