"""The shell around every command: languages, exit codes, streams, defects."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node import __version__
from node.cli import failure
from node.cli.session import Session
from node.cli.words import CATEGORIES, DIRECTIONS, FACTS, SIDES, STATES, VERDICTS, language_from
from node.errors import Category, Language, NodeError, Side, catalogue
from node.model.evidence import Fact
from node.model.exchange import Direction, State
from node.model.receipt import Verdict

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def as_process(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "N2N_LANG": "en", **variables}
    command = [sys.executable, "-m", "node.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("error", catalogue().values(), ids=lambda error: error.code)
def test_an_error_tells_what_who_and_how_in_both_languages(
    error: type[NodeError], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = error(partner="XA", detail="a detail")
    for language, who, more in ((Language.EN, "Who must act", "More: "), (Language.ZH, "須處理方", "說明: ")):
        code = failure.report(made, Session(tmp_path, language))
        told = capsys.readouterr()
        assert code == error.category.exit_code
        assert told.out == ""
        assert told.err.startswith(f"{error.code}  {made.message(language)}\n")
        assert f"{who}: {SIDES[error.side].to(language)}" in told.err
        assert made.next_step(language) in told.err
        assert told.err.endswith(f"{more}n2n explain {error.code}\n")


def test_an_error_for_programs_is_one_object(n2n: Run, tmp_path: Path) -> None:
    ran = n2n("--json", "exchange", "list", "--home", tmp_path / "nowhere")
    assert (ran.code, ran.out) == (78, "")
    told = json.loads(ran.err)["error"]
    assert told["code"] == "N2N-CFG-006"
    assert told["exit_code"] == 78
    assert set(told["message"]) == {"en", "zh-TW"}
    assert told["fields"] == {"path": str(tmp_path / "nowhere")}


def test_hostile_fields_of_an_error_cannot_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    error = catalogue()["N2N-DLV-003"](partner="[bold]XA\x1b[2J", detail="x\u202ey\nN2N-OK-000  all is well")
    for as_json in (False, True):
        failure.report(error, Session(tmp_path, Language.EN, as_json=as_json, debug=True))
        told = capsys.readouterr().err
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert not any(line.startswith("N2N-OK") for line in told.splitlines())


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_is_one_sentence_and_a_trace_only_on_demand(
    n2n: Run, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a secret of the paper")

    monkeypatch.setattr("node.cli.output.Output.table", broken)
    ran = n2n("explain", *(["--debug"] if debug else []))
    assert ran.code == 70
    assert ran.err.startswith("N2N-INT-001  A defect of this node stopped the act: KeyError.\n")
    assert ("Traceback" in ran.err) is debug
    assert ("a secret of the paper" in ran.err) is debug


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "zh_TW.UTF-8"}, Language.ZH),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "en_GB.UTF-8"}, Language.EN),
        ({"LANG": "en_GB.UTF-8", "N2N_LANG": "zh-TW"}, Language.ZH),
        ({"LANG": "zh_TW.UTF-8", "N2N_LANG": "en"}, Language.EN),
        ({"LANG": "zh_TW.UTF-8", "N2N_LANG": ""}, Language.ZH),
    ],
)
def test_the_language_is_that_of_the_person(variables: dict[str, str], language: Language) -> None:
    assert language_from(variables) is language


@pytest.mark.parametrize("arguments", [("--lang", "zh", "explain", "sig-1"), ("explain", "sig-1", "--lang", "zh-TW")])
def test_common_options_may_stand_before_or_after_the_command(n2n: Run, arguments: tuple[str, ...]) -> None:
    assert "沒有代碼為 sig-1 的錯誤" in n2n(*arguments).err


def test_another_language_is_a_usage_error(n2n: Run) -> None:
    ran = n2n("explain", "--lang", "fr")
    assert ran.code == 2
    assert "zh-TW" in ran.err


@pytest.mark.parametrize("arguments", [("nothing",), ("explain", "--nothing"), ("exchange", "show"), ("send", "x")])
def test_a_mistyped_command_is_a_usage_error(n2n: Run, arguments: tuple[str, ...]) -> None:
    ran = n2n(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "Usage: n2n" in ran.err


COMMANDS = [
    (),
    ("demo",),
    ("init",),
    ("up",),
    ("send",),
    ("kinds",),
    ("explain",),
    ("exchange", "list"),
    ("exchange", "show"),
    ("paper", "check-declaration"),
    ("paper", "convert"),
    ("pki", "dev"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_in_both_languages(n2n: Run, command: tuple[str, ...]) -> None:
    ran = n2n(*command, "--help")
    assert ran.code == 0
    assert "Usage: n2n" in ran.out
    assert any("\u4e00" <= each <= "\u9fff" for each in ran.out)
    for option in ("--home", "--lang", "--json", "--debug"):
        assert option in ran.out


def test_the_version(n2n: Run) -> None:
    assert n2n("--version").out.startswith(f"n2n {__version__} ")


def test_every_word_of_the_closed_lists_has_two_languages() -> None:
    for words, members in (
        (SIDES, Side),
        (CATEGORIES, Category),
        (DIRECTIONS, Direction),
        (STATES, State),
        (VERDICTS, Verdict),
        (FACTS, Fact),
    ):
        assert set(words) == set(members)
        assert all(text.en and text.zh and text.en != text.zh for text in words.values())


def test_a_real_process_ends_with_the_code_of_the_category(tmp_path: Path) -> None:
    assert as_process("explain", "N2N-SIG-001").returncode == 0
    assert as_process("explain", "N2N-SIG-999").returncode == Category.NOT_FOUND.exit_code
    ran = as_process("exchange", "list", N2N_HOME=str(tmp_path), N2N_LANG="zh-TW")
    assert ran.returncode == Category.MISCONFIGURED.exit_code
    assert ran.stderr.startswith(f"N2N-CFG-006  {tmp_path} 沒有節點目錄。\n")
    assert "Traceback" not in ran.stderr


def test_explaining_an_error_does_not_wake_the_whole_node() -> None:
    code = (
        "import sys; from node.cli.main import main; main(['explain']); print([m for m in HEAVY if m in sys.modules])"
    )
    heavy = "HEAVY = ['sqlalchemy', 'grpc', 'lxml', 'cryptography', 'google.protobuf']\n"
    command = [sys.executable, "-c", heavy + code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m node.cli explain --markdown | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "# Errors 錯誤目錄\n"
    assert "Traceback" not in ran.stderr
