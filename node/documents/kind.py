"""What a kind of paper is to the node: what names it, its schema, its rules, and how it is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.documents.breach import Breach
from node.documents.code_uses import JsonCodes, XmlCodes
from node.documents.json_shapes import JsonSchema
from node.documents.json_spots import JsonBreach, Spot
from node.documents.overlooked import PaperCopy
from node.documents.structure import PaperSchema
from node.model.document import Finding, MediaType, Reading
from node.model.effect import Effect
from node.model.receipt import FindingCode
from node.model.terms import Terms
from node.model.uses import Certified
from node.safe_xml import Element


@dataclass(frozen=True, slots=True)
class Good:
    """A paper without a finding: what it tells, and what is remarked about it."""

    reading: Reading
    remarks: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """One kind of paper in one version; each kind module ends in one of these, as XmlKind or JsonKind.

    `root` alone decides what a document is taken for: the root element in Clark notation, or the `schema` of JSON.
    `data_model` is the table of where its fields stand in the WCO data model (data_model/table.py); without one the
    kind has no form `wco-dm`.
    """

    name: str
    version: int
    root: str
    title_en: str
    title_zh: str
    samples: tuple[str, ...]
    data_model: Path | None = None
    view: Path | None = None
    """The plan by which it is shown to officers (`views.py`)."""
    rule_texts: Mapping[str, str] = field(default_factory=dict)
    """Rules in English and 繁體中文 of a kind from outside; the node's own are in `rule_texts/`."""
    sample_folder: Path | None = None
    """Where the samples of a kind from outside are; the node's own are in `samples/<kind>/`."""

    @property
    def media_type(self) -> MediaType:
        """The one form that papers of this kind have on the wire."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlKind(DocumentKind):
    """A kind written in XML.

    `rules` yields what the schema cannot say and must bear any tree; `reading` is only asked about a paper without a
    finding. `reading_at_once` may spare asking the rules: it is asked about a paper that follows its schema, and None
    says nothing. `agreed` yields the terms of an arrangement that the paper breaks, and is asked only where there are
    terms; `remarks` what is doubtful in a paper without a finding. `prepare` makes the copy that is judged and read in
    place of the paper where the terms ask for one, else None. `number` is the path of the element that holds the
    paper's number. `certifies`, of certificates that are written off, tells what there is to be used per item.
    """

    schema: PaperSchema
    prepare: Callable[[Element, Terms], PaperCopy | None] | None = None
    rules: Callable[[Element], Iterable[Breach]]
    agreed: Callable[[Element, Terms], Iterable[Breach]] | None = None
    remarks: Callable[[Element, Terms], Iterable[tuple[FindingCode, Breach]]] | None = None
    codes: XmlCodes | None = None
    """Which elements and attributes hold codes of which list."""
    reading: Callable[[Element], Reading]
    reading_at_once: Callable[[Element], Reading | None] | None = None
    number: str
    certifies: Callable[[Element], Certified] | None = None

    @property
    def media_type(self) -> MediaType:
        """XML."""
        return MediaType.XML


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonKind(DocumentKind):
    """A kind written in JSON: an object whose member `schema` is `root`.

    `title` begins the paths of findings. `rules`, `reading`, `agreed` and `remarks` are as in XmlKind;
    `effect` is what the paper does under the terms of its arrangement; `number` is the member of the root that holds
    the paper's number.
    """

    title: str
    schema: JsonSchema
    rules: Callable[[Spot], Iterable[JsonBreach]]
    agreed: Callable[[Spot, Terms], Iterable[JsonBreach]] | None = None
    remarks: Callable[[Spot, Terms], Iterable[tuple[FindingCode, JsonBreach]]] | None = None
    codes: JsonCodes | None = None
    """Which members hold codes of which list."""
    reading: Callable[[Spot], Reading]
    effect: Callable[[Spot, Terms], Effect] | None = None
    number: str

    @property
    def media_type(self) -> MediaType:
        """JSON."""
        return MediaType.JSON


Kind = XmlKind | JsonKind
"""What the catalogue holds."""
