"""Papers of our own to try the node with: invented names, the user-assigned countries XA and XB, nobody's data."""

from pathlib import Path
from xml.sax.saxutils import escape

from node.documents.catalogue import CATALOGUE
from node.documents.kind import DocumentKind
from node.errors import KindUnknown
from node.safe_xml import parse

_FOLDER = Path(__file__).parent / "samples"


def sample_names(kind: str) -> tuple[str, ...]:
    """Names of the samples of a kind, in alphabetical order; raises KindUnknown."""
    return tuple(sorted(_kind(kind).samples))


def sample(kind: str, name: str) -> bytes:
    """The exact bytes of a sample; raises KindUnknown for a kind or a sample that does not exist."""
    if name not in _kind(kind).samples:
        raise KindUnknown(detail=f"{kind} has no sample {name}")
    return (_FOLDER / kind / f"{name}.xml").read_bytes()


def vary(kind: str, content: bytes, number: str) -> bytes:
    """The same paper under another number, for demonstrations and measurements that need many papers.

    What the paper says about other numbers stays as it is. Raises KindUnknown and XmlError classes.
    """
    old = parse(content).findtext(_kind(kind).number)
    if old is None:
        raise KindUnknown(detail=f"the document is no {kind}")
    # The number stands first in every kind, so its first occurrence as the text of an element is the paper's own.
    return content.replace(f">{escape(old)}<".encode(), f">{escape(number)}<".encode(), 1)


def _kind(name: str) -> DocumentKind:
    newest = max((version for known, version in CATALOGUE if known == name), default=0)
    if newest == 0:
        raise KindUnknown(detail=f"no kind {name}")
    return CATALOGUE[name, newest]
