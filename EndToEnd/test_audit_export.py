"""The audit log's entries in the forms that people's tools read, judged by those tools' own descriptions of them."""

import csv
import io
import json
import re
import socket
import sqlite3

import pytest

KEYS = "/api/devices/security/bitlocker/keys"
EXPORT = KEYS + "/audit/export"

#: A record with everything in it that a record can have.
RECORD = {
    "action": "revealKey",
    "caller": {
        "name": 'Max "the" Müller', "principal": "client:00000000-0000-0000-0000-000000000009", "role": "helpdesk",
        "scope": ["berlin", "paris"],
    },
    "detail": "detail",
    "device": "00000000-0000-0000-0000-000000000001",
    "deviceName": "=LAPTOP|1\\2",
    "outcome": "success",
    "policy": "0a1b2c3d4e5f",
    "protector": "00000000-0000-0000-0000-000000000003",
    "reason": {"code": "other", "comment": "a=b, c", "ticket": "INC-1"},
    "rotation": "00000000-0000-0000-0000-000000000004",
    "rule": "roleInScope",
    "source": {"address": "2001:db8::7", "agent": "curl/8", "requestId": "r-1"},
    "token": "00000000-0000-0000-0000-000000000005",
    "volume": "00000000-0000-0000-0000-000000000002",
}  # fmt: skip


def kinds(server):
    """Every kind of event that the API's own description names."""
    text = server.get("/openapi.yaml").text
    found = re.search(r"^    AuditKind:\n(?:      .*\n)*?      enum:\s*((?:\[[^\]]*\])|(?:\n        - .*)+)", text, re.MULTILINE)
    assert found, "openapi.yaml has no enum AuditKind"
    names = re.findall(r"[A-Za-z]+\.[A-Za-z]+", found[1])
    assert "key.disclosed" in names
    return names


@pytest.fixture
def everything(server):
    """A running server whose log has an entry of every kind and outcome, with and without all its parts, and erased.

    They are put there behind its back, under an old checkpoint: as a log it does not verify, and is read all the same.
    """
    names = kinds(server)
    records = [
        (kind, json.dumps(record | {"kind": kind, "outcome": outcome}, ensure_ascii=False, separators=(",", ":")))
        for kind in names
        for outcome in ("success", "denied", "failure")
        for record in (RECORD, {key: RECORD[key] for key in ("caller", "source")})
    ] + [(kind, None) for kind in names]
    token = server.token("reader")
    for _ in records:
        # Each denial is an entry.
        assert server.get(KEYS + "/audit", token=token).status_code == 403
    # A checkpoint is kept at the first write after a start. The entries before one that is not the head are not looked
    # at again.
    for _ in range(2):
        server.stop()
        server.start()
    server.stop()
    with sqlite3.connect(server.data / "sparekey.db") as database:
        for index, (kind, record) in enumerate(records, start=1):
            database.execute(
                "UPDATE audit_entry SET kind = ?, record = ?, salt = CASE WHEN ? IS NULL THEN NULL ELSE salt END"
                " WHERE id = ?",
                (kind, record and record.encode(), record, index),
            )
    database.close()
    server.start()
    server.records = records
    return server


def export(server, form, **query):
    answer = server.get(EXPORT, token=server.token("auditor"), params={"format": form, **query})
    assert answer.status_code == 200, answer.text
    return answer


def test_every_kind_of_event_is_valid_by_the_published_schema_of_ocsf(everything):
    ocsf, jsonschema = pytest.importorskip("ocsf_json_schema"), pytest.importorskip("jsonschema_rs")
    schemas = ocsf.OcsfJsonSchemaEmbedded(ocsf.get_ocsf_schema(version="1.6.0"))
    validators = {
        uid: jsonschema.Draft202012Validator(schemas.get_class_schema(schemas.lookup_class_name_from_uid(uid)))
        for uid in (3004, 6003)
    }
    events = [json.loads(line) for line in export(everything, "ocsf").text.splitlines()]
    assert len(events) > len(everything.records)
    seen = set()
    for event in events:
        problems = [f"{error.instance_path}: {error.message}" for error in validators[event["class_uid"]].iter_errors(event)]
        assert not problems, (event, problems)
        assert event["metadata"]["version"] == "1.6.0"
        seen.add((event["class_uid"], event["metadata"]["event_code"]))
        # The judge is not one that takes anything.
        assert not validators[event["class_uid"]].is_valid(event | {"actr": {}})
        assert not validators[event["class_uid"]].is_valid({key: event[key] for key in event if key != "metadata"})
    assert {kind for _, kind in seen} >= {kind for kind, _ in everything.records}
    assert [event["metadata"]["sequence"] for event in events] == list(range(len(events)))


def test_the_table_is_read_back_as_it_was_by_the_csv_module(everything):
    rows = list(csv.DictReader(io.StringIO(export(everything, "csv").content.decode(), newline=""), strict=True))
    assert [int(row["index"]) for row in rows] == list(range(len(rows)))
    for row, (kind, record) in zip(rows[1:], everything.records):
        assert row["kind"] == kind
        if record is None or "deviceName" not in json.loads(record):
            assert row["device"] == ""
            continue
        assert row["callerName"] == 'Max "the" Müller'
        assert row["deviceName"] == "'=LAPTOP|1\\2", "a cell that a spreadsheet would run is behind an apostrophe"
        assert (row["ticket"], row["comment"], row["scope"]) == ("INC-1", "a=b, c", "berlin,paris")
        assert json.loads(row["more"]) == {"policy": "0a1b2c3d4e5f"}


def cef(line):
    """An event read by the rules of its format: seven fields between bars, then pairs, with a backslash before what is meant."""
    fields = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    assert len(fields) == 8 and fields[0] == "CEF:0"
    pairs = {}
    for match in re.finditer(r"(\w+)=((?:\\.|[^=\\])*?)(?=\s+\w+=|$)", fields[7]):
        pairs[match[1]] = re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), match[2])
    return fields, pairs


def test_cef_is_read_back_by_its_own_rules(everything):
    lines = export(everything, "cef").text.splitlines()
    for index, (line, (kind, record)) in enumerate(zip(lines[1:], everything.records), start=1):
        fields, pairs = cef(line)
        assert fields[4] == kind
        assert 0 <= int(fields[6]) <= 10
        assert pairs["externalId"] == str(index)
        if record is not None and "deviceName" in json.loads(record):
            assert pairs["dhost"] == "=LAPTOP|1\\2"
            assert pairs["msg"] == "a=b, c"
            assert pairs["c6a2"] == "2001:db8::7" and pairs["c6a2Label"] == "Source IPv6 Address"
            assert json.loads(pairs["sparekeyMore"]) == {"policy": "0a1b2c3d4e5f"}


def test_json_lines_are_the_records_of_the_log(server):
    server.token("reader")
    entries = [json.loads(line) for line in export(server, "jsonl").text.splitlines()]
    log = [json.loads(line) for line in export(server, "log").text.splitlines()]
    records = {line["i"]: line["record"] for line in log if "i" in line}
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    for entry in entries:
        assert entry["record"] == records[entry["index"]]
        assert entry["kind"] == entry["record"]["kind"]


def test_an_export_is_narrowed_by_who_what_and_when_and_is_itself_on_record(server):
    server.token("reader", "--name", "first")
    entries = [json.loads(line) for line in export(server, "jsonl").text.splitlines()]
    (first,) = [entry for entry in entries if entry["kind"] == "token.created"][:1]
    last = entries[-1]
    assert last["kind"] == "audit.exported" and last["record"]["detail"] == "jsonl"

    def indices(**query):
        return [json.loads(line)["index"] for line in export(server, "jsonl", **query).text.splitlines()]

    assert indices(kind="server.started") == [0]
    assert indices(before=first["time"]) == [entry["index"] for entry in entries if entry["time"] < first["time"]]
    assert indices(since=last["time"], kind="audit.exported")[0] == last["index"]
    assert indices(caller="nobody") == []
    assert set(indices(outcome="success")) >= {0, 1}
    assert export(server, "csv", caller="nobody").text.startswith("index,time,kind,"), "the header stands alone"


@pytest.mark.parametrize(
    "query, field",
    [({"format": "xml"}, "format"), ({"kind": "key.disclosed"}, "kind"), ({"format": "csv", "kind": "x"}, "kind")],
)
def test_what_cannot_be_exported_names_its_field_and_leaves_no_record(server, query, field):
    token = server.token("auditor")
    answer = server.get(EXPORT, token=token, params=query)
    assert answer.status_code == 400 and answer.json()["field"] == field
    assert server.get(KEYS + "/audit", token=token, params={"kind": "audit.exported"}).json()["items"] == []


def test_the_command_line_exports_the_same(server, tmp_path):
    table = tmp_path / "log.csv"
    server.run("audit", "export", "--data", server.data, "--format", "csv", "--kind", "server.started", "-o", table)
    assert table.read_text().splitlines()[1].startswith("0,")
    refused = server.run("audit", "export", "--data", server.data, "--kind", "server.started", check=False)
    assert refused.returncode == 64 and "--format" in refused.stderr
    until = server.run("audit", "export", "--data", server.data, "--format", "jsonl", "--until", "2000-01-01T00:00:00Z")
    assert until.stdout == ""


def test_a_reader_that_hangs_up_ends_the_export(server):
    token = server.token("auditor")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"GET {EXPORT}?format=ocsf HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        assert connection.recv(16).startswith(b"HTTP/1.1 200")
    # That the server stops cleanly, with nothing under way, is checked when the test ends.
    assert server.get("/healthz").status_code == 200
