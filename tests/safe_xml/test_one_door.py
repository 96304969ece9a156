"""Nothing in the node reads XML past safe_xml (security X8)."""

import ast
from pathlib import Path

import pytest

import node

PACKAGE = Path(node.__file__).parent
DOOR = PACKAGE / "safe_xml.py"
PARSING_CALLS = {
    "fromstring",
    "fromstringlist",
    "parse",
    "iterparse",
    "XML",
    "HTML",
    "XMLID",
    "XMLParser",
    "HTMLParser",
}
PARSING_CALLS |= {"XMLPullParser", "feed", "XSLT", "XMLSchema", "RelaxNG", "parseString", "xinclude"}
ETREE_NAMES = {"etree", "ElementTree", "ET", "minidom", "objectify", "html"}
FOREIGN_PARSERS = (
    "xml.dom",
    "xml.etree",
    "xml.parsers",
    "xml.sax.expatreader",
    "xmltodict",
    "lxml.html",
    "lxml.objectify",
)


def reads_xml(source: str) -> list[str]:
    """Each place in `source` that could read XML by itself."""
    found = []
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.Import):
            found += [name.name for name in item.names if name.name.startswith(FOREIGN_PARSERS)]
        if isinstance(item, ast.ImportFrom):
            whole = [f"{item.module}.{name.name}" for name in item.names]
            found += [
                name for name in whole if name.startswith((*FOREIGN_PARSERS, "xml.sax.parse", "xml.sax.make_parser"))
            ]
            found += [
                name for name in whole if item.module == "lxml.etree" and name.rpartition(".")[2] in PARSING_CALLS
            ]
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr in PARSING_CALLS:
            owner = item.func.value
            if isinstance(owner, ast.Name) and owner.id in ETREE_NAMES:
                found.append(f"{owner.id}.{item.func.attr}")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_reads_xml(path: Path) -> None:
    assert path == DOOR or reads_xml(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from lxml import etree\netree.fromstring(b'')",
        "from lxml import etree\netree.XMLParser()",
        "from lxml.etree import parse",
        "import xml.etree.ElementTree as ET",
        "from xml.dom import minidom",
        "from xml.sax import parseString",
        "import lxml.html",
    ],
)
def test_the_search_sees_a_second_door(source: str) -> None:
    assert reads_xml(source)


def test_the_door_itself_is_seen() -> None:
    assert reads_xml(DOOR.read_text())
