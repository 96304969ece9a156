"""Guarded kinds travel alone: nobody who handles another paper of the same call or seal handles them."""

from collections.abc import Mapping
from datetime import datetime

from node.errors import NotAlone
from node.flows.rulings import Letter, Refusal, Ruled, refused
from node.model.document import Finding
from node.model.guarded import GUARDED
from node.model.receipt import FindingCode

RULE = "it travels alone: in a call and under a seal of its own"


def refuse_company(
    letters: dict[int, Letter], envelopes: int, refusals: list[Refusal], now: datetime
) -> Mapping[int, Ruled]:
    """Refusals of guarded papers that came in company, of which `letters` loses them; nothing of them is opened.

    Final, not deferred: the seal cannot be made smaller, and a sender that mixes calls does so again.
    """
    found: dict[int, Ruled] = {}
    for index, letter in list(letters.items()):
        if letter.header.kind in GUARDED and (envelopes > 1 or letter.sealed.seal.manifest.count > 1):
            found[index] = refused(letter, now, Finding(FindingCode.AGREED, "", RULE))
            refusals.append(Refusal(letter.header.message_id, NotAlone(kind=letter.header.kind)))
            del letters[index]
    return found
