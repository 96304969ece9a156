"""Hub systems hand in uses like every other paper: through the folder, and over gRPC."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

sys.path.append(str(Path(__file__).parent))

import hub_lab
from hub_lab import XA, XB, until
from uses_lab import TEA, left, line, use_of

from node.errors import CertificateOverUsed
from node.model.exchange import Direction
from node.sandbox import dev_pki
from node.service import take_from_hub


def lay_down(folder: Path, name: str, content: bytes) -> None:
    (folder / f"{name}.json").write_bytes(content)
    (folder / f"{name}.done").touch()


def test_through_the_folder(pair) -> None:
    pair.xa.hand_in(TEA, XB, "tea")
    pair.cross()
    hub = pair.xb.home / "hub"
    lay_down(hub / "outbound/XA", "use", use_of(TEA, "U-1", lines=[line("1", "480")]))
    assert take_from_hub(pair.xb.wired)
    lay_down(hub / "outbound/XA", "again", use_of(TEA, "U-2", lines=[line("1", "1")]))
    assert take_from_hub(pair.xb.wired)
    assert (hub / "taken/XA/use.note").exists()
    refused = json.loads((hub / "refused/XA/again.note").read_text(encoding="utf-8"))
    assert refused["code"] == CertificateOverUsed.code
    pair.xb.work()
    assert left(pair.xb, XA, Direction.IN, TEA) == left(pair.xa, XB, Direction.OUT, TEA) == 0


def test_over_grpc(tmp_path: Path) -> None:
    pki = dev_pki.draw(tmp_path / "pki", [XA, XB], datetime.now(UTC))
    with hub_lab.two_nodes(tmp_path, pki) as lab:
        issuer, user = lab.agency(lab.xa), lab.agency(lab.xb)
        issuer.submit(("tea", TEA))
        came, _ = user.take(1)
        assert came[0].document == TEA
        papers = [
            ("use", use_of(TEA, "U-1", lines=[line("1", "480")])),
            ("again", use_of(TEA, "U-2", lines=[line("1", "1")])),
        ]
        taken, refused = user.submit(*papers, partner=XA)
        assert taken.WhichOneof("outcome") == "taken"
        assert refused.WhichOneof("outcome") == "refusal"
        assert CertificateOverUsed.code == refused.refusal.code
        uses, _ = issuer.take(1)
        assert [one.document for one in uses] == [papers[0][1]]
        until(lambda: left(lab.xb, XA, Direction.IN, TEA) == left(lab.xa, XB, Direction.OUT, TEA) == 0)
