"""Verify: open what may be opened, check digests and signatures, read the paper and judge it under its profile.

What lies inside the leaf and cannot be cured is refused for ever, with all findings; what time, keys or settings
can cure is deferred and may come again (protocol 3).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from node.crypto.boxes import open_body, unwrap_call_key
from node.crypto.seal import body_digest
from node.documents.catalogue import CATALOGUE
from node.errors import (
    AfterWithdrawal,
    ArrangementSuspended,
    BodyUnopenable,
    ChainForeign,
    ChainUnlinked,
    NodeError,
    NotAgreed,
    PaperNumberTaken,
    PredecessorUnknown,
    RecipientKeyUnknown,
    SuiteRefused,
    Unexpected,
    WireError,
)
from node.flows import answer_reading, control, effects, reading
from node.flows.ports import Node
from node.flows.rulings import RETRY_HINT_MS, Letter, Opened, Refusal, Ruled, Ruling, refused
from node.flows.standing import Paper, Rank, Standing
from node.model.control_kinds import ANSWER_KINDS, KEY_STATEMENT
from node.model.document import Finding
from node.model.effect import Effect
from node.model.envelope import Body, KeyWrap
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.receipt import (
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    FindingCode,
    Verdict,
)
from node.profiles.profile import AgreedKind, Profile
from node.store.database import Tx
from node.wire import MAX_FINDINGS, body_from_bytes


def verify(
    node: Node,
    caller: NodeCode,
    key: KeyWrap,
    letters: Mapping[int, Letter],
    refusals: list[Refusal],
    now: datetime,
) -> dict[int, Ruling]:
    """A ruling for every letter: agreement, opening, signatures, the paper itself, its place among the others."""
    rulings: dict[int, Ruling] = {}
    agreed = _agreed(node, caller, letters, rulings, refusals, now)
    opened = _open(node, caller, key, agreed, rulings, refusals)
    read: dict[int, Ruled] = {}
    decided: dict[int, Ruled] = {}
    for index, one in opened.items():
        read_one = _READERS.get(one.letter.header.kind, reading.read_paper)
        try:
            ruling = read_one(node, caller, one, refusals, now)
        except Exception as defect:
            rulings[index] = _defect(node, caller, one.letter.header.message_id, defect, refusals)
            continue
        if isinstance(ruling, Ruled) and ruling.paper is not None:
            read[index] = ruling
        elif isinstance(ruling, Ruled) and ruling.decided is not None:
            decided[index] = ruling
        else:
            rulings[index] = ruling
    return rulings | _rank(node, caller, read, refusals) | answer_reading.place(node, caller, decided, refusals)


def _defect(node: Node, caller: NodeCode, message_id: str, defect: Exception, refusals: list[Refusal]) -> Coarse:
    """A defect of ours in judging one paper must not take its neighbours along; the partner may send it again."""
    node.report("judgement.defect", partner=caller, error=defect)
    refusals.append(Refusal(message_id, Unexpected(detail=type(defect).__name__)))
    return Coarse(CoarseReason.TRY_LATER)


_READERS: Mapping[str, Callable[[Node, NodeCode, Opened, list[Refusal], datetime], Ruling]] = {
    KEY_STATEMENT: reading.read_key_statement,
    **dict.fromkeys(ANSWER_KINDS, answer_reading.read),
}
"""Control kinds are read in their own way; every other kind is a paper."""


# --- agreement ------------------------------------------------------------------------------------------------------


def _agreed(
    node: Node,
    caller: NodeCode,
    letters: Mapping[int, Letter],
    rulings: dict[int, Ruling],
    refusals: list[Refusal],
    now: datetime,
) -> dict[int, tuple[Letter, Profile, AgreedKind]]:
    """Kinds nobody agreed are refused before they are opened: there is no need to read what we may not have."""
    admitted: dict[int, tuple[Letter, Profile, AgreedKind]] = {}
    for index, letter in letters.items():
        header = letter.header
        try:
            profile, kind = control.inbound_agreement(node, caller, header.kind, header.kind_version, now)
        except ArrangementSuspended as error:
            rulings[index] = Deferred(DeferredCode.SUSPENDED, RETRY_HINT_MS)
            refusals.append(Refusal(header.message_id, error))
        except NotAgreed as error:
            known = (header.kind, header.kind_version) in CATALOGUE
            code = FindingCode.NOT_AGREED if known else FindingCode.KIND_UNKNOWN
            rulings[index] = refused(letter, now, Finding(code, "", "no arrangement admits this kind and version"))
            refusals.append(Refusal(header.message_id, error))
        else:
            admitted[index] = (letter, profile, kind)
    return admitted


# --- opening --------------------------------------------------------------------------------------------------------


def _open(
    node: Node,
    caller: NodeCode,
    key: KeyWrap,
    agreed: Mapping[int, tuple[Letter, Profile, AgreedKind]],
    rulings: dict[int, Ruling],
    refusals: list[Refusal],
) -> dict[int, Opened]:
    if not agreed:
        return {}
    try:
        if key.suite not in node.book.partner(caller).trust.suites:
            raise SuiteRefused(suite=key.suite)
        call_key = unwrap_call_key(key, node.keys.decryption, caller, node.code)
    except NodeError as error:
        for index, (letter, _, _) in agreed.items():
            rulings[index] = _ask_anew(node, error)
            refusals.append(Refusal(letter.header.message_id, error))
        return {}
    opened: dict[int, Opened] = {}
    for index, (letter, profile, kind) in agreed.items():
        try:
            opened[index] = Opened(letter, _body(letter, call_key), profile, kind)
        except NodeError as error:
            rulings[index] = _ask_anew(node, error)
            refusals.append(Refusal(letter.header.message_id, error))
    return opened


def _ask_anew(node: Node, error: NodeError) -> Deferred:
    if isinstance(error, RecipientKeyUnknown | SuiteRefused):
        return Deferred(DeferredCode.KEY, RETRY_HINT_MS, node.statement)
    return Deferred(DeferredCode.BODY, RETRY_HINT_MS)


def _body(letter: Letter, call_key: bytes) -> Body:
    """Open, decode, compare with the digest that the seal covers. Raises BodyUnopenable however it fails."""
    try:
        body = body_from_bytes(open_body(letter.envelope.sealed_body, call_key, letter.sealed.leaf))
    except WireError as error:
        raise BodyUnopenable from error
    if body_digest(body.salt, body.metadata, body.document) != letter.envelope.body_digest:
        raise BodyUnopenable
    return body


# --- standing -------------------------------------------------------------------------------------------------------


def _rank(node: Node, caller: NodeCode, read: Mapping[int, Ruled], refusals: list[Refusal]) -> dict[int, Ruling]:
    """Where each good paper stands among those already accepted, and among those before it in this call."""
    papers = [one.paper for one in read.values() if one.paper is not None]
    if not papers:
        return {}
    standing = node.store.read(lambda tx: Standing.read(tx, caller, papers))
    rulings: dict[int, Ruling] = {}
    for index, one in read.items():
        if one.paper is not None:
            rulings[index] = _ranked(one, one.paper, standing, refusals)
    if any(one.effect is not None for one in read.values()):
        rulings |= node.store.read(lambda tx: _without_unfit(node, tx, caller, rulings, refusals))
    return rulings


def _without_unfit(
    node: Node, tx: Tx, caller: NodeCode, rulings: Mapping[int, Ruling], refusals: list[Refusal]
) -> dict[int, Ruling]:
    """What becomes of good papers whose effect cannot happen; a paper that is known already has no effect."""
    changed: dict[int, Ruling] = {}
    earlier: list[Effect] = []
    for index, one in rulings.items():
        if not isinstance(one, Ruled) or one.effect is None or not one.has_effect:
            continue
        try:
            unfit = effects.unfit(tx, caller, Direction.IN, one.effect, earlier)
        except Exception as defect:
            changed[index] = _defect(node, caller, one.receipt.message_id, defect, refusals)
            continue
        if unfit is None:
            earlier.append(one.effect)
            continue
        if unfit.superseded:
            remarks = (*one.receipt.findings, unfit.finding)[-MAX_FINDINGS:]
            changed[index] = replace(one, receipt=replace(one.receipt, findings=remarks), superseded=True)
            continue
        refusals.append(Refusal(one.receipt.message_id, unfit.error))
        if unfit.waits:
            changed[index] = Deferred(DeferredCode.PREDECESSOR, RETRY_HINT_MS)
        else:
            receipt = replace(one.receipt, verdict=Verdict.REFUSED, findings=(unfit.finding,))
            changed[index] = replace(one, receipt=receipt)
    return changed


def _ranked(one: Ruled, paper: Paper, standing: Standing, refusals: list[Refusal]) -> Ruling:
    rank = standing.of(paper)
    if rank is Rank.ORPHAN and one.effect is not None and effects.in_order(one.effect):
        # Its register says whether it may come, better than the paper before it does: see _without_unfit.
        standing.add(paper)
        return replace(one, standing=rank)
    if error := _OUT_OF_PLACE.get(rank):
        refusals.append(Refusal(one.receipt.message_id, error(number=paper.number)))
    if rank is Rank.ORPHAN:
        return Deferred(DeferredCode.PREDECESSOR, RETRY_HINT_MS)
    if finding := rank.finding:
        refused = replace(one.receipt, verdict=Verdict.REFUSED, findings=(finding,))
        return replace(one, receipt=refused, standing=rank)
    standing.add(paper)
    receipt = replace(one.receipt, already_known=True) if rank is Rank.KNOWN else one.receipt
    return replace(one, receipt=receipt, standing=rank)


_OUT_OF_PLACE: Mapping[Rank, type[NodeError]] = {
    Rank.ORPHAN: PredecessorUnknown,
    Rank.NUMBER_TAKEN: PaperNumberTaken,
    Rank.FOREIGN_CHAIN: ChainForeign,
    Rank.UNLINKED: ChainUnlinked,
    Rank.AFTER_WITHDRAWAL: AfterWithdrawal,
}
"""What the audit says of each rank that is not taken."""
