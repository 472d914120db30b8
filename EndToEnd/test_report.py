"""`sparekey audit report`: what somebody should look at, the gravest first."""

import json

import pytest

from agent import Agent, recovery_password

KEYS = "/api/devices/security/bitlocker/keys"
PROTECTORS = {"PC-1": "8f595209-f5b9-49a0-85d4-cb8f80258c27", "PC-2": "0a1eb21a-0000-4000-8000-00000000000b"}
NEW = "11111111-0000-4000-8000-00000000000c"
POLICY = """\
rules:
  - name: few
    limits: {perCaller: {hour: 5}, alarmAt: 60%}
"""


@pytest.fixture
def fleet(server_factory, tmp_path):
    """A server, and two devices of two groups with a key each."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    server = server_factory(arguments=["--no-require-proof", "--policy", policy]).start()
    agents = []
    for (name, protector), group in zip(PROTECTORS.items(), ["berlin", "paris"], strict=True):
        agent = Agent(server.url, name).enrol(server.enrolment_token("--group", group))
        agent.protectors = [protector]
        agent.check_in()
        agent.deposit(protector, recovery_password()).raise_for_status()
        agents.append(agent)
    return server, agents


def report(server, *arguments, **options):
    return server.run("audit", "report", "--data", server.data, *arguments, **options).stdout


def counts(tally):
    return {line["what"]: line["count"] for line in tally["lines"]}


def test_of_a_quiet_week_it_says_that_there_was_nothing(fleet):
    lines = report(fleet[0]).splitlines()
    assert lines[0] == "no break-glass access" and lines[2].startswith("from ")
    assert lines[3:] and all(line.endswith(": none") for line in lines[3:])


def test_it_counts_disclosures_refusals_and_alarms_and_names_what_is_left_undone(fleet):
    server, (first, second) = fleet
    kim, reader = server.token("helpdesk", "--name", "kim"), server.token("reader", "--name", "rita")
    for device, reason, times in ((first, "incorrectPIN", 2), (second, "test", 1)):
        for _ in range(times):
            answer = server.post(f"{KEYS}/{device.device}/reveal", token=kim, json={"reason": reason})
            assert answer.status_code == 200, answer.text
    assert server.post(f"{KEYS}/{first.device}/reveal", token=reader, json={"reason": "test"}).status_code == 403

    found = json.loads(report(server, "--json", "--since", "1h"))
    disclosures = found["disclosures"]
    assert counts(disclosures["byCaller"]) == {"kim": 3} and disclosures["byCaller"]["total"] == 3
    assert counts(disclosures["byReason"]) == {"incorrectPIN": 2, "test": 1}
    assert counts(disclosures["byGroup"]) == {"berlin": 2, "paris": 1}
    assert [what.endswith(" by rita") for what in counts(found["refusals"])] == [True]
    assert found["limitAlarms"]["total"] == 1 and found["limitAlarms"]["items"][0]["who"] == "kim"
    assert found["failures"]["total"] == found["rotationsStuck"]["total"] == found["breakGlass"]["total"] == 0
    left = {key["keyId"]: key["deviceName"] for key in found["notReplaced"]["items"]}
    assert {key.lower(): name for key, name in left.items()} == {key: name for name, key in PROTECTORS.items()}
    assert found["notReplaced"]["total"] == 2, "what was disclosed twice is left once"

    # What is replaced is not left.
    first.protectors = [NEW]
    first.check_in()
    first.deposit(NEW, recovery_password()).raise_for_status()
    first.check_in()
    found = json.loads(report(server, "--json"))
    assert [key["deviceName"] for key in found["notReplaced"]["items"]] == ["PC-2"]
    later = found["until"]
    assert json.loads(report(server, "--json", "--since", later))["disclosures"]["byCaller"]["total"] == 0
    server.stop()
    assert "kim" in report(server), "it works while no server runs"


def test_emergency_access_comes_first(fleet, tmp_path):
    server, (first, _) = fleet
    made = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)
    shares = tmp_path / "shares"
    shares.write_text("\n".join(made["shares"][:3]) + "\n")
    opened = server.run("break-glass", "open", "--data", server.data, "--reason", "SSO down", "--shares-file", shares)
    token = opened.stdout.strip()
    answer = server.post(f"{KEYS}/{first.device}/reveal", token=token, json={"reason": "test"})
    assert answer.status_code == 200, answer.text
    again = ("break-glass", "open", "--data", server.data, "--reason", "again", "--shares-file", shares)
    assert server.run(*again, check=False).returncode == 1
    lines = report(server).splitlines()
    assert lines[0].startswith("BREAK-GLASS ACCESS ") and "SSO down" in lines[0] and made["id"] in lines[0]
    assert lines[1].startswith("BREAK-GLASS REFUSED ")
    found = json.loads(report(server, "--json"))
    assert counts(found["disclosures"]["byCaller"]) == {f"breakGlass:{made['id']}": 1}


def test_it_is_for_whoever_may_read_the_whole_log(fleet, tmp_path):
    server, _ = fleet
    path = tmp_path / "token"
    allowed = {("administrator",): True, ("auditor",): True, ("helpdesk",): False, ("auditor", "--group", "berlin"): False}
    for role, is_allowed in allowed.items():
        path.write_text(server.token(*role) + "\n")
        arguments = ("audit", "report", "--server", server.url, "--token-file", path)
        result = server.run(*arguments, check=False)
        assert (result.returncode == 0) is is_allowed, result.stderr
        assert is_allowed or result.stdout == "", "a part of the log makes no report that all is well"
    for wrong in ("yesterday", "-1d", ""):
        assert server.run("audit", "report", "--data", server.data, f"--since={wrong}", check=False).returncode == 64
