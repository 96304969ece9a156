"""Certificates are written off on both sides, once, exactly, and never beyond what they certify."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from uses_lab import TEA, account, left, line, quantity, taken_back, use_of

from node.documents import samples
from node.errors import (
    CertificateEnded,
    CertificateOverUsed,
    CertificateUnknown,
    NoAnswer,
    PaperRefused,
    UseMismatch,
    UseNumberTaken,
    UseUnknown,
)
from node.flows import acts, inbound, outbound, parking, use_effects
from node.flows.outbound import Accepted, Submission
from node.flows.ports import ActorName
from node.model.exchange import Direction, State
from node.model.uses import Life
from node.store import actors, retention
from node.wire import receipt_from_bytes

IN, OUT = Direction.IN, Direction.OUT
CLERK = ActorName("clerk", "human")


@pytest.fixture
def tea(pair) -> bytes:
    """XA's certificate, which XB holds."""
    pair.xa.hand_in(TEA, "XB", key="tea")
    pair.cross()
    return TEA


def both(pair) -> tuple[Decimal, Decimal]:
    """What is left of the tea, by XB's ledger and by XA's."""
    return left(pair.xb, "XA", IN, TEA), left(pair.xa, "XB", OUT, TEA)


def trusting(monkeypatch, country, content: bytes, key: str) -> str:
    """Hand in a use at a node whose own ledger says yes to everything: what is left is the partner's judgement."""
    with monkeypatch.context() as patch:
        patch.setattr(use_effects.UseEffects, "unfit", lambda *_: None)
        patch.setattr(use_effects.UseEffects, "apply", lambda *_: None)
        return country.hand_in(content, "XA", key)


def findings(country, exchange: str) -> list[tuple[str, str, str]]:
    receipt = receipt_from_bytes(country.receipt(exchange).signed.receipt)
    return [(one.code, one.path, one.rule) for one in receipt.findings]


def test_a_use_is_written_off_on_both_sides(pair, tea) -> None:
    use = pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    assert both(pair) == (360, 480)
    pair.xb.work()
    assert both(pair) == (360, 360)
    assert pair.xb.exchange(use).state is State.DELIVERED


def test_fractions_are_exact(pair, tea) -> None:
    for number in range(10):
        pair.xb.hand_in(use_of(tea, f"U-{number}", lines=[line("1", "0.1")]), "XA", f"u{number}")
    pair.xb.work()
    assert both(pair) == (479, 479)


def test_a_certificate_is_written_off_by_value_too(pair, tea) -> None:
    value = {"amount": "14422.50", "currency": "USD"}
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "320.5", value=value)]), "XA", "u1")
    pair.xb.work()
    for country, partner, direction in ((pair.xb, "XA", IN), (pair.xa, "XB", OUT)):
        assert left(country, partner, direction, tea, "value") == Decimal("7177.50")
        assert left(country, partner, direction, tea) == Decimal("159.5")
    over = use_of(tea, "U-2", lines=[{"item": "1", "value": {"amount": "7177.51", "currency": "USD"}}])
    with pytest.raises(CertificateOverUsed):
        pair.xb.hand_in(over, "XA", "u2")


def test_over_use_is_refused_where_it_is_handed_in(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "400")]), "XA", "u1")
    with pytest.raises(CertificateOverUsed) as refusal:
        pair.xb.hand_in(use_of(tea, "U-2", lines=[line("1", "80.000001")]), "XA", "u2")
    assert "80" not in str(refusal.value)
    pair.xb.hand_in(use_of(tea, "U-2", lines=[line("1", "80")]), "XA", "u2")
    pair.xb.work()
    assert both(pair) == (0, 0)


def test_two_uses_handed_in_together_are_judged_one_after_the_other(pair, tea) -> None:
    submissions = [Submission(use_of(tea, f"U-{n}", lines=[line("1", "300")]), "XA", f"u{n}") for n in (1, 2)]
    first, second = outbound.accept(pair.xb.wired.node, submissions, CLERK)
    assert isinstance(first, Accepted)
    assert isinstance(second, CertificateOverUsed)
    assert both(pair)[0] == 180


def test_the_lines_of_one_use_are_summed(pair, tea) -> None:
    with pytest.raises(CertificateOverUsed):
        pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "300"), line("1", "181")]), "XA", "u1")
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "300"), line("1", "180")]), "XA", "u1")
    assert both(pair)[0] == 0


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ({"lines": [line("2", "1")]}, UseMismatch),
        ({"lines": [line("1", "1", "GRM")]}, UseMismatch),
        ({"lines": [{"item": "1", "value": {"amount": "1", "currency": "EUR"}}]}, UseMismatch),
        ({"certificate": {"kind": "certificate_of_origin", "issuer": "X", "number": "N", "sha256": "0" * 64}},
         CertificateUnknown),
    ],
    ids=["no such item", "other unit", "other currency", "no such certificate"],
)  # fmt: skip
def test_a_use_that_does_not_fit_is_refused_on_both_sides(pair, tea, monkeypatch, parts, refusal) -> None:
    with pytest.raises(refusal):
        pair.xb.hand_in(use_of(tea, "U-1", **parts), "XA", "u1")
    forced = trusting(monkeypatch, pair.xb, use_of(tea, "U-1", **parts), "u1")
    pair.xb.work()
    assert pair.xb.exchange(forced).state is State.REFUSED
    assert [code for code, _, _ in findings(pair.xb, forced)] == ["EFFECT"]
    assert both(pair) == (480, 480)


def test_a_digest_with_another_name_is_no_certificate(pair, tea) -> None:
    content = use_of(tea, "U-1").replace(b"XA-115-CO-0093127", b"XA-115-CO-0093128")
    with pytest.raises(CertificateUnknown):
        pair.xb.hand_in(content, "XA", "u1")


def test_the_issuing_side_does_not_trust_the_importing_side(pair, tea, monkeypatch) -> None:
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "400")]), "XA", "u1")
    pair.xb.work()
    forced = trusting(monkeypatch, pair.xb, use_of(tea, "U-2", lines=[line("1", "81")]), "u2")
    pair.xb.work()
    assert pair.xb.exchange(forced).state is State.REFUSED
    (found,) = findings(pair.xb, forced)
    assert found == ("EFFECT", "/CertificateUse/lines[1]/quantity/amount", "more than is left of this item")
    assert {"object": pair.xb.exchange(forced).message_id, "code": CertificateOverUsed.code} in pair.xa.audited(
        "refused"
    )
    assert both(pair) == (80, 80)


def test_two_uses_in_one_call_are_judged_one_after_the_other_by_the_issuing_side(pair, tea, monkeypatch) -> None:
    first, second = (
        trusting(monkeypatch, pair.xb, use_of(tea, f"U-{n}", lines=[line("1", "300")]), f"u{n}") for n in (1, 2)
    )
    pair.xb.work()
    assert len(pair.xb.road.carried) == 1
    states = {pair.xb.exchange(one).state for one in (first, second)}
    assert states == {State.DELIVERED, State.REFUSED}
    assert both(pair)[1] == 180


def test_the_same_use_again_has_one_effect(pair, tea) -> None:
    content = use_of(tea, "U-1")
    first, again = pair.xb.hand_in(content, "XA", "u1"), pair.xb.hand_in(content, "XA", "u1")
    other_key = pair.xb.hand_in(content, "XA", "u1-again")
    assert first == again != other_key
    pair.xb.work()
    assert {pair.xb.exchange(one).state for one in (first, other_key)} == {State.DELIVERED}
    assert both(pair) == (360, 360)


def test_a_use_number_with_other_content_is_refused(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    with pytest.raises(UseNumberTaken):
        pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "121")]), "XA", "u2")


def test_a_use_taken_back_is_free_once_the_issuing_side_has_taken_that(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    withdrawal = pair.xb.hand_in(taken_back(tea, "U-1"), "XA", "w1")
    assert both(pair)[0] == 360
    pair.xb.work()
    assert pair.xb.exchange(withdrawal).state is State.DELIVERED
    assert both(pair) == (480, 480)
    repeated = pair.xb.hand_in(taken_back(tea, "U-1"), "XA", "w1-again")
    pair.xb.work()
    assert pair.xb.exchange(repeated).state is State.DELIVERED
    assert both(pair) == (480, 480)


def test_a_use_is_taken_back_in_one_way_only_and_never_used_again(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    with pytest.raises(UseUnknown):
        pair.xb.hand_in(taken_back(tea, "U-2"), "XA", "w0")
    pair.xb.hand_in(taken_back(tea, "U-1"), "XA", "w1")
    with pytest.raises(UseNumberTaken):
        pair.xb.hand_in(taken_back(tea, "U-1", "For another reason."), "XA", "w2")
    pair.xb.work()
    with pytest.raises(UseNumberTaken):
        pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1-later")
    assert both(pair) == (480, 480)


def test_what_the_partner_refuses_is_given_back(pair, tea) -> None:
    """The issuer withdraws its certificate while the use is on its way; only the issuing side can know."""
    pair.xb.road.cut = True
    use = pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    withdrawn = tea.replace(
        b"<Status>issued</Status>", b"<Status>withdrawn</Status><StatusReason>Wrong goods.</StatusReason>"
    )
    pair.xa.hand_in(withdrawn, "XB", "tea-withdrawn")
    pair.xb.road.cut = False
    pair.xb.next_try()
    assert pair.xb.exchange(use).state is State.REFUSED
    assert findings(pair.xb, use)[0][2] == "not in force: its issuer withdrew it"
    assert both(pair) == (480, 480)
    pair.xa.work()
    with pytest.raises(CertificateEnded) as refusal:
        pair.xb.hand_in(use_of(tea, "U-2"), "XA", "u2")
    assert "withdrawn" in str(refusal.value)
    assert account(pair.xb, "XA", IN, tea).life is Life.WITHDRAWN


def test_a_refused_use_may_be_corrected_under_its_number(pair, tea, monkeypatch) -> None:
    pair.xa.hand_in(samples.sample("certificate_of_origin", "machine_parts"), "XB", "parts")
    pair.cross()
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "480")]), "XA", "u1")
    pair.xb.work()
    forced = trusting(monkeypatch, pair.xb, use_of(tea, "U-2"), "u2")
    pair.xb.work()
    assert pair.xb.exchange(forced).state is State.REFUSED
    parts = samples.sample("certificate_of_origin", "machine_parts")
    corrected = pair.xb.hand_in(use_of(parts, "U-2", lines=[line("1", "2", "C62")]), "XA", "u2-corrected")
    pair.xb.work()
    assert pair.xb.exchange(corrected).state is State.DELIVERED


def test_what_expires_unsent_is_given_back(pair, tea) -> None:
    pair.xb.road.cut = True
    use = pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    assert both(pair) == (360, 480)
    while pair.xb.exchange(use).state not in (State.EXPIRED, State.PARKED):
        pair.xb.next_try()
    assert pair.xb.exchange(use).state is State.PARKED
    assert both(pair) == (360, 480)
    pair.xb.clock.advance(timedelta(days=8))
    pair.xb.road.cut = False
    parking.resume(pair.xb.wired.node, [use], CLERK)
    pair.xb.work()
    assert pair.xb.exchange(use).state is State.EXPIRED
    assert both(pair) == (480, 480)


def test_a_lost_answer_counts_once(pair, tea) -> None:
    pair.xb.road.loses_answers = 1
    use = pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    assert pair.xb.exchange(use).state is State.UNRESOLVED
    assert both(pair) == (360, 360)
    pair.xb.next_try()
    assert pair.xb.exchange(use).state is State.DELIVERED
    assert both(pair) == (360, 360)


def test_a_replacement_inherits_what_was_used(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "400")]), "XA", "u1")
    pair.xb.work()
    replacement = samples.sample("certificate_of_origin", "tea_replacement")
    pair.xa.hand_in(replacement, "XB", "replacement")
    pair.cross()
    assert left(pair.xb, "XA", IN, replacement) == left(pair.xa, "XB", OUT, replacement) == 86
    with pytest.raises(CertificateEnded):
        pair.xb.hand_in(use_of(tea, "U-2", lines=[line("1", "1")]), "XA", "u2")
    with pytest.raises(CertificateOverUsed):
        pair.xb.hand_in(use_of(replacement, "U-2", lines=[line("1", "87")]), "XA", "u2")
    pair.xb.hand_in(use_of(replacement, "U-2", lines=[line("1", "86")]), "XA", "u2")
    pair.xb.work()
    assert left(pair.xb, "XA", IN, replacement) == left(pair.xa, "XB", OUT, replacement) == 0


def test_a_certificate_is_not_used_after_it_expired(pair) -> None:
    parts = samples.sample("certificate_of_origin", "machine_parts")
    pair.xa.hand_in(parts, "XB", "parts")
    pair.cross()
    lines = [line("1", "1", "C62")]
    with pytest.raises(CertificateEnded):
        pair.xb.hand_in(use_of(parts, "U-1", date="2027-11-13", lines=lines), "XA", "u1")
    pair.xb.hand_in(use_of(parts, "U-1", date="2027-11-12", lines=lines), "XA", "u1")


@pytest.mark.parametrize(
    ("kind", "sample", "unit", "whole"),
    [("phytosanitary_certificate", "orchids", "KGM", "412.5"), ("inspection_result", "juicers", "C62", "1200")],
)
def test_other_certificates_are_written_off_too(pair, kind, sample, unit, whole) -> None:
    certificate = samples.sample(kind, sample)
    pair.xa.hand_in(certificate, "XB", "certificate")
    pair.cross()
    pair.xb.hand_in(use_of(certificate, "U-1", lines=[line("1", whole, unit)]), "XA", "u1")
    pair.xb.work()
    balance = account(pair.xa, "XB", OUT, certificate)
    assert quantity(balance).left == 0
    assert balance.certificate.kind == kind


def test_what_was_certified_is_known_after_its_body_was_purged(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    clock = pair.xa.clock

    def purge(tx) -> int:
        actor = actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, clock.now())
        return retention.purge_bodies(tx, clock.now() + timedelta(days=1), actor, "retention", clock.now())

    assert pair.xa.wired.node.store.write(purge) > 0
    pair.xb.hand_in(use_of(tea, "U-2", lines=[line("1", "360")]), "XA", "u2")
    pair.xb.work()
    assert both(pair) == (0, 0)


def test_uses_survive_a_restart(pair, tea, reopen) -> None:
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "480")]), "XA", "u1")
    reopen(pair.xb)
    with pytest.raises(CertificateOverUsed):
        pair.xb.hand_in(use_of(tea, "U-2", lines=[line("1", "1")]), "XA", "u2")


def test_the_hub_of_the_issuing_side_gets_the_use(pair, tea) -> None:
    content = use_of(tea, "U-1")
    pair.xb.hand_in(content, "XA", "u1")
    pair.xb.work()
    pair.xa.work()
    assert content in pair.xa.hub_has()


def test_a_use_without_declaration_is_no_use(pair, tea) -> None:
    with pytest.raises(PaperRefused):
        pair.xb.hand_in(use_of(tea, "U-1", declarations=None), "XA", "u1")


def test_a_replacement_in_another_unit_than_what_was_used_before_cannot_be_used(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "400")]), "XA", "u1")
    pair.xb.work()
    sample = samples.sample("certificate_of_origin", "tea_replacement")
    replacement = sample.replace(b'<NetWeight unit="KGM">486<', b'<NetWeight unit="LBR">1071<', 1)
    assert replacement != sample
    pair.xa.hand_in(replacement, "XB", "replacement")
    pair.cross()
    with pytest.raises(UseMismatch, match="used before in another unit"):
        pair.xb.hand_in(use_of(replacement, "U-2", lines=[line("1", "1", "LBR")]), "XA", "u2")


def test_a_defect_in_a_ledger_takes_no_neighbour_along(monkeypatch, pair, tea) -> None:
    uses = [pair.xb.hand_in(use_of(tea, f"U-{n}"), "XA", f"u{n}") for n in range(2)]
    sound = use_effects.UseEffects.unfit

    def broken(self, tx, partner, direction, effect, earlier) -> object:
        if effect.number == "U-0":
            raise ZeroDivisionError
        return sound(self, tx, partner, direction, effect, earlier)

    with monkeypatch.context() as patch:
        patch.setattr(use_effects.UseEffects, "unfit", broken)
        pair.xb.work()
    assert pair.xb.exchange(uses[0]).state is not State.DELIVERED
    assert pair.xb.exchange(uses[1]).state is State.DELIVERED
    pair.xb.clock.advance(timedelta(hours=1))
    pair.xb.work()
    assert pair.xb.exchange(uses[0]).state is State.DELIVERED
    assert both(pair) == (240, 240)


def test_a_use_that_is_cancelled_before_it_was_sent_is_free_again(pair, tea) -> None:
    use = pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "480")]), "XA", "u1")
    assert both(pair) == (0, 480)
    (done,) = acts.perform(pair.xb.wired.node, acts.Act.CANCEL, [use], CLERK, "wrong declaration")
    assert done.after is State.CANCELLED
    assert both(pair) == (480, 480)
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "470")]), "XA", "u2")
    pair.xb.work()
    assert both(pair) == (10, 10)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_use_that_may_have_been_sent_is_free_again_only_with_the_partners_signed_absent(pair, tea, arrived) -> None:
    if not arrived:
        pair.xb.road.tamper = lambda request: replace(
            request, envelopes=tuple(replace(one, body_digest=bytes(32)) for one in request.envelopes)
        )
    pair.xb.road.loses_answers = 1
    use = pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    (done,) = acts.perform(pair.xb.wired.node, acts.Act.CANCEL, [use], CLERK, "wrong declaration")
    assert done.asked
    assert both(pair)[0] == 360, "nobody knows yet"
    pair.cross()
    pair.xb.work()
    assert pair.xb.exchange(use).state is (State.DELIVERED if arrived else State.CANCELLED)
    assert both(pair) == ((360, 360) if arrived else (480, 480))


def test_a_withdrawal_that_is_cancelled_leaves_the_use_to_be_taken_back_in_other_words(pair, tea) -> None:
    pair.xb.hand_in(use_of(tea, "U-1"), "XA", "u1")
    pair.xb.work()
    back = pair.xb.hand_in(taken_back(tea, "U-1"), "XA", "w1")
    acts.perform(pair.xb.wired.node, acts.Act.CANCEL, [back], CLERK, "the reason is another")
    assert both(pair) == (360, 360)
    pair.xb.hand_in(taken_back(tea, "U-1", "Goods were never released."), "XA", "w2")
    pair.xb.work()
    assert both(pair) == (480, 480)


def test_a_use_of_a_certificate_that_its_issuing_side_did_not_even_seal_is_put_off(pair, monkeypatch) -> None:
    pair.xa.hand_in(TEA, "XB", key="tea")
    use = trusting(monkeypatch, pair.xb, use_of(TEA, "U-1"), "u1")
    pair.xb.work()
    assert pair.xb.exchange(use).state is State.SEALED, "put off, not refused"
    pair.xa.work()
    pair.xb.later(hours=1)
    assert pair.xb.exchange(use).state is State.DELIVERED
    assert left(pair.xa, "XB", OUT, TEA) == 360


def test_a_use_that_was_handed_in_twice_is_free_when_the_last_of_both_is_cancelled(pair, tea) -> None:
    twice = [pair.xb.hand_in(use_of(tea, "U-1"), "XA", key) for key in ("u1", "u2")]
    for one, free in zip(twice, (360, 480), strict=True):
        assert acts.perform(pair.xb.wired.node, acts.Act.CANCEL, [one], CLERK, "")[0].error is None
        assert both(pair) == (free, 480)


def test_two_uses_that_are_judged_at_the_same_moment_are_not_both_taken(pair, tea, monkeypatch) -> None:
    caught = []

    def catch(request) -> object:
        caught.append(request)
        raise NoAnswer(partner="XA", seconds="1")

    pair.xb.road.tamper = catch
    trusting(monkeypatch, pair.xb, use_of(tea, "U-1", lines=[line("1", "300")]), "u1")
    pair.xb.work()
    pair.xb.road.tamper = lambda request: request
    commit = inbound.commit

    def meanwhile(node, caller, rulings, *rest: object) -> object:
        if any(getattr(one, "has_effect", False) for one in rulings.values()):
            monkeypatch.setattr(inbound, "commit", commit)
            pair.xa.wired.door.deliver("XB", caught[0])
        return commit(node, caller, rulings, *rest)

    monkeypatch.setattr(inbound, "commit", meanwhile)
    second = trusting(monkeypatch, pair.xb, use_of(tea, "U-2", lines=[line("1", "300")]), "u2")
    pair.xb.work()
    assert left(pair.xa, "XB", OUT, tea) == 180
    assert pair.xb.exchange(second).state is State.SEALED, "judged anew, and put off"
    pair.xb.later(hours=1)
    assert pair.xb.exchange(second).state is State.REFUSED
