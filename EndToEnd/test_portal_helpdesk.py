"""The phone call: from what a caller reads aloud to the 48 digits, in a real browser."""

import base64
import re
import secrets
import struct
import time
import uuid

import pytest
from playwright.sync_api import Error

from agent import Agent, recovery_password
from fleet import KEYS, Fleet
from openers import cryptsetup_opens
from portal import PHONE, Person, form_token, overflow, violations


@pytest.fixture
def devices(server, tmp_path):
    """Three simulated devices whose keys are here and proven."""
    fleet = Fleet(server, tmp_path / "fleet", devices=3)
    fleet.images = {outcome["name"]: outcome["images"] for outcome in fleet.run(check_ins=3)}
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


def reveal(page, item, reason="test"):
    """The key's page with its key on it."""
    page.goto(reveal_path(item))
    page.locator("#reason").select_option(reason)
    page.locator("form .large").click()
    page.locator("ol.secret li").first.wait_for()


def fields_of(html):
    """What a form of the key's page sends when nothing is filled in."""
    return {"seen": re.search(r'name="seen" value="([^"]+)"', html)[1], "reason": "", "ticket": "", "comment": ""}


def test_phone_call(server, devices, listing, browser):
    """Eight digits, Enter, Enter, a reason, a ticket, Enter: the password that opens the volume, within ten seconds."""
    item = listing[1]
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto("/help-desk")
    # The field has the focus: nobody has to reach for the mouse.
    start, actions = time.monotonic(), 0
    page.keyboard.type(item["key"]["keyId"][:8])
    page.keyboard.press("Enter")
    page.locator(".hit").wait_for()
    assert page.locator(".hit").count() == 1
    facts = page.locator(".hit").inner_text()
    assert item["device"]["name"] in facts and item["device"].get("serial", "") in facts
    # The only hit's button has the focus already.
    page.keyboard.press("Enter")
    page.locator("#reason").wait_for()
    page.keyboard.type("Firm")
    page.keyboard.press("Tab")
    page.keyboard.type("INC0042")
    page.keyboard.press("Enter")
    page.locator("ol.secret li").first.wait_for()
    took, actions = time.monotonic() - start, 6
    shown = digits(page)
    assert took < 10, f"{actions} actions took {took:.1f} s"
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", shown)
    # cryptsetup says that it opens that device's volume, and no other.
    for name, images in devices.images.items():
        assert [cryptsetup_opens(image, shown) for image in images] == [name == item["device"]["name"]]
    entries = server.get(f"{KEYS}/audit?kind=key.disclosed", token=server.token("auditor")).json()["items"]
    assert entries[0]["record"]["reason"] == {"code": "firmwareUpdate", "ticket": "INC0042"}
    assert page.problems == []


def test_secret_is_nowhere(server, devices, listing, browser):
    """Not before it is revealed, and afterwards in no address, log, record, cookie or store of the browser."""
    page = browser.window(server, Person(server, "helpdesk"))
    item = listing[0]
    seen = []
    page.on("request", lambda request: seen.append(request.url + (request.post_data or "")))
    page.goto(f"/help-desk?q={item['key']['keyId'][:8]}")
    before = [page.content()]
    page.goto(reveal_path(item))
    before.append(page.content())
    page.locator("#reason").select_option("test")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.locator("form .large").click()
    assert answer.value.headers["cache-control"] == "no-store"
    shown = digits(page)
    assert shown == devices.reveal(item["device"]["id"], item["key"]["keyId"])
    forms = [shown, shown.replace("-", ""), shown.replace("-", " "), *shown.split("-")[:2]]
    log = server.run("audit", "list", "--data", server.data, "--json").stdout
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, history.state, document.cookie, document.title])")
    for form in forms:
        for place in [*before, *seen, page.url, server.log_text(), log, kept]:
            assert form not in place
    page.get_by_role("button", name="Hide").click()
    for form in forms:
        assert form not in page.content()
    page.goto("/account")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()


def test_say_it(server, devices, listing, browser):
    """Group by group, as digits and as words; then hidden, with nothing of it left in the page."""
    page = browser.window(server, Person(server, "helpdesk"))
    reveal(page, listing[0])
    groups = digits(page).split("-")
    page.get_by_role("button", name="Say it").click()
    words = "zero one two three four five six seven eight nine".split()
    for number, group in enumerate(groups, 1):
        assert page.locator("[data-say-digits]").inner_text() == group
        assert page.locator("[data-say-words]").inner_text() == " ".join(words[int(digit)] for digit in group)
        assert page.locator("[data-say-group]").inner_text() == f"Group {number} of 8"
        if number == 3:
            page.keyboard.press("ArrowLeft")
            assert page.locator("[data-say-digits]").inner_text() == groups[1]
            page.keyboard.press("ArrowRight")
        page.keyboard.press(["ArrowRight", "Enter", "Space"][number % 3])
    assert page.locator("[data-status]").inner_text() == "All eight groups are said."
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    assert page.locator("[data-status]").get_attribute("role") == "status"
    assert page.evaluate("navigator.clipboard.readText()") == "-".join(groups)
    page.get_by_role("button", name="Hide").click()
    assert groups[0] not in page.content()
    assert "Hidden" in page.locator("[data-status]").inner_text()
    assert page.problems == []


def test_timer(server, devices, listing, browser):
    """After three minutes the page forgets the password by itself."""
    page = browser.window(server, Person(server, "helpdesk"))
    page.clock.install()
    reveal(page, listing[0])
    first = digits(page).split("-")[0]
    page.clock.run_for(170_000)
    assert first in page.content()
    page.get_by_role("button", name="More time").click()
    page.clock.run_for(170_000)
    assert first in page.content()
    page.get_by_role("button", name="Say it").click()
    page.clock.run_for(11_000)
    assert first not in page.content()
    assert "Hidden" in page.locator("[data-status]").inner_text()
    assert page.get_by_role("link", name="Show it again").get_attribute("href") == reveal_path(listing[0])
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
        ("0A1EB21", "That is 7 characters. The blue screen shows 8"),
        ("0A1EB21G", "A Key ID has no G"),
        ("00000000", "Nothing fits"),
        ("no such device", "Nothing fits"),
        ("639738-094402", "That looks like a recovery password"),
        ("639738094402289201619399659824537581181346595881", "That looks like a recovery password"),
        ("OOOOOOOO", "It was read as 00000000 (O → 0)"),
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
    assert page.locator("#q:focus").count() == 1
    if "password" in says:
        assert page.get_by_role("searchbox").input_value() == ""


def test_other_ways_to_find(server, devices, listing, browser):
    """A name, the beginning of one, a serial number and an owner find devices too; several are told apart."""
    page = browser.window(server, Person(server, "helpdesk"))
    for item in listing:
        device, key = item["device"], item["key"]["keyId"]
        for typed in [device["name"].lower(), device["id"], key, key[:8], key[:13], key.replace("-", "")[:20].upper()]:
            page.goto(f"/help-desk?q={typed}")
            assert page.locator(".hit").count() == 1, typed
            assert device["name"] in page.inner_text(".hit")
        for typed in [device.get("serial"), device.get("owner")]:
            if typed:
                page.goto(f"/help-desk?q={typed.lower()}")
                assert device["name"] in page.inner_text("main")
    page.goto("/help-desk?q=PC-")
    assert page.locator(".hit").count() == 3
    assert "3 devices fit. Ask for the whole Key ID" in page.inner_text("main")
    # One digit of a longer Key ID was misheard.
    key = listing[0]["key"]["keyId"]
    page.goto(f"/help-desk?q={key[:12]}{'1' if key[12] == '0' else '0'}")
    assert page.locator(".hit").count() == 1
    assert "Only the first 8 digits" in page.inner_text("main")


def test_two_devices_with_the_same_digits(server_factory, browser):
    """An ambiguous Key ID shows both, says what to ask for, and gives neither the focus."""
    server = server_factory(arguments=["--no-require-proof"]).start()
    token = server.enrolment_token()
    protectors = []
    for name in ["ONE", "OTHER"]:
        protector = "8f595209" + str(uuid.uuid4())[8:]
        agent = Agent(server.url, name=name).enrol(token)
        agent.protectors = [protector]
        agent.check_in()
        assert agent.deposit(protector, recovery_password()).ok
        protectors.append(protector)
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto("/help-desk?q=8F595209")
    assert page.locator(".hit").count() == 2
    assert "2 devices fit" in page.inner_text("main")
    assert page.locator("#q:focus").count() == 1
    page.get_by_role("searchbox").fill(protectors[1])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{protectors[1]}")
    assert page.locator(".hit").count() == 1 and "OTHER" in page.inner_text(".hit")


def test_device_without_a_key(server, browser):
    """A device that has enrolled and has no volume is found by its name, and there is nothing to show."""
    Agent(server.url, name="BARE-7").enrol(server.enrolment_token())
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto("/help-desk?q=bare")
    assert "BARE-7" in page.inner_text(".hit") and "no key" in page.inner_text(".hit")
    assert page.get_by_role("link", name="Show the recovery key").count() == 0


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
    # What was typed is still there.
    assert '<option value="test" selected>' in again.text
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


POLICY = """\
rules:
  - name: tickets
    reasons: [firmwareUpdate, test]
    ticket: {pattern: "^INC[0-9]{4}$"}
  - name: few
    limits: {perCaller: {hour: 2}}
  - name: away
    scope: {callers: [Away]}
    networks: [198.51.100.0/24]
  - name: night
    scope: {callers: [Night]}
    hours: {days: [mon], from: "00:00", to: "00:01", timeZone: "Etc"}
  - name: fresh
    scope: {callers: [Stale]}
    reauthentication: 1s
"""


@pytest.fixture
def ruled(server_factory, tmp_path):
    """A server with a policy, and one device on it; and what starts another with another policy."""

    def start(policy):
        path = tmp_path / "policy.yaml"
        path.write_text(policy)
        server = server_factory(arguments=["--policy", path, "--no-require-proof"]).start()
        agent = Agent(server.url, name="RULED").enrol(server.enrolment_token())
        agent.protectors = [str(uuid.uuid4())]
        agent.check_in()
        server.secret = recovery_password()
        assert agent.deposit(agent.protectors[0], server.secret).ok
        server.path = f"/devices/{agent.device}/keys/{agent.protectors[0]}"
        server.agent = agent
        return server

    return start


def test_rules_in_words(ruled, browser):
    """What rules ask for is said beforehand, and what they refuse beside its field."""
    server = ruled(POLICY.replace('"Etc"', "UTC"))
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(server.path + "/reveal")
    options = page.locator("#reason option").all_inner_texts()
    assert options == ["Choose …", "Firmware update", "Drill"]
    assert "^INC[0-9]{4}$" in page.locator("#ticket-hint").inner_text()
    assert page.locator("#ticket").get_attribute("required") is not None
    page.locator("#reason").select_option("test")
    page.locator("#ticket").fill("X1")
    page.keyboard.press("Enter")
    page.locator("#ticket-error").wait_for()
    assert page.locator("#ticket-error").inner_text() == "This ticket does not have the form that is asked for."
    assert page.locator("#ticket").get_attribute("aria-invalid") == "true"
    assert page.locator("#ticket").input_value() == "X1"
    assert page.locator("#reason").input_value() == "test"
    assert violations(page) == []
    for _ in range(2):
        page.locator("#reason").select_option("test")
        page.locator("#ticket").fill("INC0001")
        page.keyboard.press("Enter")
        page.locator("ol.secret li").first.wait_for()
        assert digits(page) == server.secret
        page.goto(server.path + "/reveal")
    assert "a limit is reached" in page.locator("[role=alert]").inner_text()
    assert re.search(r"\d\d:\d\d:\d\d UTC", page.locator("[role=alert]").inner_text())
    assert page.locator("#reason").count() == 0
    assert page.problems == []


def test_rules_against_a_form(ruled):
    """A form that says something else than its page offered is refused in words, and nothing is disclosed."""
    server = ruled(POLICY.replace('"Etc"', "UTC"))
    agent = Person(server, "helpdesk")
    html = agent.get(server.path + "/reveal").text
    for fields, status, words in [
        ({"reason": "dataRecovery", "ticket": "INC0001"}, 422, 'id="reason-error"'),
        ({"reason": "test"}, 422, "A ticket is needed for this device."),
        ({"reason": "test", "ticket": "INC00012"}, 422, "does not have the form"),
    ]:
        answer = agent.post(server.path + "/reveal", html, **(fields_of(html) | fields))
        assert answer.status_code == status and words in answer.text, fields
    for name in ["away", "night"]:
        person = Person(server, "helpdesk", user_name=name)
        page = person.get(server.path + "/reveal")
        assert page.status_code == 200 and "A rule forbids this at this hour, or from this network" in page.text
        assert 'id="reason"' not in page.text
        fields = {"seen": "never", "reason": "test", "ticket": "INC0001", "comment": ""}
        answer = person.post(server.path + "/reveal", **fields)
        assert answer.status_code == 403 and "A rule forbids this" in answer.text
        assert server.secret[:6] not in answer.text
    entries = server.get(f"{KEYS}/audit?kind=key.disclosed", token=server.token("auditor")).json()["items"]
    assert entries == []


def test_old_sign_in(ruled):
    """Whoever signed in too long ago is led to sign in again, and back."""
    server = ruled(POLICY.replace('"Etc"', "UTC"))
    person = Person(server, "helpdesk", user_name="stale")
    deadline = time.monotonic() + 30
    while (answer := person.get(server.path + "/reveal")).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in/again?return=" + server.path.replace("/", "%2F") + "%2Freveal"


TWO = "rules: [{name: two, approval: {by: [administrator], expires: 30m}}]"


def decide(server, token, word):
    """What a second person answers to the only request that waits."""
    (waiting,) = server.get("/api/approvals?state=requested", token=token).json()["items"]
    answer = server.post(f"/api/approvals/{waiting['id']}/{word}", token=token)
    assert answer.status_code == 200
    return waiting


def test_approval(ruled, browser):
    """An agent asks; the page changes by itself when a second person has approved; the key is shown once."""
    server = ruled(TWO)
    boss = server.token("administrator")
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(server.path + "/reveal")
    assert "Somebody else must approve this first: Administrator." in page.inner_text("main")
    page.locator("#reason").select_option("forgottenPIN")
    page.locator("#comment").fill("on the phone")
    page.get_by_role("button", name="Ask for approval").click()
    page.locator("[data-await]").wait_for()
    assert "Waits for an answer" in page.locator("[data-await]").inner_text()
    assert violations(page) == []
    asked = decide(server, boss, "approve")
    assert asked["reason"] == "forgottenPIN" and asked["comment"] == "on the phone"
    show = page.get_by_role("button", name="Show the recovery key")
    show.wait_for()
    assert "Approved" in page.inner_text("main")
    assert violations(page) == []
    show.click()
    page.locator("ol.secret li").first.wait_for()
    assert digits(page) == server.secret
    # It was good for once.
    page.goto(server.path + "/reveal")
    assert page.get_by_role("button", name="Ask for approval").count() == 1
    assert page.get_by_role("button", name="Show the recovery key").count() == 0
    entry = server.get(f"{KEYS}/audit?kind=key.disclosed", token=server.token("auditor")).json()["items"][0]
    assert entry["record"]["approval"]
    assert page.problems == []


def test_approval_in_the_inbox(ruled, browser):
    """Two people, two browsers: one asks, the other approves in the inbox, and the first one's page has the button."""
    server = ruled(TWO)
    agent = browser.window(server, Person(server, "helpdesk"))
    agent.goto(server.path + "/reveal")
    agent.locator("#reason").select_option("incorrectPIN")
    agent.locator("#comment").fill("third time this week")
    agent.get_by_role("button", name="Ask for approval").click()
    agent.locator("[data-await]").wait_for()
    boss = browser.window(server, Person(server, "administrator"))
    boss.goto("/approvals")
    boss.get_by_role("link", name="RULED").click()
    boss.get_by_role("button", name="Approve").wait_for()
    assert "third time this week" in boss.inner_text("main") and "RULED" in boss.inner_text("main")
    assert server.secret[:6] not in boss.content()
    boss.get_by_role("button", name="Approve").click()
    show = agent.get_by_role("button", name="Show the recovery key")
    show.wait_for()
    show.click()
    agent.locator("ol.secret li").first.wait_for()
    assert digits(agent) == server.secret
    assert agent.problems == [] and boss.problems == []


def test_approval_denied_and_taken_back(ruled, browser):
    """A denial is shown with who denied it; a request can be taken back; without an approval the form discloses nothing."""
    server = ruled(TWO)
    boss = server.token("administrator", "--name", "Boss")
    person = Person(server, "helpdesk")
    page = browser.window(server, person)

    def ask():
        page.locator("#reason").select_option("test")
        page.get_by_role("button", name="Ask for approval").click()
        page.locator("[data-await]").wait_for()

    page.goto(server.path + "/reveal")
    ask()
    decide(server, boss, "deny")
    page.get_by_text("Denied").wait_for()
    assert "Boss" in page.inner_text("main")
    ask()
    page.get_by_role("button", name="Take the request back").click()
    page.locator("[data-await]").wait_for(state="detached")
    assert server.get("/api/approvals?state=requested", token=boss).json()["items"] == []
    fields = {"seen": "never", "reason": "test", "ticket": "", "comment": ""}
    answer = person.post(server.path + "/reveal", **fields)
    assert answer.status_code == 409 and "Somebody else must approve this first" in answer.text
    assert server.secret[:6] not in answer.text
    assert page.problems == []


def bek(protector):
    """A .BEK file of 156 bytes, as Windows writes them."""
    guid, ticks = uuid.UUID(protector).bytes_le, 133_000_000_000_000_000
    name = "ExternalKey\0".encode("utf-16-le")
    return (
        struct.pack("<4I", 156, 1, 48, 156) + guid + struct.pack("<IIQ", 1, 0, ticks)
        + struct.pack("<4H", 108, 6, 9, 1) + guid + struct.pack("<Q", ticks)
        + struct.pack("<4H", 8 + len(name), 0, 2, 1) + name
        + struct.pack("<4H", 44, 0, 1, 1) + struct.pack("<HH", 0x2002, 0) + secrets.token_bytes(32)
    )  # fmt: skip


def test_recovery_key_file(server_factory, browser):
    """A recovery key comes as the .BEK file that it is, byte for byte, under the name that Windows gives it."""
    server = server_factory(arguments=["--no-require-proof"]).start()
    agent = Agent(server.url, name="STICK").enrol(server.enrolment_token())
    protector = str(uuid.uuid4())
    volume = {"id": agent.volume, "type": "operatingSystem", "protection": "on"}
    volume["protectors"] = [{"id": protector, "type": "recoveryKey"}]
    agent.post("check-in", {"name": agent.name, "volumes": [volume]}).raise_for_status()
    file = bek(protector)
    body = {"volumeId": agent.volume, "protectorId": protector, "type": "recoveryKey"}
    answer = agent.post("deposits", body | {"secret": base64.b64encode(file).decode()})
    assert answer.ok, answer.text
    page = browser.window(server, Person(server, "helpdesk"))
    page.goto(f"/devices/{agent.device}/keys/{protector}/reveal")
    page.locator("#reason").select_option("test")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the recovery key file").click()
    assert download.value.suggested_filename == f"{protector.upper()}.BEK"
    with open(download.value.path(), "rb") as saved:
        assert saved.read() == file
    page.locator("[data-saved]").wait_for()
    assert violations(page) == []
    assert page.problems == []
