"""The judges judged: each opener opens volumes made by Windows with the right key and refuses others.

Without this, a broken opener that always refuses would let every "refuses the old password" test pass.
"""

import re
import zlib

import pytest

from openers import OPENERS, libbde_opens

# Each opener's known gaps (see openers.py) decide what it is asked.
WITH_RECOVERY_PASSWORD = [
    "bitlk-aes-cbc-128.img",
    "bitlk-aes-cbc-elephant-128.img",
    "bitlk-aes-xts-128.img",
    "bitlk-aes-xts-256.img",
    "bitlk-togo-aes-xts-128.img",
    "bitlk-aes-xts-128-startup-key.img",
    "bitlk-aes-xts-128-two-recovery.img",
]


def last_group_changed(password):
    """A well-formed recovery password that differs in its last group only."""
    groups = password.split("-")
    other = (int(groups[-1]) + 11) % 720896
    assert other % 11 == 0
    return "-".join([*groups[:-1], f"{other:06}"])


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("image", WITH_RECOVERY_PASSWORD)
def test_opens_with_the_recovery_password_and_refuses_another(vectors, credentials, opener, image):
    opens = OPENERS[opener]
    password = credentials[image].recovery_passwords[0]
    assert opens(vectors / image, password)
    assert not opens(vectors / image, last_group_changed(password))


@pytest.mark.parametrize("opener", OPENERS)
def test_refuses_what_is_not_a_recovery_password(vectors, credentials, opener):
    image = "bitlk-aes-xts-128.img"
    password = credentials[image].recovery_passwords[0]
    assert not OPENERS[opener](vectors / image, password[:-1])
    assert not OPENERS[opener](vectors / image, "open sesame")


@pytest.mark.parametrize("opener", OPENERS)
def test_opens_with_the_recovery_key_and_refuses_the_key_of_another_volume(vectors, credentials, opener):
    image, other = "bitlk-aes-xts-128-startup-key.img", "recovery_key.bin"
    assert OPENERS[opener](vectors / image, bek=vectors / credentials[image].bek)
    assert not OPENERS[opener](vectors / image, bek=vectors / credentials[other].bek)


@pytest.mark.parametrize("opener", ["cryptsetup", "dissect.fve"])
def test_opens_with_the_second_recovery_password(vectors, credentials, opener):
    image = "bitlk-aes-xts-128-two-recovery.img"
    first, second = credentials[image].recovery_passwords
    assert first != second
    assert OPENERS[opener](vectors / image, second)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_missing_image_is_an_error_and_no_refusal(vectors, credentials, opener):
    password = credentials["bitlk-aes-xts-128.img"].recovery_passwords[0]
    with pytest.raises(FileNotFoundError):
        OPENERS[opener](vectors / "missing.img", password)


def with_another_creation_date(image):
    """The image's bytes with a date in its metadata changed, and the checksums but not the sealed hash made right."""
    data = bytearray(image.read_bytes())
    blocks = [found.start() for found in re.finditer(rb"-FVE-FS-..\x02\x00", data, re.DOTALL)]
    assert len(blocks) == 3
    for block in blocks:
        size = int.from_bytes(data[block + 8 : block + 10], "little") * 16
        data[block + 64 + 40] ^= 1
        checksum = zlib.crc32(data[block : block + size])
        data[block + size + 4 : block + size + 8] = checksum.to_bytes(4, "little")
    return data


def test_only_the_judge_who_checks_the_sealed_hash_refuses_changed_metadata(vectors, credentials, tmp_path):
    name = "bitlk-aes-xts-128.img"
    password = credentials[name].recovery_passwords[0]
    changed = tmp_path / name
    changed.write_bytes(with_another_creation_date(vectors / name))
    assert {opener: opens(changed, password) for opener, opens in OPENERS.items()} == {
        "cryptsetup": True,
        "dislocker": True,
        "dissect.fve": False,
    }


def test_libbde_opens_with_the_recovery_password_and_refuses_another(vectors, credentials):
    name = "bitlk-aes-xts-128.img"
    password = credentials[name].recovery_passwords[0]
    if libbde_opens(vectors / name, password) is None:
        pytest.skip("libbde is optional: apt-get install libbde-utils")
    assert libbde_opens(vectors / name, password)
    assert not libbde_opens(vectors / name, last_group_changed(password))
