"""A paper told in another form: what came out, and field by field what was dropped, defaulted or changed on the way.

A form is one file in `conversions/`; `forms.py` lists them all and is the one way to use them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from node.errors import Language
from node.model.document import MediaType


class Loss(StrEnum):
    """What happened to a field that did not cross as it was."""

    DROPPED = "dropped"
    """The other form has no place for it."""
    DEFAULTED = "defaulted"
    """The other form needs it, the source says nothing; what stands there now is ours."""
    CHANGED = "changed"
    """It stands there in another way, from which the first cannot be told for certain."""


@dataclass(frozen=True, slots=True)
class Note:
    """One field that did not cross as it was: its path in the source (in the target when defaulted), and why.

    The words never hold a value of the paper.
    """

    path: str
    what: Loss
    en: str
    zh: str

    def text(self, language: Language) -> str:
        """Why, in one of the two languages."""
        return self.zh if language is Language.ZH else self.en


@dataclass(frozen=True, slots=True)
class Converted:
    """A paper in another form, and everything that is not as it was."""

    content: bytes
    media_type: MediaType
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way from a paper to another form of it.

    `name` is what people ask for; several forms may share one and differ in what they start from. `source` is the kind
    of paper it starts from, or the name of a form from outside, which `is_source` then tells by its bytes. `kind` is
    the kind that comes out, empty for a form from outside. `convert` is given bytes that are what `source` says, and
    raises what the readers raise.
    """

    name: str
    source: str
    title_en: str
    title_zh: str
    convert: Callable[[bytes], Converted]
    is_source: Callable[[bytes], bool] | None = None
    kind: str = ""
