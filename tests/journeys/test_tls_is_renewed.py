"""A renewed TLS certificate comes into use without restart (protocol 1)."""

import pytest

from node.crypto.keys import Role
from node.errors import KeyFileUnusable, KeyRolesShared
from node.sandbox import dev_pki

XA = "XA"


def put(country, credential) -> None:
    files = country.wired.settings.keys
    files.tls_key.unlink()
    credential.write(files.tls_key, files.tls_certificate)


def test_what_lies_in_the_home_is_shown_from_the_next_handshake_on(pair, pki, clock) -> None:
    tls = pair.xa.wired.tls
    before = tls.now.fingerprint
    assert tls.renew(pair.xa.wired.node.keys) is False
    put(pair.xa, dev_pki.mint(pki, XA, Role.TLS, clock.now()))
    assert tls.renew(pair.xa.wired.node.keys) is True
    assert tls.now.fingerprint != before


def test_a_certificate_for_another_role_is_not_taken_and_the_old_one_stays(pair, pki, clock) -> None:
    tls = pair.xa.wired.tls
    before = tls.now.fingerprint
    put(pair.xa, dev_pki.mint(pki, XA, Role.SIGN, clock.now()))
    with pytest.raises(KeyFileUnusable):
        tls.renew(pair.xa.wired.node.keys)
    assert tls.now.fingerprint == before


def test_the_sign_key_is_not_taken_for_tls(pair, pki, clock) -> None:
    tls = pair.xa.wired.tls
    shared = dev_pki.mint(pki, XA, Role.TLS, clock.now(), private_key=pair.xa.wired.node.keys.sign.private_key)
    put(pair.xa, shared)
    with pytest.raises(KeyRolesShared):
        tls.renew(pair.xa.wired.node.keys)
