"""Owners at their own devices on a phone, approval by a second person, and signing in again."""

import re
import time

import pyotp
import pytest

from fleet import KEYS, Fleet
from portal import DESKTOP, PHONE, Person, overflow, violations

POLICY = """\
groups:
  - name: executives
    when: {owner: ["user2@*"]}
  - name: closed
    when: {owner: ["user3@*"]}
rules:
  - name: two
    scope: {groups: [executives]}
    approval: {by: [administrator], expires: 30m}
  - name: owners
    scope: {groups: [default], roles: [owner]}
    reasons: [forgottenPIN, firmwareUpdate]
  - name: closed
    scope: {groups: [closed]}
    selfService: false
  - name: fresh
    scope: {roles: [auditor, administrator]}
    reauthentication: 15s
"""


@pytest.fixture
def server(server_factory, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    return server_factory(arguments=["--policy", policy]).start()


@pytest.fixture
def devices(server, tmp_path):
    """Three devices: of user1, user2 (an executive) and user3 (who is kept from their own)."""
    fleet = Fleet(server, tmp_path / "fleet", devices=3)
    fleet.run(check_ins=3)
    return fleet


@pytest.fixture
def listing(server, devices):
    """What the API says of the devices' keys, by owner."""
    items = server.get(KEYS, token=server.token("reader")).json()["items"]
    return {item["device"]["owner"].split("@")[0]: item for item in items}


def owner(server, number, role="owner"):
    return Person(server, role, user_name=f"user{number}@example.com")


def reveal_path(item):
    return f"/my/devices/{item['device']['id']}/keys/{item['key']['keyId']}/reveal"


def shown(page):
    """The recovery password on the page."""
    page.locator("ol.secret li").first.wait_for()
    return "-".join(page.locator("ol.secret li").all_inner_texts())


def records(server, kind):
    path = f"/api/devices/security/bitlocker/keys/audit?kind={kind}"
    return [item["record"] for item in server.get(path, token=server.token("auditor")).json()["items"]]


def next_code(person):
    """A one-time password that was not used yet: none is accepted twice, and the next step's is accepted early."""
    return pyotp.TOTP(person.seed).at(time.time() + 30)


def test_from_eight_digits_to_the_password(server, devices, listing, browser):
    """Eight digits from the blue screen, a reason, and the password; what is not one's own is as unknown."""
    item, other = listing["user1"], listing["user2"]
    page = browser.window(server, owner(server, 1), viewport=PHONE)
    page.goto("/")
    assert page.url.endswith("/my")
    assert page.locator(".mine h3").all_inner_texts() == [item["device"]["name"]]
    assert other["device"]["name"] not in page.content()
    for typed, says in [("0A1B", "exactly 8"), (other["key"]["keyId"][:8], "None of your devices"), ("00000000", "None of")]:
        page.get_by_label("The first 8").fill(typed)
        page.get_by_role("button", name="Find").click()
        page.locator("#key-error").wait_for()
        assert says in page.locator("#key-error").inner_text()
        assert page.get_by_label("The first 8").input_value() == typed
        assert other["device"]["id"] not in page.content()
    page.get_by_label("The first 8").fill(item["key"]["keyId"][:8].upper())
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/reveal")
    assert page.locator("#reason option").count() == 3, "the rule allows two reasons, beside the choice"
    page.locator("#reason").select_option("forgottenPIN")
    page.get_by_role("button", name="Show the recovery key").click()
    assert shown(page) == devices.reveal(item["device"]["id"], item["key"]["keyId"])
    assert "replaced" in page.locator("section[aria-labelledby=then]").inner_text()
    assert overflow(page) <= 0 and violations(page) == [] and page.problems == []
    (record,) = [each for each in records(server, "key.disclosed") if each["rule"] == "own-device"]
    assert record["caller"]["role"] == "owner" and record["reason"]["code"] == "forgottenPIN"


def test_other_peoples_devices_do_not_exist(server, devices, listing):
    """Neither page nor form of somebody else's device says that there is one; the tries are on record."""
    kim = owner(server, 1)
    other = listing["user2"]
    path = reveal_path(other)
    unknown = reveal_path({"device": {"id": "11111111-1111-1111-1111-111111111111"}, "key": other["key"]})
    assert kim.get(path).status_code == kim.get(unknown).status_code == 404
    fields = {"reason": "test", "ticket": "", "comment": "", "seen": "never"}
    for action in [path, path.replace("/reveal", "/approval"), f"/my/devices/{other['device']['id']}/rotate"]:
        answer = kim.post(action, **fields)
        assert answer.status_code == 404, action
        assert other["device"]["name"] not in answer.text
    assert {each["rule"] for each in records(server, "access.denied")} == {"not-own-device"}
    # What is for others is not for owners.
    assert kim.get(path.removeprefix("/my")).status_code == 404
    for path in ["/approvals?show=all", "/approvals?show=waiting", "/help-desk"]:
        assert kim.get(path).status_code == 403, path


def test_an_agent_is_an_owner_at_home(server, devices, listing):
    """Whatever else somebody is: under /my the rules of self-service hold for them."""
    agent = owner(server, 1, role="helpdesk")
    page = agent.get(reveal_path(listing["user1"]))
    assert page.status_code == 200 and 'value="test"' not in page.text
    assert 'value="test"' in agent.get(reveal_path(listing["user1"]).removeprefix("/my")).text


def test_where_self_service_is_off(server, devices, listing, browser):
    """The page says whom to ask, and the form that is sent all the same is refused."""
    item = listing["user3"]
    person = owner(server, 3)
    page = browser.window(server, person, viewport=PHONE)
    page.goto(reveal_path(item))
    assert "Call the help desk" in page.locator("[role=alert]").inner_text()
    assert item["key"]["keyId"][:8].upper() in page.inner_text("main")
    assert page.locator("form[action$=reveal]").count() == 0
    assert violations(page) == [] and overflow(page) <= 0
    answer = person.post(reveal_path(item), reason="test", ticket="", comment="", seen="never")
    assert answer.status_code == 403 and "secret" not in answer.text


def test_replace_my_key(server, devices, listing, browser):
    """The new key is asked for once, whatever is clicked, and comes when the device checks in."""
    item = listing["user1"]
    page = browser.window(server, owner(server, 1), viewport=PHONE)
    page.goto("/my")
    page.get_by_role("button", name="Replace the key now").click()
    page.wait_for_url("**/my?asked=*")
    assert item["device"]["name"] in page.locator("[role=status].notice").inner_text()
    assert page.get_by_role("button", name="Replace the key now").count() == 0
    page.reload()
    devices.run(check_ins=3)
    (rotation,) = devices.show(item["device"]["id"])["rotations"]
    assert rotation["state"] == "completed" and rotation["trigger"] == "manual"


def test_no_devices(server, browser):
    """Who has none is told what makes one theirs."""
    page = browser.window(server, Person(server, "owner"), viewport=PHONE)
    page.goto("/my")
    assert "owner" in page.locator(".empty").inner_text()
    assert page.locator(".menu nav li").count() == 1, "an owner has one place to go"
    assert violations(page) == [] and overflow(page) <= 0


def test_a_second_person_approves(server, devices, listing, browser):
    """The owner asks, an administrator answers without seeing the key, the owner gets it, once."""
    item = listing["user2"]
    asker, boss = owner(server, 2), Person(server, "administrator")
    page = browser.window(server, asker, viewport=PHONE)
    page.goto(reveal_path(item))
    page.locator("#reason").select_option("hardwareChange")
    page.locator("#ticket").fill("INC0042")
    page.get_by_role("button", name="Ask for approval").click()
    page.locator("[data-await]").wait_for()
    inbox = browser.window(server, boss)
    inbox.goto("/approvals")
    inbox.get_by_role("link", name=item["device"]["name"]).first.click()
    assert "INC0042" in inbox.inner_text("main") and "User2@example.com" in inbox.inner_text("main")
    assert violations(inbox) == [] and overflow(inbox) <= 0
    inbox.get_by_role("button", name="Approve").click()
    inbox.get_by_text("can show the key once").wait_for()
    assert "secret" not in inbox.content() and not re.search(r"\d{6}-\d{6}", inbox.content())
    # The requester's page finds the answer by itself.
    page.get_by_role("button", name="Show the recovery key").first.click()
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", shown(page))
    page.goto("/approvals")
    assert page.locator("tbody .badge").all_inner_texts() == ["Used"]
    (record,) = [each for each in records(server, "key.disclosed") if each["caller"]["role"] == "owner"]
    (approved,) = records(server, "approval.approved")
    assert record["approval"] == approved["approval"]
    assert page.problems == [] and inbox.problems == []


@pytest.fixture
def waiting(server, devices, listing):
    """A request that waits: who asked, and its path."""
    asker = owner(server, 2)
    path = reveal_path(listing["user2"])
    answer = asker.post(path.replace("/reveal", "/approval"), reason="test", ticket="", comment="", seen="never")
    assert answer.status_code == 303, answer.text
    found = re.search(r'href="(/approvals/[^"]+)"', asker.get("/approvals").text)[1]
    return asker, found


def test_who_decides(server, waiting):
    """Not who asked, not whoever lacks the role; a second click changes nothing; what is over stays so."""
    asker, path = waiting
    assert asker.post(f"{path}/approve").status_code == 403
    helpdesk = Person(server, "helpdesk")
    assert helpdesk.get(path).status_code == 200
    assert "Approve</button>" not in helpdesk.get(path).text
    assert helpdesk.post(f"{path}/approve").status_code == 403
    for role in ["reader", "owner"]:
        assert Person(server, role).get(path).status_code in (403, 404)
    boss, other = Person(server, "administrator"), Person(server, "administrator", user_name="other")
    assert boss.post(f"{path}/approve").status_code == 303
    assert boss.post(f"{path}/approve").status_code == 303
    assert len(records(server, "approval.approved")) == 1
    late = other.post(f"{path}/approve")
    assert late.status_code == 409 and "Administrator" in late.text
    # Until it is used it can be taken back, by either side.
    assert asker.post(f"{path}/cancel").status_code == 303
    assert asker.post(f"{path}/cancel").status_code == 303
    assert "Taken back" in boss.get(path).text
    assert boss.post(f"{path}/deny").status_code == 409


def test_sign_in_again(server, devices, listing, browser):
    """A rule that wants a fresh sign-in: both factors again, the same session under another token, and on to the key."""
    item = listing["user1"]
    boss = Person(server, "administrator")
    path = reveal_path(item).removeprefix("/my")
    # The sign-in that came with the invitation grows too old.
    deadline = time.monotonic() + 60
    while (answer := boss.get(path)).status_code != 303 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert answer.headers["Location"].startswith("/sign-in/again?return=")
    page = browser.window(server, boss, viewport=PHONE)
    page.goto("/account")
    before = [each["value"] for each in page.context.cookies()]
    sessions = page.locator(".sessions li").count()
    page.goto(path)
    assert "/sign-in/again?return=" in page.url
    assert violations(page) == [] and overflow(page) <= 0
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_label("One-time password").fill(next_code(boss))
    page.locator("main").get_by_role("button", name="Sign in again").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Password", exact=True).input_value() == ""
    page.get_by_label("Password", exact=True).fill(boss.password)
    page.get_by_label("One-time password").fill(next_code(boss))
    page.locator("main").get_by_role("button", name="Sign in again").click()
    page.wait_for_url(f"**{path}")
    page.locator("#reason").select_option("test")
    page.locator("form .large").click()
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", shown(page))
    assert [each["value"] for each in page.context.cookies()] != before
    assert boss.get("/account").status_code == 303, "the old token is nobody's"
    page.goto("/account")
    assert page.locator(".sessions li").count() == sessions
    assert len(records(server, "session.renewed")) == 1
    # Held by a token, which never signs in, it stays refused.
    answer = server.post(
        f"{KEYS}/{item['device']['id']}/reveal", token=server.token("administrator"), json={"reason": "test"}
    )
    assert answer.status_code == 403 and answer.json()["type"].endswith(":denied")
    assert page.problems == []


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/my/../../x"])
def test_sign_in_again_leads_nowhere_else(server, target):
    """Where it leads back to is a path of ours."""
    person = Person(server, "owner")
    page = person.get("/sign-in/again", params={"return": target})
    assert page.status_code == 200 and 'name="return" value="/"' in page.text


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_accessible(server, waiting, listing, browser, dark, viewport, language, tmp_path):
    """axe finds nothing on any of the pages, which fit the window, in both languages and themes."""
    asker, path = waiting
    boss = Person(server, "administrator")
    for person, paths in [
        (asker, ["/my", "/my?key=0A1B", reveal_path(listing["user2"]), "/approvals", path, "/sign-in/again?return=/my"]),
        (boss, ["/my", "/approvals", "/approvals?show=mine", "/approvals?show=all&state=denied", "/approvals?show=all", path]),
    ]:
        page = browser.window(server, person, viewport=viewport, dark=dark, language=language)
        for each in paths:
            page.goto(each)
            assert violations(page) == []
            assert overflow(page) <= 0, each
            assert page.locator("html").get_attribute("lang") == language
        assert page.problems == []


def test_without_script(server, devices, listing, browser):
    """Self-service needs no script."""
    page = browser.window(server, owner(server, 1), viewport=PHONE, script=False)
    page.goto("/my")
    page.get_by_role("link", name="Show the recovery key").click()
    page.locator("#reason").select_option("firmwareUpdate")
    page.get_by_role("button", name="Show the recovery key").click()
    assert re.fullmatch(r"\d{6}(-\d{6}){7}", shown(page))
