"""The audit pages: what was done, one record with its proof, the whole log verified, and files for other tools."""

import csv
import hashlib
import io
import json
import re
import sqlite3
import time

import pytest

from fleet import Fleet
from portal import PHONE, Person, overflow, violations


@pytest.fixture
def devices(server, tmp_path):
    """A simulated device whose key was shown once."""
    fleet = Fleet(server, tmp_path / "fleet", devices=1)
    fleet.run(check_ins=3)
    fleet.reveal(server.get("/api/devices", token=server.token("reader")).json()["items"][0]["id"])
    return fleet


def test_timeline(server, devices, browser):
    """The latest first; a filter by kind, by who, by date; what was denied stands out; a record is one click away."""
    Person(server, "reader").get("/audit")
    page = browser.window(server, Person(server, "auditor"))
    page.goto("/audit")
    rows = page.locator(".timeline li")
    assert rows.count() > 10
    indices = [int(re.search(r"\d+", row.locator(".hint").last.inner_text())[0]) for row in rows.all()]
    assert indices == sorted(indices, reverse=True)
    assert page.locator(".timeline li.bad").count() >= 1
    page.get_by_label("What").select_option("key.disclosed")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**kind=key.disclosed**")
    assert page.locator(".timeline li").count() == 1
    page.get_by_role("link", name="Key disclosed").click()
    assert "Drill" in page.inner_text("main")
    assert "proven to be in the signed log" in page.inner_text("main")
    assert page.problems == []


def test_wrong_filters(server, devices):
    """A date or device ID that is none is said, and shows nothing."""
    auditor = Person(server, "auditor")
    for query, says in [("since=yesterday", "A date looks like"), ("device=pc-1", "A device ID looks like")]:
        answer = auditor.get(f"/audit?{query}")
        assert answer.status_code == 422
        assert says in answer.text and 'class="timeline"' not in answer.text
    assert auditor.get("/audit?since=2026-01-01&caller=&kind=&outcome=&before=&device=").status_code == 200
    assert "No record fits" in auditor.get("/audit?before=2020-01-01").text
    assert auditor.get("/audit/records/999999").status_code == 404
    assert auditor.get("/audit/records/x").status_code == 404


def test_proof(server, devices):
    """The hashes on the page lead from the record to the root, by hashlib and nothing of ours; the file is a receipt."""
    auditor = Person(server, "auditor")
    html = auditor.get("/audit/records/3").text
    codes = re.findall(r"<code>([0-9a-f]{64})</code>", html.split('class="proof"')[1].split("</ol>")[0])
    sides = re.findall(r'<span class="label">with, on the (left|right)</span>', html)
    digest, root, pairs = bytes.fromhex(codes[0]), bytes.fromhex(codes[-1]), codes[1:-1]
    assert len(pairs) == 2 * len(sides) and sides
    for side, sibling, together in zip(sides, pairs[::2], pairs[1::2], strict=True):
        other = bytes.fromhex(sibling)
        both = other + digest if side == "left" else digest + other
        digest = hashlib.sha256(b"\x01" + both).digest()
        assert digest.hex() == together
    assert digest == root
    leaf = re.search(r"<h3>What the log commits to</h3><pre tabindex=\"0\">([^<]+)</pre>", html)[1]
    leaf = leaf.replace("&quot;", '"').replace("&#34;", '"')
    assert hashlib.sha256(b"\x00" + leaf.encode()).hexdigest() == codes[0]
    receipt = auditor.get("/audit/records/3/receipt")
    assert receipt.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert "attachment" in receipt.headers["Content-Disposition"]


def wait_for_verification(auditor):
    deadline = time.monotonic() + 60
    while "Verifying" in (html := auditor.get("/audit/verify").text):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return html


def test_verify(server, devices, browser):
    """Verified at one click, and again: it says how many records, and that the log is the one of before."""
    page = browser.window(server, Person(server, "auditor"))
    page.goto("/audit/verify")
    assert "was not verified from here" in page.inner_text("main")
    for _ in range(2):
        page.get_by_role("button", name="Verify now").click()
        page.get_by_text("The log is whole").wait_for()
    assert "that was verified before, grown" in page.inner_text("main")
    assert page.problems == []


def test_tampered(server, devices):
    """A record that was changed in the database is named."""
    server.stop()
    with sqlite3.connect(server.data / "sparekey.db") as database:
        (record,) = database.execute("SELECT record FROM audit_entry WHERE id = 2").fetchone()
        changed = bytes(record).replace(b"success", b"denied!")
        assert changed != record
        database.execute("UPDATE audit_entry SET record = ? WHERE id = 2", (changed,))
    server.start()
    auditor = Person(server, "auditor")
    assert auditor.post("/audit/verify").status_code == 303
    html = wait_for_verification(auditor)
    assert "The log is not whole" in html
    assert re.search(r"<li>[^<]*\b2\b[^<]*</li>", html), html


def test_export(server, devices):
    """Files in each form, read by other programs; that they were made is on record."""
    auditor = Person(server, "auditor")
    html = auditor.get("/audit/export").text
    rows = list(csv.DictReader(io.StringIO(auditor.post("/audit/export", html, format="csv", since="", before="").text)))
    assert any(row["kind"] == "key.disclosed" for row in rows)
    lines = auditor.post("/audit/export", html, format="jsonl", since="2020-01-01", before="").text.splitlines()
    assert all(json.loads(line) for line in lines) and len(lines) >= len(rows)
    assert auditor.post("/audit/export", html, format="csv", since="2020-13-01", before="").status_code == 422
    assert auditor.post("/audit/export", html, format="log").text.count("\n") > len(rows)
    assert "Audit log exported" in auditor.get("/audit?kind=audit.exported").text


@pytest.mark.parametrize("role", ["reader", "helpdesk", None])
def test_not_for_all_roles(server, devices, role):
    """Whoever may not read the log gets none of its pages; that they tried is in it."""
    for path in ["/audit", "/audit/records/1", "/audit/records/1/receipt", "/audit/verify", "/audit/export"]:
        if role is None:
            assert server.request("GET", path, allow_redirects=False).status_code == 303
        else:
            assert Person(server, role, user_name=role + path.replace("/", ".")).get(path).status_code == 403
    if role is not None:
        person = Person(server, role)
        assert person.post("/audit/verify").status_code == 403
        assert person.post("/audit/export", format="csv", since="", before="").status_code == 403
        assert "Access denied" in Person(server, "auditor").get("/audit?outcome=denied").text


def test_scope(server, devices):
    """An auditor of some groups sees their records only, and cannot verify or export the whole."""
    auditor = Person(server, "auditor", groups=["elsewhere"])
    assert "Key disclosed</strong>" not in auditor.get("/audit").text
    page = auditor.get("/audit/verify").text
    assert "needs the whole log" in page
    assert auditor.post("/audit/verify").status_code == 403
    indices = re.findall(
        r"/audit/records/(\d+)", Person(server, "auditor", user_name="all").get("/audit?kind=key.disclosed").text
    )
    assert auditor.get(f"/audit/records/{indices[0]}").status_code == 404


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_accessible(server, devices, browser, dark, viewport):
    """axe finds nothing on any of the pages, which fit the window; in German too."""
    auditor = Person(server, "auditor")
    auditor.post("/audit/verify")
    wait_for_verification(auditor)
    for language in ["en", "de"]:
        page = browser.window(server, auditor, dark=dark, viewport=viewport, language=language)
        for path in ["/audit", "/audit?kind=key.purged", "/audit/records/3", "/audit/verify", "/audit/export"]:
            page.goto(path)
            assert violations(page) == []
            assert overflow(page) <= 0
        assert page.problems == []
        page.context.close()
