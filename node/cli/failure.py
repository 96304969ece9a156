"""How an error reaches the person who ran a command: what happened, who must act, what to do next, and its code."""

import sys
import traceback

from rich.console import Console
from rich.text import Text as Styled

from node.cli.output import to_json
from node.cli.session import Session
from node.cli.words import SIDES, Text
from node.errors import Language, NodeError, PaperRefused, Unexpected
from node.journal import escaped

_WHO = Text("Who must act", "須處理方")
_NEXT = Text("Next step", "下一步")
_AGAIN = Text("Trying again later may help.", "稍後重試可能成功。")
_MORE = Text("More", "說明")


def report(error: Exception, session: Session) -> int:
    """Write `error` to standard error and return the exit code of its category; traces only with --debug."""
    known = error if isinstance(error, NodeError) else Unexpected(detail=type(error).__name__)
    if session.as_json:
        sys.stderr.write(to_json({"error": as_data(known)}) + "\n")
    else:
        _print(known, session.language)
    if session.debug:
        sys.stderr.write(_trace(error))
    return known.category.exit_code


def as_data(error: NodeError) -> dict[str, str | bool | int | dict[str, str] | list[dict[str, str]]]:
    """An error for programs: the same names as in the catalogue, both languages."""
    return {
        "code": error.code,
        "category": error.category.name,
        "side": error.side.value,
        "retry": error.category.retry,
        "exit_code": error.category.exit_code,
        "message": {language.value: error.message(language) for language in Language},
        "next_step": {language.value: error.next_step(language) for language in Language},
        "fields": dict(error.fields),
        **({"findings": _findings(error)} if isinstance(error, PaperRefused) else {}),
    }


def _findings(refused: PaperRefused) -> list[dict[str, str]]:
    from node.documents.findings import reason  # only a refused paper needs the rules' texts

    return [
        {
            "code": one.code,
            "path": one.path,
            "rule": one.rule,
            Language.ZH.value: reason(one.rule)[Language.ZH],
        }
        for one in refused.findings
    ]


def _told(refused: PaperRefused, language: Language) -> list[str]:
    """Everything that is wrong with a refused paper, not the first alone."""
    from node.documents.findings import reason

    return [f"  {one.code}  {one.path or '/'}  {reason(one.rule)[language]}" for one in refused.findings]


def _trace(error: Exception) -> str:
    """Each line marked, so that text from outside cannot pass for a line of ours."""
    lines = "".join(traceback.format_exception(error)).split("\n")
    return "".join(f"| {escaped(line)}\n" for line in lines if line)


def _print(error: NodeError, language: Language) -> None:
    lines = [f"{error.code}  {error.message(language)}", f"  {_WHO.to(language)}: {SIDES[error.side].to(language)}"]
    if isinstance(error, PaperRefused):
        lines += _told(error, language)
    if step := error.next_step(language):
        lines.append(f"  {_NEXT.to(language)}: {step}")
    if error.category.retry:
        lines.append(f"  {_AGAIN.to(language)}")
    lines.append(f"  {_MORE.to(language)}: n2n explain {error.code}")
    console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
    first, *rest = (escaped(line) for line in lines)
    console.print(Styled(first, style="bold red"))
    for line in rest:
        console.print(Styled(line))
