"""Papers of our own to try the node with: invented names, the user-assigned countries XA and XB, nobody's data."""

import json
import re
from pathlib import Path
from xml.sax.saxutils import escape

from node import safe_json, safe_xml
from node.documents.catalogue import CATALOGUE
from node.documents.json_spots import Spot
from node.documents.kind import JsonKind, Kind, XmlKind
from node.errors import KindUnknown

_FOLDER = Path(__file__).parent / "samples"


def sample_names(kind: str) -> tuple[str, ...]:
    """Names of the samples of a kind, in alphabetical order; raises KindUnknown."""
    return tuple(sorted(_kind(kind).samples))


def sample(kind: str, name: str) -> bytes:
    """The exact bytes of a sample; raises KindUnknown for a kind or a sample that does not exist."""
    known = _kind(kind)
    if name not in known.samples:
        raise KindUnknown(detail=f"{kind} has no sample {name}")
    folder = known.sample_folder or _FOLDER / kind
    return (folder / f"{name}.{known.media_type.extension}").read_bytes()


def vary(kind: str, content: bytes, number: str) -> bytes:
    """The same paper under another number, for demonstrations and measurements that need many papers.

    What the paper says about other numbers stays as it is. Raises KindUnknown, XmlError and JsonError classes.
    """
    # The number stands first in every kind, so its first occurrence is the paper's own.
    match _kind(kind):
        case XmlKind() as known:
            old = safe_xml.parse(content).findtext(known.number)
            if old is None:
                raise KindUnknown(detail=f"the document is no {kind}")
            return content.replace(f">{escape(old)}<".encode(), f">{escape(number)}<".encode(), 1)
        case JsonKind() as known:
            old = Spot(safe_json.parse(content)).at(known.number).text
            if not old:
                raise KindUnknown(detail=f"the document is no {kind}")
            place = re.compile(rf'("{known.number}"\s*:\s*){re.escape(_quoted(old))}'.encode())
            return place.sub(lambda found: found[1] + _quoted(number).encode(), content, count=1)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _kind(name: str) -> Kind:
    newest = max((version for known, version in CATALOGUE if known == name), default=0)
    if newest == 0:
        raise KindUnknown(detail=f"no kind {name}")
    return CATALOGUE[name, newest]
