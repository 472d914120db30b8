"""Emergency access, with shares that another implementation of Shamir's scheme puts together and makes."""

import base64
import hashlib
import http.client
import json
import secrets
import socket
import sqlite3
import uuid

import pyshamir
import pytest

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = b"sparekey/break-glass/v1/share\n"
VERIFIER = b"sparekey/break-glass/v1/verifier\n"


def decode(share):
    """A share's setup, threshold, number and value, by the document alone (docs/emergency.md)."""
    number = 0
    for letter in share.replace("-", ""):
        number = number << 5 | ALPHABET.index(letter)
    content = number.to_bytes(40, "big")
    assert content[37:] == hashlib.sha256(CHECK + content[:37]).digest()[:3]
    assert content[0] == 1
    return content[1:3], content[3], content[4], content[5:37]


def encode(setup, threshold, number, value):
    content = b"\1" + setup + bytes([threshold, number]) + value
    content += hashlib.sha256(CHECK + content).digest()[:3]
    bits = int.from_bytes(content, "big")
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(315, -1, -5))


def open_it(server, shares, *arguments, check=True, file=None):
    path = file or server.data.parent / "shares.txt"
    path.write_text("\n".join(shares) + "\n")
    return server.run(
        "break-glass", "open", "--reason", "identity provider is down", "--shares-file", path, *arguments, check=check
    )


def console(server, method, path, document):
    """A request over the admin socket."""

    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(server.data / "admin.sock"))

    connection = Connection("console")
    connection.request(method, path, json.dumps(document), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_shares_that_another_implementation_puts_together_are_the_secret(server):
    made = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)
    setup, threshold, _, _ = decode(made["shares"][0])
    assert setup == uuid.UUID(made["id"]).bytes[:2] and threshold == 3
    points = [bytearray(value + bytes([number])) for _, _, number, value in map(decode, made["shares"])]
    with sqlite3.connect(f"file:{server.data}/sparekey.db?mode=ro", uri=True) as database:
        salt, verifier = database.execute("SELECT salt, verifier FROM break_glass").fetchone()
    for chosen in (points[:3], points[2:], [points[4], points[0], points[2]]):
        secret = bytes(pyshamir.combine(chosen))
        assert hashlib.sha256(VERIFIER + salt + secret).digest() == verifier
    # The server has no share and no secret: not in its files, and not in its log.
    stored = b"".join(path.read_bytes() for path in server.data.glob("sparekey.db*"))
    for share in made["shares"]:
        assert decode(share)[3] not in stored and share not in server.log_text()
    assert secret not in stored


def test_shares_that_another_implementation_makes_open_it(server):
    secret, salt, setup = secrets.token_bytes(32), secrets.token_bytes(32), uuid.uuid4()
    points = pyshamir.split(secret, 6, 4)
    request = {
        "id": str(setup),
        "shares": 6,
        "threshold": 4,
        "role": "helpdesk",
        "windowSeconds": 3600,
        "salt": base64.b64encode(salt).decode(),
        "verifier": base64.b64encode(hashlib.sha256(VERIFIER + salt + secret).digest()).decode(),
    }
    status, answer = console(server, "POST", "/api/break-glass", request)
    assert status == 201, answer
    shares = [encode(setup.bytes[:2], 4, point[-1], bytes(point[:-1])) for point in points]
    assert open_it(server, shares[1:5], "--server", server.url).stdout.startswith("sparekey_t_")


@pytest.mark.parametrize("way", ["running", "stopped", "network"])
def test_three_of_five_open_it_once_by_every_way(server, way):
    printed = server.run("break-glass", "setup", "--data", server.data, "--shares", "5", "--threshold", "3").stdout
    blocks = [block for block in printed.split("\n\n") if block.strip()]
    assert len(blocks) == 5 and blocks[0].startswith("Sparekey break-glass share 1 of 5; any 3 open it\n")
    if way == "stopped":
        server.stop()
    target = ("--server", server.url) if way == "network" else ("--data", server.data)
    # As printed, headings and all, in any order, in lower case.
    token = open_it(server, [blocks[4], blocks[0].lower().replace("sparekey", "Sparekey"), blocks[2]], *target)
    assert token.stdout.strip().startswith("sparekey_t_") and token.stdout.count("\n") == 1
    again = open_it(server, blocks[:3], *target, check=False)
    assert again.returncode == 1 and "open nothing" in again.stderr
    if way == "stopped":
        server.start()
    assert server.get("/api/devices", token=token.stdout.strip()).status_code == 200
    assert server.get("/api/tokens", token=token.stdout.strip()).status_code == 403
    notices = server.get("/readyz").json()["notices"]
    assert len(notices) == 1 and "open until" in notices[0]
    setups = json.loads(server.run("break-glass", "status", "--data", server.data, "--json").stdout)
    assert [setup["state"] for setup in setups] == ["opened"]
    entries = json.loads(server.run("audit", "list", "--data", server.data, "--json").stdout)
    kinds = [entry["record"]["kind"] for entry in entries]
    assert kinds.count("breakGlass.opened") == 1 and kinds.count("breakGlass.refused") == 1
    opened = next(entry["record"] for entry in entries if entry["record"]["kind"] == "breakGlass.opened")
    assert opened["reason"]["comment"] == "identity provider is down"
    assert opened["caller"]["principal"] == f"breakGlass:{setups[0]['id']}"
    server.run("break-glass", "revoke", setups[0]["id"], "--data", server.data)
    assert server.get("/api/devices", token=token.stdout.strip()).status_code == 401
    assert "notices" not in server.get("/readyz").json()


def test_a_mistyped_share_is_named_before_anything_is_sent(server):
    shares = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)["shares"]
    wrong = list(shares[:3])
    wrong[1] = wrong[1][:-1] + ("0" if wrong[1][-1] != "0" else "1")
    refused = open_it(server, wrong, "--data", server.data, check=False)
    assert refused.returncode == 1 and "the share at place 2 is mistyped" in refused.stderr
    refused = open_it(server, shares[:2], "--data", server.data, check=False)
    assert refused.returncode == 1 and "needs 3 shares, and there are 2" in refused.stderr
    answer = server.post("/api/break-glass/open", json={"shares": wrong, "reason": "x"})
    assert answer.status_code == 400 and answer.json()["field"] == "shares[1]"
    assert wrong[1] not in answer.text
    assert open_it(server, shares[2:], "--data", server.data).stdout.startswith("sparekey_t_")


def test_an_unopened_setup_is_replaced_by_the_next(server):
    first = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)["shares"]
    second = json.loads(server.run("break-glass", "setup", "--data", server.data, "--json").stdout)["shares"]
    refused = open_it(server, first[:3], "--data", server.data, check=False)
    assert refused.returncode == 1
    mixed = open_it(server, [first[0], second[1], second[2]], "--data", server.data, check=False)
    assert mixed.returncode == 1 and "the share at place 2 is of another setup than the first" in mixed.stderr
    assert open_it(server, second[:3], "--data", server.data).returncode == 0


@pytest.mark.parametrize(
    "arguments", [("--shares", "1"), ("--shares", "21"), ("--threshold", "1"), ("--threshold", "6")], ids=" ".join
)
def test_impossible_numbers_are_refused(server, arguments):
    refused = server.run("break-glass", "setup", "--data", server.data, *arguments, check=False)
    assert refused.returncode == 64 and refused.stdout == ""
