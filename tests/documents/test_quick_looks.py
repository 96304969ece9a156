"""The quick looks spare work and change no verdict: each paper is judged with them and without them."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from node import safe_xml
from node.documents import certificate_of_origin, json_paper, reader, xml_paper
from node.documents.aeo_shape import AEO_STATUS
from node.documents.samples import sample, sample_names
from node.errors import NodeError

KINDS = ("aeo_status", "certificate_of_origin", "inspection_result", "phytosanitary_certificate")
SAMPLES = [(kind, name) for kind in KINDS for name in sample_names(kind)]

VALUES = [
    "",
    "0",
    "2",
    "-1",
    "x",
    "XA",
    "861",
    "withdrawn",
    "other",
    "pass",
    "fail",
    "true",
    "1999-01-01",
    "2099-01-01",
]
VALUES += ["2099-11-22T09:30:00Z", "RVC", "KGM", "ADRPN", "TTL1", "n/a", "9" * 40, "e\u0301", "\ue000", "\u202e", "𠮷"]
INSIDE = [
    "&#x301;",
    "&#xe000;",
    "<![CDATA[\u0301]]>",
    "&lt;\u0338",
    "\x7f",
    "\ufffd",
    "a=b",
    " id = ",
    "!",
    "?",
    "xmlns:",
]
SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
PARTS = ["<stranger/>", "<!-- -->", "<?x?>", SIGNATURE, '<x id="1"/><x ID = "1"/>', '<x xmlns:z="relative"/>', "text"]
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SAID = [
    f' xmlns:i="{XSI}" i:type="x"',
    f' xmlns:i="{XSI.replace("-", "&#45;")}" i:nil="true"',
    ' xml:id="a"',
    ' unit="LTR"',
]
SAID += [' strange="\ue000"', " ".join(["", *(f'a{n}=""' for n in range(65))])]


@contextmanager
def _without_quick_looks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_paper, "certainly_fit", lambda content: False)
        patch.setattr(xml_paper, "may_choose_types", lambda content: True)
        patch.setattr(xml_paper, "may_be_signed", lambda content: True)
        patch.setattr(xml_paper, "certainly_few", lambda content: False)
        patch.setattr(certificate_of_origin, "keeps_every_rule", lambda said, items: False)
        patch.setattr(json_paper, "are_plain", lambda content: False)
        patch.setattr(safe_xml, "_may_hold_identifiers", lambda pieces: True)
        patch.setattr(safe_xml, "_may_hold_attributes", lambda pieces, most: True)
        patch.setattr(safe_xml, "_declares_little", lambda data, most: False)
        patch.setattr(safe_xml, "_SMALLEST_ELEMENT", 0)
        patch.setattr(AEO_STATUS, "_admits", lambda value: False)
        yield


def _verdict(content: bytes) -> object:
    """The reading or the error, with every finding in its order."""
    try:
        return reader.recognise(content)
    except NodeError as error:
        return type(error), error.fields, getattr(error, "findings", ())


def _edited(content: bytes, chance: random.Random) -> bytes:
    """The paper with one to three edits in its texts, its tags, or between them."""
    parts = re.findall(r'<[^<>]*>|"[^"]*"|[^<>"]+', content.decode())
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(parts))
        part = parts[place]
        match chance.randrange(6):
            case 0 if not part.startswith("<"):
                parts[place] = f'"{chance.choice(VALUES)}"' if part.startswith('"') else chance.choice(VALUES)
            case 1 if not part.startswith("<"):
                middle = chance.randrange(len(part))
                parts[place] = part[:middle] + chance.choice(INSIDE) + part[middle:]
            case 2:
                parts[place] = parts[chance.randrange(len(parts))]
            case 3:
                parts[place] = part + chance.choice(PARTS)
            case 4 if part.startswith("<") and part[1].isalpha():
                end = -2 if part.endswith("/>") else -1
                parts[place] = part[:end] + chance.choice(SAID) + part[end:]
            case _:
                parts[place] = re.sub(r'="[^"]*"', lambda _: f'="{chance.choice(VALUES)}"', part)
    return "".join(parts).encode()


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_a_paper_is_judged_alike_with_and_without_the_quick_looks(kind: str, name: str) -> None:
    chance = random.Random(f"{kind} {name}")
    papers = [sample(kind, name), *(_edited(sample(kind, name), chance) for _ in range(150))]
    quick = [_verdict(paper) for paper in papers]
    with _without_quick_looks():
        assert [_verdict(paper) for paper in papers] == quick
    assert len({str(verdict) for verdict in quick}) > 20
