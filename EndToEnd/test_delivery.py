"""The audit log's delivery to other people's servers: in order, at least once, whatever happens to either side."""

import contextlib
import datetime
import http.server
import ipaddress
import json
import re
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEYS = "/api/devices/security/bitlocker/keys"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def eventually(condition, what, seconds=30):
    """Wait until something is so, and give what it is."""
    deadline = time.monotonic() + seconds
    result = None
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


# --- Peers


class SyslogServer:
    """A syslog server over TCP or TLS that counts octets strictly, and can be told to behave badly.

    `mode`: `read` takes everything; `hang` accepts and never reads; `drop` closes each connection at once; `early` closes
    it after its first message, with the rest unread.
    """

    FRAME = re.compile(rb"(\d{1,6}) ")
    MESSAGE = re.compile(
        rb'<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S{1,255}) sparekey - (\S{1,32}) '
        rb'\[meta sequenceId="(\d+)"\]\[origin software="Sparekey" swVersion="[^"]+"\] (.*)',
        re.DOTALL,
    )

    def __init__(self, context=None, port=0):
        self.context = context
        self.mode = "read"
        self.events = []
        self.priorities = []
        self.problems = []
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.mode == "drop":
                connection.close()
                return
            if self.mode == "hang":
                self.held.append(connection)
                return
            connection.settimeout(30)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.read(connection)
        except (OSError, ssl.SSLError):
            pass

    def read(self, connection):
        rest = b""
        while True:
            while found := self.FRAME.match(rest):
                end = found.end() + int(found[1])
                if len(rest) < end:
                    break
                self.take(rest[found.end() : end])
                rest = rest[end:]
                if self.mode == "early":
                    return
            # One that closes early must not have read more than it took.
            part = connection.recv(64 if self.mode == "early" else 4096)
            if not part:
                if rest:
                    self.problems.append(f"the stream ends within a frame: {rest[:80]}")
                return
            rest += part

    def take(self, message):
        found = self.MESSAGE.fullmatch(message)
        if not found or b"\n" in message:
            self.problems.append(message)
            return
        event = json.loads(found[6])
        if int(found[5]) != event["index"] + 1 or found[4].decode() != event["kind"]:
            self.problems.append(message)
        self.priorities.append((int(found[1]), event["kind"]))
        self.events.append(event)

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()


class Webhook:
    """A webhook's server that checks signatures with a library nobody here wrote, and can be told to behave badly.

    `answers` are used up one by one; then all is well. A number is a status, `hang` never answers, `drop` closes the
    connection after it has read the request, `lose` takes the batch and then closes it without an answer.
    """

    def __init__(self):
        self.verifier = pytest.importorskip("standardwebhooks").Webhook(SECRET)
        self.answers = []
        self.events = []
        self.requests = []
        self.problems = []
        self.stopped = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.post(self)

            def do_GET(self):
                outer.problems.append("a redirect was followed")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/sparekey"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def post(self, handler):
        body = handler.rfile.read(int(handler.headers["content-length"]))
        try:
            document = self.verifier.verify(body, {name.lower(): value for name, value in handler.headers.items()})
            assert handler.headers["content-type"] == "application/json"
            assert handler.headers["idempotency-key"] == f'"{handler.headers["webhook-id"]}"'
            assert document["first"] == document["events"][0]["index"]
            assert document["last"] == document["events"][-1]["index"]
        except Exception as error:
            self.problems.append(repr(error))
        answer = self.answers.pop(0) if self.answers else 200
        self.requests.append((answer, handler.headers["webhook-id"], len(document["events"])))
        if answer == "hang":
            self.stopped.wait(120)
            handler.close_connection = True
            return
        if answer in (200, "lose"):
            self.events += document["events"]
        if answer in ("drop", "lose"):
            handler.close_connection = True
            return
        handler.send_response(answer)
        if 300 <= answer < 400:
            handler.send_header("location", self.url)
        handler.send_header("content-length", "0")
        handler.end_headers()

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def peers():
    with contextlib.ExitStack() as stack:

        def start(peer):
            stack.callback(peer.close)
            return peer

        yield start


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate authority's certificate that is the server's own too, for 127.0.0.1; and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "syslog")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder


@pytest.fixture
def delivering(server_factory, tmp_path):
    """Makes a server that delivers to sinks, not started yet."""

    def make(*sinks, server=None):
        file = tmp_path / "sparekey.json"
        (tmp_path / "secret").write_text(SECRET + "\n")
        file.write_text(json.dumps({"audit": {"sinks": list(sinks)}}))
        return server or server_factory(arguments=["--config", file])

    make.secret = str(tmp_path / "secret")
    return make


def syslog(peer, **more):
    plain = {} if peer.context else {"plain": True}
    return {"name": "siem", "type": "syslog", "address": f"127.0.0.1:{peer.port}", "format": "jsonl", **plain, **more}


def webhook(peer, secret, **more):
    return {"name": "soc", "type": "webhook", "url": peer.url, "secretFile": secret, **more}


def log(server):
    """Every entry of the log, from the first one on."""
    answer = server.get(KEYS + "/audit/export", token=server.auditor, params={"format": "jsonl"})
    return [json.loads(line) for line in answer.text.splitlines()]


def deny(server, count=1):
    """Make so many entries."""
    for _ in range(count):
        assert server.get(KEYS + "/audit", token=server.reader).status_code == 403


def start(server):
    server.start()
    server.auditor, server.reader = server.token("auditor"), server.token("reader")
    return server


def indices(events):
    return [event["index"] for event in events]


def once(events):
    """The events without those that came again; that those came in order too is checked."""
    seen = {}
    for event in events:
        if event["index"] in seen:
            assert seen[event["index"]] == event, "what comes again is the same"
        seen[event["index"]] = event
    firsts = list(dict.fromkeys(indices(events)))
    assert firsts == sorted(firsts), "what comes for the first time comes in order"
    return [seen[index] for index in sorted(seen)]


def sinks(server):
    return {sink["name"]: sink for sink in json.loads(server.run("audit", "sinks", "--data", server.data, "--json").stdout)}


# --- Syslog


def test_a_syslog_server_gets_the_log_over_tls_from_the_beginning_on(delivering, peers, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    peer = peers(SyslogServer(context))
    server = start(delivering(syslog(peer, caFile=str(certificate / "cert.pem"), **{"from": "beginning"})))
    deny(server, 25)
    entries = log(server)
    eventually(lambda: len(once(peer.events)) >= len(entries), "the whole log has come")
    assert once(peer.events)[: len(entries)] == entries
    assert peer.problems == []
    assert (13 * 8 + 4, "access.denied") in peer.priorities
    state = eventually(lambda: (found := sinks(server)["siem"])["lag"] == 0 and found, "the sink is up to date")
    assert state["target"].startswith("syslog 127.0.0.1:") and "problem" not in state


def test_a_certificate_that_is_not_to_be_believed_gets_nothing(delivering, peers, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    peer = peers(SyslogServer(context))
    server = start(delivering(syslog(peer, **{"from": "beginning"})))
    state = eventually(lambda: (found := sinks(server)["siem"]).get("problem") and found, "the problem is shown")
    assert "certificate" in state["problem"].lower(), state
    assert peer.events == [] and state["lag"] > 0


@pytest.mark.parametrize("mode", ["drop", "early", "hang"])
def test_a_syslog_server_that_reads_nothing_or_not_all_loses_nothing(delivering, peers, mode):
    peer = peers(SyslogServer())
    peer.mode = mode
    server = start(delivering(syslog(peer, **{"from": "beginning"})))
    deny(server, 40)
    if mode == "hang":
        eventually(lambda: peer.held, "there is a connection")
        # What hangs is a connection that was accepted and is not read: its end is that of the process.
        eventually(lambda: sinks(server)["siem"]["lag"] > 0, "nothing counts as delivered")
        for connection in peer.held:
            connection.close()
    else:
        assert eventually(lambda: sinks(server)["siem"].get("problem"), "the problem is shown")
        assert sinks(server)["siem"]["deliveredSize"] <= len(once(peer.events))
    peer.mode = "read"
    entries = log(server)
    eventually(lambda: len(once(peer.events)) >= len(entries), "the whole log has come", 60)
    assert once(peer.events)[: len(entries)] == entries
    assert peer.problems == []


def test_a_server_that_is_killed_goes_on_at_the_right_place(delivering, peers):
    peer = peers(SyslogServer())
    server = start(delivering(syslog(peer, **{"from": "beginning"})))
    for _ in range(3):
        deny(server, 30)
        eventually(lambda: peer.events, "something has come")
        server.kill()
        server.start()
    entries = log(server)
    eventually(lambda: len(once(peer.events)) >= len(entries), "the whole log has come")
    assert once(peer.events)[: len(entries)] == entries
    assert peer.problems == []
    eventually(lambda: sinks(server)["siem"]["lag"] == 0, "all of it is acknowledged")
    count = len(peer.events)
    server.stop()
    server.start()
    eventually(lambda: len(peer.events) > count, "the new start has come")
    assert peer.events[count]["index"] >= entries[-1]["index"] + 1, "what was acknowledged does not come again"


# --- Webhooks


def test_a_webhook_gets_every_event_in_order_through_all_that_goes_wrong(delivering, peers):
    peer = peers(Webhook())
    peer.answers = [500, "drop", 429, "lose", 503, 302, 200, 500]
    server = start(delivering(webhook(peer, delivering.secret, batch=7, **{"from": "beginning"})))
    deny(server, 50)
    entries = log(server)
    eventually(lambda: len(once(peer.events)) >= len(entries), "the whole log has come", 120)
    assert once(peer.events)[: len(entries)] == entries
    assert peer.problems == []
    assert all(count <= 7 for _, _, count in peer.requests)
    ids = [identifier for answer, identifier, _ in peer.requests if answer == 200]
    assert len(ids) == len(set(ids)), "what was acknowledged does not come again"
    lost = [identifier for answer, identifier, _ in peer.requests if answer == "lose"]
    assert lost and set(lost) <= set(ids), "what was not acknowledged comes again under the same ID"


def test_a_batch_that_is_too_large_for_a_webhook_is_made_smaller(delivering, peers):
    peer = peers(Webhook())
    peer.answers = [413, 413]
    server = delivering(webhook(peer, delivering.secret, batch=100, **{"from": "beginning"}))
    server.arguments += ["--log-level", "error"]
    start(server)
    eventually(lambda: len(peer.events) >= 3, "the log has come")
    assert peer.problems == []


def test_a_webhook_that_hangs_slows_nobody_and_the_server_stops_all_the_same(delivering, peers):
    peer = peers(Webhook())
    peer.answers = ["hang"]
    other = peers(SyslogServer())
    server = start(delivering(webhook(peer, delivering.secret), syslog(other)))
    deny(server, 1)
    eventually(lambda: peer.requests, "the webhook hangs")
    durations = []
    for _ in range(100):
        begin = time.monotonic()
        deny(server)
        durations.append(time.monotonic() - begin)
    assert sorted(durations)[98] < 1, "nobody waits for a sink"
    eventually(lambda: sum(event["kind"] == "access.denied" for event in once(other.events)) >= 101, "the other sink is not held up")
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 10, "nor does the end of the server"
    peer.stopped.set()
    server.start()
    entries = log(server)
    eventually(lambda: peer.events and peer.events[-1]["index"] >= entries[-1]["index"], "the log has come")
    assert once(peer.events)[0]["index"] + len(once(peer.events)) == once(peer.events)[-1]["index"] + 1, "without a gap"


# --- What is configured


def test_a_new_sink_begins_now_is_recorded_and_stops_when_it_is_taken_away(delivering, peers):
    peer = peers(SyslogServer())
    server = start(delivering())
    deny(server, 3)
    server.stop()
    delivering(syslog(peer), server=server)
    server.start()
    deny(server, 2)
    eventually(lambda: [event["kind"] for event in peer.events].count("access.denied") == 2, "what comes from now on")
    added = [event for event in log(server) if event["kind"] == "auditSink.added"]
    assert len(added) == 1 and added[0]["record"]["detail"] == f"siem: syslog 127.0.0.1:{peer.port} jsonl"
    assert peer.events[0]["index"] >= added[0]["index"]
    server.stop()
    count = len(peer.events)
    delivering(server=server)
    server.start()
    deny(server, 2)
    assert [event["kind"] for event in log(server)].count("auditSink.removed") == 1
    assert "removedAt" in sinks(server)["siem"]
    server.stop()
    assert len(peer.events) == count
    delivering(syslog(peer), server=server)
    server.start()
    eventually(lambda: [event["kind"] for event in once(peer.events)].count("auditSink.added") == 2, "it goes on where it ended")
    assert [event["kind"] for event in once(peer.events)].count("access.denied") == 4


def test_an_alarm_gets_only_what_it_asks_for(delivering, peers):
    peer, grave = peers(SyslogServer()), peers(SyslogServer())
    server = start(
        delivering(
            syslog(peer, kinds=["auditSink.*", "token.created"]),
            {**syslog(grave, severity="medium"), "name": "grave"},
        )
    )
    deny(server, 5)
    server.token("reader")
    eventually(lambda: [event["kind"] for event in peer.events].count("token.created") == 3, "the tokens have come")
    assert {event["kind"] for event in peer.events} <= {"auditSink.added", "token.created"}
    eventually(lambda: "access.denied" in {event["kind"] for event in grave.events}, "the grave ones have come")
    assert "server.started" not in {event["kind"] for event in grave.events}
    eventually(lambda: sinks(server)["siem"]["lag"] == 0, "what is not for it is behind it")


@pytest.mark.parametrize(
    "change, says",
    [
        ({"adress": "x"}, "adress"),
        ({"address": None}, "address"),
        ({"kinds": ["key.disclosd"]}, "key.disclosd"),
        ({"type": "mail"}, "type"),
        ({"format": "csv"}, "format"),
        ({"address": "198.51.100.1:601"}, "plain"),
        ({"severity": "dreadful"}, "severity"),
        ({"name": "a b"}, "name"),
        ({"url": "https://example.com"}, "webhook"),
        ({"type": "webhook", "address": None, "plain": None, "url": "http://example.com/", "secretFile": "x"}, "https"),
        ({"type": "webhook", "address": None, "plain": None, "url": "http://127.0.0.1:1@example.com/", "secretFile": "x"}, "https"),
        ({"type": "webhook", "address": None, "plain": None, "url": "https://example.com/", "secretFile": "/none"}, "/none"),
        ({"caFile": "/none.pem", "plain": None}, "caFile"),
    ],
)
def test_a_sink_that_cannot_be_understood_is_named_at_the_start(delivering, tmp_path, server_factory, change, says):
    sink = {"name": "siem", "type": "syslog", "address": "127.0.0.1:1", "format": "jsonl", "plain": True} | change
    server = delivering({key: value for key, value in sink.items() if value is not None})
    result = server.run("serve", "--data", server.data, "--config", tmp_path / "sparekey.json", check=False)
    assert result.returncode == 1
    assert says in result.stderr and ("siem" in result.stderr or "audit.sinks" in result.stderr), result.stderr
    assert not server.data.exists(), "nothing was begun"
