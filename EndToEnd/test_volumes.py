"""`sparekey volume …` on volumes of its own and on those that Windows made, judged by other people's tools."""

import random
import shutil
import subprocess

import pytest

from dissect.fve.bde import BDE
from openers import OPENERS

PROVEN, REFUTED, UNDECIDED = 0, 1, 2


@pytest.fixture
def volume(sparekey):
    """Runs `sparekey volume …` with a secret on standard input; answers standard output, or the exit code if asked."""

    def run(*arguments, secret="", code=False):
        result = subprocess.run(
            [sparekey, "volume", *map(str, arguments)], input=secret, capture_output=True, text=True, timeout=120
        )
        assert secret == "" or secret not in result.stderr, "a secret was printed with an error"
        if code:
            return result.returncode
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return run


def assert_opens(image, password):
    assert {name: opens(image, password) for name, opens in OPENERS.items()} == dict.fromkeys(OPENERS, True)


def assert_refused(image, password):
    assert {name: opens(image, password) for name, opens in OPENERS.items()} == dict.fromkeys(OPENERS, False)


@pytest.mark.parametrize("with_tpm", [False, True], ids=["password only", "TPM and password"])
@pytest.mark.parametrize("method", ["xts128", "xts256"])
def test_everybody_opens_what_was_formatted_and_rotated_with_the_new_password_only(volume, tmp_path, method, with_tpm):
    image = tmp_path / "volume.img"
    first = volume("format", image, "--method", method, *(["--tpm-key-file", tmp_path / "tpm"] if with_tpm else []))
    assert_opens(image, first)
    second = volume("rotate", image, "--recovery-password", "-", secret=first)
    assert second != first
    assert_opens(image, second)
    assert_refused(image, first)


def test_what_was_encrypted_is_what_others_decrypt(volume, tmp_path):
    content = bytearray(4 << 20)
    content[:11] = b"\xeb\x52\x90NTFS    "
    content[11:13] = (512).to_bytes(2, "little")
    content[13] = 8
    content[510:512] = b"\x55\xaa"
    content[64 << 10 : 1 << 20] = random.Random(1).randbytes(960 << 10)
    plain, image = tmp_path / "plain.img", tmp_path / "volume.img"
    plain.write_bytes(content)
    password = volume("format", image, "--from", plain)
    with open(image, "rb") as file:
        decrypted = BDE(file)
        decrypted.unlock_with_recovery_password(password)
        assert decrypted.open().read(len(content)) == content
    rotated = volume("rotate", image, "--recovery-password", "-", secret=password)
    with open(image, "rb") as file:
        decrypted = BDE(file)
        decrypted.unlock_with_recovery_password(rotated)
        assert decrypted.open().read(len(content)) == content, "a rotation touches nothing but the metadata"


@pytest.mark.parametrize(
    "name", ["bitlk-aes-xts-128.img", "bitlk-aes-cbc-elephant-128.img", "bitlk-aes-xts-128-crc.img"]
)
def test_a_volume_that_windows_made_opens_with_the_new_password_and_not_with_the_old(
    volume, vectors, credentials, tmp_path, name
):
    image = tmp_path / name
    shutil.copyfile(vectors / name, image)
    old = credentials[name].recovery_passwords[0]
    new = volume("rotate", image, "--recovery-password", "-", secret=old)
    assert_opens(image, new)
    assert_refused(image, old)


def test_while_the_old_protector_is_kept_both_passwords_open(volume, tmp_path):
    image = tmp_path / "volume.img"
    first = volume("format", image)
    second = volume("rotate", image, "--recovery-password", "-", "--keep-old", secret=first)
    for password in (first, second):
        # dislocker 0.7.3 knows the first recovery password only.
        for judge in ("cryptsetup", "dissect.fve"):
            assert OPENERS[judge](image, password)
        assert volume("prove", image, "--recovery-password", "-", secret=password, code=True) == PROVEN


def test_prove_says_by_its_exit_code_what_it_found(volume, vectors, credentials, tmp_path):
    name = "bitlk-aes-xts-128-startup-key.img"
    (right,), (other,) = credentials[name].recovery_passwords, credentials["bitlk-aes-xts-256.img"].recovery_passwords

    def prove(image, *arguments):
        return volume("prove", image, *arguments, code=True)

    assert prove(vectors / name, "--recovery-password", right) == PROVEN
    assert prove(vectors / name, "--recovery-password", right.replace("-", " ")) == PROVEN
    assert prove(vectors / name, "--recovery-key", vectors / credentials[name].bek) == PROVEN
    assert prove(vectors / name, "--recovery-password", other) == REFUTED
    assert prove(vectors / name, "--recovery-key", vectors / credentials["recovery_key.bin"].bek) == REFUTED
    assert prove(vectors / name, "--recovery-password", right[:-1]) == UNDECIDED
    assert prove(vectors / name, "--recovery-key", vectors / "missing.BEK") == UNDECIDED
    assert prove(vectors / "missing.img", "--recovery-password", right) == UNDECIDED
    nothing = tmp_path / "nothing.img"
    nothing.write_bytes(bytes(1 << 20))
    assert prove(nothing, "--recovery-password", right) == UNDECIDED
