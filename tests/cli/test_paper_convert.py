"""`n2n paper convert`: a paper in another form, on the terminal, in a file, and for programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.documents import forms
from node.documents.conversion import Converted, Form, Loss, Note
from node.documents.samples import sample
from node.model.document import MediaType

Run = Callable[..., Any]

NOTES = (Note("/CertificateOfOrigin/Remarks", Loss.DROPPED, "has no place there", "目標格式無此欄位"),)
SHAPE = Form(
    name="shape",
    source="certificate_of_origin",
    title_en="A shape",
    title_zh="格式",
    convert=lambda _: Converted('{"number": "號"}\n'.encode(), MediaType.JSON, NOTES),
)


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(forms, "FORMS", (SHAPE,))
    file = tmp_path / "tea.xml"
    file.write_bytes(sample("certificate_of_origin", "tea"))
    return file


def test_the_document_goes_into_a_pipe_and_the_notes_to_the_person(n2n: Run, paper: Path) -> None:
    ran = n2n("paper", "convert", paper, "--as", "shape")
    assert (ran.code, ran.out) == (0, '{"number": "號"}\n')
    assert "/CertificateOfOrigin/Remarks   dropped         has no place there" in ran.err
    assert "捨棄" in n2n("paper", "convert", paper, "--as", "shape", "--lang", "zh-TW").err


def test_a_file_is_created_and_never_overwritten(n2n: Run, paper: Path, tmp_path: Path) -> None:
    made = tmp_path / "tea.json"
    ran = n2n("paper", "convert", paper, "--as", "shape", "--output", made)
    assert (ran.code, ran.out) == (0, "")
    assert made.read_text(encoding="utf-8") == '{"number": "號"}\n'
    again = n2n("paper", "convert", paper, "--as", "shape", "--output", paper)
    assert again.code == 65
    assert "N2N-DOC-007" in again.err
    assert paper.read_bytes() == sample("certificate_of_origin", "tea")


def test_programs_get_one_object(n2n: Run, paper: Path, tmp_path: Path) -> None:
    told = n2n("paper", "convert", paper, "--as", "shape", "--json").data
    assert told == {
        "file": str(paper),
        "form": "shape",
        "document": '{"number": "號"}\n',
        "notes": [{"path": "/CertificateOfOrigin/Remarks", "what": "dropped", "text": "has no place there"}],
    }
    ran = n2n("paper", "convert", paper, "--as", "shape", "--json", "--output", tmp_path / "x.json", "--lang", "zh")
    assert ran.data["output"] == str(tmp_path / "x.json")
    assert ran.data["notes"][0]["text"] == "目標格式無此欄位"
    assert "document" not in ran.data


def test_a_refused_paper_tells_every_finding(n2n: Run, paper: Path) -> None:
    paper.write_bytes(paper.read_bytes().replace(b"<Status>issued</Status>", b"").replace(b"090230", b"0902"))
    ran = n2n("paper", "convert", paper, "--as", "shape")
    assert (ran.code, ran.out) == (65, "")
    assert "SCHEMA  /CertificateOfOrigin  lacks Status" in ran.err
    assert "/CertificateOfOrigin/Item/HsCode" in ran.err
    told = json.loads(n2n("paper", "convert", paper, "--as", "shape", "--json").err)["error"]
    assert [one["path"] for one in told["findings"]] == ["/CertificateOfOrigin", "/CertificateOfOrigin/Item/HsCode"]


def test_an_unknown_form_names_those_there_are(n2n: Run, paper: Path) -> None:
    ran = n2n("paper", "convert", paper, "--as", "form")
    assert ran.code == 66
    assert "there are shape" in ran.err
