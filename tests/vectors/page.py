"""Writes into docs/protocol.md what must not be copied by hand: `python tests/vectors/page.py`, `--check` to compare.

Between `<!-- NAME:begin -->` and `<!-- NAME:end -->` stand the rules, the limits, and examples out of the vectors.
"""

import json
import re
import sys
from base64 import b64decode
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Run as a script: the repository itself is what is described, wherever Python was started.
sys.path.insert(0, str(ROOT))

from google.protobuf.descriptor import Descriptor, FieldDescriptor  # noqa: E402
from lxml import etree  # noqa: E402

from node import safe_xml  # noqa: E402
from node.crypto.key_statement import STATEMENT_LIMITS  # noqa: E402
from node.protocol.n2n.v1 import answer_pb2, envelope_pb2, exchange_pb2  # noqa: E402
from node.wire import RULES, limits  # noqa: E402

PAGE = ROOT / "docs/protocol.md"
VECTORS = Path(__file__).parent / "protocol"
SHOWN = 24
"""Characters of a Base64 text that the example of a signature shows."""

_TYPES = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}


def filled(page: str) -> str:
    """The page with every part between markers written anew."""
    parts = {
        "rules": _rules(),
        "limits": _limits(),
        "manifest": _broken((VECTORS / "seal/seal.xml").read_text(), "<Created>", "<Root>", "<Profile"),
        "signature": _signature(),
        "statement": _broken((VECTORS / "key-statement/signed-as-a-seal.xml").read_text(), "<Key ", " notBefore"),
        "checkpoint": _checkpoint(),
    }
    for name, text in parts.items():
        pattern = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        page, count = pattern.subn(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
        if count != 1:
            raise SystemExit(f"docs/protocol.md has {count} places for {name} instead of one")
    return page


def _checkpoint() -> str:
    good = json.loads((VECTORS / "checkpoint.json").read_text())["good"]
    return f"```\n{b64decode(good[-2]['note']).decode()}```"


def _rules() -> str:
    modules = (envelope_pb2, answer_pb2, exchange_pb2)
    kinds = {name: kind for module in modules for name, kind in module.DESCRIPTOR.message_types_by_name.items()}
    return "\n\n".join(table(kinds[name], rules) for name, rules in RULES.items())


def table(kind: Descriptor, rules: dict[str, str]) -> str:
    """A message: its fields with numbers, types and rules."""
    whole = f"\n{rules['']}.\n" if "" in rules else ""
    if not kind.fields:
        return f"### {kind.name}\n{whole or chr(10) + 'No fields.' + chr(10)}".rstrip()
    rows = [f"| {field.number} | `{field.name}` | {_type(field)} | {rules[field.name]} |" for field in kind.fields]
    head = ["| # | field | type | rule |", "| --- | --- | --- | --- |"]
    return "\n".join([f"### {kind.name}", whole, *head, *rows])


def _type(field: FieldDescriptor) -> str:
    named = field.message_type or field.enum_type
    name = named.name if named is not None else _TYPES[field.type]
    return f"repeated {name}" if field.is_repeated else name


def _limits() -> str:
    xml = (
        ("inline document", safe_xml.DOCUMENT_LIMITS),
        ("signature", safe_xml.SIGNATURE_LIMITS),
        ("manifest", safe_xml.MANIFEST_LIMITS),
        ("key statement", STATEMENT_LIMITS),
    )
    rows = [
        ("request, response", _bytes(limits.MAX_REQUEST_BYTES)),
        ("fields at the top of a request or response, unknown ones included", str(limits.MAX_CALL_FIELDS)),
        ("envelopes in a request, ids in a Status, leaves under a seal", f"1 to {limits.MAX_ENVELOPES}"),
        ("header", _bytes(limits.MAX_HEADER_BYTES)),
        ("metadata", _bytes(limits.MAX_METADATA_BYTES)),
        ("document of a paper", _bytes(limits.MAX_DOCUMENT_BYTES)),
        ("signatures in a body", f"{limits.MAX_SIGNATURES}, {_bytes(limits.MAX_SIGNATURE_BYTES)} each"),
        ("manifest", _bytes(limits.MAX_MANIFEST_BYTES)),
        ("key statement", _bytes(limits.MAX_STATEMENT_BYTES)),
        ("receipt", _bytes(limits.MAX_RECEIPT_BYTES)),
        (
            "findings in a receipt",
            f"{limits.MAX_FINDINGS}; code {limits.MAX_FINDING_CODE_CHARACTERS}, path "
            f"{limits.MAX_FINDING_PATH_CHARACTERS}, rule {limits.MAX_FINDING_RULE_CHARACTERS} characters",
        ),
        ("life of a paper, `retry_after_ms`", f"{limits.MAX_LIFE_MS // 86_400_000} days"),
        ("clocks may differ by", "5 minutes"),
        ("checkpoint, nodes of a proof", f"{_bytes(limits.MAX_CHECKPOINT_BYTES)}, {limits.MAX_PROOF_NODES}"),
        (
            "LookupRequest, its answer, RegisterRequest",
            f"{_bytes(limits.MAX_LOOKUP_REQUEST_BYTES)}, {_bytes(limits.MAX_LOOKUP_ANSWER_BYTES)},"
            f" {_bytes(limits.MAX_REGISTER_BYTES)}",
        ),
        (
            "a Collect waits, what it brings is leased",
            f"{limits.MAX_WAIT_MS // 1000} seconds, {limits.MAX_LEASE_MS // 60_000} minutes",
        ),
        ("attachments of a paper", str(limits.MAX_ATTACHMENTS)),
        (
            "data of a chunk, chunks of an Upload, its ciphertext",
            f"{_bytes(limits.MAX_CHUNK_BYTES)}, {limits.MAX_CHUNKS}, {limits.MAX_UPLOAD_BYTES:,} bytes",
        ),
        *((f"XML of an {name}" if name[0] == "i" else f"XML of a {name}", _xml(one)) for name, one in xml),
    ]
    return "\n".join(["| what | at most |", "| --- | --- |", *(f"| {what} | {most} |" for what, most in rows)])


def _bytes(count: int) -> str:
    return f"{count >> 20} MiB" if count % (1 << 20) == 0 else f"{count >> 10} KiB"


def _xml(one: safe_xml.XmlLimits) -> str:
    text = _bytes(one.text_bytes) if one.text_bytes >= 1 << 10 else f"{one.text_bytes} bytes"
    return (
        f"{_bytes(one.size_bytes)}, {one.nodes:,} elements, depth {one.depth}, {one.attributes} attributes or"
        f" namespaces on one element, {text} in one text"
    )


def _broken(line: str, *before: str) -> str:
    for place in before:
        line = line.replace(place, f"\n  {place.lstrip()}", 1)
    return f"```xml\n{line}\n```"


def _signature() -> str:
    tree = etree.fromstring((VECTORS / "seal/seal.sig.xml").read_bytes())
    for element in tree.iter("{*}DigestValue", "{*}SignatureValue", "{*}X509Certificate"):
        element.text = f"{element.text[:SHOWN]}…"
    etree.indent(tree, " ")
    text = etree.tostring(tree, encoding="unicode")
    return f"```xml\n{text}\n```"


def main() -> None:
    """Write, or compare."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = filled(page)
    if "--check" in sys.argv:
        raise SystemExit(0 if page == wanted else "docs/protocol.md is not current: python tests/vectors/page.py")
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
