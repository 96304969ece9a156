"""Our own logs: what each answer says about the one for its caller, and the signed end of the chain of our acts."""

from dataclasses import dataclass
from datetime import datetime

from node.crypto.checkpoint_key import current_key
from node.crypto.checkpoints import ACTS, claimed_checkpoint, sign_checkpoint, verify_checkpoint
from node.errors import CheckpointRefused, LogBroken
from node.flows.ports import Node
from node.model.checkpoint import Checkpoint, ConsistencyProof
from node.model.ids import NodeCode
from node.store import audit, log
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Given:
    """What goes into an answer: the signed head of the caller's log, and the way to it from the one it named."""

    size: int = 0
    note: bytes = b""
    proof: ConsistencyProof | None = None


def give(node: Node, tx: Tx, caller: NodeCode, named: bytes, now: datetime) -> Given:
    """The log for `caller` as it stands in this transaction; nothing while this node has no checkpoint key.

    A checkpoint that names another log, or more receipts than there are, is as good as none: it never changes the
    answers (protocol 3). Its signature is not verified, for a proof from any size tells nothing that is not the
    caller's already.
    """
    key = current_key(node.keys.checkpoint, now)
    if key is None:
        return Given()
    claimed = _claimed(node, caller, named)
    since = None if claimed is None else claimed.size
    stand = log.stand(tx, caller, since)
    if claimed is not None and (claimed.size, claimed.root) != (stand.size, stand.root) and claimed.size >= stand.size:
        _report_loss(node, claimed, stand)
    note = sign_checkpoint(node.code, caller, stand.size, stand.root, key)
    proof = None if since is None or stand.proof is None else ConsistencyProof(since, stand.proof)
    return Given(stand.size, note, proof)


def give_and_keep(node: Node, tx: Tx, caller: NodeCode, named: bytes, now: datetime) -> Given:
    """`give`, and remember what we signed, in the transaction that made the log grow."""
    given = give(node, tx, caller, named, now)
    if given.size:
        log.keep_issued(tx, caller, given.size, given.note)
    return given


def sign_acts(node: Node) -> None:
    """Sign the end of the chain of our acts: whoever chains them anew later contradicts it.

    A chain in which the end signed last is not found any more is not signed: that would vouch for whatever replaced it.
    """
    now = node.clock.now()
    key = current_key(node.keys.checkpoint, now)
    if key is None:
        return

    def keep(tx: Tx) -> int | None:
        lost = _lost_end(node, tx)
        last, link = audit.last(tx)
        if last and lost is None:
            log.keep_issued(tx, node.code, last, sign_checkpoint(node.code, ACTS, last, link, key))
        return lost

    lost = node.store.write(keep)
    if lost is not None:
        detail = "the end that was signed last is not there any more"
        node.report("alarm.own-acts-lost", error=LogBroken(log=f"{node.code}/{ACTS}", entry=lost, detail=detail))


def _lost_end(node: Node, tx: Tx) -> int | None:
    """The end of our acts that was signed last, when the chain does not hold it any more."""
    kept = log.last_issued(tx, node.code)
    if kept is None:
        return None
    size, note = kept
    try:
        signed = claimed_checkpoint(note, node.code, ACTS)
    except CheckpointRefused:
        return size
    return None if (signed.size, signed.root) == (size, audit.link_of(tx, size)) else size


def _claimed(node: Node, caller: NodeCode, named: bytes) -> Checkpoint | None:
    if not named:
        return None
    try:
        return claimed_checkpoint(named, node.code, caller)
    except CheckpointRefused:
        return None


def _report_loss(node: Node, claimed: Checkpoint, stand: log.Stand) -> None:
    """Somebody shows our own signature for what our log does not hold: we lost receipts, say by an old backup."""
    keys = [key.announce() for key in node.keys.checkpoint]
    try:
        verify_checkpoint(claimed.note, node.code, claimed.partner, keys, None)
    except CheckpointRefused:
        return
    detail = f"we signed {claimed.size} entries, and {stand.size} are here"
    lost = LogBroken(log=f"{node.code}/{claimed.partner}", entry=stand.size, detail=detail)
    node.report("alarm.own-log-lost", partner=claimed.partner, signed_size=claimed.size, size=stand.size, error=lost)
