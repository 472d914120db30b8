"""`audit verify` against a running server: from the checkpoint that was kept to the present one, and every tampering named."""

import shutil
import sqlite3

import pytest

KEYS = "/api/devices/security/bitlocker/keys"


class Log:
    """A server's log, and somebody who verifies it now and then."""

    def __init__(self, server, tmp_path):
        self.server = server
        self.reader, self.auditor = server.token("reader"), server.token("auditor")
        self.token_file = tmp_path / "token"
        self.token_file.write_text(self.auditor)
        self.vkey = server.get("/log/vkey").text.strip()

    def grow(self, count):
        for _ in range(count):
            assert self.server.get(f"{KEYS}/audit", token=self.reader).status_code == 403

    def verify(self, *arguments, token=True):
        credentials = ["--token-file", self.token_file] if token else []
        return self.server.run("audit", "verify", self.server.url, *credentials, *arguments, check=False)

    def edit(self, *statements):
        """Change the database behind the running server's back: at its next start it would find out by itself."""
        with sqlite3.connect(self.server.data / "sparekey.db") as database:
            for statement in statements:
                database.execute(statement)
        database.close()


@pytest.fixture
def log(server, tmp_path):
    return Log(server, tmp_path)


def test_the_first_time_says_so_and_the_next_asks_for_what_is_new(log):
    log.grow(300)
    first = log.verify("--vkey", log.vkey)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "this log was not verified before" in first.stderr
    assert "since it was verified before" not in first.stdout
    log.grow(40)
    second = log.verify()
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stderr == "", "the key that was kept is the one that counts"
    assert "the last 41 since it was verified before" in second.stdout, second.stdout
    hashes = log.verify(token=False)
    assert hashes.returncode == 0, hashes.stdout + hashes.stderr
    assert "only hashes were looked at" in hashes.stderr


def test_without_a_key_the_servers_own_is_believed_and_that_is_said(log):
    done = log.verify(token=False)
    assert done.returncode == 0
    assert log.vkey in done.stderr


def test_another_key_and_a_file_that_was_changed_are_refused(log, tmp_path):
    state = tmp_path / "kept"
    assert log.verify("--state", state).returncode == 0
    key = log.vkey.split("+")
    other = log.server.run("witness", "key", "--name", key[0], "--output", tmp_path / "key").stdout
    assert log.verify("--vkey", other.strip(), "--state", tmp_path / "new").returncode == 1
    state.write_text(state.read_text().replace("\n\n", "0\n\n", 1))
    done = log.verify("--state", state)
    assert done.returncode == 1
    assert "is not what was kept of this log" in done.stderr


SWAP = """
UPDATE audit_entry SET {0} = (SELECT other.{0} FROM (SELECT id, {0} FROM audit_entry WHERE id IN (20, 21)) AS other
    WHERE other.id = 41 - audit_entry.id) WHERE id IN (20, 21)
"""

@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["UPDATE audit_entry SET record = CAST(replace(CAST(record AS TEXT), 'denied', 'success') AS BLOB) WHERE id = 20"], "record 20 was changed"),
        (["UPDATE audit_entry SET salt = randomblob(32) WHERE id = 20"], "record 20 was changed"),
        (["UPDATE audit_entry SET commitment = randomblob(32), salt = NULL, record = NULL WHERE id = 20"], "do not lead to the root it signed"),
        (["UPDATE audit_entry SET time = time + 1 WHERE id = 20"], "do not lead to the root it signed"),
        (["UPDATE audit_entry SET kind = 'key.proven' WHERE id = 20"], "do not lead to the root it signed"),
        ([SWAP.format("record"), SWAP.format("salt")], "record 20 was changed"),
        (
            [
                "CREATE TEMP TABLE moved AS SELECT * FROM audit_entry WHERE id IN (20, 21)",
                "DELETE FROM audit_entry WHERE id IN (20, 21)",
                "UPDATE moved SET id = 41 - id",
                "INSERT INTO audit_entry SELECT * FROM moved",
            ],
            "do not lead to the root it signed",
        ),
        (
            [
                "CREATE TEMP TABLE old AS SELECT * FROM audit_entry WHERE id = 5",
                "DELETE FROM audit_entry WHERE id = 20",
                "UPDATE old SET id = 20",
                "INSERT INTO audit_entry SELECT * FROM old",
            ],
            "do not lead to the root it signed",
        ),
        (["UPDATE audit_node SET hash = randomblob(32) WHERE number = 0"], "do not lead to the root it signed"),
    ],
    ids=["record", "salt", "leaf", "time", "kind", "rows swapped", "entries swapped", "replayed", "tile"],
)
def test_each_tampering_with_the_database_is_named(log, statements, says):
    log.grow(20)
    kept = log.verify()
    assert kept.returncode == 0
    log.grow(300)
    # Those that are new since are looked at; those that are older, by whoever has not verified them yet.
    statements = [statement.replace("20", "40").replace("21", "41").replace("41 - ", "81 - ") for statement in statements]
    says = says.replace("20", "40")
    log.edit(*statements)
    done = log.verify()
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout, done.stdout
    assert "NOT intact" in done.stdout


def test_a_rolled_back_log_and_one_that_grew_again_are_refused_with_and_without_a_token(log):
    server = log.server
    server.stop()
    old = server.data.with_name("old")
    shutil.copytree(server.data, old, ignore=shutil.ignore_patterns("*.sock"))
    server.start()
    log.grow(30)
    assert log.verify().returncode == 0
    server.stop()
    shutil.rmtree(server.data)
    shutil.copytree(old, server.data)
    server.start()
    for token in (True, False):
        done = log.verify(token=token)
        assert done.returncode == 1
        assert "it was rolled back" in done.stdout
    log.grow(60)
    for token in (True, False):
        done = log.verify(token=token)
        assert done.returncode == 1
        assert "its past was changed" in done.stdout
