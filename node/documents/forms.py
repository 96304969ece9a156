"""Every form that papers can be told in, as one explicit list, and the way there."""

from collections.abc import Sequence

from node.documents import reader
from node.documents.conversion import Converted, Form
from node.documents.conversions import (
    edi3_of_origin,
    equality,
    origin_of_edi3,
    origin_of_preferential_coo,
    preferential_coo_of_origin,
    wco_dm,
)
from node.errors import FormUnknown, NotConvertible

FORMS: Sequence[Form] = (
    *edi3_of_origin.FORMS,
    *origin_of_edi3.FORMS,
    *preferential_coo_of_origin.FORMS,
    *origin_of_preferential_coo.FORMS,
    *equality.FORMS,
    *wco_dm.FORMS,
)
"""Each form of `conversions/`."""


def form_names() -> tuple[str, ...]:
    """What can be asked for, in alphabetical order."""
    return tuple(sorted({form.name for form in FORMS}))


def convert(content: bytes, name: str, forms: Sequence[Form] | None = None) -> Converted:
    """The paper in `content` in the form `name`, of `forms` or else of all.

    A paper of ours that breaks a rule is not converted, and what would come out as a paper of ours that breaks one is
    not either: nothing is half-written.

    Raises FormUnknown, NotConvertible, XmlError and JsonError classes, KindUnknown, and PaperRefused with every finding
    about the source or about what came out.
    """
    known = [form for form in (FORMS if forms is None else forms) if form.name == name]
    if not known:
        raise FormUnknown(form=name, forms=", ".join(form_names()))
    form = _way(content, known)
    converted = form.convert(content)
    if form.kind:
        reader.recognise(converted.content)
    return converted


def _way(content: bytes, known: Sequence[Form]) -> Form:
    """The form that starts from what `content` is."""
    for form in known:
        if form.is_source is not None and form.is_source(content):
            return form
    kinds = {form.source: form for form in known if form.is_source is None}
    if kinds and (kind := reader.recognise(content).kind) in kinds:
        return kinds[kind]
    raise NotConvertible(form=known[0].name, sources=", ".join(form.source for form in known))
