"""The phone call: from what a caller reads aloud to the 48 digits, in a real browser."""

import re
import time

import pytest
from playwright.sync_api import Error

from fleet import Fleet
from portal import PHONE, Person, form_token, overflow, violations


@pytest.fixture
def devices(server, tmp_path):
    """Three simulated devices whose keys are here and proven."""
    fleet = Fleet(server, tmp_path / "fleet", devices=3)
    fleet.run(check_ins=3)
    return fleet


@pytest.fixture
def listing(server, devices):
    """What the API says of the devices' keys."""
    answer = server.get("/api/devices/security/bitlocker/keys", token=server.token("reader"))
    items = answer.json()["items"]
    assert len(items) == 3
    return items


def reveal_path(item):
    return f"/devices/{item['device']['id']}/keys/{item['key']['keyId']}/reveal"


def digits(page):
    """The recovery password on the page, as the device would be told it."""
    return "-".join(page.locator("ol.secret li").all_inner_texts())


def test_phone_call(server, devices, listing, browser):
    """Eight digits, Enter, Enter, a reason, Enter: the password that opens the volume, within ten seconds."""
    item = listing[1]
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto("/help-desk")
    start = time.monotonic()
    page.keyboard.type(item["key"]["keyId"][:8])
    page.keyboard.press("Enter")
    page.locator(".hit").wait_for()
    assert page.locator(".hit").count() == 1
    assert item["device"]["name"] in page.locator(".hit").inner_text()
    # The only hit's button has the focus already.
    page.keyboard.press("Enter")
    page.locator("#reason").select_option("firmwareUpdate")
    page.locator("#ticket").fill("INC0042")
    page.keyboard.press("Enter")
    page.locator("ol.secret li").first.wait_for()
    took = time.monotonic() - start
    shown = digits(page)
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", shown)
    assert took < 10
    assert shown == devices.reveal(item["device"]["id"], item["key"]["keyId"])
    assert page.problems == []
    # Nothing of it is anywhere that it could be found later.
    assert shown not in server.log_text() and shown.replace("-", "") not in server.log_text()
    assert shown[:6] not in page.url


def test_say_it(server, devices, listing, browser):
    """Group by group, as digits and as words; then hidden, with nothing of it left in the page."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(reveal_path(listing[0]))
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    groups = digits(page).split("-")
    page.get_by_role("button", name="Say it").click()
    words = "zero one two three four five six seven eight nine".split()
    for number, group in enumerate(groups, 1):
        assert page.locator("[data-say-digits]").inner_text() == group
        assert page.locator("[data-say-words]").inner_text() == " ".join(words[int(digit)] for digit in group)
        assert page.locator("[data-say-group]").inner_text() == f"Group {number} of 8"
        page.keyboard.press("ArrowRight" if number % 2 else "Enter")
    page.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == "-".join(groups)
    page.get_by_role("button", name="Hide").click()
    assert groups[0] not in page.content()
    assert "Hidden" in page.locator("[data-status]").inner_text()
    assert page.problems == []


def test_timer(server, devices, listing, browser):
    """After three minutes the page forgets the password by itself."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.clock.install()
    page.goto(reveal_path(listing[0]))
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    first = digits(page).split("-")[0]
    page.clock.run_for(170_000)
    assert first in page.content()
    page.clock.run_for(11_000)
    assert first not in page.content()
    # Going back to it does not bring it back: the browser kept nothing, and would have to send the form again.
    page.goto("/help-desk")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()


def test_without_script(server, devices, listing, browser):
    """The whole way works without a script; what needs one is not shown."""
    page = browser.window(server, Person(server, "helpdesk"), script=False)
    page.goto(f"/help-desk?q={listing[2]['key']['keyId']}")
    page.get_by_role("link", name="Show the recovery key").click()
    page.locator("#reason").select_option("incorrectPIN")
    page.locator("form .large").click()
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", digits(page))
    assert not page.get_by_role("button", name="Say it").is_visible()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("0A1EB21", "That has 7 digits"),
        ("00000000", "Nothing fits"),
        ("no such device", "Nothing fits"),
        ("639738-094402", "That looks like a recovery password"),
        ("639738094402289201619399659824537581181346595881", "That looks like a recovery password"),
        ("OOOOOOOO", "It was read as 00000000"),
    ],
)
def test_what_to_ask(server, browser, typed, says):
    """What finds nothing says what to ask the caller; a password that was typed is not shown again."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto("/help-desk")
    page.get_by_role("searchbox").fill(typed)
    page.keyboard.press("Enter")
    page.wait_for_url("**/help-desk?**")
    assert says in page.inner_text("main")
    if "password" in says:
        assert page.get_by_role("searchbox").input_value() == ""


def test_other_ways_to_find(server, devices, listing, browser):
    """A name, the beginning of one, a serial number and an owner find devices too; several are told apart."""
    page = browser.window(server, Person(server, "helpdesk"))
    for item in listing:
        page.goto(f"/help-desk?q={item['device']['name'].lower()}")
        assert page.locator(".hit").count() == 1
    page.goto("/help-desk?q=PC-")
    assert page.locator(".hit").count() == 3
    assert "More than one device fits" in page.inner_text("main")


def test_seen_twice(server, devices, listing):
    """A form that is sent again discloses nothing again before somebody says so."""
    agent = Person(server, "helpdesk")
    path = reveal_path(listing[0])
    form = agent.get(path).text
    seen = re.search(r'name="seen" value="([^"]+)"', form)[1]
    fields = {"seen": seen, "reason": "test", "ticket": "", "comment": ""}
    assert agent.post(path, form, **fields).status_code == 200
    again = agent.post(path, form, **fields)
    assert again.status_code == 409
    assert 'class="secret"' not in again.text and "shown since" in again.text
    fields["seen"] = re.search(r'name="seen" value="([^"]+)"', again.text)[1]
    assert agent.post(path, again.text, **fields).status_code == 200
    entries = server.get(
        "/api/devices/security/bitlocker/keys/audit?kind=key.disclosed", token=server.token("auditor")
    ).json()["items"]
    assert len(entries) == 2


def test_wrong_input(server, devices, listing):
    """What is missing is said beside its field, and nothing is disclosed."""
    agent = Person(server, "helpdesk")
    path = reveal_path(listing[0])
    form = agent.get(path).text
    seen = re.search(r'name="seen" value="([^"]+)"', form)[1]
    for fields, field in [
        ({"reason": "", "ticket": "", "comment": ""}, "reason"),
        ({"reason": "nonsense", "ticket": "", "comment": ""}, "reason"),
        ({"reason": "test", "ticket": "no spaces!", "comment": ""}, "ticket"),
        ({"reason": "other", "ticket": "", "comment": ""}, "comment"),
        ({"reason": "test", "ticket": "", "comment": "x" * 201}, "comment"),
    ]:
        answer = agent.post(path, form, seen=seen, **fields)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize("role", ["reader", "auditor", None])
def test_not_for_all_roles(server, devices, listing, role):
    """Whoever may not disclose gets neither form nor key."""
    path = reveal_path(listing[0])
    if role is None:
        answer = server.request("GET", path, allow_redirects=False)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?return=")
        return
    person = Person(server, role)
    assert person.get(path).status_code == 403
    answer = person.post(path, person.get("/account").text, reason="test", seen="never", ticket="", comment="")
    assert answer.status_code == 403 and 'class="secret"' not in answer.text


def test_other_group(server, devices, listing):
    """A device outside of somebody's groups does not exist for them."""
    agent = Person(server, "helpdesk", groups=["elsewhere"])
    assert agent.get(reveal_path(listing[0])).status_code == 404
    assert listing[0]["device"]["id"] not in agent.get(f"/help-desk?q={listing[0]['device']['name']}").text
    answer = agent.post(reveal_path(listing[0]), reason="test", seen="never", ticket="", comment="")
    assert answer.status_code == 404


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_accessible(server, devices, listing, browser, dark, viewport):
    """axe finds nothing on any of the pages, which fit the window."""
    page = browser.window(server, Person(server, "helpdesk"), dark=dark, viewport=viewport)
    for path in ["/help-desk", "/help-desk?q=PC-", "/help-desk?q=0A1EB21", reveal_path(listing[0])]:
        page.goto(path)
        assert violations(page) == []
        assert overflow(page) <= 0
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    page.locator("ol.secret li").first.wait_for()
    assert violations(page) == []
    assert overflow(page) <= 0
    page.get_by_role("button", name="Say it").click()
    assert violations(page) == []
    assert overflow(page) <= 0
    assert page.problems == []


def test_german(server, devices, listing, browser):
    """In German too, down to the words of the digits."""
    page = browser.window(server, Person(server, "helpdesk"), language="de")
    page.goto(reveal_path(listing[0]))
    assert page.locator("html").get_attribute("lang") == "de"
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    page.get_by_role("button", name="Vorlesen").click()
    words = "null eins zwo drei vier fünf sechs sieben acht neun".split()
    spoken = page.locator("[data-say-words]").inner_text().split()
    assert "".join(str(words.index(word)) for word in spoken) == page.locator("[data-say-digits]").inner_text()


def test_form_of_another_session(server, devices, listing):
    """A form's token holds for its own session alone."""
    agent, other = Person(server, "helpdesk"), Person(server, "helpdesk", user_name="other")
    token = form_token(other.get("/account").text)
    path = reveal_path(listing[0])
    answer = agent.post(path, form=token, reason="test", seen="never", ticket="", comment="")
    assert answer.status_code == 403
