"""What may be wrong with a signature: some forty ways, from a flipped bit to a defect that its owner signed himself.

Each takes an honest case and gives another one, which may by chance still be good: the judges are asked, not told.
"""

import base64
import random
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta

from cast import DAY, NOW, Case, Cast
from cryptography.hazmat.primitives import hashes, serialization
from lxml import etree
from odd_files import ODD_FILES

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.keys import Role, SigningKey
from node.crypto.own_form import draft
from node.crypto.raw_signatures import sign_octets
from node.crypto.xades import sign_detached
from node.model.document import MediaType
from node.model.envelope import Purpose

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
URIS = (
    C14N,
    C14N + "#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2000/09/xmldsig#base64",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "urn:anything",
    *(algorithm.uri for algorithm in SignatureAlgorithm),
)
PIECES = (
    b" ", b"\n", b"\r\n", b"\t", b"<", b">", b"/", b"&", b"&lt;", b"&#32;", b"&#x0;", b'"', b"'", b"=", b"==", b"#",
    b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"<!--x-->", b"<?x y?>", b"<![CDATA[]]>", b"<![CDATA[x]]>", b"<x/>",
    b"<!DOCTYPE a>", b"&e;", b" xmlns=''", b' xmlns="urn:x"', b' xmlns:x="urn:x"', b' Id="x"', b' id="file"', b"ds:",
    b"AAAA", b"urn:", b"\xf0\xa0\xae\xb7", b"\xe2\x80\x8b", b"<ds:Transforms/>",
)  # fmt: skip
HASHES = {"sha384": hashes.SHA384, "sha512": hashes.SHA512, "sha1": hashes.SHA1}


@dataclass(frozen=True)
class Honest:
    """An honest case with the key that made it."""

    case: Case
    key: SigningKey


Forge = Callable[[random.Random, Cast, Honest], Case]


def _signature(edit: Callable[[random.Random, bytes], bytes]) -> Forge:
    """A forgery that only edits the bytes of the signature."""
    return lambda dice, cast, honest: replace(honest.case, signature=edit(dice, honest.case.signature))


# --- bytes ------------------------------------------------------------------------------------------------------------


def _flip(dice: random.Random, octets: bytes) -> bytes:
    at = dice.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ (1 << dice.randrange(8))]) + octets[at + 1 :]


def _delete(dice: random.Random, octets: bytes) -> bytes:
    at = dice.randrange(len(octets))
    return octets[:at] + octets[at + dice.choice([1, 1, 2, 4, 40, 400]) :]


def _insert(dice: random.Random, octets: bytes) -> bytes:
    at = dice.randrange(len(octets) + 1)
    return octets[:at] + dice.choice(PIECES) + octets[at:]


def _repeat(dice: random.Random, octets: bytes) -> bytes:
    begin, end = sorted((dice.randrange(len(octets)), dice.randrange(len(octets))))
    return octets[:end] + octets[begin:end] + octets[end:]


def _exchange(dice: random.Random, octets: bytes) -> bytes:
    a, b, c, d = sorted(dice.randrange(len(octets)) for _ in range(4))
    return octets[:a] + octets[c:d] + octets[b:c] + octets[a:b] + octets[d:]


def _at_a_tag(dice: random.Random, octets: bytes) -> bytes:
    at = dice.choice([found.start() for found in re.finditer(rb"[<>]", octets)]) + dice.randrange(2)
    return octets[:at] + dice.choice(PIECES) + octets[at:]


def _before_or_after(dice: random.Random, octets: bytes) -> bytes:
    encodings = ("UTF-8", "utf-8", "ISO-8859-1", "US-ASCII", "UTF-16", "UTF-7", "x-none")
    before = [
        *(f'<?xml version="1.0" encoding="{name}"?>'.encode() for name in encodings),
        b'<?xml version="1.0"?>', b'<?xml version="1.1"?>', b"\xef\xbb\xbf", b" ", b"\n", b"<!--x-->", b"<?x y?>",
        b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY e "x">]>', b'<!DOCTYPE a [<!ATTLIST ds:Signature Id ID "x">]>',
    ]  # fmt: skip
    if dice.random() < 0.15:
        return octets.decode("latin-1").encode(dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-7"]))
    return (
        octets + dice.choice([b" ", b"\n", b"<x/>", b"x", b"\x00"])
        if dice.random() < 0.3
        else dice.choice(before) + octets
    )


def _respell(dice: random.Random, octets: bytes) -> bytes:
    """Another spelling of the same tree, or nearly so."""
    ways: list[Callable[[bytes], bytes]] = [
        lambda text: text.replace(b'"', b"'"),
        lambda text: text.replace(b"/>", b" />", dice.randrange(1, 9)),
        lambda text: re.sub(rb"<([\w:]+)([^<>]*)/>", rb"<\1\2></\1>", text, count=dice.randrange(1, 9)),
        lambda text: text.replace(b"\n", dice.choice([b"", b"\r\n", b"\r", b"&#10;", b"&#13;", b" ", b"\n\n"])),
        lambda text: text.replace(b"ds:", b"dsig:").replace(b"xmlns:ds=", b"xmlns:dsig="),
        lambda text: text.replace(b"<ds:", b"<").replace(b"</ds:", b"</").replace(b"xmlns:ds=", b"xmlns="),
        lambda text: text.replace(b"asic:", b"a:").replace(b"xmlns:asic=", b"xmlns:a="),
        lambda text: text.replace(b'URI="#key-info"', b'URI="&#35;key-info"'),
        lambda text: text.replace(b"T", b"&#84;", 1),
        lambda text: text.replace(b"><", b">\n<", dice.randrange(1, 60)),
        lambda text: re.sub(rb'(URI="[^"]*") (Id|Type)="([^"]*)"', rb'\2="\3" \1', text, count=dice.randrange(1, 3)),
        lambda text: re.sub(rb"<ds:DigestValue>([^<]*)", rb"<ds:DigestValue> \1 ", text, count=dice.randrange(1, 5)),
        lambda text: re.sub(rb"(<ds:SignatureValue>)([^<]*)", rb"\1<![CDATA[\2]]>", text),
        lambda text: re.sub(rb"(<ds:SignatureValue>.{20})", rb"\1" + dice.choice(PIECES).replace(b"\\", b""), text),
        lambda text: text.replace(b' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"', b"", 1).replace(
            b"<xades:QualifyingProperties", b'<xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
        ),
        lambda text: text.replace(b"<ds:Object>", b'<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'),
    ]  # fmt: skip
    return dice.choice(ways)(octets)


# --- values that keep the form ----------------------------------------------------------------------------------------

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = re.compile(rb">([^<>]+)<|Algorithm=\"([^\"]+)\"|URI=\"([^\"]+)\"|(?:Id|Target|ObjectReference)=\"([^\"]+)\"")


def _spans(octets: bytes) -> list[tuple[int, int]]:
    return [found.span(found.lastindex or 0) for found in _VALUES.finditer(octets)]


def _one_character(dice: random.Random, octets: bytes) -> bytes:
    begin, end = dice.choice(_spans(octets))
    at = dice.randrange(begin, end)
    return octets[:at] + dice.choice(_BASE64 + "=-:.#").encode() + octets[at + 1 :]


def _another_value(dice: random.Random, octets: bytes) -> bytes:
    begin, end = dice.choice(_spans(octets))
    other = dice.choice(_spans(octets))
    return octets[:begin] + octets[slice(*other)] + octets[end:]


def _values_swapped(dice: random.Random, octets: bytes) -> bytes:
    (a, b), (c, d) = sorted(dice.sample(_spans(octets), 2))
    return octets[:a] + octets[c:d] + octets[b:c] + octets[a:b] + octets[d:]


def _digests_swapped(dice: random.Random, octets: bytes) -> bytes:
    spans = [found.span(1) for found in re.finditer(rb"<ds:DigestValue>([^<]*)<", octets)]
    (a, b), (c, d) = sorted(dice.sample(spans, 2))
    return octets[:a] + octets[c:d] + octets[b:c] + octets[a:b] + octets[d:]


def _uri_replaced(dice: random.Random, octets: bytes) -> bytes:
    found = dice.choice(list(re.finditer(rb'Algorithm="([^"]+)"', octets)))
    return octets[: found.start(1)] + dice.choice(URIS).encode() + octets[found.end(1) :]


def _all_digest_uris_replaced(dice: random.Random, octets: bytes) -> bytes:
    return re.sub(rb'(DigestMethod Algorithm=")[^"]+', rb"\1" + dice.choice(URIS).encode(), octets)


def _time_replaced(dice: random.Random, octets: bytes) -> bytes:
    times = (
        "2026-11-22T14:35:07Z", "2020-01-01T00:00:00Z", "2026-11-22T14:35:06.000Z", "2026-11-22T14:35:06+00:00",
        "2026-11-22T24:00:00Z", "2026-13-22T14:35:06Z", "2026-11-22T14:35:60Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2026-11-22t14:35:06z", " 2026-11-22T14:35:06Z", "2026-11-22",
    )  # fmt: skip
    return re.sub(rb"(<xades:SigningTime>)[^<]*", rb"\g<1>" + dice.choice(times).encode(), octets)


# --- trees, as they are and signed anew by their owner ----------------------------------------------------------------


def _tree_edited(dice: random.Random, octets: bytes) -> bytes:
    root = etree.fromstring(octets)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        _edit(dice, root)
    return etree.tostring(root)


def _edit(dice: random.Random, root: etree._Element) -> None:
    elements = list(root.iter(etree.Element))
    element, other = dice.choice(elements), dice.choice(elements)
    parent = element.getparent()
    match dice.randrange(12):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if parent is not None:
            parent.insert(dice.randrange(len(parent) + 1), deepcopy(element))
        case 2:
            other.insert(dice.randrange(len(other) + 1), deepcopy(element))
        case 3 if parent is not None and other not in element.iter():
            other.insert(dice.randrange(len(other) + 1), element)
        case 4 if len(element) > 1:
            children = list(element)
            dice.shuffle(children)
            element[:] = children
        case 5:
            element.text = dice.choice(["", "x", "\n", " ", other.text or "", (element.text or "") + " "])
        case 6:
            element.tail = dice.choice(["x", " ", "\n"])
        case 7:
            values = [value for one in elements for value in one.attrib.values()]
            element.set(
                dice.choice(["Id", "ID", "id", "URI", "Type", "Algorithm", "x"]), dice.choice([*values, "x", ""])
            )
        case 8 if element.attrib:
            del element.attrib[dice.choice(list(element.attrib))]
        case 9:
            element.tag = dice.choice([DS, XADES, ASIC, "{urn:x}", ""]) + etree.QName(element).localname
        case 10:
            element.insert(0, dice.choice([etree.Comment("x"), etree.PI("x", "y")]))
        case _:
            name = dice.choice(["Transforms", "KeyValue", "KeyName", "Manifest", "Object", "UnsignedProperties"])
            added = etree.SubElement(element, dice.choice([DS, XADES]) + name)
            if name == "Transforms":
                etree.SubElement(added, DS + "Transform", Algorithm=dice.choice(URIS))


def _signed_anew(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    """An edited tree whose digests and value its owner made right again: only the form is wrong, if anything is."""
    root = etree.fromstring(honest.case.signature)
    for _ in range(dice.choice([0, 1, 1, 1, 2])):
        _edit(dice, root)
    by_id = {one.get("Id"): one for one in root.iter(etree.Element) if one.get("Id")}
    for reference in root.iter(DS + "Reference"):
        method, value = reference.find(DS + "DigestMethod"), reference.find(DS + "DigestValue")
        if method is None or value is None:
            continue
        target = by_id.get(reference.get("URI", "")[1:])
        value.text = _digest(method.get("Algorithm", ""), honest.case.content if target is None else _canonical(target))
    for signed_info in root.iter(DS + "SignedInfo"):
        value = next(root.iter(DS + "SignatureValue"), None)
        if value is not None:
            octets = sign_octets(_canonical(signed_info), honest.key.private_key, honest.key.algorithm)
            value.text = base64.b64encode(octets).decode()
    return replace(honest.case, signature=etree.tostring(root))


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=False, with_comments=False)


def _digest(uri: str, octets: bytes) -> str:
    kind = next((kind for name, kind in HASHES.items() if uri.endswith(name)), hashes.SHA256)
    hasher = hashes.Hash(kind())
    hasher.update(octets)
    return base64.b64encode(hasher.finalize()).decode()


def _wrapped(dice: random.Random, octets: bytes) -> bytes:
    root = etree.fromstring(octets)
    signature = root[0]
    match dice.randrange(6):
        case 0:
            root.append(deepcopy(signature))
        case 1:
            outer = etree.Element(ASIC + "XAdESSignatures")
            outer.append(root)
            return etree.tostring(outer)
        case 2:
            return etree.tostring(signature)
        case 3:
            forged = deepcopy(signature)
            etree.SubElement(forged, DS + "Object").append(signature)
            root.append(forged)
        case 4:
            forged = deepcopy(signature)
            forged.set("Id", "signature-2")
            root.insert(0, forged)
        case _:
            etree.SubElement(root, "{urn:x}Extension").append(signature)
    return etree.tostring(root)


# --- the template in the wrong hands ----------------------------------------------------------------------------------


def _in_form(
    honest: Honest,
    *,
    certificate_of: SigningKey | None = None,
    signed_by: SigningKey | None = None,
    algorithm: SignatureAlgorithm | None = None,
    content: bytes | None = None,
    later: timedelta = timedelta(0),
    value: Callable[[bytes], bytes] = lambda octets: octets,
) -> Case:
    """Perfect in form, with one thing chosen freely."""
    case, key = honest.case, signed_by or honest.key
    der = (certificate_of or honest.key).certificate.public_bytes(serialization.Encoding.DER)
    content = case.content if content is None else content
    made = draft(content, case.name, case.media_type, algorithm or honest.key.algorithm, der, NOW + later)
    return replace(case, signature=made.signed(value(sign_octets(made.signed_info, key.private_key, key.algorithm))))


def _certificate_swapped(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    """The certificate of another, or a second one of the same key; signed by its owner or by the honest key."""
    twin = cast.twins[honest.key.algorithm]
    other = dice.choice([*cast.strangers.values(), *cast.keys.values(), twin])
    chosen = twin if dice.random() < 0.3 else other
    fits = chosen.algorithm is honest.key.algorithm
    return _in_form(honest, certificate_of=chosen, signed_by=chosen if fits and dice.random() < 0.5 else None)


def _certificate_swapped_and_enrolled(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    case = _certificate_swapped(dice, cast, honest)
    mine = tuple(key.certificate for key in (*cast.strangers.values(), cast.twins[honest.key.algorithm]))
    return replace(
        case, trust=replace(case.trust, sign=(*case.trust.sign, *mine), receipt=(*case.trust.receipt, *mine))
    )


def _certificate_of_no_one(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    der = dice.randbytes(dice.choice([1, 40, 47, 48, 49, 500, 17_000]))
    case, key = honest.case, honest.key
    made = draft(case.content, case.name, case.media_type, key.algorithm, der, NOW)
    return replace(case, signature=made.signed(sign_octets(made.signed_info, key.private_key, key.algorithm)))


def _algorithm_misnamed(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    return _in_form(honest, algorithm=dice.choice(list(SignatureAlgorithm)))


def _signed_by_another(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    return _in_form(honest, signed_by=dice.choice([*cast.keys.values(), *cast.strangers.values()]))


def _time_moved(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    minutes = dice.choice([-1_000_000, -10, 4, 4.99, 5, 5.02, 5.1, 6, 1_000_000])
    return _in_form(honest, later=timedelta(minutes=minutes))


_ORDERS = {
    SignatureAlgorithm.ECDSA_P256_SHA256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    SignatureAlgorithm.ECDSA_P384_SHA384: int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
}


def _value_bent(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    """Values beside the one: its negative (which ECDSA admits), shorter, longer, in DER, nothing."""
    order = _ORDERS.get(honest.key.algorithm, 0)

    def bend(octets: bytes) -> bytes:
        half = len(octets) // 2
        r, s = octets[:half], octets[half:]
        bent = [
            octets[:-1], octets + b"\x00", b"\x00" + octets, octets + octets, b"\x00" * len(octets), octets[::-1],
            s + r, b"", r, b"\x00" * half + s, r + b"\x00" * half, b"\xff" * len(octets), b"0D" + octets,
        ]  # fmt: skip
        if order:
            bent += [r + (order - int.from_bytes(s, "big")).to_bytes(half, "big")] * 3
            bent += [order.to_bytes(half, "big") + s, r + order.to_bytes(half, "big")]
        return dice.choice(bent)

    return _in_form(honest, value=bend)


def _value_of_another_file(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    other = _in_form(honest, content=honest.case.content + b" ")
    value = re.search(rb"<ds:SignatureValue>[^<]*", other.signature)
    assert value
    return replace(honest.case, signature=re.sub(rb"<ds:SignatureValue>[^<]*", value[0], honest.case.signature))


# --- the file ---------------------------------------------------------------------------------------------------------


def _file_changed(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    content = honest.case.content or b"<a/>"
    edit = dice.choice([_flip, _delete, _insert, lambda _, octets: octets + b"\n", lambda _, octets: octets[:-1]])
    return replace(honest.case, content=edit(dice, content))


def _odd_file(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    """An honest signature over a file that engines may choke on: what the engine refuses the fast path leaves to it."""
    noise = dice.randbytes(30)
    content = dice.choice([*ODD_FILES, noise, b"<" + noise, b"{" + noise, b"<a>" + noise[:10] + b"</a>"])
    key, case = honest.key, honest.case
    return replace(case, content=content, signature=sign_detached(content, case.name, case.media_type, key, NOW))


# --- what the judge is told -------------------------------------------------------------------------------------------


def _told_otherwise(dice: random.Random, cast: Cast, honest: Honest) -> Case:
    case = honest.case
    names = [each.file_name for each in (*MediaType, *Purpose)]
    match dice.randrange(5):
        case 0:
            return replace(
                case, name=dice.choice([*names, "a&b.xml", "", "x" * 200, "#signature", "#key-info", "文.xml"])
            )
        case 1:
            return replace(case, media_type=dice.choice(list(MediaType)))
        case 2:
            return replace(case, role=dice.choice(list(Role)))
        case 3:
            certificate = honest.key.certificate
            moments = [
                certificate.not_valid_before_utc, certificate.not_valid_after_utc, NOW, NOW - timedelta(minutes=5),
                NOW - timedelta(minutes=5, seconds=1), NOW + 30 * DAY,
            ]  # fmt: skip
            return replace(case, now=dice.choice(moments) + timedelta(seconds=dice.choice([-1, 0, 0, 1])))
        case _:
            return replace(case, trust=dice.choice(_other_trusts(cast, honest)))


def _other_trusts(cast: Cast, honest: Honest) -> list[object]:
    trust, algorithm = honest.case.trust, honest.key.algorithm
    only = (honest.key.certificate,)
    return [
        replace(trust, algorithms=trust.algorithms - {algorithm}),
        replace(trust, algorithms=frozenset({algorithm})),
        replace(trust, algorithms=frozenset()),
        replace(trust, anchors=()),
        replace(trust, anchors=(honest.key.certificate,)),
        replace(trust, anchors=(honest.key.certificate, cast.ca)),
        replace(trust, sign=(), receipt=()),
        replace(trust, sign=only, receipt=only),
        replace(trust, sign=(cast.twins[algorithm].certificate,), receipt=()),
        replace(trust, partner="XB"),
    ]


FORGERIES: Mapping[str, Forge] = {
    "a bit flipped": _signature(_flip),
    "bytes taken out": _signature(_delete),
    "a piece put in": _signature(_insert),
    "a piece put in at a tag": _signature(_at_a_tag),
    "a part repeated": _signature(_repeat),
    "two parts exchanged": _signature(_exchange),
    "something before or after": _signature(_before_or_after),
    "another spelling": _signature(_respell),
    "one character of a value": _signature(_one_character),
    "a value of another place": _signature(_another_value),
    "two values swapped": _signature(_values_swapped),
    "two digests swapped": _signature(_digests_swapped),
    "an algorithm replaced": _signature(_uri_replaced),
    "all digest algorithms replaced": _signature(_all_digest_uris_replaced),
    "another time": _signature(_time_replaced),
    "an edited tree": _signature(_tree_edited),
    "an edited tree, signed anew": _signed_anew,
    "wrapping": _signature(_wrapped),
    "another certificate": _certificate_swapped,
    "another certificate, enrolled": _certificate_swapped_and_enrolled,
    "a certificate that is none": _certificate_of_no_one,
    "an algorithm that is not the key's": _algorithm_misnamed,
    "another's key": _signed_by_another,
    "another time, signed": _time_moved,
    "a bent value": _value_bent,
    "the value of another file": _value_of_another_file,
    "a changed file": _file_changed,
    "an odd file": _odd_file,
    "another question": _told_otherwise,
}
"""Every forgery by its name."""
