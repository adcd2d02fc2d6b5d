"""Certificates: what they say of any past moment, and that anybody can verify them."""

import base64
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import text

from marketplace.accounts.signing_keys.models import KeyPurpose
from marketplace.accounts.signing_keys.service import forget_retired, rotate
from marketplace.assets.encumbrances.certificates.verifying import verify_certificate
from marketplace.assets.encumbrances.errors import InvalidCertificateError
from tests.assets.encumbrances.test_encumbrances import (
    entry,
    grant,
    licence,
    patent,
    pledge_entry,
    record,
)
from tests.factories.deals import Market, ok
from tests.factories.pdf import texts
from tests.factories.people import Person
from tests.factories.refusals import told
from tests.factories.register import tell


async def certify(who: Person, right_id: str, **asked: Any) -> Any:
    return await who.post(f"/v1/rights/{right_id}/encumbrance-certificates", asked)


async def published(market: Market) -> bytes:
    answer = await market.world.client.get("/v1/certificate-keys")
    assert answer.status_code == 200
    return answer.content


async def test_a_certificate_says_who_owns_what_burdened_by_whom(market: Market) -> None:
    right_id = await patent(market)
    await ok(await grant(market, right_id, licence(market.buyer, territories=["KR"], claims=[1])))
    await ok(await record(market, right_id, pledge_entry(market.stranger, "2")))
    await ok(await record(market, right_id, entry("1", kind="attachment")))
    issued = await ok(await certify(market.seller, right_id))
    content = issued["content"]
    assert content["right"]["numbers"][0].startswith("KR 10-")
    assert content["legal_status"] == "in_force"
    assert content["owners"] == [
        {"organisation_id": str(market.seller.organisation_id), "name": "Seller", "share": "1/1"}
    ]
    shown = [(one["rank"], one["kind"], one["holder_name"]) for one in content["encumbrances"]]
    assert shown == [
        (1, "attachment", "서울중앙지방법원"),
        (2, "pledge", "Stranger"),
        (None, "exclusive", "Buyer"),
    ]
    assert content["encumbrances"][1]["secured"] == {"amount_minor": 40_000_000, "currency": "KRW"}
    assert content["encumbrances"][2]["scope"]["claims"] == [1]
    again = await ok(await market.seller.get(f"/v1/encumbrance-certificates/{issued['id']}"))
    assert again == issued


async def test_only_the_owner_and_the_operator_get_one(market: Market) -> None:
    right_id = await patent(market)
    await ok(await grant(market, right_id, licence(market.buyer)))
    issued = await ok(await certify(market.seller, right_id))
    assert (await certify(market.operator, right_id)).status_code == 201
    for who in (market.buyer, market.stranger):
        assert told(await certify(who, right_id)) == (404, "not_found")
        for path in ("", "/pdf"):
            read = await who.get(f"/v1/encumbrance-certificates/{issued['id']}{path}")
            assert told(read) == (404, "not_found")
    future = {"known_at": "2999-01-01T00:00:00Z"}
    assert told(await certify(market.seller, right_id, **future)) == (422, "future_moment")


async def test_it_says_what_hangs_over_the_right_and_what_nobody_knew(market: Market) -> None:
    right_id = await patent(market)
    await tell(market.operator, right_id, "filed", "2020-01-15")
    await tell(market.operator, right_id, "granted", "2022-01-15")
    await tell(market.operator, right_id, "attached", "2024-01-05")
    await tell(market.operator, right_id, "challenged", "2024-02-05")
    await tell(market.operator, right_id, "invalidated", "2024-03-05", claims=[3, 2])
    issued = await ok(await certify(market.seller, right_id))
    hanging = {
        "last_day": "2040-01-15",
        "restrained_since": "2024-01-05",
        "challenged_since": "2024-02-05",
        "invalid_claims": [2, 3],
    }
    assert hanging.items() <= issued["content"].items()
    path = f"/v1/encumbrance-certificates/{issued['id']}/pdf"
    said = texts((await market.seller.get(path)).content)
    for shown in ("2040-01-15", "2024-01-05", "2024-02-05", "2, 3", "Owner of 1/1", "Page 1 of 1"):
        assert shown in said, shown

    early = await ok(await certify(market.seller, right_id, valid_at="1990-01-01T00:00:00Z"))
    assert (early["content"]["legal_status"], early["content"]["owners"]) == ("not_known", [])
    assert early["content"]["restrained_since"] is None
    later = await ok(await certify(market.seller, right_id, valid_at="2021-01-01T00:00:00Z"))
    assert later["content"]["legal_status"] == "pending"


async def test_who_holds_what_is_registered_gets_one_of_what_the_register_shows(
    market: Market,
) -> None:
    right_id = await patent(market)
    await ok(await grant(market, right_id, licence(market.buyer, "non_exclusive")))
    await ok(await record(market, right_id, pledge_entry(market.stranger, "2")))
    for who, extent, kinds in (
        (market.stranger, "registered", ["pledge"]),
        (market.seller, "everything", ["pledge", "non_exclusive"]),
    ):
        content = (await ok(await certify(who, right_id)))["content"]
        assert content["extent"] == extent
        assert [one["kind"] for one in content["encumbrances"]] == kinds
    assert told(await certify(market.buyer, right_id)) == (404, "not_found")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify_by_hand(compact: str, key: dict[str, str]) -> None:
    """ECDSA over P-256, as RFC 7515 describes it, with no JOSE library at all."""
    signed, _, signature = compact.rpartition(".")
    r, s = decoded(signature)[:32], decoded(signature)[32:]
    x, y = (int.from_bytes(decoded(key[name])) for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    public.verify(der, signed.encode(), ec.ECDSA(SHA256()))


async def test_anybody_verifies_it_offline_with_any_jose_library(market: Market) -> None:
    issued = await ok(await certify(market.seller, await patent(market)))
    keys = await published(market)
    found = json.loads(keys)
    checked = jws.deserialize_compact(
        issued["jws"], KeySet.import_key_set(found), algorithms=["ES256"]
    )
    assert json.loads(checked.payload) == issued["content"]
    assert "d" not in found["keys"][0]
    verify_by_hand(issued["jws"], found["keys"][0])
    for file in (issued["jws"].encode(), json.dumps(issued).encode()):
        assert verify_certificate(file, keys) == issued["content"]


async def test_a_changed_certificate_does_not_verify(market: Market) -> None:
    issued = await ok(await certify(market.seller, await patent(market)))
    keys, compact = await published(market), issued["jws"]
    header, payload, signature = compact.split(".")
    other = await ok(await certify(market.seller, await patent(market)))
    for wrong in (
        f"{header}.{other['jws'].split('.')[1]}.{signature}",
        f"{header}.{payload}.{other['jws'].split('.')[2]}",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        "nothing of the kind",
    ):
        with pytest.raises(InvalidCertificateError):
            verify_certificate(wrong.encode(), keys)
    with pytest.raises(InvalidCertificateError, match="JWK set"):
        verify_certificate(compact.encode(), b"[]")


async def test_the_paper_says_the_same_and_verifies_as_it_is(market: Market) -> None:
    title = "이중 양도 방지 方法 防止二重譲渡の方法 (Ünïcode)"
    right_id = await patent(market, title=title)
    body = licence(market.buyer, "non_exclusive", territories=["JP"], claims=list(range(1, 40)))
    for _ in range(40):
        await ok(await grant(market, right_id, body))
    await ok(await record(market, right_id, entry("1")))
    issued = await ok(await certify(market.seller, right_id))
    path = f"/v1/encumbrance-certificates/{issued['id']}/pdf"
    answer = await market.seller.get(path)
    assert answer.headers["content-type"] == "application/pdf"
    file, keys = answer.content, await published(market)
    said = texts(file)
    assert "서울중앙지방법원" in said
    assert "이중" in said
    assert "2026-1" in said
    assert len(re.findall(rb"/Type /Page\b", file)) > 3
    assert verify_certificate(file, keys) == issued["content"]
    assert (await market.seller.get(path)).content == file
    forged = file.replace(b"%PDF-1.", b"%PDF-2.")
    with pytest.raises(InvalidCertificateError, match="printed"):
        verify_certificate(forged, keys)


async def test_certificates_outlive_the_keys_of_tokens_and_their_own(market: Market) -> None:
    right_id, world = await patent(market), market.world
    keyring, before = world.app.state.keyring, await ok(await certify(market.seller, right_id))
    tokens = (await world.client.get("/oauth/jwks")).json()
    async with world.sessions.begin() as session:
        await rotate(session, keyring, KeyPurpose.CERTIFICATES, compromised=False)
        long_ago = text("UPDATE signing_key SET retired_at = '2020-01-01' WHERE NOT signs")
        await session.execute(long_ago)
        await forget_retired(session)
    after = await ok(await certify(market.seller, right_id))
    keys = await published(market)
    for issued in (before, after):
        assert verify_certificate(issued["jws"].encode(), keys) == issued["content"]
    assert (await world.client.get("/oauth/jwks")).json() == tokens
    assert not {key["kid"] for key in tokens["keys"]} & {
        key["kid"] for key in json.loads(keys)["keys"]
    }
    async with world.sessions.begin() as session:
        await rotate(session, keyring, KeyPurpose.CERTIFICATES, compromised=True)
    with pytest.raises(InvalidCertificateError, match="present ones"):
        verify_certificate(after["jws"].encode(), await published(market))
