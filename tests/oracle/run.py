"""The long run of the oracle: `make oracle`, or `python tests/oracle/run.py --signatures 10000 --mutations 20000`.

Prints what it tries, and at the end one table; a broken promise is printed with its seed and ends it with status 1.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

# Run as a script: the repository itself is what is exercised, wherever Python was started.
sys.path.insert(0, str(Path(__file__).parents[2]))

from cast import draw
from judges import XMLSEC1
from trials import Tally, Told, try_forgeries, try_honest, try_let_through, try_xmlsec1

EVERY_S = 5.0


def main() -> None:
    """Try, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signatures", type=int, default=10_000, help="honest signatures, judged by all")
    parser.add_argument("--mutations", type=int, default=20_000, help="forgeries, judged by all")
    parser.add_argument("--xmlsec1", type=int, default=3_000, help="honest signatures, judged by xmlsec1")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1_000_000, help="where chance begins")
    asked = parser.parse_args()
    if asked.xmlsec1 and XMLSEC1 is None:
        raise SystemExit("xmlsec1 is not installed: apt-get install xmlsec1, or --xmlsec1 0")
    _say(f"seed {asked.seed}")
    began = time.process_time()
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory() as folder:
        cast = draw(Path(folder))
        for name, trial, count in (
            ("honest signatures", try_honest, asked.signatures),
            ("mutations", try_forgeries, asked.mutations),
            ("honest signatures by xmlsec1", try_xmlsec1, asked.xmlsec1),
        ):
            tallies.append(trial(asked.seed, cast, count, _progress(name, count)))
        let_through = [case for tally in tallies for case in tally.let_through] if asked.xmlsec1 else []
        told = _progress("accepted mutations by xmlsec1", len(let_through))
        tallies.append(try_let_through(cast, let_through, told))
    counts: Counter[str] = sum((each.counts for each in tallies), Counter())
    for word, count in sorted(counts.items()):
        _say(f"{count:>8}  {word}")
    broken = [each for tally in tallies for each in tally.broken]
    _say(f"{len(broken):>8}  broken promises; {time.process_time() - began:.0f} s of CPU, without xmlsec1's", *broken)
    raise SystemExit(1 if broken else 0)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _progress(name: str, count: int) -> Told:
    last = time.monotonic()

    def told(done: int) -> None:
        nonlocal last
        if done == count or time.monotonic() - last > EVERY_S:
            last = time.monotonic()
            sys.stderr.write(f"{name}: {done} of {count}\n")

    return told


if __name__ == "__main__":
    main()
