"""Seals, document signatures and key statements verify, and every mutant is refused for its own defect."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from node.clock import from_ms, to_xml
from node.crypto.key_statement import announcement_from_xml
from node.crypto.seal import manifest_from_xml, manifest_to_xml
from node.crypto.trust import PartnerTrust
from node.crypto.verification import verify_document_signature, verify_key_statement, verify_seal
from node.errors import NodeError
from node.model.document import MediaType
from node.model.envelope import Purpose, Seal
from node.model.ids import NodeCode
from node.model.receipt import KeyStatement

FOLDER = Path(__file__).parent / "protocol"
Read = Callable[[str], bytes]
Trust = Callable[..., PartnerTrust]


def cases(name: str, which: str = "cases") -> list[object]:
    return [pytest.param(case, id=case["name"]) for case in json.loads((FOLDER / name).read_bytes())[which]]


def judged(judge: Callable[[], object]) -> str:
    try:
        judge()
    except NodeError as error:
        return error.code
    return "verified"


@pytest.mark.parametrize("case", cases("manifest.json", "good"))
def test_a_manifest_is_its_fields(case: dict) -> None:
    manifest = manifest_from_xml(case["xml"].encode())
    told = {name: getattr(manifest, name) for name in case["fields"]}
    assert {**told, "created": to_xml(manifest.created), "root": manifest.root.hex()} == case["fields"]
    assert manifest_to_xml(manifest) == case["xml"].encode()


@pytest.mark.parametrize("case", cases("manifest.json", "bad"))
def test_a_manifest_in_another_form_is_refused(case: dict) -> None:
    assert judged(lambda: manifest_from_xml(case["xml"].encode())) == case["error"]


@pytest.mark.parametrize("case", cases("seal.json"))
def test_a_seal_is_judged_as_told(case: dict, octets: Read, trust: Trust) -> None:
    seal = Seal(octets(case["manifest"]), octets(case["signature"]))
    enrolled = trust(case["trust"], case.get("enrolled", ()), case.get("algorithms"))
    asked = {"purpose": Purpose(case["purpose"]), "recipient": NodeCode(case["recipient"]), "now": from_ms(case["now"])}
    assert judged(lambda: verify_seal(seal, trust=enrolled, **asked)) == case["expect"]


def test_there_are_mutants_of_every_kind() -> None:
    told = [case.values[0]["expect"] for case in cases("seal.json")]
    assert told.count("verified") >= 5
    refused = {code for code in told if code != "verified"}
    assert len(told) - told.count("verified") >= 30
    assert refused >= {f"N2N-SIG-{number:03d}" for number in (*range(1, 13), 14, 15, 16)}


@pytest.mark.parametrize("case", cases("document-signature.json"))
def test_a_document_signature_is_judged_as_told(case: dict, octets: Read, trust: Trust) -> None:
    document, signature = octets(case["document"]), octets(case["signature"])
    media_type, now = MediaType(case["media_type"]), from_ms(case["now"])

    def judge() -> object:
        return verify_document_signature(document, media_type, signature, trust=trust(case["trust"]), now=now)

    assert judged(judge) == case["expect"]


@pytest.mark.parametrize("case", cases("key-statement.json"))
def test_a_key_statement_is_judged_as_told(
    case: dict, listed: Callable[[str], dict], octets: Read, trust: Trust
) -> None:
    vectors = listed("key-statement.json")
    statement = KeyStatement(octets(case["document"]), octets(case["signature"]))
    now = from_ms(vectors["now"])
    assert judged(lambda: verify_key_statement(statement, trust=trust("XB"), now=now)) == case["expect"]


def test_the_key_statement_announces_its_fields(listed: Callable[[str], dict], octets: Read) -> None:
    told = listed("key-statement.json")["fields"]
    announcement = announcement_from_xml(octets("key-statement/statement.xml"))
    assert (announcement.node, announcement.sequence) == (told["node"], told["sequence"])
    read = [
        (key.id, key.use, key.suite, key.public.hex(), to_xml(key.not_before), to_xml(key.not_after))
        for key in announcement.keys
    ]
    assert read == [tuple(key.values()) for key in told["keys"]]


@pytest.mark.parametrize("case", cases("key-statement.json", "bad"))
def test_a_key_statement_in_another_form_is_refused(case: dict) -> None:
    assert judged(lambda: announcement_from_xml(case["xml"].encode())) == case["error"]
