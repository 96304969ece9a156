"""Small habits that keep the house readable."""

import ast
from collections.abc import Mapping

MAX_LINES = 400
# The tree of everything that can go wrong is one table and is read as one.
LONG_ON_PURPOSE = {"node/errors.py"}


def test_files_stay_small(texts: Mapping[str, str]) -> None:
    lengths = {name: len(text.splitlines()) for name, text in texts.items() if name.startswith("node/")}
    python = {name: length for name, length in lengths.items() if name.endswith(".py")}
    assert {name: length for name, length in python.items() if length > MAX_LINES and name not in LONG_ON_PURPOSE} == {}


def test_only_the_command_line_prints(modules: Mapping[str, ast.Module]) -> None:
    printing = [
        f"{name}:{each.lineno}"
        for name, tree in modules.items()
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "print" and not name.startswith("node/cli/")
    ]
    assert printing == []


def test_every_module_says_what_it_is_for(modules: Mapping[str, ast.Module]) -> None:
    assert [name for name, tree in modules.items() if not ast.get_docstring(tree)] == []


def test_nothing_is_promised_for_later(texts: Mapping[str, str]) -> None:
    promises = ("TO" + "DO", "FIX" + "ME", "X" + "XX ", "HA" + "CK:")
    assert [name for name, text in texts.items() for promise in promises if promise in text] == []


def test_no_error_is_silenced_without_its_name(texts: Mapping[str, str]) -> None:
    silent = ("# type: " + "ignore\n", "# no" + "qa\n", "# no" + "qa \n", "# type: " + "ignore #")
    assert [name for name, text in texts.items() for each in silent if each in text] == []
