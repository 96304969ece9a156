"""`n2n answer ID VERDICT`: what the agency decided about a partner's paper, for people without a hub of their own."""

from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import Text
from node.model.answer import AnswerVerdict, BusinessAnswer

_ID = Column("id", Text("Answer", "回覆"))
_EXCHANGE = Column("exchange", Text("Answered exchange", "所回覆之交換"))
_REPEATED = Column("repeated", Text("Given before", "先前已回覆"))

_NEXT = Text("Its receipt closes the exchange: n2n exchange show {id}", "收據送回即結案：n2n exchange show {id}")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "answer")(answer)


def answer(
    session: Session,
    exchange: Annotated[str, typer.Argument(help="The paper's exchange, or the beginning of its id. 交換識別碼。")],
    verdict: Annotated[AnswerVerdict, typer.Argument(case_sensitive=False, help="Final. 最終決定。")],
    reason: Annotated[str, typer.Option("--reason", help="A sentence for the partner. 理由。")] = "",
    code: Annotated[str, typer.Option("--code", help="As `n2n codes answer_reasons` lists them. 理由代碼。")] = "",
    reference: Annotated[str, typer.Option("--reference", help="The agency's file. 案號。")] = "",
) -> None:
    """Answer a partner's paper; an answer is final. 回覆夥伴文件；回覆為最終決定。"""
    from node.cli.node_access import give_answer  # brings the whole node

    found, accepted = give_answer(session, exchange, BusinessAnswer(verdict, code, reason, reference))
    session.output.record([(_ID, accepted.exchange), (_EXCHANGE, found), (_REPEATED, accepted.repeated)])
    session.output.say(Text(*(text.format(id=found) for text in _NEXT)))
