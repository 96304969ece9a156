"""Writes the field tables into docs/hub-grpc.md: `python tests/vectors/hub_page.py`, `--check` to compare."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from page import table  # noqa: E402

from node.protocol.n2n.v1 import hub_pb2  # noqa: E402
from node.wire.hub_rules import HUB_RULES  # noqa: E402

PAGE = ROOT / "docs/hub-grpc.md"


def filled(page: str) -> str:
    """The page with its tables written anew."""
    kinds = hub_pb2.DESCRIPTOR.message_types_by_name
    tables = "\n\n".join(table(kinds[name], dict(rules)) for name, rules in HUB_RULES.items())
    found = re.compile(r"(<!-- rules:begin -->\n).*?(<!-- rules:end -->)", re.DOTALL)
    return found.sub(lambda part: f"{part[1]}{tables}\n{part[2]}", page)


def main() -> None:
    """Write, or compare."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = filled(page)
    if "--check" in sys.argv:
        raise SystemExit(0 if page == wanted else "docs/hub-grpc.md is not current: python tests/vectors/hub_page.py")
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
