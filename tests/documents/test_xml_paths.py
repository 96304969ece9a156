"""Where an element stands is told alike for one element and for all of them."""

import pytest

from node.documents.samples import sample, sample_names
from node.documents.xml_paths import Paths, everywhere
from node.safe_xml import parse


def test_a_path_counts_only_where_there_are_several() -> None:
    root = parse(b'<r xmlns:x="urn:x"><x:a/><b><x:c/><x:c/><c/></b></r>')
    where = Paths()
    assert [where.of(one) for one in root.iter()] == ["/r", "/r/a", "/r/b", "/r/b/c[1]", "/r/b/c[2]", "/r/b/c"]


def test_the_order_of_the_questions_changes_no_answer() -> None:
    root = parse(b"<r><a><b/><b/></a><a><b/></a><c/></r>")
    where = Paths()
    backwards = [where.of(one) for one in reversed(list(root.iter()))]
    assert backwards == ["/r/c", "/r/a[2]/b", "/r/a[2]", "/r/a[1]/b[2]", "/r/a[1]/b[1]", "/r/a[1]", "/r"]


def test_two_trees_do_not_disturb_each_other() -> None:
    one, two = parse(b"<r><a/></r>"), parse(b"<s><a/><a/></s>")
    where = Paths()
    assert (where.of(one[0]), where.of(two[1])) == ("/r/a", "/s/a[2]")


SAMPLES = [
    sample(kind, name)
    for kind in ("certificate_of_origin", "inspection_result", "phytosanitary_certificate")
    for name in sample_names(kind)
]


@pytest.mark.parametrize("content", [b'<r xmlns:x="urn:x"><x:c/><c/><b><x:c/><x:c/><c/></b><b/></r>', *SAMPLES])
def test_one_walk_tells_what_single_questions_tell(content: bytes) -> None:
    root, where = parse(content), Paths()
    assert list(everywhere(root)) == [(element, where.of(element)) for element in root.iter()]
