"""Programs by other people that open BitLocker volumes: the judges of what Sparekey writes.

Each answers one question about an image file: does it open with this recovery password or this .BEK file? They agree on
what a volume is and on little else, so for all of them any refusal counts, a crash included: cryptsetup says no with
exit codes 1 and 2, dislocker 0.7.3 with a segmentation fault, dissect.fve with an exception.

What to know before a surprise is called a bug of ours:

* cryptsetup 2.6.1 reads the first metadata copy only, checks neither its CRC nor its hash, and refuses a suspended
  volume. It takes the text for a passphrase too, should the volume have one.
* dislocker 0.7.3 knows only the first recovery password protector of a volume.
* libbde (optional here) tries all three copies, the first recovery password protector of each; it knows no AES-XTS-256.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from dissect.fve.bde import BDE

# Debian keeps cryptsetup in /usr/sbin, which is on the PATH of root only.
_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
_TIMEOUT = 120


def _tool(name):
    path = shutil.which(name, path=_PATH)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: scripts/bootstrap test installs it")
    return path


def _present(image):
    """The image's path; an image that is not there is a mistake of the test, never a refusal."""
    image = Path(image)
    image.stat()
    return image


def _succeeds(command, **options):
    result = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_TIMEOUT, check=False, **options
    )
    return result.returncode == 0


def cryptsetup_opens(image, password=None, *, bek=None):
    """Whether cryptsetup opens the image. Needs no root and no device mapper, since it only tests the key."""
    command = [_tool("cryptsetup"), "bitlkOpen", "--test-passphrase"]
    if bek is not None:
        return _succeeds([*command, "--key-file", bek, _present(image)], stdin=subprocess.DEVNULL)
    return _succeeds([*command, "--key-file", "-", _present(image)], input=password.encode())


def dislocker_opens(image, password=None, *, bek=None):
    """Whether dislocker decrypts the image (all of it: this writes a file of the image's size for a moment)."""
    key = f"-p{password}" if bek is None else f"-f{bek}"
    with tempfile.TemporaryDirectory(prefix="dislocker-") as directory:
        plain = Path(directory) / "plain"
        command = [_tool("dislocker-file"), "--readonly", "--quiet", "-V", _present(image), key, "--", plain]
        return _succeeds(command, stdin=subprocess.DEVNULL) and plain.exists()


def dissect_opens(image, password=None, *, bek=None):
    """Whether dissect.fve opens the image *and* the metadata's hash, sealed under the volume master key, is right.

    dissect.fve itself computes that hash and does not look at the result; here a wrong one is a refusal, so that
    there is one judge who checks it.
    """

    class Checked(BDE):
        def unlock(self, key):
            if not self.information.check_integrity(key):
                raise ValueError("the hash of the metadata is not the sealed one")
            return super().unlock(key)

    with open(image, "rb") as file:
        try:
            volume = Checked(file)
            if bek is not None:
                with open(bek, "rb") as key_file:
                    volume.unlock_with_bek(key_file)
            else:
                volume.unlock_with_recovery_password(password)
            return volume.unlocked and len(volume.open().read(512)) == 512
        # dissect.fve raises whatever the damaged place happens to raise, so every exception is a refusal.
        except Exception:
            return False


def libbde_opens(image, password=None, *, bek=None):
    """Whether libbde opens the image; None when its `bdeinfo` (Debian's libbde-utils) is not installed."""
    bdeinfo = shutil.which("bdeinfo", path=_PATH)
    if bdeinfo is None:
        return None
    key = ["-r", password] if bek is None else ["-s", bek]
    return _succeeds([bdeinfo, *key, _present(image)], stdin=subprocess.DEVNULL)


#: The three that have to agree. Each takes (image, password) or (image, bek=path) and answers True or False.
OPENERS = {"cryptsetup": cryptsetup_opens, "dislocker": dislocker_opens, "dissect.fve": dissect_opens}
