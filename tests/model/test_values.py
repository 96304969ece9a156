"""Values of the model: frozen, and small rules they keep by themselves."""

import dataclasses
import importlib
import pkgutil

import pytest

import node.model
from node.model.document import Document, Finding, Identity, MediaType, Reading
from node.model.envelope import Purpose
from node.model.ids import sha256

MODULES = [importlib.import_module(f"node.model.{each.name}") for each in pkgutil.iter_modules(node.model.__path__)]
VALUES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
]


def test_the_model_was_found() -> None:
    assert len(VALUES) > 20


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_cannot_change_and_hold_nothing_but_their_fields(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(value)


def test_a_finding_fits_into_a_receipt() -> None:
    finding = Finding("RULE", "/p" * 1000, "r" * 1000)
    assert (len(finding.path), len(finding.rule)) == (256, 64)


def test_each_purpose_and_form_has_a_file_name_of_its_own() -> None:
    names = [purpose.file_name for purpose in Purpose] + [form.file_name for form in MediaType]
    assert len(set(names)) == len(names)
    assert all(name.rpartition(".")[0] and "/" not in name for name in names)


def test_the_digest_of_a_document_is_that_of_its_exact_bytes() -> None:
    content = b"<a/>\r\n"
    document = Document(content, "kind", 1, MediaType.XML, Reading(Identity("issuer", "1")))
    assert document.digest == sha256(content) != sha256(b"<a/>\n")
