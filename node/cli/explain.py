"""`n2n explain CODE`: what an error means, who must act and how; without a code the list; --markdown for the docs."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import CATEGORIES, SIDES, Text
from node.errors import Category, CodeUnknown, Language, NodeError, catalogue

_PREFIX = "N2N-"

_CODE = Column("code", Text("Code", "代碼"))
_MEANS = Column("message", Text("Meaning", "意義"))
_SIDE = Column("side", Text("Who must act", "須處理方"))
_CATEGORY = Column("category", Text("Category", "類別"))
_NEXT = Column("next_step", Text("Next step", "下一步"))
_RETRY = Column("retry", Text("Trying again helps", "重試可能成功"))
_GRPC = Column("grpc", Text("gRPC status", "gRPC 狀態"))
_HTTP = Column("http", Text("HTTP status", "HTTP 狀態"))
_EXIT = Column("exit_code", Text("Exit code", "結束代碼"))


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain")(explain)


def explain(
    session: Session,
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="As shown, e.g. N2N-SIG-009. 錯誤代碼。")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The whole catalogue as docs/errors.md. 全部目錄。")
    ] = False,
) -> None:
    """What an error code means, who must act and how. 說明錯誤代碼的意義、須處理方與作法。"""
    if markdown:
        session.output.text(page())
    elif code is None:
        rows = [(each.code, SIDES[each.side].to(session.language), sentence(each, session.language)) for each in _all()]
        session.output.table((_CODE, _SIDE, _MEANS), rows, Text("No errors.", "沒有錯誤。"))
    else:
        _one(session, find(code))


def find(asked: str) -> type[NodeError]:
    """The error with a code, in any case and with or without `N2N-`; raises CodeUnknown with the nearest one."""
    known = catalogue()
    code = asked.strip().upper()
    code = code if code.startswith(_PREFIX) else _PREFIX + code
    if code not in known:
        raise CodeUnknown(asked=asked, nearest=get_close_matches(code, known, n=1, cutoff=0)[0])
    return known[code]


def sentence(error: type[NodeError], language: Language) -> str:
    """The catalogue's sentence, fields shown as ‹name›."""
    return _blanks_shown(" ".join((error.__doc__ or "").split()) if language is Language.EN else error.zh)


def _remedy(error: type[NodeError], language: Language) -> str:
    return _blanks_shown(error.remedy if language is Language.EN else error.remedy_zh)


def _blanks_shown(template: str) -> str:
    return template.replace("{", "‹").replace("}", "›")


def _all() -> Iterator[type[NodeError]]:
    yield from catalogue().values()


def _one(session: Session, error: type[NodeError]) -> None:
    language, category = session.language, error.category
    if session.as_json:
        session.output.data(
            {
                "code": error.code,
                "category": category.name,
                "side": error.side.value,
                "grpc": category.grpc,
                "http": category.http,
                "exit_code": category.exit_code,
                "retry": category.retry,
                "message": {each.value: sentence(error, each) for each in Language},
                "next_step": {each.value: _remedy(error, each) for each in Language},
            }
        )
        return
    session.output.record(
        [
            (_CODE, error.code),
            (_MEANS, sentence(error, language)),
            (_SIDE, SIDES[error.side].to(language)),
            (_NEXT, _remedy(error, language)),
            (_CATEGORY, f"{CATEGORIES[category].to(language)} ({category.name})"),
            (_RETRY, category.retry),
            (_GRPC, category.grpc),
            (_HTTP, category.http),
            (_EXIT, category.exit_code),
        ]
    )


def page() -> str:
    """docs/errors.md: the category table, then every error by family."""
    return "\n".join([*_opening(), *_category_table(), *_families()]).rstrip() + "\n"


def _opening() -> Iterator[str]:
    yield "# Errors 錯誤目錄"
    yield ""
    yield "Written by `make docs` from the catalogue in the code; do not edit by hand."
    yield "由 `make docs` 自程式內的目錄產生，請勿手動編輯。"
    yield ""
    yield "A code never changes its meaning; ‹names› are filled in when it happens. `n2n explain CODE` shows one code."
    yield "代碼的意義永不改變；‹名稱›於發生時填入實際內容。`n2n explain CODE` 顯示單一代碼。"
    yield ""


def _category_table() -> Iterator[str]:
    yield "## Categories 類別"
    yield ""
    yield "| category 類別 | meaning | 意義 | gRPC | HTTP | exit 結束代碼 | again 可重試 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for each in Category:
        words = CATEGORIES[each]
        again = "yes 是" if each.retry else "no 否"
        yield f"| {each.name} | {words.en} | {words.zh} | {each.grpc} | {each.http} | {each.exit_code} | {again} |"
    yield ""


def _families() -> Iterator[str]:
    for family in NodeError.__subclasses__():
        members = [each for each in _all() if issubclass(each, family)]
        yield f"## {members[0].code.split('-')[1]}: {sentence(family, Language.EN)}"
        yield ""
        for each in members:
            yield from _entry(each)


def _entry(error: type[NodeError]) -> Iterator[str]:
    side = SIDES[error.side]
    yield f"### {error.code}"
    yield ""
    yield f"**{sentence(error, Language.EN)}** {_remedy(error, Language.EN)}".rstrip() + "  "
    yield f"**{sentence(error, Language.ZH)}** {_remedy(error, Language.ZH)}".rstrip() + "  "
    yield f"{error.category.name} · who must act 須處理方: {side.en}／{side.zh}"
    yield ""
