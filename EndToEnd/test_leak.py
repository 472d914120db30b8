"""A leak answered: thirty simulated devices, all of whose keys are replaced though the server is killed in the middle."""

import json
import time

import pytest

from fleet import KEYS, Fleet

#: A proof takes a debug build half a minute; what is proven is not what this test is about.
ARGUMENTS = ["--maintenance-interval", "1s", "--no-require-proof"]
DEVICES = 30


def until(condition, seconds=90):
    """Wait until a condition holds, and give what it gives."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    pytest.fail(f"it did not come to that within {seconds} s")


def compromise(server, *arguments):
    return json.loads(server.run("compromise", *arguments, "--data", server.data, "--json").stdout)


def test_thirty_devices_have_all_their_keys_replaced_though_the_server_is_killed(server_factory, tmp_path):
    server = server_factory(arguments=ARGUMENTS).start()
    fleet = Fleet(server, tmp_path / "devices", devices=DEVICES)
    devices = [outcome["deviceId"] for outcome in fleet.run(check_ins=2)]
    before = {device: fleet.keys(device)[0]["keyId"] for device in devices}
    counted = compromise(server, "--group", "default")
    assert counted == {"devices": DEVICES, "volumes": DEVICES, "keys": DEVICES}
    assert compromise(server, "list") == [], "counting starts nothing"

    started = compromise(server, "--group", "default", "--per-minute", "20", "--yes")
    again = compromise(server, "--group", "default", "--per-minute", "20", "--yes")
    assert again["id"] == started["id"], "the second one joins the first"
    first = until(lambda: (now := compromise(server, "show", started["id"])) and now["requested"] == 20 and now)
    assert (first["waiting"], first["unheard"], first["state"]) == (10, 20, "running")
    fleet.run(check_ins=1)
    server.kill()
    server.start()
    fleet.run(check_ins=3)
    assert compromise(server, "show", started["id"])["completed"] == 20
    until(lambda: compromise(server, "show", started["id"])["requested"] == 10)
    server.kill()
    server.start()
    fleet.run(check_ins=4)
    ended = until(lambda: (now := compromise(server, "show", started["id"])) and now["state"] == "ended" and now)
    assert (ended["total"], ended["completed"], ended["failed"], ended["notReachable"]) == (DEVICES, DEVICES, 0, 0)

    for device in devices:
        new, old = fleet.keys(device)
        assert old["keyId"] == before[device] and old["state"] == "superseded" and old["compromisedAt"]
        assert new["state"] == "active" and "compromisedAt" not in new
        (rotation,) = fleet.show(device)["rotations"]
        assert rotation["trigger"] == "compromised" and rotation["state"] == "completed"
    auditor = server.token("auditor")
    kinds = ["compromise.started", "compromise.ended", "key.compromised", "rotation.completed"]
    counts = [
        len(server.get(f"{KEYS}/audit?kind={kind}&limit=500", token=auditor).json()["items"]) for kind in kinds
    ]
    assert counts == [2, 1, DEVICES, DEVICES], "each is on the record once, and the joined start"


def test_what_was_disclosed_to_one_caller_is_replaced(server_factory, tmp_path):
    server = server_factory(arguments=[*ARGUMENTS, "--rotation-delay-after-disclosure", "never"]).start()
    fleet = Fleet(server, tmp_path / "devices", devices=3)
    devices = [outcome["deviceId"] for outcome in fleet.run(check_ins=2)]
    thief = server.token("helpdesk", "--name", "thief")
    answer = server.post(f"{KEYS}/{devices[1]}/reveal", token=thief, json={"reason": "test"})
    assert answer.status_code == 200
    fleet.reveal(devices[2])
    target = ("--disclosed-to", "thief", "--since", "2020-01-01T00:00:00Z")
    assert compromise(server, *target) == {"devices": 1, "volumes": 1, "keys": 1}
    started = compromise(server, *target, "--yes")
    until(lambda: compromise(server, "show", started["id"])["requested"] == 1)
    fleet.run(check_ins=4)
    until(lambda: compromise(server, "show", started["id"])["state"] == "ended")
    assert [len(fleet.keys(device)) for device in devices] == [1, 2, 1]
    refused = server.run("compromise", "--data", server.data, "--group", "a", "--device", "b", check=False)
    assert refused.returncode == 64
