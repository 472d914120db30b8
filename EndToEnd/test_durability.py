"""Nothing that was answered is lost, and no secret leaves before its record is on the disk."""

import random
import re
import threading
import time
import uuid

import pytest
import requests

from agent import Agent, recovery_password

KEYS = "/api/devices/security/bitlocker/keys"
PASSWORD = re.compile(r"\d{6}(?:-\d{6}){7}")


def escrowed_device(server):
    """A device with one recovery password in escrow, and the password."""
    agent = Agent(server.url).enrol(server.enrolment_token("--group", "test"))
    protector, password = str(uuid.uuid4()), recovery_password()
    agent.protectors = [protector]
    agent.check_in()
    assert agent.deposit(protector, password).status_code == 201
    return agent, protector, password


def reveal(server, token, agent, protector):
    return server.post(
        f"{KEYS}/{agent.device}/reveal", token=token, json={"keyId": protector, "reason": "test", "ticket": "T-1"}
    )


def disclosures(server, token):
    """The records of all disclosures, and that the log verifies."""
    export = server.data.parent / f"export-{uuid.uuid4()}.jsonl"
    server.run("audit", "export", "--data", server.data, "--output", export)
    server.run("audit", "verify", export)
    answer = server.get(f"{KEYS}/audit?kind=key.disclosed&limit=500", token=token)
    assert answer.status_code == 200
    return [item["record"] for item in answer.json()["items"]]


def wait_for(path, seconds=20):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.01)


def received_until_the_end(call):
    """What a request that the server never finishes brings the client: nothing, or the text of an answer."""
    try:
        return call().text
    except requests.RequestException as error:
        return "" if error.response is None else error.response.text


def test_killed_between_commit_and_answer_leaves_the_record_and_no_secret(shimmed):
    """The record of a disclosure is on the disk before a byte of the secret is on the wire."""
    agent, protector, password = escrowed_device(shimmed)
    helpdesk, auditor = shimmed.token("helpdesk"), shimmed.token("auditor")
    (shimmed.switches / "hang").touch()
    answers = []
    request = threading.Thread(
        target=lambda: answers.append(received_until_the_end(lambda: reveal(shimmed, helpdesk, agent, protector)))
    )
    request.start()
    wait_for(shimmed.switches / "synced")
    time.sleep(0.3)
    assert not answers, "the server answered although its commit had not returned"
    shimmed.kill()
    request.join()
    assert answers == [""]
    (shimmed.switches / "hang").unlink()
    shimmed.start()
    records = disclosures(shimmed, auditor)
    assert [record["protector"] for record in records] == [protector]
    assert records[0]["reason"] == {"code": "test", "ticket": "T-1"}
    assert reveal(shimmed, helpdesk, agent, protector).json()["recoveryPassword"] == password


def test_a_commit_that_fails_ends_the_server_and_discloses_nothing(shimmed):
    """After a failed sync nothing may be answered: the disk has not got what the answer would say."""
    agent, protector, password = escrowed_device(shimmed)
    helpdesk, auditor = shimmed.token("helpdesk"), shimmed.token("auditor")
    (shimmed.switches / "fail").touch()
    text = received_until_the_end(lambda: reveal(shimmed, helpdesk, agent, protector))
    assert not PASSWORD.search(text)
    assert shimmed.process.wait(10) != 0, "the server must not go on after a failed sync"
    shimmed.process = None
    assert (shimmed.switches / "failed").exists()
    assert password not in shimmed.log_text()
    (shimmed.switches / "fail").unlink()
    shimmed.start()
    before = len(disclosures(shimmed, auditor))
    assert reveal(shimmed, helpdesk, agent, protector).json()["recoveryPassword"] == password
    assert len(disclosures(shimmed, auditor)) == before + 1


def test_a_deposit_whose_commit_fails_is_not_acknowledged(shimmed):
    """A device keeps its old protector until it is told that the new secret is durably here."""
    agent, _, _ = escrowed_device(shimmed)
    (shimmed.switches / "fail").touch()
    with pytest.raises(requests.RequestException):
        agent.deposit(str(uuid.uuid4()), recovery_password()).raise_for_status()
    assert shimmed.process.wait(10) != 0
    shimmed.process = None


def test_killed_at_random_nothing_acknowledged_is_lost(server):
    """Ten rounds of deposits and disclosures with a kill at a random moment; then everything is compared."""
    agent, _, _ = escrowed_device(server)
    helpdesk, auditor = server.token("helpdesk"), server.token("auditor")
    kept, seen = {}, []

    def work(until):
        while not until.is_set():
            protector, password = str(uuid.uuid4()), recovery_password()
            try:
                if agent.deposit(protector, password).status_code == 201:
                    kept[protector] = password
                answer = reveal(server, helpdesk, agent, protector)
                if answer.status_code == 200:
                    assert answer.json()["recoveryPassword"] == password
                    seen.append(protector)
            except requests.RequestException:
                return

    for _ in range(10):
        stop = threading.Event()
        worker = threading.Thread(target=work, args=(stop,))
        worker.start()
        time.sleep(random.uniform(0.05, 0.6))
        server.kill()
        stop.set()
        worker.join()
        server.start()
    assert len(kept) > 10 and len(seen) > 10, "the rounds did nothing"
    recorded = [record["protector"] for record in disclosures(server, auditor)]
    for protector in seen:
        assert protector in recorded, "a secret was disclosed without a record"
    for protector, password in random.sample(sorted(kept.items()), min(len(kept), 50)):
        assert reveal(server, helpdesk, agent, protector).json()["recoveryPassword"] == password
