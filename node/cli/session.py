"""What holds for every command: which node, which language, which form; and the decorator that gives each command that.

The four common options may stand before or after a command's name, and each command's --help lists them.
"""

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Concatenate, ParamSpec

import typer

from node.cli.output import Output
from node.cli.words import language_from, language_of
from node.errors import Language

P = ParamSpec("P")

_PANEL = "Everywhere 通用"


@dataclass(slots=True)
class Session:
    """One run of the command line; the common options write into it as they are read."""

    home: Path
    language: Language
    as_json: bool = False
    debug: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Session":
        """N2N_HOME, else the folder one stands in; the language of N2N_LANG or the locale."""
        return cls(home=Path(env.get("N2N_HOME") or "."), language=language_from(env))

    @property
    def output(self) -> Output:
        """The renderer for this run."""
        return Output(self.language, self.as_json)


def _session(context: typer.Context) -> Session:
    found = context.find_object(Session)
    if found is None:
        found = context.find_root().obj = Session.from_environment(os.environ)
    return found


def _home(context: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        _session(context).home = value
    return value


def _lang(context: typer.Context, value: str | None) -> str | None:
    if value is not None:
        if not value.lower().startswith(("en", "zh")):
            raise typer.BadParameter("en or zh-TW; en 或 zh-TW")
        _session(context).language = language_of(value)
    return value


def _json(context: typer.Context, value: bool) -> bool:
    if value:
        _session(context).as_json = True
    return value


def _debug(context: typer.Context, value: bool) -> bool:
    if value:
        _session(context).debug = True
    return value


Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        callback=_home,
        show_default=False,
        metavar="FOLDER",
        rich_help_panel=_PANEL,
        help="The node's home, else N2N_HOME, else here. 節點目錄。",
    ),
]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        callback=_lang,
        show_default=False,
        metavar="en|zh-TW",
        rich_help_panel=_PANEL,
        help="Language, else N2N_LANG, else the locale. 語言。",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", callback=_json, rich_help_panel=_PANEL, help="Results as JSON. 以 JSON 輸出結果。"),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", callback=_debug, rich_help_panel=_PANEL, help="Show traces of errors. 顯示錯誤追蹤。"),
]

_COMMON: Mapping[str, tuple[object, object]] = {
    "home": (Home, None),
    "lang": (Lang, None),
    "as_json": (Json, False),
    "debug": (Debug, False),
}


def command(
    app: typer.Typer, name: str
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Make `f(session, ...)` the command `name` of `app`, with the common options beside its own."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        own = list(inspect.signature(function).parameters.values())[1:]

        @wraps(function)
        def call(*, context: typer.Context, **given: object) -> None:
            picked = {parameter.name: given[parameter.name] for parameter in own}
            function(_session(context), **picked)  # type: ignore[arg-type, call-arg]

        keyword = inspect.Parameter.KEYWORD_ONLY
        shown = [
            inspect.Parameter("context", keyword, annotation=typer.Context),
            *(parameter.replace(kind=keyword) for parameter in own),
            *(inspect.Parameter(key, keyword, annotation=a, default=d) for key, (a, d) in _COMMON.items()),
        ]
        # Typer reads a command's options from its signature and annotations; these two lines are all it looks at.
        call.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
        app.command(name)(call)
        return function

    return register
