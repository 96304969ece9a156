"""Options that several commands share: which exchanges are meant, who acts, and why."""

from typing import Annotated

import typer

from node.model.exchange import Direction, State

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID...]", help="Exchanges, or beginnings of ids. 交換識別碼。")
]
Partner = Annotated[str | None, typer.Option("--partner", help="All with this partner. 夥伴代碼。")]
Kind = Annotated[str | None, typer.Option("--kind", help="All of this kind. 文件種類。")]
States = Annotated[
    list[State] | None,
    typer.Option("--state", metavar="STATE", case_sensitive=False, help="May be repeated. 狀態，可重複。"),
]
Way = Annotated[Direction | None, typer.Option("--direction", case_sensitive=False, help="Seen from here. 方向。")]
Part = Annotated[str, typer.Option("--text", help="Part of a number or issuer. 編號或核發機關的一部分。")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit keeps it. 事由，將予保存。")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who you are, where several share this account. 共用帳號時具名。"),
]
