"""Our own logs: what each answer says about the one for its caller, and the signed end of the chain of our acts."""

from dataclasses import dataclass
from datetime import datetime

from node.crypto.checkpoint_key import current_key
from node.crypto.checkpoints import ACTS, claimed_checkpoint, sign_checkpoint
from node.errors import CheckpointRefused
from node.flows.ports import Node
from node.model.checkpoint import ConsistencyProof
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
    since = _claimed_size(node, caller, named)
    stand = log.stand(tx, caller, since)
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
    """Sign the end of the chain of our acts: whoever chains them anew later contradicts it."""
    now = node.clock.now()
    key = current_key(node.keys.checkpoint, now)
    if key is None:
        return

    def keep(tx: Tx) -> None:
        last, link = audit.last(tx)
        if last:
            log.keep_issued(tx, node.code, last, sign_checkpoint(node.code, ACTS, last, link, key))

    node.store.write(keep)


def _claimed_size(node: Node, caller: NodeCode, named: bytes) -> int | None:
    if not named:
        return None
    try:
        return claimed_checkpoint(named, node.code, caller).size
    except CheckpointRefused:
        return None
