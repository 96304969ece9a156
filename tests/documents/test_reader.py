"""The two doors for papers: what is recognised, what is claimed, and what the issuer's signature may and may not do."""

import threading
from collections.abc import Callable

import pytest

from node.documents import reader
from node.documents.catalogue import BY_ROOT, CATALOGUE
from node.documents.samples import sample, sample_names
from node.errors import CommentOrInstruction, KindUnknown, NotXml, PaperRefused
from node.model.document import Finding, Identity, MediaType, Succession
from node.model.receipt import FindingCode

PHYTO, ORIGIN = "phytosanitary_certificate", "certificate_of_origin"
AEO, INSPECTION = "aeo_status", "inspection_result"
XML_SAMPLES = [(kind, name) for kind in (PHYTO, ORIGIN, INSPECTION) for name in sample_names(kind)]
ALL_SAMPLES = [*XML_SAMPLES, *((AEO, name) for name in sample_names(AEO))]
SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>'


@pytest.mark.parametrize(("kind", "name"), ALL_SAMPLES)
def test_both_doors_read_a_sample_alike_and_keep_its_exact_bytes(kind: str, name: str) -> None:
    content = sample(kind, name)
    document = reader.recognise(content)
    form = MediaType.JSON if kind == AEO else MediaType.XML
    assert (document.kind, document.kind_version, document.media_type) == (kind, 1, form)
    assert document.content == content
    assert document == reader.read(content, kind, 1, form)


def test_a_phytosanitary_certificate_tells_who_what_and_where() -> None:
    reading = reader.recognise(sample(PHYTO, "grapefruit")).reading
    assert reading.identity == Identity("XA-NPPO", "XA-PC-2026-004711", "1")
    assert reading.succession is None
    assert reading.ucr == ("6XA70411-CITRUS-0093",)
    assert not reading.issuer_signed
    assert reading.fields == {
        "number": "XA-PC-2026-004711",
        "type": "851",
        "status": "70",
        "issued": "2026-11-12T08:40:00.000Z",
        "issuer": "Plant Health Service of Alandria",
        "exporter": "Alandia Citrus Growers Ltd",
        "importer": "Boreal Fresh Imports SA",
        "export_country": "XA",
        "import_country": "XB",
        "goods": "Grapefruit; Lemon",
        "scientific_names": "Citrus paradisi; Citrus limon",
        "hs_codes": "080540; 080550",
        "transport": "MV Northern Lark",
    }


def test_a_withdrawal_has_the_number_of_what_it_withdraws_and_another_version() -> None:
    issued = reader.recognise(sample(PHYTO, "orchids")).reading
    withdrawn = reader.recognise(sample(PHYTO, "orchids_withdrawn")).reading
    assert issued.identity == Identity("XA:南嶼動植物防疫檢疫署", "XA-115-K-020587", "1")
    assert withdrawn.identity == Identity("XA:南嶼動植物防疫檢疫署", "XA-115-K-020587", "withdrawn")
    assert withdrawn.succession == Succession("XA-115-K-020587", "withdrawal")


@pytest.mark.parametrize(
    ("status", "version", "relation"),
    [
        ("70", "1", None),
        ("39", "1", None),
        ("40", "withdrawn", "withdrawal"),
        ("44", "replaced", "replaced"),
        ("64", "cancelled", "cancellation"),
    ],
)
def test_a_status_decides_version_and_succession(status: str, version: str, relation: str | None) -> None:
    content = sample(PHYTO, "orchids").replace(b"<ram:StatusCode>70<", f"<ram:StatusCode>{status}<".encode())
    reading = reader.recognise(content).reading
    assert reading.identity.version == version
    assert reading.succession == (Succession("XA-115-K-020587", relation) if relation else None)


def test_a_replacement_has_its_own_number_and_names_the_other() -> None:
    note = "<ram:IncludedSPSNote><ram:Subject>ADRPN</ram:Subject><ram:Content>XA-1</ram:Content></ram:IncludedSPSNote>"
    content = (
        sample(PHYTO, "orchids")
        .decode()
        .replace("<ram:SignatorySPSAuthentication>", f"{note}<ram:SignatorySPSAuthentication>")
    )
    reading = reader.recognise(content.encode()).reading
    assert reading.identity.number == "XA-115-K-020587"
    assert reading.succession == Succession("XA-1", "replacement")


def test_a_certificate_of_origin_tells_who_what_and_where() -> None:
    reading = reader.recognise(sample(ORIGIN, "machine_parts")).reading
    assert reading.identity == Identity("XA-CUSTOMS-ORIGIN", "XA-CO-26-1100342", "1")
    assert reading.ucr == ("6XA2290187-PO5512",)
    assert reading.fields["agreement"] == "XA-XB-FTA"
    assert reading.fields["hs_codes"] == "84669390; 848210"
    assert reading.fields["invoices"] == "MPW-26-8812"


def test_an_origin_certificate_that_replaces_another_names_it() -> None:
    first, second = (reader.recognise(sample(ORIGIN, name)).reading for name in ("tea", "tea_replacement"))
    assert second.succession == Succession(first.identity.number, "replacement")
    assert second.identity.issuer == first.identity.issuer == "XA:南嶼商業總會"
    assert second.identity.number != first.identity.number


def test_an_origin_certificate_can_end_its_own_number() -> None:
    content = sample(ORIGIN, "tea").decode()
    ended = content.replace(">issued</Status>", ">cancelled</Status><StatusReason>not shipped</StatusReason>")
    reading = reader.recognise(ended.encode()).reading
    assert reading.identity.version == "cancelled"
    assert reading.succession == Succession("XA-115-CO-0093127", "cancellation")


def test_names_beyond_the_basic_plane_come_through_unchanged() -> None:
    fields = reader.recognise(sample(ORIGIN, "tea")).reading.fields
    assert "\U00020bb7\U0002a6a5茶業" in fields["exporter"]


# --- what is no paper of ours ---------------------------------------------------------------------------------------


def test_xml_that_is_not_accepted_is_refused_before_any_kind_is_thought_of() -> None:
    with pytest.raises(NotXml):
        reader.recognise(b"<a>")
    with pytest.raises(CommentOrInstruction):
        reader.read(b"<!-- --><a/>", PHYTO, 1, MediaType.XML)


def test_another_version_of_the_sps_message_is_named() -> None:
    with pytest.raises(KindUnknown, match="SPSCertificate version 8"):
        reader.recognise(sample(PHYTO, "orchids").replace(b"SPSCertificate:17", b"SPSCertificate:8"))


@pytest.mark.parametrize("content", [b"<hunter2/>", b'<SPSCertificate xmlns="urn:hunter2"/>'])
def test_an_unknown_root_is_refused_without_being_quoted(content: bytes) -> None:
    with pytest.raises(KindUnknown) as caught:
        reader.recognise(content)
    assert "hunter2" not in str(caught.value)


def test_the_official_spelling_of_the_namespace_alone_counts() -> None:
    with pytest.raises(KindUnknown):
        reader.recognise(sample(PHYTO, "orchids").replace(b"data:standard:SPSC", b"data:Standard:SPSC"))


@pytest.mark.parametrize(("kind", "version"), [("visa", 1), (PHYTO, 2), (PHYTO, 0), ("", 1)])
def test_a_claimed_kind_that_we_do_not_have_is_unknown(kind: str, version: int) -> None:
    with pytest.raises(KindUnknown):
        reader.read(sample(PHYTO, "orchids"), kind, version, MediaType.XML)


def test_a_paper_of_another_kind_than_claimed_is_refused() -> None:
    with pytest.raises(KindUnknown):
        reader.read(sample(ORIGIN, "tea"), PHYTO, 1, MediaType.XML)


def test_a_claimed_media_type_that_the_kind_does_not_have_is_refused() -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.read(sample(PHYTO, "orchids"), PHYTO, 1, MediaType.JSON)
    assert [finding.code for finding in caught.value.findings] == [FindingCode.METADATA]


def test_a_refusal_keeps_fifty_findings_and_counts_them_all() -> None:
    item = "<Item><Sequence>0</Sequence></Item>"
    content = sample(ORIGIN, "tea").decode().replace("<ExporterDeclaration>", item * 60 + "<ExporterDeclaration>", 1)
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content.encode())
    assert len(caught.value.findings) == reader.MAX_FINDINGS
    assert int(caught.value.fields["count"]) > 200
    assert all(finding.path for finding in caught.value.findings)


def test_a_refusal_never_quotes_a_value() -> None:
    content = sample(ORIGIN, "tea").decode()
    for before in (
        ">861<",
        ">issued<",
        "2026-11-10",
        ">XA<",
        ">40<",
        ">090230<",
        ">480<",
        'lang="en"',
        'currency="USD"',
    ):
        after = 'lang="hunter2!"' if "lang" in before else 'currency="hunter2"' if "=" in before else ">hunter2<"
        content = content.replace(before, after if "-11-" not in before else "hunter2")
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content.encode())
    assert len(caught.value.findings) > 15
    assert "hunter2" not in str(caught.value) + repr(caught.value.findings)


# --- the issuer's signature -----------------------------------------------------------------------------------------


def _at_the_end(content: str) -> str:
    place = content.rindex("</")
    return content[:place] + SIGNATURE + content[place:]


def _at_the_start(content: str) -> str:
    place = content.index(">", content.index("\n")) + 1
    return content[:place] + SIGNATURE + content[place:]


@pytest.mark.parametrize(("kind", "name"), XML_SAMPLES)
@pytest.mark.parametrize("sign", [_at_the_end, _at_the_start])
def test_one_signature_under_the_root_is_the_issuers_and_changes_nothing_else(
    kind: str, name: str, sign: Callable[[str], str]
) -> None:
    plain = reader.recognise(sample(kind, name)).reading
    signed = reader.recognise(sign(sample(kind, name).decode()).encode()).reading
    assert signed.issuer_signed
    assert (signed.identity, signed.fields, signed.succession) == (plain.identity, plain.fields, plain.succession)


def test_the_signed_bytes_stay_as_they_came() -> None:
    content = _at_the_end(sample(ORIGIN, "tea").decode()).encode()
    assert reader.recognise(content).content == content


MISPLACED = {
    "inside a child": lambda text: text.replace("<Importer>", f"<Importer>{SIGNATURE}", 1),
    "two under the root": lambda text: _at_the_end(_at_the_start(text)),
    "a second one deep inside": lambda text: _at_the_end(text.replace("<Item>", f"<Item>{SIGNATURE}", 1)),
    "one inside another": lambda text: _at_the_end(text).replace("<ds:SignedInfo/>", f"<ds:SignedInfo/>{SIGNATURE}", 1),
}


@pytest.mark.parametrize("misplace", MISPLACED.values(), ids=MISPLACED.keys())
def test_a_signature_anywhere_else_or_a_second_one_is_a_finding(misplace: Callable[[str], str]) -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(misplace(sample(ORIGIN, "tea").decode()).encode())
    assert [(finding.code, finding.rule) for finding in caught.value.findings] == [
        (FindingCode.ISSUER_SIGNATURE, "a signature may stand only once, as a child of the root")
    ]


def test_a_signature_hides_no_other_defect() -> None:
    content = _at_the_end(sample(ORIGIN, "tea").decode()).replace(">861<", ">1<")
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content.encode())
    assert [finding.path for finding in caught.value.findings] == ["/CertificateOfOrigin/TypeCode"]


def test_text_beside_a_signature_is_still_text_where_none_may_be() -> None:
    content = sample(ORIGIN, "tea").decode().replace("<Item>", f"{SIGNATURE}smuggled<Item>", 1)
    with pytest.raises(PaperRefused) as caught:
        reader.recognise(content.encode())
    assert [finding.rule for finding in caught.value.findings] == ["must hold elements only, no text"]


# --- the catalogue --------------------------------------------------------------------------------------------------


def test_the_catalogue_names_each_kind_once_and_no_two_share_a_root() -> None:
    assert [(kind.name, kind.version) for kind in CATALOGUE.values()] == list(CATALOGUE)
    assert len(BY_ROOT) == len(CATALOGUE)
    assert all(kind.title_en and kind.title_zh for kind in CATALOGUE.values())


def test_refuse_puts_the_first_finding_into_words() -> None:
    error = reader.refuse(PHYTO, [Finding(FindingCode.RULE, "/a", "one"), Finding(FindingCode.RULE, "/b", "two")])
    assert "2 rule(s)" in error.message()
    assert "/a one" in error.message()


def test_threads_read_at_the_same_time_as_one_would() -> None:
    good, bad = sample(PHYTO, "grapefruit"), sample(ORIGIN, "tea").replace(b">861<", b">1<")
    outcomes: list[int] = []

    def work() -> None:
        for _ in range(20):
            reader.recognise(good)
            try:
                reader.recognise(bad)
            except PaperRefused as error:
                outcomes.append(len(error.findings))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [1] * 80
