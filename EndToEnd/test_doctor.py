"""What the doctor says of an installation, sound and broken, and of a backup."""

import json
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from agent import Agent, recovery_password
from server import free_port

PROTECTOR = "8f595209-f5b9-49a0-85d4-cb8f80258c27"


@pytest.fixture
def server(server_factory):
    server = server_factory(arguments=["--no-require-proof"]).start()
    agent = Agent(server.url, "PC-1")
    agent.enrol(server.enrolment_token("--group", "berlin"))
    agent.protectors = [PROTECTOR]
    agent.check_in()
    agent.deposit(PROTECTOR, recovery_password()).raise_for_status()
    return server


def doctor(server, *arguments, code=0):
    """The doctor's findings by what they are about; each with the gravest first."""
    result = server.run("doctor", "--data", server.data, "--json", *arguments, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    findings = {}
    for finding in json.loads(result.stdout):
        findings.setdefault(finding["what"], []).append((finding["level"], finding["text"]))
    return {what: sorted(found, key=lambda one: ["fail", "warn", "ok"].index(one[0])) for what, found in findings.items()}


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_sound_installation_has_no_failure_and_its_weak_points_are_named(server, running):
    if not running:
        server.stop()
    before = server.run("audit", "list", "--data", server.data, "--json").stdout if running else None
    found = doctor(server)
    assert all(level != "fail" for findings in found.values() for level, _ in findings)
    assert found["server"][0][1] == ("it runs and is ready" if running else "none runs")
    assert found["database"][0][0] == found["audit log"][0][0] == found["keyring"][0][0] == "ok"
    assert found["anchor"][0][0] == "warn" and "own disk" in found["anchor"][0][1]
    assert any("beside the database" in text for _, text in found["master key"])
    assert found["recovery key"][0][0] == "warn"
    if running:
        assert found["opener"][0][0] == "ok" and found["audit sinks"][0][0] == "ok"
        for process in ("server process", "opener process"):
            assert ("ok", "core dumps are off") in found[process]
        assert before == server.run("audit", "list", "--data", server.data, "--json").stdout, "looking leaves no trace"


def test_what_is_broken_is_found_and_named(server, tmp_path):
    server.stop()
    os.chmod(server.data / "sparekey.db", 0o644)
    assert "chmod 600" in doctor(server, code=1)["file modes"][0][1]
    os.chmod(server.data / "sparekey.db", 0o600)
    os.chmod(server.data, 0o755)
    assert "chmod 700" in doctor(server, code=1)["data directory"][0][1]
    os.chmod(server.data, 0o700)

    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(os.urandom(32))
    wrong.chmod(0o600)
    assert doctor(server, "--master-key-file", wrong, code=1)["master key"][0][0] == "fail"
    assert doctor(server, "--master-key-file", tmp_path / "none", code=1)["master key"][0][0] == "fail"

    anchor = (server.data / "checkpoint").read_bytes()
    (server.data / "checkpoint").unlink()
    assert "moved it away" in doctor(server, code=1)["anchor"][0][1]
    (server.data / "checkpoint").write_bytes(anchor.replace(b"\n\n", b"\nx\n\n"))
    assert doctor(server, code=1)["anchor"][0][0] == "fail"
    (server.data / "checkpoint").write_bytes(anchor)

    with sqlite3.connect(server.data / "sparekey.db") as database:
        (last,) = database.execute("SELECT max(id) FROM audit_entry").fetchone()
        database.execute("UPDATE audit_entry SET time = time + 1 WHERE id = ?", (last,))
    assert "root" in doctor(server, code=1)["audit log"][0][1]
    with sqlite3.connect(server.data / "sparekey.db") as database:
        database.execute("UPDATE audit_entry SET time = time - 1 WHERE id = ?", (last,))
    doctor(server)

    empty = server.run("doctor", "--data", tmp_path, check=False)
    assert empty.returncode == 1 and "there is no sparekey.db" in empty.stdout


def test_of_a_running_server_the_sinks_the_opener_and_the_processes_are_looked_at(server_factory, tmp_path):
    config = tmp_path / "sparekey.json"
    sink = {
        "name": "siem",
        "type": "syslog",
        "address": f"127.0.0.1:{free_port()}",
        "plain": True,
        "format": "jsonl",
        "from": "beginning",
    }
    config.write_text(json.dumps({"audit": {"sinks": [sink]}}))
    server = server_factory(arguments=["--config", config]).start()
    deadline = time.monotonic() + 30
    while not (found := doctor(server))["audit sinks"][0][1].startswith("siem is ") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found["audit sinks"][0][0] == "warn" and "entries behind since" in found["audit sinks"][0][1]

    place = server.data / "opener.sock"
    place.chmod(0o666)
    assert "others may use opener.sock" in doctor(server, code=1)["opener"][0][1]
    place.chmod(0o600)
    hidden = place.rename(server.data / "hidden.sock")
    assert doctor(server)["opener"][0][0] == "warn"
    hidden.rename(place)


def test_a_server_that_holds_the_keys_itself_is_told_so(server_factory):
    server = server_factory(arguments=["--opener", "inProcess"]).start()
    level, text = doctor(server)["opener"][0]
    assert level == "warn" and "hold" in text


def test_a_process_that_leaves_core_dumps_is_told(server_factory):
    server = server_factory(arguments=["--opener", "inProcess"]).start()
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] == 0:
        pytest.skip("this process may not leave core dumps, so it cannot stand in for one that does")
    with socket.socket(socket.AF_UNIX) as listener:
        # This process, which nobody hardened, in the opener's place.
        listener.bind(str(server.data / "opener.sock"))
        os.chmod(server.data / "opener.sock", 0o600)
        listener.listen()
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        try:
            found = doctor(server, code=1)
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, before)
    assert found["opener"] == [("ok", f"process {os.getpid()} has the private keys")]
    assert found["opener process"][0][0] == "fail" and "LimitCORE=0" in found["opener process"][0][1]


@pytest.mark.parametrize("form", ["database", "folder", "tar"])
def test_a_backup_is_checked_in_each_form_and_leaves_the_live_log_alone(server, tmp_path, form):
    backup = tmp_path / "backup"
    if form == "database":
        with sqlite3.connect(f"file:{server.data}/sparekey.db?mode=ro", uri=True) as database:
            database.execute("VACUUM INTO ?", (str(backup),))
    else:
        server.stop()
        shutil.copytree(server.data, backup, ignore=shutil.ignore_patterns("*.sock", "master.key"))
        if form == "tar":
            subprocess.run(["tar", "-C", backup, "-cf", tmp_path / "backup.tar", "."], check=True)
            backup = tmp_path / "backup.tar"
        server.start()
    before = server.run("audit", "list", "--data", server.data, "--json").stdout
    seen, processes = settled(server.data / "opener.checkpoint"), openers()
    found = doctor(server, "--restore-check", backup)
    assert found["keys"] == [("ok", "1 drawn at random open")]
    assert found["records"][0][0] == found["audit log"][0][0] == found["database"][0][0] == "ok"
    assert before == server.run("audit", "list", "--data", server.data, "--json").stdout
    after = (server.data / "opener.checkpoint").stat()
    assert (seen.st_ino, seen.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "the live opener's memory is its own"
    assert openers() == processes, "nothing that the check started goes on"


def settled(path):
    """The status of a file that the opener writes up to a second late, once it has not changed for two."""
    deadline, last = time.monotonic() + 30, None
    while time.monotonic() < deadline:
        status = path.stat() if path.exists() else None
        if status and last and status.st_ino == last.st_ino and time.time() - status.st_mtime > 2:
            return status
        last = status
        time.sleep(0.1)
    raise AssertionError(f"{path} does not settle")


def openers():
    """The process IDs of all openers on this machine whose data directory a restore check made."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            arguments = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"\0opener\0" in arguments and b"/sparekey-restore-" in arguments:
            found.add(entry.name)
    return found


def test_a_backup_that_could_not_be_restored_is_told(server, tmp_path):
    server.stop()
    backup = tmp_path / "backup"
    shutil.copytree(server.data, backup, ignore=shutil.ignore_patterns("*.sock"))
    found = doctor(server, "--restore-check", backup, code=1)
    assert found["MASTER KEY"][0][0] == "fail" and found["keys"][0][0] == "ok"
    (backup / "master.key").unlink()
    with sqlite3.connect(backup / "sparekey.db") as database:
        (sealed,) = database.execute("SELECT sealed FROM escrowed_key").fetchone()
        broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
        database.execute("UPDATE escrowed_key SET sealed = ?", (broken,))
    assert "1 of 1 do not open" in doctor(server, "--restore-check", backup, code=1)["keys"][0][1]
    with sqlite3.connect(backup / "sparekey.db") as database:
        database.execute("UPDATE escrowed_key SET sealed = ?", (sealed,))
        database.execute("UPDATE audit_entry SET record = x'7b7d' WHERE id = 2")
    assert doctor(server, "--restore-check", backup, code=1)["audit log"][0][0] == "fail"
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"nothing at all")
    assert "neither a database, a folder nor a tar" in doctor(server, "--restore-check", nothing, code=1)["backup"][0][1]


def test_devices_are_retired_held_and_released_and_rotations_called_off(server):
    (device,) = json.loads(server.run("device", "list", "--data", server.data, "--json").stdout)
    server.run("rotate", device["id"], "--data", server.data)
    shown = json.loads(server.run("device", "show", device["id"], "--data", server.data, "--json").stdout)
    rotation = shown["rotations"][0]["id"]
    assert "cancelled" in server.run("rotation", "cancel", rotation, "--data", server.data).stderr
    again = server.run("rotation", "cancel", rotation, "--data", server.data, check=False)
    assert again.returncode == 1
    for command, hold in (("hold", True), ("release", False)):
        server.run("device", command, "PC-1", "--data", server.data)
        (device,) = json.loads(server.run("device", "list", "--data", server.data, "--json").stdout)
        assert device["legalHold"] is hold
    server.run("device", "retire", "PC-1", "--data", server.data)
    (device,) = json.loads(server.run("device", "list", "--data", server.data, "--json").stdout)
    assert device["state"] == "retired" and device["keysPurgeAfter"]
