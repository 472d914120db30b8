"""The keyring while the server runs: rotated, sealed anew, recovered from without it; and servers that only take deposits."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
import uuid

import pytest
import requests

from agent import Agent, recovery_password
from fleet import Fleet
from openers import OPENERS
from test_seal import P256, XWing, canonical, open_record

KEYS = "/api/devices/security/bitlocker/keys"


class Escrow:
    """A server with devices that have deposited; `passwords` is what must open, by device and protector."""

    def __init__(self, server):
        self.server = server
        self.enrolment = server.enrolment_token("--group", "test")
        self.helpdesk = server.token("helpdesk")
        self.passwords = {}
        self.agents = []

    def enrol(self):
        agent = Agent(self.server.url).enrol(self.enrolment)
        agent.check_in()
        self.agents.append(agent)
        return agent

    def deposit(self, agent, count=1):
        for _ in range(count):
            protector, password = str(uuid.uuid4()), recovery_password()
            answer = agent.deposit(protector, password)
            assert answer.status_code == 201, answer.text
            self.passwords[agent.device, protector] = password

    def fill(self, agents, each):
        for _ in range(agents):
            self.deposit(self.enrol(), each)
        return self

    def reveal(self, device, protector):
        return self.server.post(
            f"{KEYS}/{device}/reveal", token=self.helpdesk, json={"keyId": protector, "reason": "test"}
        )

    def check_all(self):
        for (device, protector), password in self.passwords.items():
            answer = self.reveal(device, protector)
            assert answer.status_code == 200, answer.text
            assert answer.json()["recoveryPassword"] == password

    def keyring(self, *arguments, **options):
        return self.server.run("keyring", *arguments, "--data", self.server.data, **options)

    def show(self):
        return json.loads(self.keyring("show", "--json").stdout)

    def events(self, kind):
        token = self.server.token("auditor")
        answer = self.server.get(f"{KEYS}/audit?kind={kind}&limit=500", token=token)
        return [item["record"] for item in reversed(answer.json()["items"])]

    def backup(self, path):
        with sqlite3.connect(f"file:{self.server.data / 'sparekey.db'}?mode=ro", uri=True) as database:
            database.execute("VACUUM INTO ?", (str(path),))
        return path


@pytest.fixture
def escrow(server):
    return Escrow(server)


# --- Rotating and sealing anew


def test_rotated_sealed_anew_and_retired(escrow):
    escrow.fill(agents=3, each=4)
    before = escrow.show()
    assert [version["state"] for version in before["versions"]] == ["active"]
    assert before["versions"][0]["secrets"] == 12
    escrow.keyring("rotate", "--suite", "xWing")
    escrow.deposit(escrow.agents[0], 2)
    shown = escrow.show()
    assert [(v["state"], v["suite"], v["secrets"], v["opens"]) for v in shown["versions"]] == [
        ("openOnly", "P-256", 12, True),
        ("active", "X-Wing", 2, True),
    ]
    assert shown["toRewrap"] == 12
    escrow.check_all()
    refused = escrow.keyring("retire", "1", "--yes", check=False)
    assert refused.returncode == 1 and "12 secrets" in refused.stderr
    escrow.keyring("rewrap")
    shown = escrow.show()
    assert [version["secrets"] for version in shown["versions"]] == [0, 14]
    assert shown["rewrap"]["rewrapped"] == 12 and shown["rewrap"]["finishedAt"]
    hesitant = escrow.keyring("retire", "1", check=False)
    assert hesitant.returncode == 1 and "backup" in hesitant.stderr
    escrow.keyring("retire", "1", "--yes")
    assert [version["state"] for version in escrow.show()["versions"]] == ["destroyed", "active"]
    escrow.server.stop()
    escrow.server.start()
    escrow.check_all()
    assert [event["detail"] for event in escrow.events("keyring.rewrapCompleted")] == ["epoch 2: 12 sealed anew, 0 failed"]
    assert len(escrow.events("keyring.rotated")) == 1
    assert len(escrow.events("keyring.versionDestroyed")) == 1


def test_commands_work_on_a_stopped_server_and_say_what_is_wrong(escrow):
    escrow.fill(agents=1, each=1)
    escrow.server.stop()
    escrow.keyring("rotate")
    escrow.keyring("rewrap")
    assert "Everything is sealed" in escrow.keyring("rewrap").stderr
    assert "suite" in escrow.keyring("rotate", "--suite", "rsa", check=False).stderr
    assert "active" not in escrow.keyring("retire", "1", "--yes").stderr
    assert escrow.keyring("retire", "2", "--yes", check=False).returncode == 1
    assert escrow.keyring("retire", "9", "--yes", check=False).returncode == 1
    escrow.server.start()
    escrow.check_all()


def test_only_the_console_may(escrow):
    administrator = escrow.server.token("administrator")
    for method, path in [
        ("GET", ""), ("POST", "/rotate"), ("POST", "/rewrap"), ("POST", "/ingest-export"), ("DELETE", "/versions/1"),
        ("DELETE", "/recovery-keys/0011223344556677"),
    ]:  # fmt: skip
        answer = escrow.server.request(method, f"/api/keyring{path}", token=administrator, json={})
        assert answer.status_code == 403, path


def test_rotation_under_load_fails_no_request(escrow):
    """Deposits and disclosures go on while the keyring is rotated and everything sealed anew, and none fails."""
    escrow.fill(agents=4, each=5)
    stop, failures, done = threading.Event(), [], [0, 0]

    def work(index):
        agent = escrow.agents[index]
        try:
            while not stop.is_set():
                escrow.deposit(agent)
                done[0] += 1
                key = next(key for key in reversed(list(escrow.passwords)) if key[0] == agent.device)
                answer = escrow.reveal(*key)
                assert answer.status_code == 200, answer.text
                assert answer.json()["recoveryPassword"] == escrow.passwords[key]
                done[1] += 1
        except Exception as error:  # whatever fails, fails the test
            failures.append(error)

    # A volume takes 64 keys at most: few enough rounds to stay below.
    workers = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for worker in workers:
        worker.start()
    for suite in ["xWing", "p256"]:
        escrow.keyring("rotate", "--suite", suite)
        escrow.keyring("rewrap")
    stop.set()
    for worker in workers:
        worker.join()
    assert not failures, failures[0]
    assert min(done) > 4, "there was no load"
    escrow.keyring("rewrap")
    shown = escrow.show()
    assert [version["secrets"] for version in shown["versions"]] == [0, 0, len(escrow.passwords)]
    escrow.check_all()


def test_killed_while_sealing_anew_it_goes_on_where_it_was(escrow):
    escrow.fill(agents=12, each=50)
    escrow.keyring("rotate")
    command = [escrow.server.binary, "keyring", "rewrap", "--data", str(escrow.server.data)]
    kills = 0
    while kills < 3:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            begun = escrow.show()
            deadline = time.monotonic() + 60
            while (shown := escrow.show())["toRewrap"] == begun["toRewrap"] and process.poll() is None:
                assert time.monotonic() < deadline, "nothing is sealed anew"
            escrow.server.kill()
            process.wait(60)
        escrow.server.start()
        kills += 1
        if not escrow.show()["toRewrap"]:
            break
    escrow.keyring("rewrap")
    shown = escrow.show()
    assert [version["secrets"] for version in shown["versions"]] == [0, 600]
    assert (shown["rewrap"]["total"], shown["rewrap"]["rewrapped"], shown["rewrap"]["failed"]) == (600, 600, 0)
    assert len(escrow.events("keyring.rewrapStarted")) == 1
    assert len(escrow.events("keyring.rewrapCompleted")) == 1
    escrow.check_all()


def test_a_changed_record_is_named_and_keeps_its_version_alive(escrow):
    escrow.fill(agents=1, each=3)
    escrow.keyring("rotate")
    escrow.server.stop()
    (_, broken), *_ = escrow.passwords
    with sqlite3.connect(escrow.server.data / "sparekey.db") as database:
        (sealed,) = database.execute(
            "SELECT sealed FROM escrowed_key WHERE protector_id = ?", (uuid.UUID(broken).bytes,)
        ).fetchone()
        changed = sealed[:60] + bytes([sealed[60] ^ 1]) + sealed[61:]
        database.execute("UPDATE escrowed_key SET sealed = ? WHERE sealed = ?", (changed, sealed))
    escrow.server.start()
    result = escrow.keyring("rewrap", check=False)
    assert result.returncode == 1 and "1 do not open" in result.stderr
    assert [event["protector"] for event in escrow.events("key.openFailed")] == [broken]
    assert "1 secrets" in escrow.keyring("retire", "1", "--yes", check=False).stderr


@pytest.mark.parametrize("opener", ["process", "inProcess"])
def test_a_new_installation_has_the_suite_that_it_is_told_and_keeps_it(server_factory, opener):
    server = server_factory(arguments=["--opener", opener, "--keyring-suite", "xWing"]).start()
    escrow = Escrow(server).fill(agents=1, each=1)
    server.stop()
    server.arguments = ["--opener", opener, "--keyring-suite", "p256"]
    server.start()
    assert [(v["number"], v["state"], v["suite"]) for v in escrow.show()["versions"]] == [(1, "active", "X-Wing")]
    escrow.check_all()


# --- Other people's programs


def test_rows_of_both_suites_open_with_pyca(escrow, tmp_path):
    """From a live database with rows of both suites, by recovery keys of both suites, with a library that is not ours."""
    keys = {}
    for suite, opener in [("p256", P256), ("xWing", XWing)]:
        file = tmp_path / f"{suite}.key"
        public = escrow.server.run("recovery-key", "create", "--out", file, "--suite", suite).stdout.strip()
        raw = file.read_text().strip().rsplit(":", 1)[1]
        keys[suite] = (opener, __import__("base64").urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        escrow.keyring("add-recovery-recipient", public)
    escrow.fill(agents=1, each=2)
    escrow.keyring("rotate", "--suite", "xWing")
    escrow.deposit(escrow.agents[0], 2)
    copy = escrow.backup(tmp_path / "copy.db")
    rows = sqlite3.connect(copy).execute(
        "SELECT device.device_id, volume.volume_id, protector_id, escrowed_key.kind, version, sealed FROM escrowed_key"
        " JOIN volume ON volume.id = escrowed_key.volume JOIN device ON device.id = volume.device"
    ).fetchall()  # fmt: skip
    assert len(rows) == 4
    for device, volume, protector, kind, version, sealed in rows:
        device, volume, protector = (str(uuid.UUID(bytes=value)) for value in (device, volume, protector))
        context = canonical(
            {"device": device, "volume": volume, "protector": protector, "kind": kind, "keyVersion": version}
        )
        for opener, raw in keys.values():
            secret = open_record(sealed, opener, raw, context)
            assert secret.decode() == escrow.passwords[device, protector]


# --- Recovering without server and master key


def test_recovered_with_the_recovery_key_and_nothing_else(escrow, tmp_path):
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery\n")
    file = tmp_path / "safe.key"
    public = escrow.server.run(
        "recovery-key", "create", "--out", file, "--passphrase-file", passphrase
    ).stdout.strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = escrow.server.run("recovery-key", "create", "--out", file, check=False)
    assert again.returncode == 1, "a key was overwritten"
    escrow.fill(agents=2, each=2)
    escrow.keyring("add-recovery-recipient", public)
    escrow.fill(agents=1, each=2)

    def recover(*arguments, check=True):
        return escrow.server.run(
            "recover", "--key", file, "--passphrase-file", passphrase, "--json", *arguments, check=check
        )

    live = recover("--data", escrow.server.data, "--all", check=False)
    assert live.returncode == 1 and not live.stdout and "stop" in live.stderr
    partial = recover("--database", escrow.backup(tmp_path / "early.db"), "--all", check=False)
    assert partial.returncode == 1 and "4 are not sealed to this recovery key" in partial.stderr
    assert len(partial.stdout.splitlines()) == 2
    escrow.keyring("rewrap")
    backup = escrow.backup(tmp_path / "backup.db")
    os.chmod(backup, 0o400)
    escrow.server.stop()
    (escrow.server.data / "master.key").unlink()
    listing = sorted(os.listdir(tmp_path))
    content = backup.read_bytes()
    found = [json.loads(line) for line in recover("--database", backup, "--all").stdout.splitlines()]
    assert {(item["deviceId"], item["keyId"]): item["recoveryPassword"] for item in found} == escrow.passwords
    assert sorted(os.listdir(tmp_path)) == listing and backup.read_bytes() == content, "something was written"
    (device, protector), password = next(iter(escrow.passwords.items()))
    one = recover("--data", escrow.server.data, "--key-id", protector[:8].upper())
    assert json.loads(one.stdout)["recoveryPassword"] == password
    assert "on no log" in one.stderr
    assert len(recover("--data", escrow.server.data, "--device", device).stdout.splitlines()) == 2
    nothing = recover("--data", escrow.server.data, "--device", str(uuid.uuid4()), check=False)
    assert nothing.returncode == 1
    passphrase.write_text("incorrect horse battery\n")
    assert "passphrase" in recover("--database", backup, "--all", check=False).stderr


def test_a_recovered_password_opens_its_volume(escrow, tmp_path):
    file = tmp_path / "safe.key"
    escrow.keyring("add-recovery-recipient", escrow.server.run("recovery-key", "create", "--out", file).stdout.strip())
    (outcome,) = Fleet(escrow.server, tmp_path / "fleet").run()
    (image,) = outcome["images"]
    escrow.server.stop()
    (escrow.server.data / "master.key").unlink()
    recovered = escrow.server.run("recover", "--data", escrow.server.data, "--key", file, "--all", "--json").stdout
    (found,) = [json.loads(line) for line in recovered.splitlines()]
    assert found["deviceId"] == outcome["deviceId"]

    def prove(password):
        command = [escrow.server.binary, "volume", "prove", image, "--recovery-password", "-"]
        return subprocess.run(command, input=password, capture_output=True, text=True, timeout=120).returncode

    assert prove(found["recoveryPassword"]) == 0
    assert prove(recovery_password()) == 1


def test_a_removed_recovery_key_opens_nothing_new(escrow, tmp_path):
    file = tmp_path / "safe.key"
    public = escrow.server.run("recovery-key", "create", "--out", file, "--suite", "xWing").stdout.strip()
    escrow.keyring("add-recovery-recipient", public)
    escrow.fill(agents=1, each=1)
    (key,) = escrow.show()["recoveryKeys"]
    refused = escrow.keyring("add-recovery-recipient", file.read_text().strip(), check=False)
    assert refused.returncode == 1 and "private half" in refused.stderr
    assert key["id"] in public
    escrow.keyring("remove-recovery-recipient", key["id"])
    escrow.keyring("rewrap")
    backup = escrow.backup(tmp_path / "backup.db")
    result = escrow.server.run("recover", "--database", backup, "--key", file, "--all", check=False)
    assert result.returncode == 1 and not result.stdout
    escrow.check_all()


# --- The regular check


def test_a_master_key_that_was_replaced_turns_readiness_red_and_deposits_go_on(server_factory):
    server = server_factory(arguments=["--keyring-check-interval", "1s", "--maintenance-interval", "1s"]).start()
    escrow = Escrow(server).fill(agents=1, each=1)
    master_key = server.data / "master.key"
    original = master_key.read_bytes()
    master_key.write_bytes(os.urandom(32))

    def wait_for(status):
        deadline = time.monotonic() + 30
        while (answer := server.get("/readyz")).status_code != status:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)
        return answer

    answer = wait_for(503)
    assert "Do not stop this server" in answer.json()["detail"]
    escrow.deposit(escrow.agents[0])
    escrow.check_all()
    assert len(escrow.events("keyring.checkFailed")) == 1
    master_key.write_bytes(original)
    wait_for(200)
    assert len(escrow.events("keyring.checkSucceeded")) == 1


# --- Servers that only take deposits


def test_ingest_takes_deposits_and_opens_nothing(server_factory, tmp_path):
    server = server_factory().start()
    escrow = Escrow(server).fill(agents=1, each=1)
    file = tmp_path / "ingest.json"
    escrow.keyring("export-ingest", "--out", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server.stop()
    safe = tmp_path / "master.key"
    shutil.move(server.data / "master.key", safe)

    server.arguments = ["--role", "ingest", "--ingest-file", file]
    server.start()
    assert server.get("/readyz").json()["role"] == "ingest"
    escrow.deposit(escrow.agents[0], 2)
    escrow.fill(agents=1, each=1)
    (device, protector), *_ = escrow.passwords
    answer = escrow.reveal(device, protector)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:sparekey:problem:ingest-only"
    for command in [("rotate",), ("rewrap",), ("export-ingest", "--out", tmp_path / "other")]:
        assert "only takes deposits" in escrow.keyring(*command, check=False).stderr
    maps = subprocess.run(["ls", "-l", f"/proc/{server.process.pid}/fd"], capture_output=True, text=True, check=False)
    assert "master.key" not in maps.stdout
    server.stop()

    os.chmod(file, 0o644)
    with pytest.raises(AssertionError, match="chmod 0600"):
        server.start()
    os.chmod(file, 0o600)
    shutil.move(safe, server.data / "master.key")
    server.arguments = []
    server.start()
    assert server.get("/readyz").json()["role"] == "full"
    escrow.check_all()
    assert len(escrow.events("key.disclosed")) == len(escrow.passwords), "the ingest server recorded a disclosure"


@pytest.mark.parametrize("fault", [None, "wrong-password"])
def test_what_ingest_took_is_proven_or_refuted_by_a_full_server(server_factory, tmp_path, fault):
    server = server_factory(arguments=["--maintenance-interval", "200ms"]).start()
    escrow, fleet, file = Escrow(server), Fleet(server, tmp_path / "fleet"), tmp_path / "ingest.json"
    escrow.keyring("export-ingest", "--out", file)
    server.stop()
    full, server.arguments = server.arguments, [*server.arguments, "--role", "ingest", "--ingest-file", file]
    server.start()
    (outcome,) = fleet.run(*(["--fault", fault] if fault else []))
    assert server.log_text().count("route=/api/agent/v1/deposits") == 1, "the device is asked for the same again"
    device = outcome["deviceId"]
    assert (outcome["status"]["state"], outcome["status"]["reason"]) == ("pending", "awaitingProof")
    assert [key["proof"] for key in fleet.keys(device)] == ["unproven"]
    server.stop()

    server.arguments = full
    server.start()
    deadline = time.monotonic() + 60
    while (key := fleet.keys(device)[0])["proof"] == "unproven":
        assert time.monotonic() < deadline, "nothing is proven"
        time.sleep(0.1)
    shown = fleet.show(device)
    states = [(item["state"], item["reason"]) for item in (shown["device"]["status"], shown["volumes"][0]["volume"]["status"])]
    if fault is None:
        kind = "key.proven"
        assert key["proof"] == "proven" and [state for state, _ in states] == ["escrowed", "escrowed"]
        for opens in OPENERS.values():
            assert opens(outcome["images"][0], fleet.reveal(device))
    else:
        kind = "key.refuted"
        assert key["proof"] == "refuted" and states == [("failed", "proofRefuted")] * 2
    (event,) = escrow.events(kind)
    assert (event["caller"]["principal"], event["protector"]) == ("system:prover", key["keyId"])
    with sqlite3.connect(f"file:{server.data / 'sparekey.db'}?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM proof_backlog").fetchone() == (0,), "the metadata stays"


def test_ingest_refuses_a_public_key_that_somebody_put_into_the_database(server_factory, tmp_path):
    server = server_factory().start()
    escrow = Escrow(server).fill(agents=1, each=1)
    file = tmp_path / "ingest.json"
    escrow.keyring("export-ingest", "--out", file)
    other = server_factory().start()
    theirs = sqlite3.connect(other.data / "sparekey.db").execute("SELECT document FROM keyring").fetchone()[0]
    their_key = json.loads(theirs)["versions"][0]["publicKey"]
    server.stop()
    with sqlite3.connect(server.data / "sparekey.db") as database:
        (document,) = database.execute("SELECT document FROM keyring").fetchone()
        own_key = json.loads(document)["versions"][0]["publicKey"]
        changed = document.replace(own_key.encode(), their_key.encode())
        database.execute("UPDATE keyring SET document = ?", (changed,))
    server.arguments = ["--role", "ingest", "--ingest-file", file]
    with pytest.raises(AssertionError, match="changed by something"):
        server.start()
