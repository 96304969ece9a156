"""Every rule that a paper can break is told in 繁體中文 too, with what stands in it for names and numbers."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import node
from node.documents.catalogue import CATALOGUE
from node.documents.findings import Owner, Severity, explained, reason
from node.documents.kind import Kind
from node.documents.rule_texts import TEXTS, in_chinese
from node.errors import Language
from node.model.document import Finding
from node.model.receipt import FindingCode

NODE = Path(node.__file__).parent
SAYS_RULES = (
    *("Breach", "JsonBreach", "breaks", "Finding", "issuer_finding", "Content", "Text", "Record", "matching", "one_of"),
    *("_ordered", "_twice", "_in_list", "_pattern", "_text", "_moment", "disagree", "overlook"),
)
"""Functions whose arguments of two words or more are rules; add yours when it passes a rule on."""

NO_RULES = {"detail", "where", "field", "code", "path"}
STAND_INS = ("7", "ADRPN", "Name", "urn:x", "must not be empty")
"""What may stand for a part of an f-string: a number, an acronym, a name, a rule."""


def _rules_in(file: Path) -> Iterator[tuple[str, ...]]:
    """Every rule that a file states, each with all that may stand in its places."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for statement in tree.body if file.parent.name == "documents" else ():
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "").lstrip("_").isupper():
            yield from (rules for rules in _stated(statement.value) if _is_sentence(rules[0]))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in SAYS_RULES:
            continue
        said = [*call.args, *(each.value for each in call.keywords if each.arg not in NO_RULES)]
        for argument in itertools.chain.from_iterable(map(_strings, said)):
            yield from _stated(argument)


def _is_sentence(text: str) -> bool:
    """A constant that is a rule begins with a small letter and has three words."""
    return text[:1].islower() and len(text.split()) > 2 and set(text).isdisjoint("|<>={}\\")


def _strings(argument: ast.expr) -> Iterator[ast.expr]:
    """A text, and both of one that depends."""
    if isinstance(argument, ast.IfExp):
        yield from _strings(argument.body)
        yield from _strings(argument.orelse)
    else:
        yield argument


def _stated(argument: ast.expr) -> Iterator[tuple[str, ...]]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        if " " in argument.value and "[" not in argument.value and "\\" not in argument.value:
            yield (argument.value,)
    elif isinstance(argument, ast.JoinedStr):
        parts = [[part.value] if isinstance(part, ast.Constant) else STAND_INS for part in argument.values]
        rules = tuple("".join(map(str, chosen)) for chosen in itertools.product(*parts))
        if any(" " in rule for rule in rules) and not rules[0].startswith("/") and not _is_pattern(argument):
            yield rules


def _is_pattern(argument: ast.JoinedStr) -> bool:
    return any(isinstance(part, ast.Constant) and set("[]\\").intersection(str(part.value)) for part in argument.values)


FILES = sorted(
    file
    for folder in ("documents", "flows")
    for file in (NODE / folder).rglob("*.py")
    if "rule_texts" not in file.parts
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(NODE).as_posix())
def test_every_rule_that_the_code_states_is_told_in_chinese(file: Path) -> None:
    silent = [rules[0] for rules in _rules_in(file) if not any(in_chinese(rule) for rule in rules)]
    assert silent == [], (
        "these rules have no 繁體中文: add each to a file of node/documents/rule_texts/ (one per kind), with {name}, "
        "{n}, {acronym} or {rule} for what stands in it; a new file goes into TEXTS of rule_texts/__init__.py"
    )


def test_the_collection_of_rules_finds_them() -> None:
    found = [rules[0] for file in FILES for rules in _rules_in(file)]
    assert len(found) > 130
    assert "must not exceed GrossWeight" in found
    assert "no arrangement admits this kind and version" in found
    assert "must hold a statement number of one or two digits" in found


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_every_rule_of_a_schema_is_told_in_chinese(kind: Kind) -> None:
    silent = sorted(rule for rule in kind.schema.rules if in_chinese(rule) is None)
    assert silent == [], "add these to node/documents/rule_texts/values.py or to the file of the kind"


def test_every_text_is_chinese_and_its_rule_fits_into_a_finding() -> None:
    for rule, chinese in TEXTS.items():
        assert set(re.findall(r"\{\w+\}", chinese)) == set(re.findall(r"\{\w+\}", rule))
        if rule == "{acronym} {rule}":
            continue
        assert any("\u4e00" <= each <= "\u9fff" for each in chinese), rule
        assert len(re.sub(r"\{\w+\}", "", rule)) < Finding.MAX_RULE, rule


@pytest.mark.parametrize(
    ("rule", "chinese"),
    [
        ("lacks Number", "缺少 Number"),
        ("lacks DateTime or DateTimeString", "缺少 DateTime or DateTimeString"),
        ("may stand here at most 5 times", "此處至多出現 5 次"),
        (
            "attribute lang must be a language tag such as zh-Hant-TW",
            "屬性 lang：應為語言標籤，例如 zh-Hant-TW",
        ),
        ("SPSFL must hold a statement number of one or two digits", "SPSFL：應填一或二位數之聲明編號"),
        ("TTCH needs a second Description of 1 to 256 characters", "TTCH 須有第二個 Description，長度 1 至 256 個字元"),
        ("must be a whole number from 1 to 99999", "應為 1 至 99999 之整數"),
    ],
)
def test_what_stands_in_a_rule_stands_in_its_chinese(rule: str, chinese: str) -> None:
    assert in_chinese(rule) == chinese


def test_a_rule_that_nobody_translated_is_told_in_english_rather_than_not_at_all() -> None:
    assert in_chinese("must be nice to the partner") is None
    assert reason("must be nice to the partner")[Language.ZH] == "must be nice to the partner"


def test_a_rule_that_is_the_code_of_an_error_has_the_sentence_of_the_error() -> None:
    told = reason("N2N-XML-001")
    assert "XML" in told[Language.EN]
    assert "格式" in told[Language.ZH]
    assert "{" not in "".join(told.values())


@pytest.mark.parametrize(
    ("code", "rule", "kind", "owner"),
    [
        ("SCHEMA", "lacks ID", "phytosanitary_certificate", Owner.STANDARD),
        ("SCHEMA", "lacks Number", "certificate_of_origin", Owner.KIND),
        ("RULE", "must not exceed GrossWeight", "certificate_of_origin", Owner.KIND),
        ("SCHEMA", "must be two capital letters (ISO 3166-1)", "certificate_of_origin", Owner.CODE_LIST),
        ("RULE", "must be in Unicode normalisation form NFC", "certificate_of_origin", Owner.NODE),
        ("AGREED", "must not exceed GrossWeight", "certificate_of_origin", Owner.ARRANGEMENT),
        ("CODE_UNKNOWN", "whatever", "aeo_status", Owner.CODE_LIST),
        ("NUMBER_TAKEN", "this number is known with other content", "aeo_status", Owner.NODE),
    ],
)
def test_a_finding_says_whose_rule_it_is(code: str, rule: str, kind: str, owner: Owner) -> None:
    assert explained(Finding(code, "/X", rule), kind).owner is owner


def test_remarks_are_warnings_and_everything_else_is_an_error() -> None:
    severities = {code: explained(Finding(code, "", "x")).severity for code in (*FindingCode, "OF_A_PARTNER")}
    warnings = {code for code, severity in severities.items() if severity is Severity.WARNING}
    assert warnings == {FindingCode.CODE_UNKNOWN, FindingCode.TOLERATED}
