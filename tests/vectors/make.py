"""Makes tests/vectors/protocol again, byte for byte: `python tests/vectors/make.py`.

    --check   write nothing; fail when a file differs from what would be written
    --anew    also make what is random: RSA primes, the RSA-PSS signature, the HPKE wraps

The committed files are the truth. A change of them is a change of the protocol and needs a reason in CHANGELOG.md.
"""

import argparse
import sys
from pathlib import Path

# Run as a script: the repository itself is what is exercised, wherever Python was started.
sys.path.insert(0, str(Path(__file__).parents[2]))

import boxes
import calls
import checkpoints
import decisions
import lookups
import messages
import scenery
import seals
import trees


def all_files(anew: bool) -> dict[str, bytes]:
    """Every vector file by its path below protocol/."""
    cast = scenery.draw(anew)
    wrapped = boxes.wraps(cast, anew)
    document = calls.certificate_of_origin("XA-CO-2026-000123")
    return {
        **cast.files(),
        **messages.all_messages(),
        **trees.all_trees(),
        **checkpoints.checkpoints(),
        "business-answer.json": decisions.answers(),
        "lookup.json": lookups.lookups(),
        "manifest.json": seals.manifests(),
        **seals.seals(cast),
        **seals.document_signatures(cast, document, anew),
        **boxes.key_statement(cast),
        "hpke.json": boxes.hpke(cast, wrapped),
        "sealed-body.json": boxes.sealed_body(),
        **calls.all_calls(cast, wrapped),
    }


def main() -> None:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--anew", action="store_true")
    asked = parser.parse_args()
    files = all_files(asked.anew)
    there = {str(path.relative_to(scenery.FOLDER)) for path in scenery.FOLDER.rglob("*") if path.is_file()}
    if asked.check:
        stale = sorted(name for name in files if not _same(name, files[name]))
        stale += sorted(there - set(files))
        raise SystemExit("differs: " + ", ".join(stale) if stale else 0)
    for name in there - set(files):
        (scenery.FOLDER / name).unlink()
    for name, data in files.items():
        path = scenery.FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _same(name: str, data: bytes) -> bool:
    path = scenery.FOLDER / name
    return path.is_file() and path.read_bytes() == data


if __name__ == "__main__":
    main()
