"""A device's page: what is known, what can be done, and a rotation watched to its end."""

import re

import pytest

from fleet import Fleet
from portal import PHONE, Person, overflow, violations


@pytest.fixture
def devices(server, tmp_path):
    """Two simulated devices whose keys are here and proven."""
    fleet = Fleet(server, tmp_path / "fleet", devices=2)
    fleet.run(check_ins=3)
    return fleet


@pytest.fixture
def device(server, devices):
    """The ID of one of them."""
    return server.get("/api/devices", token=server.token("reader")).json()["items"][0]["id"]


def test_details_to_key(server, devices, device, browser):
    """Device details, the Security section, the recovery key, copy: the way that everybody knows from Intune."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(f"/devices/{device}")
    shown = devices.show(device)
    assert page.get_by_role("heading", level=1).inner_text() == shown["device"]["name"]
    assert shown["device"]["serial"] in page.inner_text("main")
    security = page.get_by_role("region", name="Security")
    (key,) = shown["volumes"][0]["keys"]
    assert key["keyId"][:8].upper() in security.inner_text()
    assert "opens the volume" in security.inner_text()
    security.get_by_role("link", name="Show the recovery key").click()
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    page.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == devices.reveal(device)
    assert page.problems == []


def test_rotation(server, devices, device, browser):
    """Rotate now, one step after the other, until the old key is history."""
    page = browser.window(server, Person(server, "administrator"))
    page.goto(f"/devices/{device}")
    old = devices.show(device)["volumes"][0]["keys"][0]["keyId"]
    page.get_by_role("button", name="Rotate now").click()
    page.get_by_text("The keys will be replaced").wait_for()
    steps = page.locator(".steps li")
    assert [step.get_attribute("class") for step in steps.all()] == ["done", "current", "waiting", "waiting"]
    devices.run(check_ins=6)
    page.reload()
    assert page.locator(".steps").count() == 0
    new = [key for key in devices.show(device)["volumes"][0]["keys"] if key["state"] == "active"]
    assert new[0]["keyId"] != old
    security = page.get_by_role("region", name="Security")
    assert new[0]["keyId"][:8].upper() in security.locator("table").first.inner_text()
    page.get_by_text("Earlier keys").click()
    assert old[:8].upper() in security.locator("details table").inner_text()
    assert page.problems == []


def test_second_click(server, devices, device):
    """The same form sent twice asks for one rotation; it can be called off until the device knows."""
    admin = Person(server, "administrator")
    html = admin.get(f"/devices/{device}").text
    once = re.search(r'name="once" value="([^"]+)"', html)[1]
    for _ in range(2):
        assert admin.post(f"/devices/{device}/rotate", html, once=once).status_code == 303
    (rotation,) = devices.show(device)["rotations"]
    path = f"/devices/{device}/rotations/{rotation['id']}/cancel"
    assert path in admin.get(f"/devices/{device}").text
    assert admin.post(path, html).headers["Location"] == f"/devices/{device}?done=cancelled"
    again = admin.post(path, html)
    assert again.status_code == 409 and "cannot be called off" in again.text


def test_hold_compromise_retire(server, devices, device, browser):
    """Legal hold on and off; compromised marks and replaces; a retired device can only be read."""
    page = browser.window(server, Person(server, "administrator"))
    page.goto(f"/devices/{device}")
    page.get_by_role("button", name="Set legal hold").click()
    page.get_by_text("are kept until the legal hold is lifted").wait_for()
    assert devices.show(device)["device"]["legalHold"]
    page.get_by_role("button", name="Lift legal hold").click()
    page.get_by_text("The legal hold is lifted").wait_for()
    page.get_by_text("Mark as compromised").first.click()
    page.get_by_role("button", name="Mark as compromised").click()
    page.get_by_text("is marked as compromised").wait_for()
    page.get_by_text("Retire the device").first.click()
    page.get_by_role("button", name="Retire the device").click()
    page.get_by_text("The device is retired.").wait_for()
    assert page.get_by_role("button", name="Rotate now").count() == 0
    assert page.problems == []


def test_who_looked(server, devices, device):
    """Whoever may read the audit log sees who saw the keys; others do not see that there is such a thing."""
    devices.reveal(device)
    auditor = Person(server, "auditor").get(f"/devices/{device}").text
    assert "Who saw its keys" in auditor and "Drill" in auditor
    assert "Who saw its keys" not in Person(server, "helpdesk").get(f"/devices/{device}").text


@pytest.mark.parametrize("role", ["reader", "auditor", "helpdesk"])
def test_only_what_a_role_may(server, devices, device, role):
    """No button that would be refused, and a refusal for who sends the form all the same."""
    person = Person(server, role)
    html = person.get(f"/devices/{device}").text
    actions = {"rotate": role == "helpdesk", "hold": False, "retire": False, "compromise": False}
    for action, allowed in actions.items():
        assert (f'action="/devices/{device}/{action}"' in html) == allowed
        if not allowed:
            assert person.post(f"/devices/{device}/{action}", once="x").status_code == 403
    assert ("/reveal" in html) == (role == "helpdesk")


def test_other_group(server, devices, device):
    """A device outside of somebody's groups does not exist for them."""
    admin = Person(server, "administrator", groups=["elsewhere"])
    assert admin.get(f"/devices/{device}").status_code == 404
    for action in ["rotate", "hold", "retire", "compromise"]:
        assert admin.post(f"/devices/{device}/{action}", once="x").status_code == 404
    assert devices.show(device)["rotations"] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_accessible(server, devices, device, browser, dark, viewport):
    """axe finds nothing, in any state; the page fits the window; in German too."""
    devices.reveal(device)
    devices.rotate(device)
    admin = Person(server, "administrator")
    for language in ["en", "de"]:
        page = browser.window(server, admin, dark=dark, viewport=viewport, language=language)
        page.goto(f"/devices/{device}")
        assert violations(page) == []
        assert overflow(page) <= 0
        assert page.locator("html").get_attribute("lang") == language
        assert page.problems == []
        page.context.close()


def test_sheet(server, devices, device, browser):
    """On paper: Key IDs and no secret, no button."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(f"/devices/{device}")
    page.emulate_media(media="print")
    assert page.locator(".on-paper").is_visible()
    assert not page.get_by_role("button", name="Rotate now").is_visible()
    key = devices.show(device)["volumes"][0]["keys"][0]["keyId"]
    assert key.upper() in page.locator(".on-paper").inner_text()
