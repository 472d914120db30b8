"""Live updates: a page that is open shows what has changed, without a reload, and nothing of it passes by the stream."""

import time

import pytest
import requests

from fleet import Fleet
from portal import Person


@pytest.fixture
def devices(server, tmp_path):
    """A simulated device whose key is here and proven."""
    fleet = Fleet(server, tmp_path / "fleet", devices=1)
    fleet.run(check_ins=3)
    return fleet


@pytest.fixture
def device(server, devices):
    return server.get("/api/devices", token=server.token("reader")).json()["items"][0]["id"]


def stream(server, person):
    """An open stream, with what it said first."""
    answer = person.session.get(server.url + "/live", stream=True, timeout=20, allow_redirects=False)
    return answer, answer.iter_lines(decode_unicode=True)


def test_rotation_watched(server, devices, device, browser):
    """Rotate now, and the steps go on to the new key by themselves, in the page that was opened once."""
    page = browser.window(server, Person(server, "administrator"))
    page.goto(f"/devices/{device}")
    old = devices.show(device)["volumes"][0]["keys"][0]["keyId"]
    page.get_by_role("button", name="Rotate now").click()
    page.locator(".steps").wait_for()
    page.evaluate("window.isStillThisPage = true")
    # The device hears of it and is not heard from again, until it does what it was told.
    devices.run("--fault", "never-answers", check_ins=1)
    page.locator(".steps li.done").nth(1).wait_for()
    devices.run(check_ins=6)
    page.locator(".steps").wait_for(state="detached")
    new = [key for key in devices.show(device)["volumes"][0]["keys"] if key["state"] == "active"][0]["keyId"]
    assert new != old
    page.locator("#security-section table").first.get_by_text(new[:8].upper()).wait_for()
    assert page.evaluate("window.isStillThisPage")
    assert "brought up to date" in page.locator("#live").inner_text()
    assert page.problems == []


def test_says_nothing(server, devices, device):
    """A stream says that something changed, and the log's size, which is public; nothing else."""
    answer, lines = stream(server, Person(server, "helpdesk"))
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert [next(lines) for _ in range(3)][:2] == ["retry: 3000", "event: open"]
    next(lines)
    devices.rotate(device)
    event, data = next(lines), next(lines)
    assert event == "event: change" and data.removeprefix("data: ").isdecimal()
    answer.close()


def test_for_who_is_signed_in(server):
    """Nobody listens without a session, or with more windows than somebody looks at."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert requests.get(server.url + "/live", headers=headers, timeout=10).status_code == 401
    person = Person(server, "reader")
    streams = [stream(server, person)[0] for _ in range(7)]
    assert [each.status_code for each in streams] == [200] * 6 + [503]
    for each in streams:
        each.close()


def test_open_details_and_focus_stay(server, devices, device, browser):
    """What was unfolded stays so, and the keyboard is where it was."""
    devices.rotate(device)
    devices.run(check_ins=6)
    page = browser.window(server, Person(server, "administrator"))
    page.goto(f"/devices/{device}")
    page.get_by_text("Earlier keys").click()
    page.locator("#security-section summary").focus()
    devices.rotate(device)
    page.locator(".steps").wait_for()
    assert page.locator("#security-section details").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.problems == []


def test_ends_with_its_session(server, browser):
    """Signing out ends the stream, within a heartbeat."""
    person = Person(server, "reader")
    answer, lines = stream(server, person)
    next(lines)
    person.post("/sign-out")
    for _ in lines:
        pass
    assert answer.status_code == 200


def test_stop(server, devices, device, browser):
    """Open streams do not keep the server from stopping, and a page says that its connection is lost."""
    person = Person(server, "reader")
    page = browser.window(server, person)
    page.goto(f"/devices/{device}")
    streams = [stream(server, person) for _ in range(3)]
    for _, lines in streams:
        next(lines)
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 5
    page.locator("#live.notice").wait_for(timeout=30_000)
