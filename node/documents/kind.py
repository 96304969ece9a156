"""What a kind of paper is to the node: its root element, its schema, its rules, and how it is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from node.documents.breach import Breach
from node.documents.structure import PaperSchema
from node.model.document import MediaType, Reading
from node.safe_xml import Element


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """One kind of paper in one version; each kind module ends in one of these.

    `root` is the root element in Clark notation and alone decides what a document is taken for. `rules` yields what the
    schema cannot say and must bear any tree; `reading` is only asked about a paper without a finding. `number` is the
    path of the element that holds the paper's number.
    """

    name: str
    version: int
    media_type: MediaType
    root: str
    title_en: str
    title_zh: str
    samples: tuple[str, ...]
    schema: PaperSchema
    rules: Callable[[Element], Iterable[Breach]]
    reading: Callable[[Element], Reading]
    number: str
