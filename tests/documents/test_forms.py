"""The one way to other forms: which form is meant, what it starts from, and that nothing half-written comes out."""

from dataclasses import replace

import pytest

from node.documents import forms
from node.documents.conversion import Converted, Form
from node.documents.samples import sample
from node.errors import FormUnknown, NotConvertible, PaperRefused
from node.model.document import MediaType

ORIGIN, SPS = sample("certificate_of_origin", "tea"), sample("phytosanitary_certificate", "orchids")


def _form(name: str, source: str, answer: bytes) -> Form:
    return Form(
        name=name,
        source=source,
        title_en="A form",
        title_zh="格式",
        convert=lambda _: Converted(answer, MediaType.of(answer)),
    )


ONE = _form("shape", "certificate_of_origin", b'{"from": "origin"}')
TWO = _form("shape", "phytosanitary_certificate", b'{"from": "plants"}')
BACK = replace(
    _form("paper", "shape", ORIGIN), is_source=lambda content: content.startswith(b"{"), kind="certificate_of_origin"
)


def test_forms_of_one_name_differ_in_what_they_start_from() -> None:
    assert forms.convert(ORIGIN, "shape", (ONE, TWO)).content == b'{"from": "origin"}'
    assert forms.convert(SPS, "shape", (ONE, TWO)).content == b'{"from": "plants"}'


def test_a_form_from_outside_is_known_by_its_bytes() -> None:
    assert forms.convert(b"{}", "paper", (BACK,)).content == ORIGIN


def test_what_comes_out_as_a_paper_of_ours_is_judged_as_one() -> None:
    spoilt = ORIGIN.replace(b"<Status>issued</Status>", b"").replace(b"090230", b"0902")
    with pytest.raises(PaperRefused) as refused:
        forms.convert(b"{}", "paper", (replace(BACK, convert=lambda _: Converted(spoilt, MediaType.XML)),))
    assert {one.path for one in refused.value.findings} == {"/CertificateOfOrigin", "/CertificateOfOrigin/Item/HsCode"}


def test_a_paper_that_breaks_a_rule_is_not_converted() -> None:
    with pytest.raises(PaperRefused):
        forms.convert(ORIGIN.replace(b"<Status>issued</Status>", b""), "shape", (ONE,))


def test_the_wrong_start_is_told_from_an_unknown_form() -> None:
    with pytest.raises(NotConvertible) as wrong:
        forms.convert(SPS, "shape", (ONE,))
    assert wrong.value.fields == {"form": "shape", "sources": "certificate_of_origin"}
    with pytest.raises(NotConvertible):
        forms.convert(b"<x/>", "paper", (BACK,))
    with pytest.raises(FormUnknown):
        forms.convert(ORIGIN, "nothing", (ONE,))
