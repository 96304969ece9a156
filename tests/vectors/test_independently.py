"""The vectors judged without the node's code: hashlib, RFC 9162 and RFC 9180 written out, openssl, xmlsec1."""

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

FOLDER = Path(__file__).parent / "protocol"
Load = Callable[[str], dict]


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# --- digests and trees ------------------------------------------------------------------------------------------------


def test_the_digests_of_a_paper_need_nothing_but_sha256(listed: Load) -> None:
    paper = {name: bytes.fromhex(value) for name, value in listed("digests.json")["paper"].items()}
    assert sha256(paper["salt"], sha256(paper["metadata"]), sha256(paper["document"])) == paper["body_digest"]
    assert sha256(b"\x00", sha256(paper["header"]), paper["body_digest"]) == paper["leaf"]


def test_a_receipts_leaf_needs_nothing_but_sha256(listed: Load) -> None:
    for one in listed("digests.json")["receipts"]:
        assert sha256(b"\x00", bytes.fromhex(one["receipt"])).hex() == one["leaf"]


def test_every_path_leads_to_its_root_and_no_refused_one_does(listed: Load) -> None:
    vectors = listed("merkle.json")
    leaves = unhex(vectors["leaves"])
    assert [tree["count"] for tree in vectors["trees"]] == [1, 2, 3, 5, 8, 64]
    for tree in vectors["trees"]:
        assert {"0", str(tree["count"] - 1)} <= set(tree["paths"])
        for index, path in tree["paths"].items():
            assert included(leaves[int(index)], int(index), tree["count"], unhex(path)).hex() == tree["root"]
    for case in vectors["refused"]:
        reached = included(bytes.fromhex(case["leaf"]), case["index"], case["count"], unhex(case["path"]))
        assert reached.hex() != case["root"], case["name"]


def included(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """RFC 9162 2.1.3.2: the root that the path leads to, empty when it cannot."""
    if index >= count or any(len(node) != 32 for node in path):
        return b""
    fn, sn, reached = index, count - 1, leaf
    for node in path:
        if sn == 0:
            return b""
        if fn & 1 or fn == sn:
            reached = sha256(b"\x01", node, reached)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            reached = sha256(b"\x01", reached, node)
        fn, sn = fn >> 1, sn >> 1
    return reached if sn == 0 else b""


def test_every_consistency_proof_holds_and_no_refused_one_does(listed: Load) -> None:
    vectors = listed("consistency.json")
    for which, holds in (("proofs", True), ("refused", False)):
        for case in vectors[which]:
            roots = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
            assert extends(case["from"], case["to"], *roots, unhex(case["proof"])) is holds, case


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = sha256(b"\x01", node, first), sha256(b"\x01", node, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = sha256(b"\x01", second, node)
        fn, sn = fn >> 1, sn >> 1
    return (first, second, sn) == (old_root, new_root, 0)


def test_every_checkpoint_is_signed_over_its_text_and_named_by_its_key(listed: Load) -> None:
    vectors = listed("checkpoint.json")
    public = bytes.fromhex(vectors["public"])
    key = Ed25519PublicKey.from_public_bytes(public)
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["private"])).public_key() == key
    name = f"n2n/v1/{vectors['signer']}/{vectors['partner']}"
    assert sha256(name.encode(), b"\n\x01", public)[:4].hex() == vectors["key_hash"]
    for one in vectors["good"]:
        text, lines = base64.b64decode(one["note"]).split(b"\n\n")
        origin, size, root = text.decode().split("\n")
        assert (origin, int(size), base64.b64decode(root).hex()) == (name, one["size"], one["root"])
        (mine,) = (line for line in lines.decode().splitlines() if line.startswith(f"\u2014 {name} "))
        value = base64.b64decode(mine.split(" ")[2])
        assert value[:4].hex() == vectors["key_hash"]
        key.verify(value[4:], text + b"\n")


def unhex(values: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


# --- boxes ------------------------------------------------------------------------------------------------------------


def test_the_wraps_open_by_rfc_9180_written_out(listed: Load) -> None:
    vectors = listed("hpke.json")
    assert bytes.fromhex(vectors["info"]) == b"n2n/v1 key\x00XA\x00XB"
    assert {one["kem_id"] for one in vectors["wraps"]} == {0x0020, 0x647A}
    for one in vectors["wraps"]:
        private, wrapped = bytes.fromhex(one["recipient_private"]), bytes.fromhex(one["wrapped"])
        enc, text = wrapped[: one["enc_bytes"]], wrapped[one["enc_bytes"] :]
        shared = {0x0020: dhkem_x25519, 0x647A: x_wing}[one["kem_id"]](enc, private)
        suite = b"HPKE" + b"".join(one[name].to_bytes(2, "big") for name in ("kem_id", "kdf_id", "aead_id"))
        assert opened(shared, suite, bytes.fromhex(vectors["info"]), text).hex() == vectors["call_key"]


def dhkem_x25519(enc: bytes, private: bytes) -> bytes:
    """RFC 9180 4.1, Decap."""
    key = X25519PrivateKey.from_private_bytes(private)
    prk = labelled_extract(b"", b"KEM\x00\x20", b"eae_prk", key.exchange(X25519PublicKey.from_public_bytes(enc)))
    context = enc + key.public_key().public_bytes_raw()
    return labelled_expand(prk, b"KEM\x00\x20", b"shared_secret", context, 32)


def x_wing(enc: bytes, private: bytes) -> bytes:
    """X-Wing: SHA3-256 over both secrets, the X25519 share and key, and its label."""
    ciphertext, share = enc[:1088], enc[1088:]
    key = X25519PrivateKey.from_private_bytes(private[64:])
    of_mlkem = MLKEM768PrivateKey.from_seed_bytes(private[:64]).decapsulate(ciphertext)
    of_x25519 = key.exchange(X25519PublicKey.from_public_bytes(share))
    public = key.public_key().public_bytes_raw()
    return hashlib.sha3_256(of_mlkem + of_x25519 + share + public + rb"\.//^" + b"\\").digest()


def opened(shared: bytes, suite: bytes, info: bytes, text: bytes) -> bytes:
    """RFC 9180 5.1 and 5.2: base mode, the first message, no associated data."""
    context = (
        b"\x00" + labelled_extract(b"", suite, b"psk_id_hash", b"") + labelled_extract(b"", suite, b"info_hash", info)
    )
    secret = labelled_extract(shared, suite, b"secret", b"")
    key = labelled_expand(secret, suite, b"key", context, 32)
    return AESGCM(key).decrypt(labelled_expand(secret, suite, b"base_nonce", context, 12), text, b"")


def labelled_extract(salt: bytes, suite: bytes, label: bytes, data: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + data, "sha256")


def labelled_expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\x01", "sha256")[:length]


def test_the_body_opens_by_rfc_5869_written_out(listed: Load) -> None:
    vector = {name: bytes.fromhex(value) for name, value in listed("sealed-body.json").items() if name != "refused"}
    key = hmac.digest(hmac.digest(vector["leaf"], vector["call_key"], "sha256"), b"n2n/v1 body\x01", "sha256")
    assert key == vector["body_key"]
    assert vector["sealed_body"][:12] == vector["nonce"]
    assert AESGCM(key).decrypt(vector["nonce"], vector["sealed_body"][12:], vector["leaf"]) == vector["body"]


# --- signatures -------------------------------------------------------------------------------------------------------

needs = {
    tool: pytest.mark.skipif(shutil.which(tool) is None, reason=f"apt-get install {tool}")
    for tool in ("xmlsec1", "openssl")
}
SHOWN_TO_XMLSEC = (
    ("seal", "seal.xml", "seal.sig.xml", "xa-sign"),
    ("document", "document.xml", "ecdsa-p256-sha256.sig.xml", "xa-sign"),
    ("document", "document.xml", "ecdsa-p384-sha384.sig.xml", "xa-sign-p384"),
    ("document", "document.xml", "rsa-3072-pkcs1-sha256.sig.xml", "xa-sign-rsa"),
    ("document", "document.json", "json.sig.xml", "xa-sign"),
    ("key-statement", "statement.xml", "statement.sig.xml", "xb-sign"),
)


@needs["xmlsec1"]
@pytest.mark.parametrize(("folder", "name", "signature", "signer"), SHOWN_TO_XMLSEC)
def test_a_second_engine_verifies_the_signature_and_no_other_content(
    folder: str, name: str, signature: str, signer: str, tmp_path: Path
) -> None:
    content = (FOLDER / folder / name).read_bytes()
    # The engine finds the file by the name that the Reference gives it.
    known_as = name if name.startswith(("seal", "document")) else "document.xml"
    for octets, verdict in ((content, 0), (content + b" ", 1)):
        (tmp_path / known_as).write_bytes(octets)
        command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(FOLDER / f"certificates/{signer}.pem")]
        command += ["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
        command += ["--id-attr:Id", "http://www.w3.org/2000/09/xmldsig#:KeyInfo", str(FOLDER / folder / signature)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == verdict, done.stderr.decode()


@needs["openssl"]
def test_the_pss_signature_verifies_over_canonical_signed_info(tmp_path: Path) -> None:
    tree = etree.fromstring((FOLDER / "document/rsa-3072-pss-sha256.sig.xml").read_bytes())
    ds = "{http://www.w3.org/2000/09/xmldsig#}"
    info = next(tree.iter(ds + "SignedInfo"))
    value = base64.b64decode(next(tree.iter(ds + "SignatureValue")).text)
    (tmp_path / "info").write_bytes(etree.tostring(info, method="c14n"))
    (tmp_path / "value").write_bytes(value)
    certificate = str(FOLDER / "certificates/xa-sign-rsa.pem")
    public = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True, check=True
    )
    (tmp_path / "key").write_bytes(public.stdout)
    pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    command = ["openssl", "dgst", "-sha256", "-verify", "key", *pss, "-signature", "value", "info"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


@needs["openssl"]
def test_every_certificate_comes_from_its_authority() -> None:
    for code in ("xa", "xb"):
        leaves = sorted(FOLDER.glob(f"certificates/{code}-*.pem"))
        ca = FOLDER / f"certificates/{code}-ca.pem"
        command = ["openssl", "verify", "-x509_strict", "-attime", "1795358106", "-CAfile", str(ca), *map(str, leaves)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.count(": OK") == len(leaves) >= 3


def test_the_test_keys_belong_to_the_certificates() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    keys = json.loads((FOLDER / "keys.json").read_bytes())
    assert "TEST ONLY" in keys["warning"]
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
    for path in FOLDER.glob("certificates/*.pem"):
        told = keys[path.stem]
        public = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
        if "curve" in told:
            assert ec.derive_private_key(int(told["private"], 16), curves[told["curve"]]).public_key() == public
        else:
            assert public == rsa.RSAPublicNumbers(told["e"], int(told["p"], 16) * int(told["q"], 16)).public_key()
