"""Master keys in files, passphrases, tokens and key services: started with, changed between, and wrong, missing or out of reach."""

import json
import os
import subprocess
import time

import pytest

from fleet import KEYS, Fleet
from key_services import OpenBao, SoftHSM, Source, secret_file

KINDS = ["file", "passphrase", "pkcs11", "transit"]
CHANGES = [(old, new) for old in KINDS for new in KINDS if old != new]


@pytest.fixture(scope="module")
def openbao():
    openbao = OpenBao()
    yield openbao
    openbao.stop()


@pytest.fixture
def softhsm(tmp_path):
    return SoftHSM(tmp_path / "softhsm")


class Places:
    """One place of each kind, made when it is asked for, so that only those tests are skipped that need what is missing."""

    def __init__(self, request, folder):
        self.request = request
        self.folder = folder
        self.environment = dict(os.environ)

    def __getitem__(self, kind):
        return getattr(self, kind)()

    def file(self):
        return Source("file", {"master-key-file": self.folder / "elsewhere.key"})

    def passphrase(self):
        return Source(
            "passphrase", {"passphrase-file": secret_file(self.folder / "passphrase", "correct horse battery staple\n")}
        )

    def pkcs11(self):
        softhsm = self.request.getfixturevalue("softhsm")
        if not self.environment.get("SOFTHSM2_CONF"):
            softhsm.add("hsm-1")
            self.environment.update(softhsm.environment)
        return softhsm.source()

    def transit(self):
        openbao = self.request.getfixturevalue("openbao")
        # A key of each test's own.
        return openbao.source(secret_file(self.folder / "token", openbao.ROOT + "\n"), key=f"k-{self.folder.name[-60:]}")


@pytest.fixture
def places(request, tmp_path):
    return Places(request, tmp_path)


def change(server, new, *arguments, **options):
    return server.run("keyring", "change-provider", "--data", server.data, *arguments, *new, **options)


def refused(server, *arguments):
    """What `serve` says when it does not start."""
    result = subprocess.run(
        [server.binary, "serve", "--data", server.data, "--listen", "127.0.0.1:0", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, env=server.environment,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert any(line.startswith("sparekey: ") for line in result.stderr.splitlines()), result.stderr
    return result.stderr


def records(server, *arguments):
    """Kind, outcome and detail of the log's records about the master key, oldest first."""
    output = server.run("audit", "list", "--data", server.data, "--json", *arguments).stdout
    entries = [entry["record"] for entry in json.loads(output)]
    entries = [(e["kind"], e["outcome"], e.get("detail", "")) for e in entries if e["kind"].startswith("keyring.master")]
    return list(reversed(entries))


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_starts_with_its_master_key_again_and_again(server_factory, places, kind):
    source = places[kind]
    server = server_factory(arguments=source.arguments(), environment=places.environment).start()
    assert not (server.data / "master.key").exists()
    token = server.token("reader")
    server.stop()
    for _ in range(2):
        server.start()
        assert server.get(KEYS, token=token).status_code == 200
        server.stop()
    # A server that has lost its settings makes no other key.
    assert "There is no master key file" in refused(server, "--master-key-file", server.data / "none")
    assert not (server.data / "none").exists()
    server.start()


@pytest.mark.parametrize(("old", "new"), CHANGES, ids=[f"{old}-to-{new}" for old, new in CHANGES])
def test_the_master_key_moves_from_each_place_to_each_other_and_back(server_factory, places, old, new):
    old, new = places[old], places[new]
    server = server_factory(arguments=old.arguments(), environment=places.environment).start()
    token = server.token("reader")

    # There, while the server runs.
    result = change(server, new.new)
    assert "from the next start on" in result.stderr
    assert server.get(KEYS, token=token).status_code == 200
    assert server.get("/readyz").status_code == 200
    begun, done = records(server)
    assert begun[:2] == ("keyring.masterKeyChanging", "success") and f"kind={new.name}" in begun[2]
    assert done[:2] == ("keyring.masterKeyChanged", "success") and f"changed to {new.name}" in done[2]
    server.stop()
    assert "needs the master key" in refused(server, *old.arguments())
    server.arguments = new.arguments()
    server.start()
    assert server.get(KEYS, token=token).status_code == 200
    server.stop()

    # And back, while it does not.
    change(server, old.new, *new.arguments())
    assert "needs the master key" in refused(server, *new.arguments())
    server.arguments = old.arguments()
    server.start()
    assert server.get(KEYS, token=token).status_code == 200
    assert len(records(server)) == 4


def test_what_is_in_escrow_can_be_read_under_every_master_key(server_factory, places, tmp_path):
    sources = {kind: places[kind] for kind in KINDS}
    server = server_factory(arguments=sources["file"].arguments(), environment=places.environment).start()
    fleet = Fleet(server, tmp_path / "devices")
    fleet.run(check_ins=2)
    device = server.get("/api/devices", token=fleet.helpdesk).json()["items"][0]["id"]

    def password():
        answer = server.post(f"{KEYS}/{device}/reveal", token=fleet.helpdesk, json={"reason": "test"})
        assert answer.status_code == 200, answer.text
        return answer.json()["recoveryPassword"]

    first = password()
    for kind in ["pkcs11", "transit", "passphrase", "file"]:
        source = sources[kind]
        change(server, source.new)
        assert password() == first
        server.stop()
        server.arguments = source.arguments()
        server.start()
        assert password() == first


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_a_change_that_cannot_be_made_changes_nothing_and_is_on_the_log(server_factory, places, tmp_path, is_running):
    server = server_factory(environment=places.environment).start()
    if not is_running:
        server.stop()
    short = secret_file(tmp_path / "short", "short\n")
    failures = [
        (["--to-passphrase-file", short], "at least 12 bytes"),
        (["--to-passphrase-file", tmp_path / "none"], str(tmp_path / "none")),
        (["--to-master-key-file", tmp_path / "no-folder/x.key"], "no-folder"),
        (["--to-pkcs11-module", "/none.so", "--to-pkcs11-token", "x", "--to-pkcs11-pin-file", short], "/none.so"),
        (["--to-transit-address", "http://bao.example.com", "--to-transit-token-file", short], "https://"),
    ]
    for new, words in failures:
        result = change(server, new, check=False)
        assert result.returncode == 1 and words in result.stderr, result.stderr
    found = [(kind, outcome) for kind, outcome, _ in records(server)]
    assert found == [("keyring.masterKeyChanging", "success"), ("keyring.masterKeyChanged", "failure")] * len(failures)
    for new in [[], ["--to-pkcs11-token", "x"], ["--to-passphrase-file", short, "--to-master-key-file", "/x"]]:
        assert change(server, new, check=False).returncode == 64
    server.stop()
    server.start()


def test_whenever_a_change_is_interrupted_the_keyring_opens_with_the_old_or_the_new_master_key(server_factory, places):
    sources = {"file": places["file"], "passphrase": places["passphrase"]}
    server = server_factory(arguments=sources["file"].arguments(), environment=places.environment).start()
    token = server.token("reader")
    # Once in full and back, for how long it takes.
    started = time.monotonic()
    change(server, sources["passphrase"].new)
    span = time.monotonic() - started
    change(server, sources["file"].new)
    now, seen = "file", set()
    # Eight times at least; on a machine that is busier than it was a moment ago, until some came late enough.
    for step in range(32):
        if step >= 8 and seen == {"old", "new"}:
            break
        other = "passphrase" if now == "file" else "file"
        with subprocess.Popen(
            [server.binary, "keyring", "change-provider", "--data", server.data, *sources[other].new],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment,
        ) as command:  # fmt: skip
            time.sleep(span * (step + 1) / 6)
            server.kill()
            command.wait(60)
        # Exactly one of both opens it.
        server.arguments = sources[now].arguments()
        try:
            server.start()
        except AssertionError:
            server.arguments = sources[other].arguments()
            server.start()
            now = other
            seen.add("new")
        else:
            seen.add("old")
        assert server.get(KEYS, token=token).status_code == 200
    assert seen == {"old", "new"}, "the kills should have come both before and after a change"


# --- Wrong, missing and out of reach


def test_a_wrong_or_missing_file_is_named(server_factory, places, tmp_path):
    source = places["file"]
    server = server_factory(arguments=source.arguments()).start()
    server.stop()
    key = tmp_path / "elsewhere.key"
    good = key.read_bytes()
    key.write_bytes(os.urandom(32))
    assert "needs the master key file:" in refused(server, *source.arguments())
    key.unlink()
    text = refused(server, *source.arguments())
    assert "There is no master key file" in text and str(key) in text
    key.write_bytes(good)
    key.chmod(0o600)
    server.start()


def test_a_wrong_or_missing_passphrase_is_named(server_factory, places, tmp_path):
    source = places["passphrase"]
    server = server_factory(arguments=source.arguments()).start()
    server.stop()
    file = tmp_path / "passphrase"
    secret_file(file, "incorrect horse battery\n")
    assert "does not open with the passphrase" in refused(server, *source.arguments())
    file.write_text("")
    assert "is empty" in refused(server, *source.arguments())
    file.unlink()
    assert f"no file at {file}" in refused(server, *source.arguments())
    secret_file(file, "correct horse battery staple\n").chmod(0o644)
    assert f"chmod 0600 {file}" in refused(server, *source.arguments())
    file.chmod(0o640)
    server.start()


def test_what_is_wrong_with_a_token_is_said(server_factory, places, softhsm, tmp_path):
    source = places["pkcs11"]
    server = server_factory(arguments=source.arguments(), environment=places.environment).start()
    server.stop()
    softhsm.pin.write_text("9999\n")
    assert "PIN for the token \"hsm-1\" is wrong" in refused(server, *source.arguments())
    softhsm.pin.unlink()
    assert f"no file at {softhsm.pin}" in refused(server, *source.arguments())
    secret_file(softhsm.pin, softhsm.PIN)
    text = refused(server, *source.arguments(pkcs11_token="hsm-2"))
    assert 'no token "hsm-2"' in text and '"hsm-1", and 1 not initialised' in text
    assert 'no AES key "other"' in refused(server, *source.arguments(pkcs11_key="other"))
    assert "cannot be loaded" in refused(server, *source.arguments(pkcs11_module=tmp_path / "none.so"))
    assert "not a PKCS #11 module" in refused(server, *source.arguments(pkcs11_module="libm.so.6"))
    server.start()
    server.stop()
    # The token is gone, and one of the same name is not the same.
    softhsm.remove("hsm-1")
    assert 'no token "hsm-1"' in refused(server, *source.arguments())
    softhsm.add("hsm-1")
    assert 'no AES key "sparekey"' in refused(server, *source.arguments())


def test_the_pin_can_be_a_credential_of_systemd(server_factory, places, softhsm, tmp_path):
    source = places["pkcs11"]
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "hsm-pin").write_text(softhsm.PIN)
    (folder / "hsm-pin").chmod(0o440)
    places.environment["CREDENTIALS_DIRECTORY"] = str(folder)
    server = server_factory(arguments=source.arguments(pkcs11_pin_file="hsm-pin"), environment=places.environment)
    server.start()


def test_what_is_wrong_with_a_key_service_is_said(server_factory, places, openbao, tmp_path):
    source = places["transit"]
    key = source.flags["transit-key"]
    server = server_factory(arguments=source.arguments()).start()
    server.stop()
    token = tmp_path / "token"

    token.write_text("s.nobodys\n")
    assert f"does not know the token in {token}" in refused(server, *source.arguments())
    token.write_text(openbao.token("transit/decrypt/another"))
    assert f"permission denied for transit/decrypt/{key}" in refused(server, *source.arguments())
    token.unlink()
    assert f"no file at {token}" in refused(server, *source.arguments())
    secret_file(token, openbao.token(f"transit/decrypt/{key}"))
    server.start()
    server.stop()

    token.write_text(openbao.ROOT)
    assert "needs the master key transit:" in refused(server, *source.arguments(transit_key="another"))
    assert "needs the master key transit:" in refused(server, *source.arguments(transit_mount="nowhere"))
    assert "certificate is not to be believed" in refused(server, *source.arguments(transit_ca_file=None))
    assert "no connection" in refused(server, *source.arguments(transit_address="https://127.0.0.1:1"))
    assert "must begin with https://" in refused(server, *source.arguments(transit_address="http://192.0.2.1:8200"))

    openbao.ask("PUT", "sys/seal")
    try:
        assert "it is sealed" in refused(server, *source.arguments())
    finally:
        openbao.unseal()
    openbao.pause()
    try:
        started = time.monotonic()
        assert "did not answer in time" in refused(server, *source.arguments())
        assert time.monotonic() - started < 60
    finally:
        openbao.resume()
    # The service may rotate its key: what the version before wrapped opens.
    openbao.ask("POST", f"transit/keys/{key}/rotate")
    server.start()
    server.stop()
    openbao.ask("POST", f"transit/keys/{key}/config", deletion_allowed=True)
    openbao.ask("DELETE", f"transit/keys/{key}")
    assert f'no key "{key}" in transit' in refused(server, *source.arguments())


def test_an_application_logs_in_with_its_secret_id(server_factory, places, openbao, tmp_path):
    role, secret = openbao.app_role("sparekey")
    file = secret_file(tmp_path / "secret-id", secret + "\n")
    source = places["transit"]
    arguments = source.arguments(transit_token_file=None, transit_role_id=role, transit_secret_id_file=file)
    server = server_factory(arguments=arguments).start()
    server.stop()
    # It gives its tokens back.
    accessors = openbao.ask("LIST", "auth/token/accessors")["data"]["keys"]
    for accessor in accessors:
        token = openbao.ask("POST", "auth/token/lookup-accessor", check=False, accessor=accessor)
        assert "sparekey" not in (token.get("data") or {}).get("policies", [])
    file.write_text("not-a-secret-id\n")
    assert f"does not accept the role ID with the secret ID in {file}" in refused(server, *arguments)
    file.write_text(secret)
    server.start()


def test_the_master_key_is_in_one_place_only(server_factory, places):
    server = server_factory()
    for arguments in [
        ["--master-key-file", "/x", "--passphrase-file", "/y"],
        ["--pkcs11-token", "x", "--transit-address", "https://127.0.0.1"],
        ["--pkcs11-token", "x"],
        ["--transit-address", "https://x", "--transit-token-file", "/t", "--transit-role-id", "r"],
    ]:
        result = server.run("serve", "--data", server.data, *arguments, check=False)
        assert result.returncode == 64, result.stderr
        assert not server.data.exists()
