"""The process that holds the private keys: what it gives to a server that was taken over, and what becomes of it."""

import base64
import json
import os
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import server as server_module
from agent import Agent, recovery_password

KEYS = "/api/devices/security/bitlocker/keys"


class Escrow:
    """A device with one key."""

    def __init__(self, server):
        self.server = server
        self.agent = Agent(server.url, "PC-1").enrol(server.enrolment_token())
        self.protector = str(uuid.uuid4())
        self.agent.protectors = [self.protector]
        self.agent.check_in()
        self.password = recovery_password()
        assert self.agent.deposit(self.protector, self.password).status_code == 201

    def reveal(self, token, **options):
        body = {"keyId": self.protector, "reason": "test", "ticket": "T-1"}
        return self.server.post(f"{KEYS}/{self.agent.device}/reveal", token=token, json=body, **options)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] or [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def opener_of(server):
    """The number of a server's opener."""
    [pid] = [
        child
        for child in children(server.process.pid)
        if b"\0opener\0" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return pid


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come to be within {seconds} s"
        time.sleep(0.02)


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def ask(connection, message, number=1):
    """Send one request as a frame."""
    connection.sendall(struct.pack(">IQ", len(message) + 8, number) + message)


def answers(connection, count):
    """So many answers, or as many as come before the end."""
    found, data = [], b""
    while len(found) < count:
        part = connection.recv(1 << 16)
        if not part:
            break
        data += part
        while len(data) >= 12 and len(data) >= 4 + struct.unpack(">I", data[:4])[0]:
            length = 4 + struct.unpack(">I", data[:4])[0]
            found.append(data[12:length])
            data = data[length:]
    return found


def field(data):
    return struct.pack(">I", len(data)) + data


def test_the_opener_is_a_process_of_its_own_and_ends_with_the_server(server):
    pid = opener_of(server)
    path = server.data / "opener.sock"
    assert stat.S_ISSOCK(path.stat().st_mode) and stat.S_IMODE(path.stat().st_mode) == 0o600
    server.stop()
    wait_until(lambda: is_gone(pid), "the opener's end")
    state = server.data / "opener.checkpoint"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert state.read_text().startswith("sparekey opener 1\n")


def test_the_opener_ends_when_the_server_is_killed(server):
    pid = opener_of(server)
    server.kill()
    wait_until(lambda: is_gone(pid), "the opener's end")


def test_only_the_server_is_let_in(server):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.data / "opener.sock"))
        connection.settimeout(10)
        try:
            ask(connection, b"\x05")
            assert connection.recv(1) == b""
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_a_taken_over_server_gets_nothing_by_itself(sparekey, server):
    """We are the opener's parent, and have everything that a server has: its database, and the socket."""
    escrow = Escrow(server)
    server.stop()
    with sqlite3.connect(server.data / "sparekey.db") as database:
        document = database.execute("SELECT document FROM keyring").fetchone()[0]
        sealed = database.execute("SELECT sealed FROM escrowed_key").fetchone()[0]
        index, leaf_time, kind, commitment, salt, record = database.execute(
            "SELECT id, time, kind, commitment, salt, record FROM audit_entry WHERE kind = 'key.deposited'"
        ).fetchone()
        origin = database.execute("SELECT origin FROM audit_head").fetchone()[0]
    command = [str(sparekey), "opener", "--data", str(server.data), "--parent", str(os.getpid())]
    command += ["--caller-cap", "1000", "--total-cap", "5000"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            wait_until(lambda: connects(connection, server.data / "opener.sock"), "the opener's socket")
            reference = f'{{"settings":{{"kind":"file","path":"{server.data}/master.key"}}}}'.encode()
            context = uuid.UUID(escrow.agent.device).bytes + uuid.UUID(escrow.agent.volume).bytes
            context += uuid.UUID(escrow.protector).bytes + b"\0" + struct.pack(">I", 1)

            def opening(index, leaf, record, salt):
                return b"\x06" + field(sealed) + context + struct.pack(">Q", index) + field(leaf) + field(record) + field(salt)

            ask(connection, opening(index, b"{}", record, salt))
            [refusal] = answers(connection, 1)
            assert b"no keyring yet" in refusal
            ask(connection, b"\x01\x01" + field(document) + field(reference) + struct.pack(">H", 1))
            [started] = answers(connection, 1)
            assert started[:1] == b"\x01", started
            # Asked by one thread and read by another: who only asks fills both sockets, and then both ends wait.
            questions = [opening(number % 7, b"{}", record, salt) for number in range(1000)]
            asking = threading.Thread(target=lambda: [ask(connection, *it[::-1]) for it in enumerate(questions)])
            asking.start()
            refusals = answers(connection, 1000)
            asking.join()
            assert len(refusals) == 1000
            assert all(b"does not follow the audit log" in r for r in refusals)
            assert not any(escrow.password.encode() in r for r in refusals)
            # A frame that is none ends it.
            connection.sendall(b"\xff" * 64)
            assert answers(connection, 1) == []
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def connects(connection, path):
    try:
        connection.connect(str(path))
        return True
    except (FileNotFoundError, ConnectionRefusedError):
        return False


def test_killed_under_load_it_gives_no_wrong_answer_and_comes_back(server):
    escrow = Escrow(server)
    token = server.token("helpdesk")
    answered, stop = [], threading.Event()

    def load():
        with requests.Session() as session:
            session.trust_env = False
            body = {"keyId": escrow.protector, "reason": "test", "ticket": "T-1"}
            while not stop.is_set():
                response = session.post(
                    f"{server.url}{KEYS}/{escrow.agent.device}/reveal",
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=30,
                )
                answered.append((response.status_code, escrow.password in response.text))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            before = sum(1 for status, _ in answered if status == 200)
            wait_until(lambda: sum(1 for status, _ in answered if status == 200) > before + 10, "disclosures")
            killed = opener_of(server)
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: server.get("/readyz").status_code == 503 or opener_is_new(server, killed), "red readiness")
            wait_until(lambda: server.get("/readyz").status_code == 200, "the opener's return")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in answered} <= {200, 503}
    assert all(has == (status == 200) for status, has in answered)
    assert any(status == 503 for status, _ in answered)
    assert escrow.reveal(token).status_code == 200
    verified = server.run("audit", "export", "--data", server.data)
    assert "key.disclosed" in verified.stdout


def opener_is_new(server, old):
    try:
        return opener_of(server) != old
    except ValueError:
        return False


def test_an_opener_that_hangs_is_replaced(server):
    escrow = Escrow(server)
    token = server.token("helpdesk")
    pid = opener_of(server)
    os.kill(pid, signal.SIGSTOP)
    assert escrow.reveal(token, timeout=60).status_code == 503
    wait_until(lambda: opener_is_new(server, pid), "a new opener")
    wait_until(lambda: escrow.reveal(token).status_code == 200, "a disclosure")


def test_a_log_that_was_rewound_behind_its_back_discloses_nothing(server):
    """Database and anchor are put back together, which only the opener's own memory tells."""
    escrow = Escrow(server)
    token = server.token("helpdesk")
    server.stop()
    old = {name: (server.data / name).read_bytes() for name in ("sparekey.db", "checkpoint")}
    server.start()
    assert escrow.reveal(token).status_code == 200
    server.stop()
    for name, content in old.items():
        (server.data / name).write_bytes(content)
    for name in ("sparekey.db-wal", "sparekey.db-shm"):
        (server.data / name).unlink(missing_ok=True)
    with pytest.raises(AssertionError, match="was not ready"):
        wait_briefly(server)
    assert "rewound or forked" in server.log_text()


def wait_briefly(server):
    """Start a server that never becomes ready, without waiting for as long as for one that should."""
    patience, server_module.START_TIMEOUT = server_module.START_TIMEOUT, 5
    try:
        server.start()
    finally:
        server_module.START_TIMEOUT = patience


def test_over_the_cap_it_opens_nothing_and_says_so_on_the_log(server_factory):
    server = server_factory(arguments=["--opener-caller-cap", "2"]).start()
    escrow = Escrow(server)
    token = server.token("helpdesk")
    assert [escrow.reveal(token).status_code for _ in range(3)] == [200, 200, 403]
    assert escrow.reveal(server.token("helpdesk")).status_code == 200
    export = server.run("audit", "export", "--data", server.data).stdout
    assert "disclosed 2 keys within an hour" in export


def test_a_wrong_master_key_is_refused_in_the_same_words_by_both(server):
    server.stop()
    (server.data / "master.key").write_bytes(os.urandom(32))
    said = []
    for place in ("process", "inProcess"):
        result = server.run("serve", "--data", server.data, "--opener", place, "--listen", "127.0.0.1:0", check=False)
        assert result.returncode == 1
        said.append(result.stderr.splitlines()[-1])
    assert said[0] == said[1]
    assert "needs the master key" in said[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of a process that is not dumpable")
@pytest.mark.parametrize("place", ["process", "inProcess"])
def test_the_server_has_no_private_key_in_its_memory(server_factory, place):
    """The keys are worked out from the master key, as docs say how, and looked for; where they should be, they are."""
    server = server_factory(arguments=["--opener", place]).start()
    escrow = Escrow(server)
    assert escrow.reveal(server.token("helpdesk")).status_code == 200
    master = (server.data / "master.key").read_bytes()
    root, private = keys_of(server, master)
    holder = opener_of(server) if place == "process" else server.process.pid
    assert holds(holder, root), "the search does not find what is there"
    if place == "process":
        found = [name for name, key in dict(master=master, root=root, private=private).items() if holds(server.process.pid, key)]
        assert found == []


def keys_of(server, master):
    """The root key and the first private key of a server's keyring."""
    with sqlite3.connect(f"file:{server.data}/sparekey.db?mode=ro", uri=True) as database:
        document = json.loads(database.execute("SELECT document FROM keyring").fetchone()[0])

    def unwrap(key, wrapped, context, magic=b""):
        wrapped = base64.b64decode(wrapped)[len(magic) :]
        return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], magic + f"sparekey/keyring/v1/{context}\n{document['id']}".encode())

    root = unwrap(master, document["rootKey"], "root-key", b"SKMF\1")
    version = document["versions"][0]
    return root, unwrap(root, version["privateKey"], f"private-key/{version['number']}")


def holds(pid, needle):
    """Whether a process's memory has some bytes."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if "r" not in mode or "[v" in line:
                continue
            try:
                memory.seek(start)
                if needle in memory.read(end - start):
                    return True
            except (OSError, ValueError, OverflowError):
                continue
    return False
