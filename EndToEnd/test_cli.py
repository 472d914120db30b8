"""The command line: what scripts rely on."""

import json
import os
import re
import subprocess
import time

import pytest

from agent import Agent
from fleet import KEYS, Fleet
from openers import OPENERS
from server import free_port

PASSWORD = re.compile(r"\d{6}(-\d{6}){7}")
TOKEN = re.compile(r"sparekey_t_[0-9a-f]+_[0-9a-f]+")
#: Well formed, and no volume's.
OTHER = "-".join(["000011"] * 8)


@pytest.fixture
def run(sparekey):
    """Runs `sparekey` with the arguments: exit code, stdout and stderr as text."""

    def run(*arguments, stdin=None, environment=None, code=None):
        result = subprocess.run(
            [str(sparekey), *map(str, arguments)],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        if code is not None:
            assert result.returncode == code, f"{arguments} ended with {result.returncode}: {result.stderr}"
        return result

    return run


# --- Help and usage


@pytest.mark.parametrize(
    "command",
    [
        "serve", "token", "token create", "token list", "token revoke", "enrolment-token create", "enrolment-token list",
        "enrolment-token revoke", "device list", "device show", "key list", "key reveal", "rotate", "audit list", "policy check", "policy explain", "policy show", "approval list",
        "approval request", "approval approve", "approval deny", "approval cancel", "device move",
        "audit export", "audit verify", "volume inspect", "volume prove", "volume rotate", "volume format", "simulate",
    ],
)  # fmt: skip
def test_every_command_says_what_it_does(run, command):
    result = run(*command.split(), "--help", code=0)
    assert result.stdout.startswith("OVERVIEW: ")
    assert "USAGE: sparekey " + command in result.stdout


def test_a_wrong_command_line_is_told_apart_from_a_failure(run):
    assert run("token", "create", "--role", "king").returncode == 64
    assert run("no-such-command").returncode == 64
    result = run("device", "list", environment={"SPAREKEY_DATA": "", "SPAREKEY_SERVER": ""})
    assert result.returncode == 64 and "--server" in result.stderr


# --- Volumes


@pytest.fixture
def volume(run, tmp_path):
    """A new volume: (image, recovery password)."""
    image = tmp_path / "volume.img"
    return image, run("volume", "format", image, code=0).stdout.strip()


def test_a_formatted_volume_opens_with_the_password_that_was_printed_alone(run, tmp_path):
    image = tmp_path / "volume.img"
    result = run("volume", "format", image, "--method", "xts256", "--size", "3MiB", code=0)
    password = result.stdout.strip()
    assert PASSWORD.fullmatch(password)
    assert image.stat().st_size == 3 << 20
    for opens in OPENERS.values():
        assert opens(image, password)
        assert not opens(image, OTHER)
    assert run("volume", "format", image).returncode == 1, "an existing file must not be overwritten"


def test_prove_exits_with_0_1_or_2(run, volume, tmp_path):
    image, password = volume
    assert run("volume", "prove", image, "--recovery-password", password).returncode == 0
    assert run("volume", "prove", image, "--recovery-password", "-", stdin=password + "\n").returncode == 0
    assert run("volume", "prove", image, "--recovery-password", password.replace("-", "")).returncode == 0
    assert run("volume", "prove", image, "--recovery-password", OTHER).returncode == 1
    # Cannot be decided, or bad input: never 1.
    for arguments in (
        [image, "--recovery-password", password[:-1]],
        [image, "--recovery-password", "000012" + password[6:]],
        [tmp_path / "missing", "--recovery-password", password],
        [__file__, "--recovery-password", password],
        [image, "--recovery-key", __file__],
        [image, "--recovery-key", tmp_path / "missing"],
        [image],
        [image, "--recovery-password", password, "--recovery-key", __file__],
        [image, "--no-such-flag"],
        [],
    ):
        assert run("volume", "prove", *arguments).returncode == 2, arguments


def test_prove_says_which_group_is_wrong(run, volume):
    image, password = volume
    groups = password.split("-")
    groups[2] = "000012"
    result = run("volume", "prove", image, "--recovery-password", "-".join(groups), code=2)
    assert "third group" in result.stderr


def test_volumes_of_windows_are_proven_and_refused(run, vectors, credentials):
    image = "bitlk-aes-xts-128-two-recovery.img"
    for password in credentials[image].recovery_passwords:
        assert run("volume", "prove", vectors / image, "--recovery-password", password).returncode == 0
    assert run("volume", "prove", vectors / image, "--recovery-password", OTHER).returncode == 1
    image = "bitlk-aes-xts-128-startup-key.img"
    key = vectors / credentials[image].bek
    assert run("volume", "prove", vectors / image, "--recovery-key", key).returncode == 0
    answer = json.loads(run("volume", "inspect", vectors / image, "--json", code=0).stdout)
    assert answer["volumeId"] == "5a95db04-6ebc-4ba9-99a3-15a87a3d07b2"
    assert {"recovery password", "external key"} <= {protector["kind"] for protector in answer["protectors"]}
    # A volume that opens for anybody has no recovery password to prove.
    suspended = vectors / "bitlk-aes-xts-128-clearkey-only.img"
    assert run("volume", "prove", suspended, "--recovery-password", OTHER).returncode == 2
    assert "suspended" in json.loads(run("volume", "inspect", suspended, "--json", code=0).stdout)["conditions"]


def test_rotate_replaces_the_password_that_was_given(run, volume):
    image, old = volume
    new = run("volume", "rotate", image, "--recovery-password", "-", stdin=old, code=0).stdout.strip()
    assert PASSWORD.fullmatch(new)
    for opens in OPENERS.values():
        assert opens(image, new)
        assert not opens(image, old)
    before = image.read_bytes()
    assert run("volume", "rotate", image, "--recovery-password", old).returncode == 1
    assert image.read_bytes() == before


# --- Administration, with and without a server


def test_a_token_is_printed_alone_before_the_first_start_and_works_after_it(server_factory):
    server = server_factory()
    token = server.token("reader")
    assert TOKEN.fullmatch(token)
    server.start()
    assert server.get(KEYS, token=token).status_code == 200
    assert server.get(KEYS).status_code == 401


def test_the_same_commands_work_while_the_server_runs_and_while_it_does_not(server, run):
    def names():
        tokens = json.loads(server.run("token", "list", "--data", server.data, "--json").stdout)
        return {token["name"]: token["id"] for token in tokens if token.get("revokedAt") is None}

    server.token("reader", "--name", "online")
    server.enrolment_token("--name", "branch", "--group", "berlin", "--maximum-uses", "5")
    assert set(names()) == {"online"}
    server.stop()
    server.token("auditor", "--name", "offline", "--group", "berlin", "--expires-in", "30d")
    assert set(names()) == {"online", "offline"}
    server.run("token", "revoke", "--data", server.data, names()["online"])
    (enrolment,) = json.loads(server.run("enrolment-token", "list", "--data", server.data, "--json").stdout)
    assert (enrolment["group"], enrolment["maximumUses"], enrolment["uses"]) == ("berlin", 5, 0)
    server.start()
    assert set(names()) == {"offline"}
    server.run("enrolment-token", "revoke", "--data", server.data, enrolment["id"])
    assert server.run("token", "revoke", "--data", server.data, enrolment["id"], check=False).returncode == 1


def test_a_token_that_is_revoked_gets_nobody_in(server):
    token = server.token("reader")
    (listed,) = json.loads(server.run("token", "list", "--data", server.data, "--json").stdout)
    server.run("token", "revoke", "--data", server.data, listed["id"])
    assert server.get(KEYS, token=token).status_code == 401


@pytest.fixture
def remote(server, tmp_path):
    """Runs a command over the network with a token of the role: `remote(role, arguments…)`."""

    def run(role, *arguments, **options):
        file = tmp_path / f"{role}.token"
        if not file.exists():
            file.write_text(server.token(role) + "\n")
        return server.run(*arguments, "--server", server.url, "--token-file", file, **options)

    return run


def test_over_the_network_a_role_can_do_what_it_may(server, remote, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run()
    device = outcome["deviceId"]
    (listed,) = json.loads(remote("reader", "device", "list", "--json").stdout)
    assert listed["id"] == device
    shown = json.loads(remote("reader", "device", "show", "PC-0001", "--json").stdout)
    (key,) = shown["volumes"][0]["keys"]
    (item,) = json.loads(remote("reader", "key", "list", "--key-id", key["keyId"][:8], "--json").stdout)
    assert item["device"]["id"] == device

    denied = remote("reader", "key", "reveal", device, "--reason", "test", check=False)
    assert denied.returncode == 1 and not PASSWORD.search(denied.stdout + denied.stderr)
    assert denied.stderr.startswith("sparekey: ")

    password = remote("helpdesk", "key", "reveal", device, "--reason", "test", "--ticket", "T-1").stdout.strip()
    assert PASSWORD.fullmatch(password)
    assert OPENERS["cryptsetup"](outcome["images"][0], password)
    by_id = remote("helpdesk", "key", "reveal", "--key-id", key["keyId"][:8].upper(), "--reason", "test", "--json")
    assert json.loads(by_id.stdout)["recoveryPassword"] == password
    assert remote("helpdesk", "key", "reveal", device, check=False).returncode == 64, "a reason is needed"
    assert remote("helpdesk", "key", "reveal", "PC-9999", "--reason", "test", check=False).returncode == 1

    (rotation,) = json.loads(remote("helpdesk", "rotate", "PC-0001", "--json").stdout)
    assert rotation["state"] == "requested"
    entries = json.loads(remote("auditor", "audit", "list", "--kind", "key.disclosed", "--json").stdout)
    assert [entry["record"]["reason"]["code"] for entry in entries] == ["test", "test"]
    assert entries[-1]["record"]["reason"]["ticket"] == "T-1"
    assert remote("auditor", "audit", "list", "--outcome", "denied").stdout.count("access.denied") == 1
    # Only on the server's own machine.
    refused = remote("administrator", "token", "list", check=False)
    assert refused.returncode == 1


def test_a_token_does_not_go_over_the_network_in_the_clear(run, tmp_path):
    result = run("device", "list", "--server", "http://keys.example.com", environment={"SPAREKEY_TOKEN": "x"})
    assert result.returncode == 1 and "https" in result.stderr
    result = run("device", "list", "--server", f"http://127.0.0.1:{free_port()}", environment={"SPAREKEY_TOKEN": "x"})
    assert result.returncode == 1 and "cannot be reached" in result.stderr


# --- How the server is configured


def served(run, *arguments, environment=None):
    """What `serve` says when it does not start."""
    result = run("serve", *arguments, environment=environment, code=1)
    # Lines of the log may stand before it: that memory cannot be locked here, for one.
    assert any(line.startswith("sparekey: ") for line in result.stderr.splitlines()), result.stderr
    return result.stderr


def test_flags_count_before_the_environment_and_that_before_the_file(run, tmp_path):
    file = tmp_path / "sparekey.json"
    file.write_text(json.dumps({"data": str(tmp_path / "data"), "listen": "of the file"}))
    environment = {"SPAREKEY_LISTEN": "of the environment"}
    assert "of the file" in served(run, "--config", file)
    assert "of the environment" in served(run, "--config", file, environment=environment)
    assert "of the flag" in served(run, "--config", file, "--listen", "of the flag", environment=environment)
    named = {"SPAREKEY_CONFIG": str(file), "SPAREKEY_ESCROW_DEPOSIT_PATIENCE": "soon"}
    assert "escrow.depositPatience" in served(run, "--listen", "127.0.0.1:0", environment=named)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"lisen": "127.0.0.1:0"}', "lisen"),
        ('{"escrow": {"depositPatiense": "1h"}}', "escrow.depositPatiense"),
        ('{"escrow": "1h"}', "escrow"),
        ('{"listen": ["127.0.0.1:0"]}', "listen"),
        ('{"log": {"level": "loud"}}', "log.level"),
        ('{"escrow": {"requireProof": "perhaps"}}', "escrow.requireProof"),
        ('{"escrow": {"supersededRetention": "0s"}}', "escrow.supersededRetention"),
        ("[]", "JSON object"),
        ("{", "JSON object"),
    ],
)
def test_a_mistake_in_the_file_is_named(run, tmp_path, text, named):
    file = tmp_path / "sparekey.json"
    file.write_text(text)
    assert named in served(run, "--config", file, "--data", tmp_path / "data")
    assert not (tmp_path / "data").exists(), "nothing is made before the configuration is right"


def test_a_configuration_file_configures(server_factory, tmp_path):
    file = tmp_path / "sparekey.json"
    file.write_text(json.dumps({"escrow": {"checkInInterval": "7m", "requireProof": False}, "log": {"level": "error"}}))
    server = server_factory(arguments=["--config", file]).start()
    agent = Agent(server.url).enrol(server.enrolment_token())
    assert agent.check_in()["nextCheckInSeconds"] == 420
    assert " info " not in server.log_text()


def test_secrets_are_not_served_over_a_network_in_the_clear(run, tmp_path):
    text = served(run, "--data", tmp_path / "data", "--listen", "0.0.0.0:0")
    assert "--tls-certificate" in text and "--plain-http" in text


def test_two_servers_do_not_share_a_data_directory(server, run):
    assert "another sparekey has" in served(run, "--data", server.data, "--listen", "127.0.0.1:0")


def test_an_anchor_that_cannot_be_written_is_told_and_stops_nothing(server_factory, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    server = server_factory(arguments=["--audit-anchor", folder / "checkpoint"]).start()
    assert server.get("/readyz").json().get("notices", []) == []
    folder.rename(tmp_path / "gone")
    server.token("reader")
    told = None
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        told = [text for text in server.get("/readyz").json().get("notices", []) if "anchor" in text]
        time.sleep(0.1)
    assert told and server.get("/readyz").status_code == 200
    (tmp_path / "gone").rename(folder)
    server.token("reader")
    while told and time.monotonic() < deadline:
        told = [text for text in server.get("/readyz").json().get("notices", []) if "anchor" in text]
        time.sleep(0.1)
    assert not told, "it was written again, and is still said not to be"


def test_no_core_dump_has_a_key_in_it(server):
    limits = open(f"/proc/{server.process.pid}/limits").read()
    assert re.search(r"Max core file size +0 +0 ", limits)


# --- The master key


def test_the_first_start_makes_a_master_key_and_says_to_copy_it(server_factory):
    server = server_factory().start()
    assert "Copy it now" in server.log_text()
    key = server.data / "master.key"
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_size == 32
    server.stop()
    server.start()
    assert server.log_text().count("Copy it now") == 1


@pytest.mark.parametrize("command", [["serve", "--listen", "127.0.0.1:0"], ["token", "create", "--role", "reader"]])
def test_without_the_right_master_key_nothing_starts_and_it_says_what_it_needs(server_factory, run, command):
    server = server_factory()
    server.token("reader")
    key = server.data / "master.key"
    right = key.read_bytes()

    def refusal():
        result = run(*command, "--data", server.data, code=1)
        assert result.stdout == ""
        return result.stderr

    key.unlink()
    assert f"no master key file at {key}" in refusal()
    assert not key.exists(), "a lost master key must not be replaced by a new one"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    assert re.search("needs the master key file:[0-9a-f]+", refusal())
    key.write_bytes(right)
    key.chmod(0o644)
    assert f"chmod 0600 {key}" in refusal()
    key.chmod(0o600)
    assert server.start().get("/readyz").status_code == 200


def test_a_passphrase_can_be_the_master_key(server_factory, run, tmp_path):
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    passphrase.chmod(0o600)
    server = server_factory(arguments=["--passphrase-file", passphrase]).start()
    assert not (server.data / "master.key").exists()
    token = server.token("reader")
    server.stop()
    text = served(run, "--data", server.data, "--listen", "127.0.0.1:0")
    assert "master.key" in text
    wrong = tmp_path / "wrong"
    wrong.write_text("incorrect horse\n")
    wrong.chmod(0o600)
    assert "does not open" in served(run, "--data", server.data, "--passphrase-file", wrong)
    server.start()
    assert server.get(KEYS, token=token).status_code == 200


def test_the_master_key_can_be_a_credential_of_systemd(server_factory, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "sparekey-master").write_bytes(os.urandom(32))
    (credentials / "sparekey-master").chmod(0o400)
    server = server_factory(
        arguments=["--master-key-file", "sparekey-master"],
        environment={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)},
    )
    server.start()
    assert not (server.data / "master.key").exists()


# --- The audit log


@pytest.fixture
def exported(server, tmp_path):
    """An export: (lines, the log's verifier key)."""
    server.token("reader")
    server.token("helpdesk")
    server.run("token", "list", "--data", server.data)
    file = tmp_path / "audit.jsonl"
    server.run("audit", "export", "--data", server.data, "--output", file)
    (vkey,) = re.findall(r"^audit log (\S+)$", server.log_text(), flags=re.MULTILINE)
    return file.read_text().splitlines(keepends=True), vkey


@pytest.fixture
def verify(run, tmp_path):
    """Verifies lines; exit code and standard output."""

    def verify(lines, *arguments):
        file = tmp_path / "to-verify.jsonl"
        file.write_text("".join(lines))
        result = run("audit", "verify", file, *arguments)
        return result.returncode, result.stdout

    return verify


def records(lines):
    """The indices of the lines that are records."""
    return [at for at, line in enumerate(lines) if '"leaf"' in line]


def test_an_export_verifies_with_the_log_s_own_key_only(exported, verify):
    lines, vkey = exported
    assert verify(lines, "--vkey", vkey)[0] == 0
    assert verify(lines)[0] == 0
    other = "example.com/log+530d903f+AYeFAy65ZUh2O3Tu7qoGOVEuh2TdQrWLJPWHkSlX9rL4"
    assert verify(lines, "--vkey", other)[0] == 1
    assert verify([])[0] == 1


def test_a_missing_file_does_not_verify(run, tmp_path):
    assert run("audit", "verify", tmp_path / "missing").returncode == 1


def test_a_record_that_was_changed_removed_inserted_or_moved_is_named(exported, verify):
    lines, vkey = exported
    at = records(lines)
    assert len(at) >= 4

    changed = list(lines)
    changed[at[1]] = changed[at[1]].replace('"name":"reader"', '"name":"reeder"').replace('"success"', '"failure"')
    assert changed != lines
    code, output = verify(changed, "--vkey", vkey)
    assert code == 1 and "record 1 was changed" in output

    code, output = verify(lines[: at[2]] + lines[at[2] + 1 :], "--vkey", vkey)
    assert code == 1 and re.search(r"record 2 is missing", output)

    code, output = verify(lines[: at[2]] + [lines[at[2]]] + lines[at[2] :], "--vkey", vkey)
    assert code == 1 and re.search(r"record 2 is there twice", output)

    moved = list(lines)
    moved[at[1]], moved[at[2]] = moved[at[2]], moved[at[1]]
    code, output = verify(moved, "--vkey", vkey)
    assert code == 1 and "out of order" in output

    code, output = verify(lines[: at[-1]], "--vkey", vkey)
    assert code == 1 and "ends after" in output


def test_a_log_must_extend_a_checkpoint_that_was_kept(server, exported, verify, tmp_path):
    lines, vkey = exported
    kept = tmp_path / "kept"
    # The anchor is written within a second.
    time.sleep(1.5)
    kept.write_bytes((server.data / "checkpoint").read_bytes())
    server.token("auditor")
    grown = tmp_path / "grown.jsonl"
    server.run("audit", "export", "--data", server.data, "--output", grown)
    assert verify([grown.read_text()], "--vkey", vkey, "--checkpoint", kept)[0] == 0
    time.sleep(1.5)
    kept.write_bytes((server.data / "checkpoint").read_bytes())
    code, output = verify(lines, "--vkey", vkey, "--checkpoint", kept)
    assert code == 1 and "rolled back" in output


def test_a_running_server_s_log_is_verified_by_its_address(server, run):
    token = server.token("auditor")
    result = run("audit", "verify", server.url, "--json", environment={"SPAREKEY_TOKEN": token}, code=0)
    assert json.loads(result.stdout)["isIntact"] is True
    result = run("audit", "verify", server.url, environment={"SPAREKEY_TOKEN": server.token("reader")})
    assert result.returncode == 1


def test_an_export_is_there_wholly_or_not_at_all(server, run, tmp_path):
    file = tmp_path / "audit.jsonl"
    reader = {"SPAREKEY_TOKEN": server.token("reader")}
    assert run("audit", "export", "--server", server.url, "-o", file, environment=reader).returncode == 1
    assert not file.exists()
    file.write_text("mine")
    assert server.run("audit", "export", "--data", server.data, "-o", file, check=False).returncode == 1
    assert file.read_text() == "mine"
