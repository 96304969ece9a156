"""The table of refused calls (protocol 1.4) gives each code the status and the word that the catalogue gives it."""

import re
from pathlib import Path

from node.errors import catalogue
from node.wire.status import WORDS

PAGE = Path(__file__).parents[2] / "docs/protocol.md"


def test_each_code_stands_beside_its_own_status_and_word() -> None:
    section = PAGE.read_text(encoding="utf-8").split("### 1.4 ")[1].split("### 1.5 ")[0]
    rows = [[cell.strip() for cell in line.split("|")[2:5]] for line in section.splitlines() if "`N2N-" in line]
    told = {code: (status, word) for status, word, codes in rows for code in re.findall(r"N2N-[A-Z]+-\d+", codes)}
    assert len(told) > 15
    errors = {code: catalogue()[code] for code in told}
    assert told == {code: (error.category.grpc, WORDS[error.category]) for code, error in errors.items()}
