"""The policy file: groups, disclosure rules and approvals, as people use them."""

import json
import signal
import time

import pytest

from fleet import KEYS, Fleet

POLICY = """\
groups:
  - name: executives
    when: {name: ["*1"]}
rules:
  - name: executives-need-two
    scope: {groups: [executives]}
    approval: {by: [administrator], expires: 30m}
  - name: tickets
    ticket: {pattern: "^INC[0-9]{7}$"}
  - name: few
    limits: {perCaller: {hour: 3}, alarmAt: 60%}
"""

TICKET = {"reason": "test", "ticket": "INC0000042"}


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture
def run(server_factory, policy):
    """A server with the policy, and two devices, of which the first is an executive's."""
    server = server_factory(arguments=["--policy", policy, "--no-require-proof", "--trusted-proxies", "127.0.0.0/8"])
    server.start()
    fleet = Fleet(server, policy.parent / "fleet", devices=2)
    fleet.run(check_ins=3)
    devices = json.loads(server.run("device", "list", "--data", server.data, "--json").stdout)
    executive = next(device for device in devices if device["group"] == "executives")
    other = next(device for device in devices if device["group"] != "executives")
    return server, executive, other


def reveal(server, device, token, body=TICKET, **options):
    return server.post(f"{KEYS}/{device['id']}/reveal", token=token, json=body, **options)


def records(server, kind):
    answer = json.loads(server.run("audit", "list", "--data", server.data, "--kind", kind, "--json").stdout)
    return [item.get("record", item) for item in answer]


def wait_for(condition, what):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within 30 s")


def test_a_disclosure_waits_for_a_second_person_and_works_once(run):
    server, executive, _ = run
    helpdesk, boss = server.token("helpdesk", "--name", "kim"), server.token("administrator", "--name", "boss")
    refused = reveal(server, executive, helpdesk)
    assert refused.status_code == 409 and refused.json()["type"].endswith(":approvalRequired")
    ask = server.post("/api/approvals", token=helpdesk, json={"deviceId": executive["id"], **TICKET})
    assert ask.status_code == 202 and ask.json()["state"] == "requested"
    approval = f"/api/approvals/{ask.json()['id']}"
    own = server.post(f"{approval}/approve", token=helpdesk)
    assert own.status_code == 409 and own.json()["type"].endswith(":ownApproval")
    approved = server.post(f"{approval}/approve", token=boss)
    assert approved.status_code == 200 and approved.json()["decider"]["name"] == "boss"
    assert "recoveryPassword" not in approved.text
    assert reveal(server, executive, boss).status_code == 409, "whoever approves does not see it"
    assert reveal(server, executive, helpdesk).status_code == 200
    assert reveal(server, executive, helpdesk).status_code == 409
    assert server.post(f"{approval}/cancel", token=helpdesk).status_code == 409
    listed = server.run("approval", "list", "--data", server.data, "--state", "used").stdout
    assert "kim" in listed and "boss" in listed


def test_the_command_line_asks_and_answers(run):
    server, executive, _ = run
    token = server.token("helpdesk", "--name", "kim")
    environment = ["--server", server.url, "--token-file", server.data.parent / "kim.token"]
    environment[-1].write_text(token)
    asked = server.run(
        "approval", "request", executive["name"], "--reason", "test", "--ticket", "INC0000042", *environment
    ).stdout.strip()
    assert server.run("approval", "approve", asked, "--data", server.data).stdout == f"{asked} is approved\n"
    assert server.run("approval", "deny", asked, "--data", server.data).stdout == f"{asked} is denied\n"
    assert server.run("approval", "approve", asked, "--data", server.data, check=False).returncode == 1


def test_a_limit_is_told_with_when_it_ends_and_its_rule_is_only_in_the_record(run):
    server, _, other = run
    token = server.token("helpdesk")
    assert reveal(server, other, token, {"reason": "test"}).json()["field"] == "ticket"
    assert reveal(server, other, token, {"reason": "test", "ticket": "X"}).json()["field"] == "ticket"
    answers = [reveal(server, other, token) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    last = answers[-1]
    assert last.json()["type"].endswith(":disclosureLimit")
    assert 3000 < int(last.headers["Retry-After"]) <= 3600
    assert "few" not in last.text
    assert len(records(server, "disclosure.limitNear")) == 1
    denied = json.dumps(records(server, "access.denied"))
    assert "disclosure:few" in denied and "disclosure:tickets" in denied


def test_networks_are_those_behind_the_proxy_and_nobody_can_pretend(run, policy):
    server, _, other = run
    policy.write_text('rules:\n  - {name: house, networks: ["198.51.100.0/24"]}\n')
    reload(server, "is in force")
    token = server.token("helpdesk")
    assert reveal(server, other, token).status_code == 403
    inside = {"X-Forwarded-For": "198.51.100.7"}
    assert reveal(server, other, token, headers=inside).status_code == 200
    # What the client wrote itself stands before what the proxy added.
    spoofed = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    assert reveal(server, other, token, headers=spoofed).status_code == 403
    assert reveal(server, other, token, headers={"X-Forwarded-For": "198.51.100.7, x"}).status_code == 403
    sources = [record["source"]["address"] for record in records(server, "key.disclosed")]
    assert sources == ["198.51.100.7"]


def reload(server, words):
    """SIGHUP, and wait for what the server says of it."""
    before = server.log_text().count(words)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.log_text().count(words) > before, f"'{words}'")


def test_a_broken_file_at_sighup_changes_nothing_and_a_good_one_moves_devices(run, policy):
    server, executive, _ = run
    token = server.token("helpdesk")
    policy.write_text("rules:\n  - {name: a, selfservice: false}\n")
    reload(server, "cannot be used")
    assert "line 2: rules[0].selfservice is not a key" in server.log_text()
    assert reveal(server, executive, token).status_code == 409
    assert records(server, "policy.changed")[0]["outcome"] == "failure"
    policy.write_text("groups:\n  - {name: everybody, when: {name: ['*']}}\n")
    reload(server, "is in force")
    wait_for(
        lambda: all(
            device["group"] == "everybody"
            for device in json.loads(server.run("device", "list", "--data", server.data, "--json").stdout)
        ),
        "the move of both devices",
    )
    assert reveal(server, executive, token, {"reason": "test"}).status_code == 200
    moved = server.run("device", "move", executive["name"], "--group", "vault", "--data", server.data).stdout
    assert moved == f"{executive['name']} is in the group vault\n"
    back = server.run("device", "move", executive["name"], "--by-rule", "--data", server.data).stdout
    assert back == f"{executive['name']} is in the group everybody\n"


def test_the_server_does_not_start_with_a_broken_file_and_its_rules_hold_for_work_on_the_directory(run, policy):
    server, executive, _ = run
    server.stop()
    # No server, no flag: what was in force last still is.
    refused = server.run(
        "key", "reveal", executive["name"], "--reason", "test", "--ticket", "INC0000042", "--data", server.data, check=False
    )
    assert refused.returncode == 1 and "must approve" in refused.stderr and refused.stdout == ""
    policy.write_text("rules: 7\n")
    with pytest.raises(AssertionError, match=r"line 1: rules must be a list"):
        server.start()


def test_check_names_line_and_key_and_explain_says_what_each_rule_says(run, policy, tmp_path):
    server, executive, other = run
    fine = server.run("policy", "check", policy)
    assert "groups 1, rules 3" in fine.stdout
    broken = tmp_path / "broken.yaml"
    broken.write_text("rules:\n  - name: a\n    ticket: {pattern: INC}\n    hours: {}\n")
    result = server.run("policy", "check", broken, check=False)
    assert result.returncode == 1
    assert "line 3: rules[0].ticket.pattern must begin with ^" in result.stderr
    assert "line 4: rules[0].hours must have from, to and timeZone" in result.stderr
    server.token("helpdesk", "--name", "kim")
    explain = ["policy", "explain", "--data", server.data, "--caller", "kim", "--reason", "test"]
    refused = server.run(*explain, "--device", executive["name"], check=False)
    assert refused.returncode == 1
    assert "rule executives-need-two: refuses (approvalRequired)" in refused.stdout
    assert "rule tickets: refuses (ticketMissing)" in refused.stdout
    assert "approval: by somebody else who is administrator" in refused.stdout
    allowed = server.run(*explain, "--device", other["name"], "--ticket", "INC0000042")
    assert "rule executives-need-two: is about other disclosures" in allowed.stdout
    assert "limit of few, caller per hour: 0 of 3 used" in allowed.stdout
    assert server.run("policy", "show", "--data", server.data).stdout == POLICY


def test_emergency_access_does_without_the_second_person_and_the_record_says_so(run):
    server, executive, _ = run
    made = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)
    shares = server.data.parent / "shares.txt"
    shares.write_text("\n".join(made["shares"][:3]) + "\n")
    opened = server.run(
        "break-glass", "open", "--data", server.data, "--reason", "identity provider is down", "--shares-file", shares
    )
    token = opened.stdout.strip()
    answer = reveal(server, executive, token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["recoveryPassword"]
    (record,) = records(server, "key.disclosed")
    assert record["approval"] == "waived" and record["caller"]["principal"].startswith("breakGlass:")
