"""Somebody with the database in hand changes sealed rows: nothing opens that was not sealed for exactly its place."""

import sqlite3
import uuid

import pytest

from agent import Agent, recovery_password

KEYS = "/api/devices/security/bitlocker/keys"


class Escrow:
    """A device with one key: what it deposited, last and before."""

    def __init__(self, server, name):
        self.server = server
        self.agent = Agent(server.url, name).enrol(server.enrolment_token())
        self.protector = str(uuid.uuid4())
        self.agent.protectors = [self.protector]
        self.agent.check_in()
        self.passwords = []

    def deposit(self):
        password = recovery_password()
        assert self.agent.deposit(self.protector, password).status_code == 201
        self.passwords.append(password)

    def reveal(self, token):
        body = {"keyId": self.protector, "reason": "test", "ticket": "T-1"}
        return self.server.post(f"{KEYS}/{self.agent.device}/reveal", token=token, json=body)


@pytest.fixture
def escrows(server):
    """Two devices; the first has deposited twice under one key protector."""
    first, second = Escrow(server, "PC-1"), Escrow(server, "PC-2")
    first.deposit()
    first.deposit()
    second.deposit()
    return first, second


def sealed(database, escrow):
    """The sealed records of an escrow's key protector, by version."""
    rows = database.execute(
        "SELECT version, sealed FROM escrowed_key WHERE protector_id = ? AND sealed IS NOT NULL ORDER BY version",
        (uuid.UUID(escrow.protector).bytes,),
    )
    return dict(rows.fetchall())


def put(database, escrow, version, record):
    changed = database.execute(
        "UPDATE escrowed_key SET sealed = ? WHERE protector_id = ? AND version = ?",
        (record, uuid.UUID(escrow.protector).bytes, version),
    )
    assert changed.rowcount == 1


def swap_rows(database, first, second):
    """The record of one device in the row of another, and the other way round."""
    mine, other = sealed(database, first)[2], sealed(database, second)[1]
    put(database, first, 2, other)
    put(database, second, 1, mine)
    return [first, second]


def replay_an_old_row(database, first, _):
    """The record of the version before in the row of the present one."""
    put(database, first, 2, sealed(database, first)[1])
    return [first]


def flip(place):
    def tamper(database, first, _):
        record = bytearray(sealed(database, first)[2])
        record[place(len(record))] ^= 1
        put(database, first, 2, bytes(record))
        return [first]

    return tamper


def truncate(database, first, _):
    """The record without its last byte."""
    put(database, first, 2, sealed(database, first)[2][:-1])
    return [first]


TAMPERINGS = {
    "rows are swapped": swap_rows,
    "an old row is replayed": replay_an_old_row,
    "a bit is flipped in the header": flip(lambda length: 0),
    "a bit is flipped in the sealed data key": flip(lambda length: 20),
    "a bit is flipped in the middle": flip(lambda length: length // 2),
    "a bit is flipped in the payload": flip(lambda length: length - 1),
    "the record is cut": truncate,
}


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_changed_row_discloses_nothing_and_its_record_says_which(server, escrows, tamper):
    """The caller is told that the secret does not open, the log which one, and no digit leaves."""
    helpdesk, auditor = server.token("helpdesk"), server.token("auditor")
    for escrow in escrows:
        assert escrow.reveal(helpdesk).json()["recoveryPassword"] == escrow.passwords[-1]
    server.stop()
    database = sqlite3.connect(server.data / "sparekey.db")
    with database:
        touched = tamper(database, *escrows)
    database.close()
    server.start()
    for escrow in escrows:
        answer = escrow.reveal(helpdesk)
        if escrow not in touched:
            assert answer.json()["recoveryPassword"] == escrow.passwords[-1]
            continue
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:sparekey:problem:seal-broken"
        assert not any(password in answer.text for other in escrows for password in other.passwords)
        failed = server.get(f"{KEYS}/audit?kind=key.openFailed&limit=10", token=auditor).json()["items"]
        assert escrow.protector in [item["record"]["protector"] for item in failed]
        assert {item["record"]["outcome"] for item in failed} == {"failure"}
    export = server.data.parent / "export.jsonl"
    server.run("audit", "export", "--data", server.data, "--output", export)
    server.run("audit", "verify", export)
