"""Four people and one device at once, for a minute, while the server dies, hangs and is hung up on: the log has no gap."""

import json
import os
import random
import signal
import threading
import time
import uuid
from pathlib import Path

import requests

import verify_log
from agent import Agent, recovery_password

KEYS = "/api/devices/security/bitlocker/keys"
SECONDS = float(os.environ.get("SPAREKEY_CONCURRENCY_SECONDS", 60))
PATIENCE = 10
MOST_KEYS = 700


class World:
    """What everybody was told, kept by those who were told it: the server's own word is compared with this at the end."""

    def __init__(self, server, seed):
        self.server = server
        self.seed = seed
        self.over = threading.Event()
        self.escrowed = {}  # key protector ID → password, once its deposit was acknowledged
        self.disclosed = []  # request ID and key protector ID of each secret that arrived
        self.refused = []  # request ID of each refusal that has to be on the record
        self.heads = []  # header lines of the exports that the auditor fetched
        self.problems = []
        self.failures = 0  # requests that a fault took

    def act(self, name, turn):
        """Run one person's turns until the minute is over. What a fault takes from a turn is not repeated."""
        chance = random.Random(f"{self.seed}-{name}")
        while not self.over.is_set():
            try:
                turn(chance)
            except requests.RequestException:
                self.failures += 1
                time.sleep(0.05)
            except Exception as error:  # noqa: BLE001: a person's thread that ends silently would test nothing
                self.problems.append(f"{name}: {error!r}")
                return

    def expect(self, answer, *statuses):
        """Check a status. A server that is going down, or starting, may say so to anybody."""
        if answer.status_code not in (*statuses, 503):
            self.problems.append(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        return answer


def pick(chance, world):
    return chance.choice(list(world.escrowed) or [None])


def device(world, agent):
    def turn(chance):
        # A volume may have a thousand keys. Beyond most of them the device says again what it has said.
        protector, password = str(uuid.uuid4()), recovery_password()
        if len(world.escrowed) >= MOST_KEYS:
            protector, password = chance.choice(list(world.escrowed.items()))
        answer = world.expect(agent.deposit(protector, password), 200, 201)
        if answer.status_code in (200, 201):
            world.escrowed[protector] = password
            agent.protectors = [protector]
        if chance.random() < 0.3:
            agent.check_in()
        time.sleep(chance.uniform(0, 0.05))

    return turn


def session():
    made = requests.Session()
    made.trust_env = False
    return made


def helpdesk(world, agent, token):
    mine = session()

    def turn(chance):
        protector = pick(chance, world)
        if protector is None:
            return time.sleep(0.05)
        hangs_up = chance.random() < 0.1
        answer = mine.post(
            f"{world.server.url}{KEYS}/{agent.device}/reveal",
            json={"keyId": protector, "reason": "test", "ticket": "T-1"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=0.004 if hangs_up else PATIENCE,
        )
        if world.expect(answer, 200).status_code == 200:
            if answer.json()["recoveryPassword"] != world.escrowed[protector]:
                world.problems.append(f"{protector} was answered with another key's password")
            world.disclosed.append((answer.headers["X-Request-Id"], protector))
        return None

    return turn


def stranger(world, agent, token):
    """A help desk of other device groups: every try is a refusal, and every refusal a record."""
    mine = session()

    def turn(chance):
        answer = mine.post(
            f"{world.server.url}{KEYS}/{agent.device}/reveal",
            json={"reason": "test", "ticket": "T-2"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        )
        if world.expect(answer, 404).status_code == 404:
            world.refused.append(answer.headers["X-Request-Id"])
        time.sleep(chance.uniform(0, 0.02))

    return turn


def administrator(world, agent, token):
    mine = session()

    def turn(chance):
        headers = {"Authorization": f"Bearer {token}"}
        if chance.random() < 0.5:
            url = f"{world.server.url}{KEYS}/{agent.device}/rotate"
            world.expect(mine.post(url, headers=headers, timeout=PATIENCE), 202, 409)
        else:
            world.expect(mine.get(f"{world.server.url}{KEYS}?limit=5", headers=headers, timeout=PATIENCE), 200)
        time.sleep(chance.uniform(0, 0.05))

    return turn


def auditor(world, token):
    mine = session()

    def turn(chance):
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{world.server.url}{KEYS}/audit/export"
        with mine.get(url, headers=headers, timeout=PATIENCE, stream=True) as answer:
            if world.expect(answer, 200).status_code == 200:
                world.heads.append(next(answer.iter_lines()).decode())
        time.sleep(chance.uniform(0.2, 0.6))

    return turn


def children(pid):
    """The processes that a process has started: of a server, the opener."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def faults(world):
    """Ends, stops or breaks the server every second or two, and starts it again when it is gone."""
    server, chance = world.server, random.Random(f"{world.seed}-faults")
    counts = {"kill": 0, "stop": 0, "freeze": 0, "disk": 0, "opener": 0}
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.5, 2))
        fault = chance.choice(list(counts))
        counts[fault] += 1
        if fault == "kill":
            server.kill()
            server.start()
        elif fault == "stop":
            server.stop()
            server.start()
        elif fault == "freeze":
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0.05, 0.5))
            server.process.send_signal(signal.SIGCONT)
        elif fault == "opener":
            for child in children(server.process.pid):
                os.kill(child, signal.SIGKILL)
        else:
            (server.switches / "fail").touch()
            assert server.process.wait(PATIENCE * 2) != 0, "the server went on after a failed sync"
            server.process = None
            (server.switches / "fail").unlink()
            server.start()
    return counts


def records_of(export):
    """The log's records and the roots at each size, by nothing of Sparekey's."""
    edge, roots, records = [], [], []
    for text in export.read_text().splitlines()[1:]:
        line = json.loads(text)
        if "i" not in line:
            continue
        assert line["i"] == len(records), "the log has a gap"
        verify_log.append(edge, len(records), verify_log.canonical(line["leaf"]))
        roots.append(verify_log.root(edge))
        records.append({"kind": line["leaf"]["k"], **line["record"]})
    return records, roots


def test_four_people_and_a_device_at_once_under_faults_leave_a_log_without_a_gap(shimmed, tmp_path):
    """Every secret that arrived has its record, every acknowledged deposit is there, and no head was ever taken back."""
    seed = os.environ.get("SPAREKEY_SEED") or uuid.uuid4().hex
    print(f"seed {seed}: SPAREKEY_SEED={seed} makes the same choices again")
    world = World(shimmed, seed)
    agent = Agent(shimmed.url).enrol(shimmed.enrolment_token("--group", "berlin"))
    agent.check_in()
    # A reader goes on while the server is away: the threads have sessions of their own, and tokens made before.
    people = {
        "device": device(world, agent),
        "helpdesk": helpdesk(world, agent, shimmed.token("helpdesk", "--group", "berlin")),
        "stranger": stranger(world, agent, shimmed.token("helpdesk", "--group", "paris")),
        "administrator": administrator(world, agent, shimmed.token("administrator")),
        "auditor": auditor(world, shimmed.token("auditor")),
    }
    threads = [threading.Thread(target=world.act, args=item, name=item[0]) for item in people.items()]
    for thread in threads:
        thread.start()
    try:
        counts = faults(world)
    finally:
        world.over.set()
        for thread in threads:
            thread.join()
    print(
        f"{counts}; {len(world.escrowed)} deposits, {len(world.disclosed)} disclosures, {len(world.refused)} refusals, "
        f"{len(world.heads)} exports, {world.failures} requests lost"
    )
    assert not world.problems, world.problems[:5]
    assert all(count for count in counts.values()) or SECONDS < 30, "a kind of fault was never tried"
    assert min(map(len, (world.escrowed, world.disclosed, world.refused, world.heads))) >= 3, "somebody did nothing"

    export = tmp_path / "export.jsonl"
    shimmed.run("audit", "export", "--data", shimmed.data, "--output", export)
    shimmed.run("audit", "verify", export)
    assert verify_log.main(str(export)) == 0
    records, roots = records_of(export)

    of_request = {}
    for record in records:
        if request := record["source"].get("requestId"):
            of_request.setdefault(request, []).append(record)
    for request, protector in world.disclosed:
        found = [item for item in of_request.get(request, []) if item["kind"] == "key.disclosed"]
        assert [item["protector"] for item in found] == [protector], "a secret arrived without its one record"
    for request in world.refused:
        assert [item["kind"] for item in of_request.get(request, [])] == ["access.denied"]
    deposited = {record["protector"] for record in records if record["kind"] == "key.deposited"}
    assert set(world.escrowed) <= deposited, "an acknowledged deposit has no record"
    # Whoever saw a head sees it again: the log only ever grew.
    for line in world.heads:
        header = json.loads(line)
        size, root = verify_log.read_checkpoint(
            header["checkpoint"], dict([verify_log.read_vkey(header["vkeys"][0])]), header["origin"]
        )
        assert size <= len(roots) and root == (roots[size - 1] if size else verify_log.root([])), "a head was taken back"
    # And every acknowledged key can still be had.
    token = shimmed.token("helpdesk")
    for protector in random.Random(seed).sample(sorted(world.escrowed), min(len(world.escrowed), 50)):
        answer = shimmed.post(f"{KEYS}/{agent.device}/reveal", token=token, json={"keyId": protector, "reason": "test"})
        assert answer.json()["recoveryPassword"] == world.escrowed[protector]
