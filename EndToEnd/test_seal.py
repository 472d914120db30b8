"""A library that is not ours opens what Sparekey sealed, from the format's description (Sources/EscrowCrypto/SealedRecord.swift).

The private keys and the secret in seal-fixture.json are published test values: they protect nothing.
"""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORDS = json.loads((Path(__file__).parent / "seal-fixture.json").read_text())
CONTEXT_FIELDS = ["device", "keyVersion", "kind", "protector", "volume"]

pytestmark = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["suite"])


class Refused(Exception):
    """The record does not open."""


class P256:
    number, enc_length = 1, 65
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

    @staticmethod
    def keys(raw):
        key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
        return key, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class XWing:
    number, enc_length = 2, 1120
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

    @staticmethod
    def keys(raw):
        # draft-connolly-cfrg-xwing-kem, section 5.2: 64 bytes of the expanded seed are ML-KEM's, the last 32 are X25519's.
        expanded = hashlib.shake_256(raw).digest(96)
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
        public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        return MLKEM768X25519PrivateKey(lattice, curve), public


SUITES = {"P-256": P256, "X-Wing": XWing}


def canonical(context):
    """RFC 8785 of a flat object with ASCII keys is what json writes without spaces and sorted."""
    return json.dumps({**context, "v": 1}, sort_keys=True, separators=(",", ":")).encode()


def open_record(sealed, suite, raw_key, context):
    """Opens a sealed record, or raises Refused."""
    private, public = suite.keys(raw_key)
    suite_number = suite.number.to_bytes(2, "big")
    recipient = hashlib.sha256(b"sparekey/seal/v1/recipient\n" + suite_number + public).digest()[:8]

    if sealed[:4] != b"SKS1":
        raise Refused("magic")
    at, stanzas = 5, {}
    for _ in range(sealed[4]):
        length = int.from_bytes(sealed[at + 10 : at + 12], "big")
        stanzas[sealed[at : at + 8]] = (sealed[at + 8 : at + 10], sealed[at + 12 : at + 12 + length])
        at += 12 + length
    commitment, mac = sealed[at : at + 32], sealed[at + 32 : at + 64]
    header, nonce, payload = sealed[: at + 32], sealed[at + 64 : at + 76], sealed[at + 76 :]
    if recipient not in stanzas:
        raise Refused("recipient")
    number, wrapped = stanzas[recipient]
    if number != suite_number:
        raise Refused("suite")

    info = b"sparekey/seal/v1/data-key\n" + recipient + suite_number + commitment + context
    try:
        data_key = suite.suite.decrypt(wrapped, private, info=info)
    except (InvalidTag, ValueError) as error:
        raise Refused("stanza") from error

    def derived(label):
        label = b"sparekey/seal/v1/" + label + b"\n" + hashlib.sha256(context).digest()
        return HKDFExpand(SHA256(), 32, label).derive(data_key)

    if not hmac.compare_digest(derived(b"commitment"), commitment):
        raise Refused("commitment")
    if not hmac.compare_digest(hmac.digest(derived(b"header"), header, "sha256"), mac):
        raise Refused("header")
    try:
        return AESGCM(derived(b"payload")).decrypt(nonce, payload, context)
    except InvalidTag as error:
        raise Refused("payload") from error


def parts(record):
    context = {field: record[field] for field in CONTEXT_FIELDS}
    return bytes.fromhex(record["sealed"]), SUITES[record["suite"]], bytes.fromhex(record["privateKey"]), context


def test_opens_what_sparekey_sealed(record):
    sealed, suite, key, context = parts(record)
    assert open_record(sealed, suite, key, canonical(context)) == record["secret"].encode()


@pytest.mark.parametrize("field", CONTEXT_FIELDS)
def test_refuses_another_context(record, field):
    sealed, suite, key, context = parts(record)
    context[field] = context[field] + 1 if field == "keyVersion" else context[field][::-1]
    with pytest.raises(Refused, match="stanza"):
        open_record(sealed, suite, key, canonical(context))


def test_refuses_another_key(record):
    sealed, suite, key, context = parts(record)
    with pytest.raises(Refused, match="recipient"):
        open_record(sealed, suite, bytes([key[0] ^ 1]) + key[1:], canonical(context))


def test_refuses_a_change_of_any_byte(record):
    sealed, suite, key, context = parts(record)
    for index in range(5, len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(Refused):
            open_record(changed, suite, key, canonical(context))
