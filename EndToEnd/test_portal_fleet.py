"""The administrator's view: how the fleet stands, its devices found and filtered, views kept, and the list as a table."""

import csv
import io

import pytest

from fleet import Fleet
from portal import DESKTOP, PHONE, Person, overflow, violations

PAGES = ["/fleet", "/devices", "/devices?status=failed", "/rotations", "/rotations?show=stuck", "/rotations?show=ended"]


@pytest.fixture
def devices(server, tmp_path):
    """Three simulated devices whose keys are here and proven."""
    fleet = Fleet(server, tmp_path / "fleet", devices=3)
    fleet.run(check_ins=3)
    return fleet


def listed(server):
    return server.get("/api/devices", token=server.token("reader")).json()["items"]


def names(page):
    return [each.inner_text() for each in page.locator("table.devices tbody th a").all()]


def test_nothing_yet(server, browser):
    """Without a device, both pages say how to get the first one."""
    page = browser.window(server, Person(server, "administrator"))
    for path in ["/fleet", "/devices"]:
        page.goto(path)
        assert page.get_by_role("link", name="Enrol the first device").get_attribute("href") == "/access/enrolment"
    assert page.problems == []


def test_from_status_to_devices(server, devices, browser):
    """The status now, and one click to the devices that have it."""
    page = browser.window(server, Person(server, "administrator"))
    page.goto("/")
    assert page.url.endswith("/fleet")
    card = page.locator(".card", has_text="Escrowed")
    assert card.locator(".number").inner_text() == "3"
    assert page.locator("figure.chart svg").first.is_visible()
    card.click()
    assert page.url.endswith("/devices?status=escrowed")
    assert names(page) == sorted((each["name"] for each in listed(server)), key=str.lower)
    page.goto("/devices?status=failed")
    page.get_by_role("heading", name="No device fits").wait_for()
    assert page.problems == []


def test_filters(server, devices, browser):
    """Filters are in the address, can be taken away one by one, and work without a script."""
    first = listed(server)[0]
    page = browser.window(server, Person(server, "administrator"), script=False)
    page.goto("/devices")
    page.get_by_label("Name, owner, serial number or Key ID").fill(first["serial"])
    page.get_by_role("button", name="Show").click()
    assert names(page) == [first["name"]]
    key = devices.show(first["id"])["volumes"][0]["keys"][0]["keyId"]
    for words in [key[:8], key, first["id"], first["name"].upper()[:-1], first["owner"]]:
        page.goto("/devices?q=" + words)
        assert first["name"] in names(page), words
    page.goto(f"/devices?q={first['serial']}&status=failed")
    assert names(page) == []
    page.get_by_role("link", name="Remove filter: Failed").click()
    assert names(page) == [first["name"]]
    page.goto("/devices?stale=yes")
    assert names(page) == []
    admin = server.token("administrator")
    held = server.request("PUT", f"/api/devices/{first['id']}/legal-hold", token=admin, json={"hold": True})
    assert held.status_code == 200
    page.goto("/devices?hold=yes")
    assert names(page) == [first["name"]]
    assert server.post(f"/api/devices/{first['id']}/retire", token=admin).status_code == 200
    page.goto("/devices")
    assert first["name"] not in names(page)
    page.goto("/devices?retired=yes")
    assert names(page) == [first["name"]]


@pytest.mark.parametrize("query", ["status=bad", "after=x", "after=nzz", "before=d1.%27", "stale=maybe", "other=1"])
def test_wrong_address(server, devices, query):
    """An address that is not of the list is an error, and tells nothing else."""
    answer = Person(server, "administrator").get("/devices?" + query)
    assert answer.status_code == 400


def test_views(server, devices, browser):
    """A filter kept under a name is there for its owner, and for nobody else, until it is deleted."""
    page = browser.window(server, Person(server, "administrator"))
    page.goto("/devices?status=escrowed&order=lastSeen")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name of the view").fill("Fine <b>today</b>")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The view was saved.").wait_for()
    page.goto("/devices")
    page.get_by_role("link", name="Fine <b>today</b>").click()
    assert page.url.endswith("/devices?status=escrowed&order=lastSeen")
    other = Person(server, "reader")
    assert "Fine" not in other.get("/devices").text
    page.get_by_role("button", name="Delete view: Fine <b>today</b>").click()
    page.get_by_text("The view was deleted.").wait_for()
    assert page.locator(".views").count() == 0
    # A name that is none, and one view too many, are told beside the field.
    html = other.get("/devices?status=failed").text
    wrong = other.post("/devices/views", html, query="status=failed", name="")
    assert wrong.status_code == 422 and "1 to 40 characters" in wrong.text
    for number in range(20):
        saved = other.post("/devices/views", html, query="status=failed", name=f"v{number}")
        assert saved.status_code == 303
    many = other.post("/devices/views", html, query="status=failed", name="one more")
    assert many.status_code == 422 and "Delete one first" in many.text and 'value="one more"' in many.text
    evil = other.post("/devices/views", html, query="https://evil.example/", name="x")
    assert evil.status_code == 400
    assert page.problems == []


def test_csv(server, devices, tmp_path):
    """The list as a table is what the list shows, no cell of it is a formula, and that it was taken is on record."""
    admin = Person(server, "administrator")
    answer = admin.get("/devices.csv?status=escrowed&order=lastSeen")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert {row["deviceId"] for row in rows} == {each["id"] for each in listed(server)}
    for row, device in ((row, each) for row in rows for each in listed(server) if each["id"] == row["deviceId"]):
        assert row["name"] == device["name"] and row["serial"] == device["serial"]
        assert row["status"] == "escrowed" and row["legalHold"] == "no"
        assert row["owner"] == device.get("owner", "")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    records = server.get(
        "/api/devices/security/bitlocker/keys/audit?kind=devices.exported", token=server.token("auditor")
    ).json()["items"]
    assert len(records) == 1


def test_scope(server, devices):
    """Whoever has other groups sees none of these devices, not even how many there are."""
    elsewhere = Person(server, "administrator", "elsewhere", groups=["elsewhere"])
    mine = listed(server)
    for path in ["/fleet", "/devices", "/rotations", "/devices.csv", f"/devices?q={mine[0]['serial']}"]:
        text = elsewhere.get(path).text
        assert not any(each["name"] in text or each["id"] in text for each in mine)
    assert "No device yet" in elsewhere.get("/fleet").text


def test_roles(server, devices):
    """Owners have no list; readers have it without what the audit log says."""
    owner = Person(server, "owner", "someone")
    for path in ["/fleet", "/devices", "/devices.csv", "/rotations"]:
        assert owner.get(path).status_code in (403, 404), path
    assert owner.post("/devices/views", name="x", query="status=failed").status_code in (403, 404)
    reader = Person(server, "reader")
    page = reader.get("/fleet").text
    assert "Keys shown" not in page and "Leak responses" not in page
    # A form without its token does nothing.
    assert reader.post("/devices/views", name="x", query="q=1", form="forged").status_code == 403


def test_rotations(server, devices, browser):
    """A rotation is seen under way, and then among those that ended."""
    page = browser.window(server, Person(server, "administrator"))
    device = listed(server)[0]
    devices.rotate(device["id"])
    page.goto("/rotations")
    row = page.locator("tbody tr")
    assert device["name"] in row.inner_text() and "Waits for the device" in row.inner_text()
    page.goto("/fleet")
    assert page.get_by_role("row", name="Key replacements under way").locator(".num").inner_text() == "1"
    devices.run(check_ins=6)
    page.goto("/rotations?show=ended")
    assert "Completed" in page.locator("tbody tr").inner_text()
    assert page.problems == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_looks(server, devices, browser, language, dark, tmp_path):
    """No page is wider than its window, none has anything that axe-core finds, all are light on the wire."""
    person = Person(server, "administrator")
    devices.rotate(listed(server)[0]["id"])
    for viewport in [DESKTOP, PHONE]:
        page = browser.window(server, person, viewport=viewport, dark=dark, language=language)
        for path in PAGES:
            answer = page.goto(path)
            assert answer.status == 200 and len(answer.body()) < 100_000, path
            assert overflow(page) <= 0, path
            assert violations(page) == []
            assert page.locator("html").get_attribute("lang") == language
        assert page.problems == []
