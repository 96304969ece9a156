"""A paper as the node understands it: exact bytes, kind, identity, and what was read from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from node.model.effect import Effect
from node.model.ids import Digest, sha256


class MediaType(StrEnum):
    """Forms a document may have on the wire; each fixes the Reference URI of its signature (protocol 2)."""

    XML = "application/xml"
    JSON = "application/json"

    @property
    def file_name(self) -> str:
        """The Reference URI of a signature over such a document, and its name in the evidence container."""
        return f"document.{self.extension}"

    @property
    def extension(self) -> str:
        """How the name of a file with such a document ends, without the dot."""
        return "xml" if self is MediaType.XML else "json"

    @staticmethod
    def of(content: bytes) -> "MediaType":
        """What a document looks like: JSON begins with a brace or bracket, everything else is left to the XML door."""
        start = content[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
        return MediaType.JSON if start[:1] in (b"{", b"[") else MediaType.XML


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule of a paper, as receipts carry it: never a value of the paper (protocol 3).

    `code` is a stable word such as `SCHEMA` or `RULE`, `path` names the element (256 characters at most), `rule` the
    rule in words (64 characters at most).
    """

    code: str
    path: str
    rule: str

    MAX_PATH = 256
    MAX_RULE = 64

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path[: Finding.MAX_PATH])
        object.__setattr__(self, "rule", self.rule[: Finding.MAX_RULE])


@dataclass(frozen=True, slots=True)
class Identity:
    """What names a paper: who issued it, its number, and which version of that number this is.

    `version` is 1 for the first paper under a number; kinds that change a paper in place (a withdrawal under the same
    number) say so by a word such as `withdrawn`.
    """

    issuer: str
    number: str
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Succession:
    """The paper says that it follows another one of the same issuer: a replacement, correction or withdrawal."""

    number: str
    relation: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one parse of a paper tells: its identity, the fields people search for, its chain, its UCRs."""

    identity: Identity
    fields: Mapping[str, str] = field(default_factory=dict)
    succession: Succession | None = None
    ucr: tuple[str, ...] = ()
    issuer_signed: bool = False
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A recognised paper: the exact bytes as handed in, never re-serialised, and what was read from them."""

    content: bytes
    kind: str
    kind_version: int
    media_type: MediaType
    reading: Reading
    remarks: tuple[Finding, ...] = ()
    """What was overlooked or is doubtful; the paper is good all the same."""

    @property
    def digest(self) -> Digest:
        """SHA-256 of the exact bytes."""
        return sha256(self.content)
