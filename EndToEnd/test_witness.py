"""Witnesses of the audit log: what one answers, and what a server does with one, without one, and against one."""

import hashlib
import json
import shutil
import socket
import threading
import time

import pytest
import requests

from agent import Agent, recovery_password
from signed_log import SignedLog
from witness import Witness

KEYS = "/api/devices/security/bitlocker/keys"
PROTECTOR = "8f595209-f5b9-49a0-85d4-cb8f80258c27"


@pytest.fixture
def witness_factory(sparekey, tmp_path):
    witnesses = []

    def make(*logs, name=None):
        number = len(witnesses) + 1
        witnesses.append(Witness(sparekey, tmp_path / f"witness-{number}", logs, name or f"witness.example/w{number}"))
        return witnesses[-1]

    yield make
    for witness in witnesses:
        witness.kill()


def until(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


# --- The witness


def test_each_answer_of_a_witness_is_that_of_the_specification(witness_factory):
    log = SignedLog()
    witness = witness_factory(log.vkey).start()
    name = hashlib.sha256(log.origin.encode()).hexdigest()
    monitoring = f"{witness.url}/{name}/checkpoint"
    assert requests.get(monitoring, timeout=30).status_code == 404

    assert witness.add(b"old x\n\n").status_code == 400
    assert witness.add(log.request(7, 5, proof=[])).status_code == 400
    assert witness.add(SignedLog("other.example/log").request(0, 5)).status_code == 404
    assert witness.add(SignedLog(log.origin).request(0, 5)).status_code == 403
    early = witness.add(log.request(3, 5))
    assert (early.status_code, early.text, early.headers["Content-Type"]) == (409, "0\n", "text/x.tlog.size")
    assert witness.add(log.request(0, 5, proof=[log.leaves[0]])).status_code == 422

    first = witness.add(log.request(0, 5))
    assert first.status_code == 200
    again = witness.add(log.request(5, 5))
    assert again.status_code == 200, "a cosignature can be had anew"
    assert witness.add(log.request(5, 12)).status_code == 200
    rewound = witness.add(log.request(5, 7))
    assert (rewound.status_code, rewound.text) == (409, "12\n")
    assert witness.add(log.changed().request(12, 15)).status_code == 422
    assert witness.add(log.changed().request(12, 12)).status_code == 409
    assert witness.add(log.request(12, 15, proof=log.proof(5, 15))).status_code == 422
    assert witness.add(b"old 0\n" + b"A" * 70_000).status_code == 413

    note = requests.get(monitoring, timeout=30).text
    assert note.startswith(log.checkpoint(12)), "what monitors see is what was cosigned last"


def test_a_cosignature_is_what_a_library_of_others_expects(witness_factory):
    signing, tlog = pytest.importorskip("tlog_scales.signing"), pytest.importorskip("tlog_scales.tlog")
    log = SignedLog()
    witness = witness_factory(log.vkey).start()
    line = witness.add(log.request(0, 5)).text
    assert line.startswith("— witness.example/w1 ") and line.endswith("\n") and line.count("\n") == 1
    checkpoint = tlog.Checkpoint.from_text(log.checkpoint(5) + line)
    checkpoint.verify(signing.Vkey.from_string(witness.vkey))
    checkpoint.verify(signing.Vkey.from_string(log.vkey))


def test_a_witness_forgets_nothing_over_a_kill_and_does_not_start_on_a_file_that_was_changed(witness_factory):
    log = SignedLog()
    witness = witness_factory(log.vkey).start()
    assert witness.add(log.request(0, 12)).status_code == 200
    witness.kill()
    witness.start()
    rewound = witness.add(log.request(0, 5))
    assert (rewound.status_code, rewound.text) == (409, "12\n")
    witness.stop()
    [book] = witness.data.glob("*.checkpoint")
    book.write_text(book.read_text().replace("\n12\n", "\n11\n"))
    with pytest.raises(AssertionError, match="would believe a log that was rewound"):
        witness.start()


def test_of_many_requests_at_once_the_witness_takes_a_line_that_never_goes_back(witness_factory):
    log = SignedLog()
    witness = witness_factory(log.vkey).start()
    assert witness.add(log.request(0, 3)).status_code == 200
    statuses = []

    def submit(size):
        statuses.append((size, witness.add(log.request(3, size)).status_code))

    threads = [threading.Thread(target=submit, args=(size,)) for size in range(4, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [size for size, status in statuses if status == 200]
    assert len(taken) == 1, "the old size fits for one of them only"
    assert witness.add(log.request(3, 3)).text == f"{taken[0]}\n"


def test_a_key_that_others_can_read_is_refused(witness_factory):
    witness = witness_factory(SignedLog().vkey)
    witness.key.chmod(0o644)
    with pytest.raises(AssertionError, match="others may read"):
        witness.start()


# --- The server


def escrowed(server):
    agent = Agent(server.url)
    agent.enrol(server.enrolment_token("--group", "berlin"))
    agent.protectors = [PROTECTOR]
    agent.check_in()
    agent.deposit(PROTECTOR, recovery_password()).raise_for_status()
    return agent


def reveal(server, agent, token):
    return server.post(f"{KEYS}/{agent.device}/reveal", token=token, json={"reason": "test"})


def witnessed(server_factory, witness_factory, *arguments):
    """A server that was started once, for its log's key; and a witness of that log, started."""
    server = server_factory().start()
    vkey = server.get("/log/vkey").text.strip()
    server.stop()
    witness = witness_factory(vkey).start()
    server.arguments = [*witness.serve_arguments, *arguments]
    return server, witness, vkey


def cosigned(server, witness):
    note = server.get("/log/checkpoint").text
    return note if f"— {witness.vkey.split('+')[0]} " in note else None


def test_the_served_checkpoint_has_the_cosignatures_of_both_witnesses(server_factory, witness_factory):
    signing, tlog = pytest.importorskip("tlog_scales.signing"), pytest.importorskip("tlog_scales.tlog")
    server, first, vkey = witnessed(server_factory, witness_factory)
    second = witness_factory(vkey).start()
    server.arguments += second.serve_arguments
    server.start()
    escrowed(server)
    note = until(lambda: cosigned(server, first) and cosigned(server, second))
    checkpoint = tlog.Checkpoint.from_text(note)
    for key in (vkey, first.vkey, second.vkey):
        checkpoint.verify(signing.Vkey.from_string(key))
    receipt = server.get("/log/proof/0").text
    assert receipt.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    assert "witness.example/w1 " in receipt, "receipts are cosigned too"


def test_where_a_witness_is_required_nothing_is_disclosed_without_it(server_factory, witness_factory):
    server, witness, _ = witnessed(
        server_factory, witness_factory, "--witness-mode", "require", "--witness-maximum-age", "3s")
    server.start()
    agent = escrowed(server)
    token = server.token("helpdesk")
    answer = until(lambda: (found := reveal(server, agent, token)).status_code == 200 and found)
    assert answer.json()["receipt"] == f"/log/proof/{answer.json()['auditIndex']}"

    witness.kill()
    until(lambda: server.get("/readyz").status_code == 503)
    refused = reveal(server, agent, token)
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:sparekey:problem:witnessesMissing"
    assert "recoveryPassword" not in refused.text
    until(lambda: "witness.example/w1: it cannot be reached" in server.get("/readyz").json()["detail"])
    auditor = server.token("auditor")
    latest = server.get(f"{KEYS}/audit?device={agent.device}&limit=1", token=auditor).json()["items"][0]
    assert (latest["record"]["kind"], latest["record"]["rule"]) == ("access.denied", "witnesses-missing")

    witness.start()
    until(lambda: reveal(server, agent, token).status_code == 200)
    until(lambda: server.get("/readyz").status_code == 200)


def test_where_witnesses_only_warn_one_that_hangs_slows_nobody(server_factory, witness_factory):
    server, witness, vkey = witnessed(server_factory, witness_factory, "--witnesses-required", "2")
    hanging = witness_factory(vkey)
    with socket.create_server(("127.0.0.1", hanging.port)):
        server.arguments += hanging.serve_arguments
        server.start()
        agent = escrowed(server)
        token = server.token("helpdesk")
        began = time.monotonic()
        assert reveal(server, agent, token).status_code == 200
        assert time.monotonic() - began < 2
        until(lambda: cosigned(server, witness))
        ready = server.get("/readyz")
        assert ready.status_code == 200
        assert "Only 1 of the 2 witnesses" in ready.json()["notices"][0]


def test_a_server_on_yesterdays_database_discloses_nothing_and_the_witness_refuses_it(server_factory, witness_factory):
    server, witness, vkey = witnessed(server_factory, witness_factory, "--witness-mode", "require")
    server.start()
    agent = escrowed(server)
    token = server.token("helpdesk")
    until(lambda: reveal(server, agent, token).status_code == 200)
    server.stop()
    yesterday = server.data.with_name("yesterday")
    shutil.copytree(server.data, yesterday, ignore=shutil.ignore_patterns("*.sock"))

    server.start()
    until(lambda: reveal(server, agent, token).status_code == 200)
    for _ in range(5):
        size = reveal(server, agent, token).json()["auditIndex"] + 1
    until(lambda: (note := cosigned(server, witness)) and int(note.split("\n")[1]) >= size)
    server.stop()
    today = server.data.with_name("today")
    server.data.rename(today)

    # Whoever forgets the anchor is caught by it.
    shutil.copytree(yesterday, server.data)
    shutil.copy(today / "checkpoint", server.data / "checkpoint")
    with pytest.raises(AssertionError, match="the database is older than its anchor"):
        server.start()

    # Whoever puts the anchor back as well is caught by the witness, and gets nothing.
    shutil.rmtree(server.data)
    shutil.copytree(yesterday, server.data)
    with pytest.raises(AssertionError, match="was not ready"):
        server.start(timeout=10)
    assert "it was rewound" in server.log_text()
    server.start(wait_for="/healthz")
    until(lambda: "this one was rewound" in server.get("/readyz").text)
    assert reveal(server, agent, token).status_code == 503

    # Going on with it for longer than the true log makes a fork of it, which the witness refuses too.
    for number in range(size):
        server.enrolment_token("--group", f"g{number}")
    until(lambda: "this one was changed" in server.get("/readyz").text)
    assert reveal(server, agent, token).status_code == 503
    auditor = server.token("auditor")
    objections = server.get(f"{KEYS}/audit?kind=log.witnessObjected", token=auditor).json()["items"]
    assert {item["record"]["detail"] for item in objections} == {"rewound", "forked"}
    name = hashlib.sha256(vkey.split("+")[0].encode()).hexdigest()
    kept = requests.get(f"{witness.url}/{name}/checkpoint", timeout=30).text
    assert int(kept.split("\n")[1]) >= size, "the witness still stands by the true log"

    # The true database is welcome again.
    server.stop()
    shutil.rmtree(server.data)
    today.rename(server.data)
    server.start()
    until(lambda: reveal(server, agent, token).status_code == 200)
