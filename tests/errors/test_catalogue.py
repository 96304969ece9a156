"""The catalogue is complete: every error says in both languages what happened, who must act and what to do."""

import ast
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from string import Formatter

import pytest

import node
from node.errors import (
    Category,
    Language,
    NodeError,
    NotAgreed,
    OwnWorkFailed,
    PaperRefused,
    PartnerUnknown,
    Unexpected,
    catalogue,
)

CODE = re.compile(r"N2N-([A-Z]{2,4})-(\d{3})")
HAN = re.compile(r"[\u4e00-\u9fff]")
# A family has one prefix; TLS is told apart from other delivery errors because its cure is another one.
TWO_PREFIXES = {"DeliveryError": {"DLV", "TLS"}}

every_error = pytest.mark.parametrize("error", catalogue().values(), ids=lambda error: error.code)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def sentence(error: type[NodeError]) -> str:
    return " ".join((error.__doc__ or "").split())


def tree(cls: type[NodeError]) -> Iterator[type[NodeError]]:
    for child in cls.__subclasses__():
        yield child
        yield from tree(child)


def test_every_leaf_of_the_tree_has_a_code_and_every_branch_has_leaves() -> None:
    assert [each.__name__ for each in tree(NodeError) if not each.code and not each.__subclasses__()] == []


def test_no_two_errors_share_a_code() -> None:
    own = [each for each in tree(NodeError) if "code" in vars(each)]
    assert len({each.code for each in own}) == len(own) == len(catalogue())


def test_a_code_is_given_not_inherited() -> None:
    assert [each.__name__ for each in tree(NodeError) if each.code and "code" not in vars(each)] == []


@pytest.mark.parametrize("family", NodeError.__subclasses__(), ids=lambda family: family.__name__)
def test_a_family_has_one_prefix(family: type[NodeError]) -> None:
    members = [each for each in catalogue().values() if issubclass(each, family)]
    prefixes = {CODE.fullmatch(each.code)[1] for each in members}  # type: ignore[index]
    assert prefixes == TWO_PREFIXES.get(family.__name__, prefixes)
    assert len(prefixes) == len(TWO_PREFIXES.get(family.__name__, {"one"}))


@every_error
def test_an_error_has_its_own_sentence_in_both_languages(error: type[NodeError]) -> None:
    assert "__doc__" in vars(error)
    assert sentence(error)
    assert "zh" in vars(error)
    assert HAN.search(error.zh)
    assert not HAN.search(sentence(error))


@every_error
def test_both_languages_tell_the_same_facts(error: type[NodeError]) -> None:
    assert blanks(sentence(error)) == blanks(error.zh)
    assert blanks(error.remedy) == blanks(error.remedy_zh)


@every_error
def test_a_next_step_is_given_in_both_languages_or_in_none(error: type[NodeError]) -> None:
    assert bool(error.remedy) == bool(error.remedy_zh)
    assert not error.remedy_zh or HAN.search(error.remedy_zh)


@every_error
def test_a_next_step_uses_facts_the_sentence_has(error: type[NodeError]) -> None:
    assert blanks(error.remedy) <= blanks(sentence(error))


@every_error
def test_sentences_end_like_sentences(error: type[NodeError]) -> None:
    assert sentence(error).endswith((".", "}"))
    assert error.zh.endswith(("。", "}"))


def test_no_two_rows_of_the_category_table_are_equal() -> None:
    assert [pair for pair in combinations(Category.__members__.values(), 2) if pair[0].value == pair[1].value] == []
    assert len(list(Category)) == len(Category.__members__)


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.name)
def test_a_category_has_an_exit_code_a_shell_can_tell_from_others(category: Category) -> None:
    assert 64 <= category.exit_code <= 78
    assert 400 <= category.http <= 599


def test_fields_are_filled_in_both_languages() -> None:
    error = NotAgreed(partner="XA", kind="certificate_of_origin", direction="out")
    assert error.message() == "No arrangement with XA admits certificate_of_origin in direction out."
    assert error.message(Language.ZH) == "與 XA 的任何協定均未約定以 out 方向交換 certificate_of_origin。"
    assert PartnerUnknown(partner="XA").next_step() == "Check the code, or add partner_profiles/XA/partner.toml."


def test_a_field_nobody_gave_does_not_hide_the_error() -> None:
    assert PartnerUnknown().message() == "No partner has the code ?."


def test_a_hostile_field_is_text_and_no_template() -> None:
    assert PartnerUnknown(partner="{0.__class__}{x").message() == "No partner has the code {0.__class__}{x."


def test_str_shows_code_and_sentence() -> None:
    assert str(Unexpected(detail="KeyError")) == "N2N-INT-001 A defect of this node stopped the act: KeyError."


def called_errors() -> Iterator[tuple[str, type[NodeError], set[str]]]:
    """Every place in the node that makes an error, and the names of the fields it gives."""
    by_name = {each.__name__: each for each in catalogue().values()}
    folder = Path(node.__file__).parent
    for path in folder.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in by_name:
                given = {keyword.arg for keyword in call.keywords}
                # A ** is judged where it is built; a bare Unexpected is the face that outsiders see, and tells nothing.
                if None not in given and (given or call.func.id != "Unexpected"):  # type: ignore[attr-defined]
                    where = f"{path.relative_to(folder)}:{call.lineno}"
                    yield where, by_name[call.func.id], {name for name in given if name}  # type: ignore[attr-defined]


def test_whoever_raises_an_error_gives_every_field_its_sentence_needs() -> None:
    # PaperRefused counts its findings itself.
    own = {PaperRefused: {"count", "path", "rule"}}
    missing = {
        where: lacking
        for where, error, given in called_errors()
        if (lacking := blanks(sentence(error)) - given - own.get(error, set()))
    }
    assert missing == {}


def test_our_own_fault_is_never_blamed_on_the_partner() -> None:
    assert OwnWorkFailed.side.value == "ours"
    assert [e.code for e in catalogue().values() if e.category is Category.INTERNAL and e.side.value != "ours"] == []
    misconfigured = [each for each in catalogue().values() if each.category is Category.MISCONFIGURED]
    assert [each.code for each in misconfigured if each.side.value != "ours"] == []
