"""Business answers from a foreign peer that writes its own bytes: one form is an answer, and only to our papers."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hostile import Paper, Peer, Stage, uuid7

STRANGER = "019aa9b0-0000-7000-8000-000000000001"
SCHEMA = "urn:n2n:v1:business-answer"


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def said(**changes: object) -> dict[str, object]:
    return {"about": {"message_id": STRANGER, "sha256": "0" * 64}, "schema": SCHEMA, "verdict": "accepted"} | changes


def answer(peer: Peer, document: bytes, *, signed: bool = True, media: str = "json", **header: str) -> Paper:
    kind = f"application/{media}"
    paper = peer.paper(document, kind="business_answer", **({"refers_to": STRANGER} | header))
    signature = peer.document_signature(document, uri=f"document.{media}", mime=kind)
    return replace(paper, metadata=peer.metadata(media_type=kind), signatures=(signature,) if signed else ())


def suffers(stage: Stage, bad: Paper, words: str, code: str) -> None:
    peer = stage.peers["XA"]
    stage.victim.suffers(peer, peer.call([peer.paper(), bad, peer.paper()]), 1, words, code)


def test_an_answer_to_a_paper_we_never_sent_is_refused(stage: Stage) -> None:
    suffers(stage, answer(stage.peers["XA"], written(said())), "refused UNANSWERABLE", "N2N-ANS-004")


def test_an_answer_without_its_own_signature_may_come_again_with_one(stage: Stage) -> None:
    suffers(stage, answer(stage.peers["XA"], written(said()), signed=False), "deferred SIGNATURE", "N2N-SIG-001")


FORMS: Mapping[str, tuple[bytes, str, str]] = {
    "an unknown member": (written(said(why="x")), "refused SCHEMA", "N2N-ANS-003"),
    "white space": (written(said()) + b"\n", "refused SCHEMA", "N2N-ANS-003"),
    "another order": (
        json.dumps(said(), separators=(",", ":")).encode()[:-1] + b',"reason":"x"}',
        "refused SCHEMA",
        "N2N-ANS-003",
    ),
    "an empty text": (written(said(reason="")), "refused SCHEMA", "N2N-ANS-003"),
    "another schema": (written(said(schema="urn:x")), "refused SCHEMA", "N2N-ANS-003"),
    "an unlisted verdict": (written(said(verdict="perhaps")), "refused SCHEMA", "N2N-ANS-003"),
    "a number for a text": (written(said(reason=7)), "refused SCHEMA", "N2N-ANS-003"),
    "no paper": (written({"schema": SCHEMA, "verdict": "accepted"}), "refused SCHEMA", "N2N-ANS-003"),
    "an id that is none": (
        written(said(about={"message_id": "x", "sha256": "0" * 64})), "refused SCHEMA", "N2N-ANS-003"
    ),
    "a short digest": (
        written(said(about={"message_id": STRANGER, "sha256": "00"})), "refused SCHEMA", "N2N-ANS-003"
    ),
    "a digest in capitals": (
        written(said(about={"message_id": STRANGER, "sha256": "A" * 64})), "refused SCHEMA", "N2N-ANS-003"
    ),
    "a text that turns around": (written(said(reason="a\u202eb")), "refused SCHEMA", "N2N-ANS-003"),
    "a long text": (written(said(reason="x" * 1001)), "refused SCHEMA", "N2N-ANS-003"),
    "a list": (b"[]", "refused SCHEMA", "N2N-ANS-003"),
    "a member twice": (b'{"verdict":"accepted","verdict":"rejected"}', "refused JSON", "N2N-JSON-002"),
    "too deep": (written(said(about={"message_id": {"a": "b"}})), "refused JSON", "N2N-JSON-003"),
    "too large": (b'"' + b"x" * 16_384 + b'"', "refused TOO_LARGE", "N2N-WIRE-003"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "words", "code"), FORMS.values(), ids=FORMS)
def test_an_answer_has_one_form(stage: Stage, document: bytes, words: str, code: str) -> None:
    suffers(stage, answer(stage.peers["XA"], document), words, code)


def test_a_paper_in_xml_that_calls_itself_an_answer_is_none(stage: Stage) -> None:
    paper = stage.peers["XA"].paper()
    suffers(stage, answer(stage.peers["XA"], paper.document, media="xml"), "refused SCHEMA", "N2N-ANS-003")


def test_header_and_document_name_the_same_paper(stage: Stage) -> None:
    other = uuid7(stage.peers["XA"].now)
    suffers(stage, answer(stage.peers["XA"], written(said()), refers_to=other), "refused SCHEMA", "N2N-ANS-003")
