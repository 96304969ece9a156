"""A manifest in all its spellings, a seal with its mutants, document signatures, a key statement.

A mutant is signed anew by its owner wherever the defect allows it, so that nothing but the defect is wrong with it.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree
from scenery import FOLDER, MOMENT, XA, XB, Scenery, as_json, ms
from trees import COUNTS, root, sha256

from node.clock import to_xml
from node.crypto.keys import SigningKey
from node.crypto.manifest import manifest_to_xml
from node.crypto.xades import sign_detached
from node.model.envelope import Manifest, Purpose
from node.model.ids import Digest, NodeCode

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA1_METHOD = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"
XML = "application/xml"

Edit = Callable[[etree._Element], object]
LEAVES = [sha256(b"\x00" + bytes([number])) for number in range(max(COUNTS))]
MANIFEST = Manifest(
    purpose=Purpose.PAPERS,
    sender=XA,
    recipient=XB,
    created=MOMENT,
    count=5,
    root=Digest(root(LEAVES[:5])),
    profile="xa-xb-trade-papers",
    profile_version=1,
)


# --- manifest ---------------------------------------------------------------------------------------------------------


def manifest_fields(manifest: Manifest) -> dict[str, object]:
    """As JSON vectors write them."""
    return {
        "purpose": manifest.purpose.value,
        "sender": manifest.sender,
        "recipient": manifest.recipient,
        "created": to_xml(manifest.created),
        "count": manifest.count,
        "root": manifest.root.hex(),
        "profile": manifest.profile,
        "profile_version": manifest.profile_version,
    }


def manifests() -> bytes:
    """manifest.json."""
    receipts = Manifest(Purpose.RECEIPTS, XB, XA, MOMENT, 64, Digest(root(LEAVES)))
    lookups = Manifest(Purpose.LOOKUPS, XB, XA, MOMENT, 1, Digest(LEAVES[0]))
    good = [("papers under a profile", MANIFEST), ("receipts without profile", receipts), ("a lookup", lookups)]
    text = manifest_to_xml(MANIFEST).decode()

    def changed(old: str, new: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    top = MANIFEST.root.hex()
    bad = {
        "an XML declaration": f'<?xml version="1.0" encoding="UTF-8"?>{text}',
        "a line end behind the root": text + "\n",
        "white space between elements": changed("<Sender>", "\n <Sender>"),
        "a namespace prefix": changed("<Seal xmlns=", "<s:Seal xmlns:s=").replace("</Seal>", "</s:Seal>"),
        "single quotes": changed('version="n2n/v1"', "version='n2n/v1'"),
        "another version": changed('version="n2n/v1"', 'version="n2n/v2"'),
        "another namespace": changed("urn:n2n:v1:seal", "urn:n2n:v2:seal"),
        "an unknown element": changed("<Profile", "<Note>x</Note><Profile"),
        "an unknown attribute": changed('version="n2n/v1">', 'version="n2n/v1" lang="en">'),
        "two elements out of order": changed(
            "<Sender>XA</Sender><Recipient>XB</Recipient>", "<Recipient>XB</Recipient><Sender>XA</Sender>"
        ),
        "an element twice": changed("<Sender>XA</Sender>", "<Sender>XA</Sender><Sender>XA</Sender>"),
        "no recipient": changed("<Recipient>XB</Recipient>", ""),
        "an unknown purpose": changed(">papers<", ">parcels<"),
        "sender and recipient the same": changed("<Recipient>XB<", "<Recipient>XA<"),
        "a node code in small letters": changed("<Sender>XA<", "<Sender>xa<"),
        "count 0": changed("<Count>5<", "<Count>0<"),
        "count 65": changed("<Count>5<", "<Count>65<"),
        "count with a leading zero": changed("<Count>5<", "<Count>05<"),
        "a root in capitals": changed(top, top.upper()),
        "a root of 31 bytes": changed(top, top[:-2]),
        "a time without milliseconds": changed(".123Z", "Z"),
        "a time with an offset": changed(".123Z", ".123+00:00"),
        "a comment": changed("<Purpose>", "<!-- --><Purpose>"),
        "a processing instruction": changed("<Purpose>", "<?x?><Purpose>"),
        "a document type": f"<!DOCTYPE Seal>{text}",
        "an escaped character": changed("<Sender>XA<", "<Sender>X&#65;<"),
        "a CDATA section": changed("<Sender>XA<", "<Sender><![CDATA[XA]]><"),
        "a byte order mark": "\ufeff" + text,
        "a profile without version": changed(' version="1"/>', "/>"),
        "a profile version 0": changed(' version="1"/>', ' version="0"/>'),
        "a profile id in capitals": changed('id="xa-xb', 'id="XA-xb'),
        "an end tag of its own": changed("/></Seal>", "></Profile></Seal>"),
        "larger than 4 KiB": text + " " * 4096,
    }
    return as_json(
        {
            "good": [
                {"name": name, "fields": manifest_fields(one), "xml": manifest_to_xml(one).decode()}
                for name, one in good
            ],
            "bad": [{"name": name, "error": "N2N-SIG-016", "xml": xml} for name, xml in bad.items()],
        }
    )


# --- making signatures that an honest signer never makes --------------------------------------------------------------


def sign(content: bytes, name: str, key: SigningKey, media_type: str = XML, moment: datetime = MOMENT) -> bytes:
    """As a node signs."""
    return sign_detached(content, name, media_type, key, moment)


def resigned(signature: bytes, content: bytes, key: SigningKey, edit: Edit) -> bytes:
    """`signature` after `edit`, with every digest and the value made right again by its owner (P-256 only)."""
    tree = etree.fromstring(signature)
    edit(tree)
    targets = {element.get("Id"): element for element in tree.iter() if element.get("Id")}
    for reference in tree.iter(DS + "Reference"):
        target = targets.get(reference.get("URI", "")[1:])
        octets = content if target is None else _canonical(target)
        method = reference.find(DS + "DigestMethod").get("Algorithm")
        reference.find(DS + "DigestValue").text = _digest(octets, method)
    info = next(tree.iter(DS + "SignedInfo"))
    exclusive = info.find(DS + "CanonicalizationMethod").get("Algorithm") == EXC_C14N
    weak = info.find(DS + "SignatureMethod").get("Algorithm") == SHA1_METHOD
    der = key.private_key.sign(_canonical(info, exclusive), ec.ECDSA(hashes.SHA1() if weak else hashes.SHA256()))
    r, s = decode_dss_signature(der)
    next(tree.iter(DS + "SignatureValue")).text = _base64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return etree.tostring(tree)


def _canonical(element: etree._Element, exclusive: bool = False) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False)


def _digest(octets: bytes, method: str) -> str:
    hasher = hashes.Hash(hashes.SHA1() if method == SHA1 else hashes.SHA256())
    hasher.update(octets)
    return _base64(hasher.finalize())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _set(path: str, attribute: str, value: str) -> Edit:
    def edit(tree: etree._Element) -> None:
        tree.find(path).set(attribute, value)

    return edit


def _text(path: str, value: str) -> Edit:
    def edit(tree: etree._Element) -> None:
        tree.find(path).text = value

    return edit


INFO = f".//{DS}SignedInfo"


def _transform(tree: etree._Element) -> None:
    holder = etree.Element(DS + "Transforms")
    etree.SubElement(holder, DS + "Transform", Algorithm=C14N)
    tree.find(f"{INFO}/{DS}Reference").insert(0, holder)


def _fourth_reference(tree: etree._Element) -> None:
    info = tree.find(INFO)
    copy = etree.fromstring(etree.tostring(info[2]))
    copy.set("URI", "other.xml")
    copy.set("Id", "other")
    info.append(copy)


def _two_references(tree: etree._Element) -> None:
    info = tree.find(INFO)
    info.remove(info[-1])


def _swap_references(tree: etree._Element) -> None:
    info = tree.find(INFO)
    info.append(info[2])


def _key_value(tree: etree._Element) -> None:
    value = etree.SubElement(tree.find(f".//{DS}KeyInfo"), DS + "KeyName")
    value.text = "XA"


def _second_object(tree: etree._Element) -> None:
    etree.SubElement(tree.find(f"{DS}Signature"), DS + "Object")


def _time_stamp(tree: etree._Element) -> None:
    holder = etree.SubElement(tree.find(f".//{XADES}QualifyingProperties"), XADES + "UnsignedProperties")
    of_signature = etree.SubElement(holder, XADES + "UnsignedSignatureProperties")
    stamp = etree.SubElement(of_signature, XADES + "SignatureTimeStamp")
    etree.SubElement(stamp, XADES + "EncapsulatedTimeStamp").text = _base64(b"a token that nobody reads yet")


def _counter_signature(tree: etree._Element) -> None:
    holder = etree.SubElement(tree.find(f".//{XADES}QualifyingProperties"), XADES + "UnsignedProperties")
    of_signature = etree.SubElement(holder, XADES + "UnsignedSignatureProperties")
    etree.SubElement(of_signature, XADES + "CounterSignature")


def _indented(tree: etree._Element) -> None:
    etree.indent(tree)


# --- the seal and its mutants -----------------------------------------------------------------------------------------


class _Shelf:
    """Collects cases and the files they name."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.cases: list[dict[str, object]] = []

    def put(self, name: str, data: bytes) -> str:
        path = f"{self.folder}/{name}"
        self.files[path] = data
        return path

    def case(self, name: str, expect: str, **fields: object) -> None:
        self.cases.append({"name": name, "expect": expect, **fields})


def seals(scenery: Scenery) -> dict[str, bytes]:
    """seal.json and seal/."""
    shelf = _Shelf("seal")
    manifest = manifest_to_xml(MANIFEST)
    key = scenery.signers["xa-sign"]
    good = sign(manifest, "seal.xml", key)
    manifest_path = shelf.put("seal.xml", manifest)
    good_path = shelf.put("seal.sig.xml", good)

    def add(name: str, expect: str, signature: bytes, **changes: object) -> None:
        file = shelf.put(f"{name.replace(' ', '-').replace(',', '')}.sig.xml", signature)
        _seal_case(shelf, name, expect, manifest_path, file, **changes)

    def edited(edit: Edit) -> bytes:
        return resigned(good, manifest, key, edit)

    _seal_case(shelf, "the seal", "verified", manifest_path, good_path)
    add("references in another order", "verified", edited(_swap_references))
    add("white space between elements", "verified", edited(_indented))
    add("a time stamp among the unsigned properties", "verified", edited(_time_stamp))
    add("signed five minutes ahead", "verified", sign(manifest, "seal.xml", key, moment=MOMENT + timedelta(minutes=5)))

    _seal_case(shelf, "before the certificate is valid", "N2N-SIG-011", manifest_path, good_path, now=1767225599000)
    _seal_case(shelf, "after the certificate is valid", "N2N-SIG-011", manifest_path, good_path, now=1830211201000)
    _seal_case(shelf, "asked for as receipts", "N2N-SIG-005", manifest_path, good_path, purpose="receipts")
    _seal_case(shelf, "for another recipient", "N2N-AUTH-002", manifest_path, good_path, recipient="XC")
    _seal_case(shelf, "judged with another partner's keys", "N2N-SIG-009", manifest_path, good_path, trust="XB")
    _seal_case(
        shelf,
        "an algorithm not agreed",
        "N2N-SIG-007",
        manifest_path,
        good_path,
        algorithms=["ecdsa-p384-sha384", "rsa-3072-pkcs1-sha256", "rsa-3072-pss-sha256"],
    )

    altered = manifest.replace(b"<Count>5<", b"<Count>6<")
    _seal_case(shelf, "a changed manifest", "N2N-SIG-012", shelf.put("changed.xml", altered), good_path)
    for name, code, changed in _signed_manifests():
        octets = manifest_to_xml(changed) if isinstance(changed, Manifest) else changed
        slug = name.replace(" ", "-")
        file = shelf.put(f"{slug}.sig.xml", sign(octets, "seal.xml", key))
        _seal_case(shelf, name, code, shelf.put(f"{slug}.xml", octets), file)

    add("a receipt key", "N2N-SIG-009", sign(manifest, "seal.xml", scenery.signers["xa-receipt"]))
    add("a certificate for another role", "N2N-SIG-010", sign(manifest, "seal.xml", scenery.signers["xa-misnamed"]))
    shelf.cases[-1]["enrolled"] = ["certificates/xa-misnamed.pem"]
    add("a document signature", "N2N-SIG-005", sign(manifest, "document.xml", key))
    add("a receipt seal", "N2N-SIG-005", sign(manifest, "receipt-seal.xml", key))
    add("another media type", "N2N-SIG-014", sign(manifest, "seal.xml", key, media_type="application/json"))
    add("signed over five minutes ahead", "N2N-SIG-015", sign(manifest, "seal.xml", key, moment=_ahead()))
    add("a changed signature value", "N2N-SIG-012", _with_other_value(good))
    add(
        "a changed signing time", "N2N-SIG-012", _plainly(good, _text(f".//{XADES}SigningTime", "2026-11-22T14:35:07Z"))
    )
    add("a transform", "N2N-SIG-006", edited(_transform))
    add("four references", "N2N-SIG-005", edited(_fourth_reference))
    add("two references", "N2N-SIG-005", edited(_two_references))
    add("a SHA-1 digest", "N2N-SIG-007", edited(_set(f"{INFO}/{DS}Reference/{DS}DigestMethod", "Algorithm", SHA1)))
    add("a SHA-1 signature", "N2N-SIG-007", edited(_set(f"{INFO}/{DS}SignatureMethod", "Algorithm", SHA1_METHOD)))
    add(
        "exclusive canonicalisation",
        "N2N-SIG-007",
        edited(_set(f"{INFO}/{DS}CanonicalizationMethod", "Algorithm", EXC_C14N)),
    )
    add("a key name", "N2N-SIG-008", edited(_key_value))
    add("a second object", "N2N-SIG-004", edited(_second_object))
    add("a counter-signature", "N2N-SIG-014", edited(_counter_signature))
    add("another certificate in the signed properties", "N2N-SIG-012", edited(_other_certificate(scenery)))
    add("a format of another file", "N2N-SIG-014", edited(_set(f".//{XADES}DataObjectFormat", "ObjectReference", "#x")))
    add("no type on the properties reference", "N2N-SIG-005", edited(_without_type))
    add("no wrapper", "N2N-SIG-003", etree.tostring(etree.fromstring(good)[0]))
    add("no signature", "N2N-SIG-001", b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"/>')
    add("two signatures", "N2N-SIG-002", _doubled(good))
    add("a comment", "N2N-SIG-004", good.replace(b"<ds:KeyInfo", b"<!-- --><ds:KeyInfo", 1))
    add("a document type", "N2N-SIG-004", b"<!DOCTYPE x>" + good)
    add("text that is no XML", "N2N-SIG-004", b"seal")
    return {"seal.json": as_json({"now": ms(MOMENT), "cases": shelf.cases}), **shelf.files}


def _seal_case(shelf: _Shelf, name: str, expect: str, manifest: str, signature: str, **changes: object) -> None:
    asked: dict[str, object] = {"purpose": "papers", "recipient": "XB", "trust": "XA", "now": ms(MOMENT), **changes}
    shelf.case(name, expect, manifest=manifest, signature=signature, **asked)


def _signed_manifests() -> list[tuple[str, str, Manifest | bytes]]:
    """Manifests that XA signed but should not have."""
    text = manifest_to_xml(MANIFEST)
    return [
        ("a manifest for receipts", "N2N-SIG-016", replace(MANIFEST, purpose=Purpose.RECEIPTS)),
        ("a manifest of another sender", "N2N-AUTH-003", replace(MANIFEST, sender=NodeCode("XC"))),
        ("a manifest for another recipient", "N2N-AUTH-002", replace(MANIFEST, recipient=NodeCode("XC"))),
        ("a manifest with white space", "N2N-SIG-016", text.replace(b"<Sender>", b"\n<Sender>")),
        ("a manifest with an unknown element", "N2N-SIG-016", text.replace(b"<Profile", b"<Note/><Profile")),
    ]


def _ahead() -> datetime:
    return MOMENT + timedelta(minutes=5, seconds=1)


def _plainly(signature: bytes, edit: Edit) -> bytes:
    tree = etree.fromstring(signature)
    edit(tree)
    return etree.tostring(tree)


def _with_other_value(signature: bytes) -> bytes:
    def edit(tree: etree._Element) -> None:
        value = tree.find(f".//{DS}SignatureValue")
        octets = bytearray(base64.b64decode(value.text))
        octets[-1] ^= 1
        value.text = _base64(bytes(octets))

    return _plainly(signature, edit)


def _doubled(signature: bytes) -> bytes:
    tree = etree.fromstring(signature)
    copy = etree.fromstring(etree.tostring(tree[0]))
    for element in copy.iter():
        if element.get("Id"):
            element.set("Id", f"other-{element.get('Id')}")
    tree.append(copy)
    return etree.tostring(tree)


def _without_type(tree: etree._Element) -> None:
    for reference in tree.iter(DS + "Reference"):
        reference.attrib.pop("Type", None)


def _other_certificate(scenery: Scenery) -> Edit:
    other = scenery.certificates["xa-receipt"].fingerprint(hashes.SHA256())
    return _text(f".//{XADES}CertDigest/{DS}DigestValue", _base64(other))


# --- document signatures ----------------------------------------------------------------------------------------------


def document_signatures(scenery: Scenery, document: bytes, anew: bool) -> dict[str, bytes]:
    """document-signature.json and document/; RSA-PSS salts its signatures, so the committed one is kept."""
    shelf = _Shelf("document")
    xml = shelf.put("document.xml", document)
    json_octets = b'{"kind":"a paper in JSON"}'
    json_path = shelf.put("document.json", json_octets)
    changed = shelf.put("changed.xml", document.replace(b"<ExportCountry>XA<", b"<ExportCountry>XB<"))

    def case(name: str, expect: str, content: str, signature: str, media_type: str = XML) -> None:
        shelf.case(
            name, expect, document=content, signature=signature, media_type=media_type, trust="XA", now=ms(MOMENT)
        )

    for signer in ("xa-sign", "xa-sign-p384", "xa-sign-rsa", "xa-sign-rsa-pss"):
        key = scenery.signers[signer]
        name = f"{key.algorithm}.sig.xml"
        kept = FOLDER / "document" / name
        fresh = signer != "xa-sign-rsa-pss" or anew or not kept.exists()
        made = sign(document, "document.xml", key) if fresh else kept.read_bytes()
        case(str(key.algorithm), "verified", xml, shelf.put(name, made))
    good = f"document/{scenery.signers['xa-sign'].algorithm}.sig.xml"
    json_signature = shelf.put(
        "json.sig.xml", sign(json_octets, "document.json", scenery.signers["xa-sign"], "application/json")
    )
    case("a paper in JSON", "verified", json_path, json_signature, "application/json")
    case("a changed document", "N2N-SIG-012", changed, good)
    case("claimed to be JSON", "N2N-SIG-005", xml, good, "application/json")
    seal = shelf.put("seal-name.sig.xml", sign(document, "seal.xml", scenery.signers["xa-sign"]))
    case("a seal's name", "N2N-SIG-005", xml, seal)
    receipt = shelf.put("receipt-key.sig.xml", sign(document, "document.xml", scenery.signers["xa-receipt"]))
    case("a receipt key", "N2N-SIG-009", xml, receipt)
    return {"document-signature.json": as_json({"cases": shelf.cases}), **shelf.files}
