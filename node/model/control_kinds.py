"""Kinds that nodes make themselves: nobody hands them in, and no outside package may call a kind of its own so."""

from node.model.answer import AnswerForm

KEY_STATEMENT = "key_statement"

ANSWER_KINDS = frozenset(form.value for form in AnswerForm)
"""What the receiving agency decided, in any of its forms."""

CONTROL_KINDS = frozenset({KEY_STATEMENT, *ANSWER_KINDS, "certificate_announcement"})
"""Made by the node itself; refused from hub, CLI and console (protocol 2)."""
