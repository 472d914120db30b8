"""Access and settings in the portal: who may do what, who gets in, and how the server is set up."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from fleet import Fleet
from portal import DESKTOP, PHONE, Person, overflow, violations

POLICY = """groups:
  - name: executives
    when: {name: ["EXEC-*"]}
rules:
  - name: tickets
    scope: {roles: [helpdesk]}
    ticket: {required: true, pattern: "^INC[0-9]{7}$"}
    limits: {perCaller: {hour: 10}}
  - name: executives-need-two
    scope: {groups: [executives]}
    approval: {by: [administrator], expires: 30m}
    hours: {days: [mon-fri], from: "07:00", to: "19:00", timeZone: Europe/Berlin}
"""

#: Those that everybody sees who may read the policy, and those of the whole installation.
SHARED = ["/access", "/access/groups", "/access/rules"]
WHOLE = [
    "/access/accounts", "/access/sessions", "/access/tokens", "/access/enrolment", "/access/break-glass", "/settings",
]  # fmt: skip


@pytest.fixture
def server(server_factory, tmp_path):
    """A running server with a policy file."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    return server_factory(arguments=["--policy", tmp_path / "policy.yaml"]).start()


@pytest.fixture
def boss(server):
    return Person(server, "administrator", "boss")


def form_of(page_html, action):
    """The hidden fields of a page's form, by where it is sent."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page_html, re.DOTALL)[0]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


def link_of(html):
    """The link that a page shows once."""
    return re.search(r'class="secret" id="link">([^<]+)<', html)[1]


def invite(boss, user_name, role="helpdesk", groups=""):
    page = boss.get("/access/accounts/invite").text
    fields = {"userName": user_name, "accountName": user_name.capitalize(), "role": role, "groups": groups}
    return boss.post("/access/accounts/invite", page, **fields)


def records(server, kind):
    """The records of a kind, by the word of an auditor."""
    token = server.token("auditor")
    answer = server.get(f"/api/devices/security/bitlocker/keys/audit?kind={kind}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


# --- Accounts


def test_somebody_is_invited_and_signs_in_in_a_browser_of_their_own(server, boss, browser):
    """From the administrator's button to the other person's first page; the link is in no address."""
    page = browser.window(server, boss)
    page.goto("/access/accounts")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("Name", exact=True).fill("Kim Lee")
    page.get_by_label("User name").fill("kim@example.com")
    page.get_by_role("radio", name="Help desk").check()
    page.get_by_label("Device groups").fill("berlin, paris")
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("heading", name="Hand over this link").wait_for()
    link = page.locator("#link").inner_text()
    assert link.startswith(server.url + "/invitation/")
    token = link.rsplit("/", 1)[1]
    assert token not in page.url and token not in server.log_text()
    kim = Person(server, "helpdesk", "kim@example.com", link=link)
    second = browser.window(server)
    second.goto("/sign-in")
    second.get_by_label("User name").fill("kim@example.com")
    second.get_by_label("Password").fill(kim.password)
    second.get_by_role("button").click()
    second.get_by_label("One-time password").fill(kim.recovery_codes[0])
    second.get_by_role("button").click()
    second.get_by_role("link", name="Kim Lee").wait_for()
    page.get_by_role("link", name="Show the account").click()
    assert page.get_by_text("berlin, paris").is_visible()
    assert page.get_by_text("active", exact=True).is_visible()
    assert page.problems == [] and second.problems == []
    assert server.get(urlsplit(link).path).status_code == 404, "a link works once"


def test_a_disabled_account_is_out_at_once_and_can_be_let_in_again(server, boss, browser):
    kim = Person(server, "helpdesk", "kim")
    page = browser.window(server, boss)
    page.goto("/access/accounts?name=kim")
    page.get_by_role("link", name="kim", exact=True).click()
    assert kim.get("/account").status_code == 200
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("status").get_by_text("disabled").wait_for()
    answer = kim.get("/account")
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
    assert page.get_by_role("button", name="Disable").count() == 0
    page.get_by_role("button", name="Let in again").click()
    page.get_by_role("heading", name="Hand over this new link").wait_for()
    again = Person(server, "helpdesk", "kim", link=page.locator("#link").inner_text())
    assert again.get("/account").status_code == 200
    assert len(records(server, "account.disabled")) == 1 and len(records(server, "account.reset")) == 1
    assert page.problems == []


def test_what_is_wrong_in_a_form_is_said_beside_its_field_and_what_was_typed_is_kept(server, boss):
    page = boss.get("/access/accounts/invite").text
    for fields, error in [
        ({"userName": "a b/c", "accountName": "Kim"}, "userName-error"),
        ({"userName": "kim", "accountName": ""}, "accountName-error"),
        ({"userName": "kim", "accountName": "Kim", "groups": "x" * 65}, "groups-error"),
        ({"userName": "boss", "accountName": "Kim"}, "userName-error"),
    ]:
        answer = boss.post("/access/accounts/invite", page, **{"role": "auditor", "groups": "", **fields})
        assert answer.status_code == 422 and f'id="{error}"' in answer.text
        assert f'value="{fields["userName"]}"' in answer.text
        assert 'value="auditor" checked' in answer.text
    assert invite(boss, "kim").status_code == 200
    twice = invite(boss, "kim")
    assert twice.status_code == 422 and "/access/accounts?name=kim" in twice.text
    assert len(records(server, "account.invited")) == 3, "the first run's, the boss's and kim's"


def test_nobody_takes_their_own_access_and_nothing_is_changed_unseen(server, boss):
    other = Person(server, "administrator", "other")
    own = boss.get("/access/accounts?name=boss").text
    path = re.search(r'href="(/access/accounts/[0-9a-f-]{36})"', own)[1]
    html = boss.get(path).text
    assert "/disable" not in html and "/reset" not in html, "no button for one's own account"
    answer = boss.post(f"{path}/disable", html)
    assert answer.status_code == 409 and "another administrator can" in answer.text
    seen = form_of(other.get(path).text, f"{path}/reset")
    assert seen["seen"] == "active"
    assert other.post(f"{path}/disable", other.get(path).text, seen="active").status_code == 303
    answer = other.post(f"{path}/reset", other.get(path).text, seen="active")
    assert answer.status_code == 409 and "Somebody else changed this account" in answer.text
    path = re.search(r'href="(/access/accounts/[0-9a-f-]{36})"', other.get("/access/accounts?name=other").text)[1]
    assert other.post(f"{path}/disable", other.get(path).text).status_code == 409


def test_a_session_is_ended_by_an_administrator(server, boss, browser):
    kim = Person(server, "auditor", "kim")
    page = browser.window(server, boss)
    page.goto("/access/sessions")
    row = page.get_by_role("row").filter(has_text="Kim")
    row.get_by_role("button").click()
    page.get_by_text("The session has ended.").wait_for()
    assert page.get_by_role("row").filter(has_text="Kim").count() == 0
    assert kim.get("/account").status_code == 303
    assert boss.get("/account").status_code == 200
    assert any(item["record"].get("detail") == "endedByAdministrator" for item in records(server, "session.ended"))


# --- Tokens


def test_api_tokens_are_listed_and_revoked_and_never_made_here(server, boss, browser):
    token = server.token("reader", "--name", "script")
    devices = "/api/devices"
    assert server.get(devices, token=token).status_code == 200
    page = browser.window(server, boss)
    page.goto("/access/tokens")
    assert token not in page.content()
    assert page.get_by_text("sparekey token create").is_visible()
    page.get_by_role("button", name="Revoke: script").click()
    page.get_by_role("status").get_by_text("revoked").wait_for()
    assert server.get(devices, token=token).status_code == 401
    assert page.get_by_role("button", name="Revoke: script").count() == 0


def test_an_enrolment_token_is_made_once_and_devices_enrol_with_it(server, boss, browser, tmp_path):
    page = browser.window(server, boss)
    page.goto("/access/enrolment")
    page.get_by_label("Name").fill("Berlin office")
    page.get_by_label("Group").fill("berlin")
    page.get_by_label("Devices at most").fill("3")
    page.get_by_role("button", name="Make the token").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("sparekey_e_") and secret not in page.url
    command = page.get_by_text("sparekey simulate").inner_text().split()
    assert command[command.index("--server") + 1] == server.url
    server.run(*command[1:], "--state-dir", tmp_path / "devices", "--check-ins", "2", "--interval", "0.05", "--quiet")
    page.goto("/access/groups")
    assert page.get_by_role("row", name="berlin").get_by_role("cell").inner_text() == "3"
    page.goto("/access/enrolment")
    assert secret not in page.content() and secret not in server.log_text()
    assert page.get_by_role("row", name="Berlin office").get_by_text("3 / 3").is_visible()
    html = boss.get("/access/enrolment").text
    fields = {"tokenName": "x", "group": "paris", "uses": "", "days": "7", "once": form_of(html, "/access/enrolment")["once"]}
    assert 'id="secret"' in boss.post("/access/enrolment", html, **fields).text
    again = boss.post("/access/enrolment", html, **fields)
    assert again.status_code == 422 and "sent already" in again.text and 'id="secret"' not in again.text
    for wrong in ({"uses": "many"}, {"uses": "0"}, {"group": ""}, {"tokenName": ""}):
        fields.pop("once", None)
        answer = boss.post("/access/enrolment", html, **{**fields, **wrong})
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert len(records(server, "enrolmentToken.created")) == 2


# --- Rules


def test_the_rules_in_force_are_readable_and_explain_a_disclosure(server, boss, browser, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    fleet.run()
    device = server.get("/api/devices", token=fleet.helpdesk).json()["items"][0]
    page = browser.window(server, boss)
    page.goto("/access/rules")
    assert page.get_by_role("heading", name="executives-need-two").is_visible()
    assert page.get_by_text("A second person must approve it: Administrator; a request holds for 30 min.").is_visible()
    assert page.get_by_text("Only Mon, Tue, Wed, Thu, Fri, 07:00 to 19:00 (Europe/Berlin).").is_visible()
    page.get_by_text("The file as it stands").click()
    assert page.get_by_text("executives-need-two").last.is_visible()
    page.get_by_label("Device", exact=True).fill(device["name"])
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Would be refused").wait_for()
    query = parse_qs(urlsplit(page.url).query)
    assert query["role"] == ["helpdesk"] and query["device"] == [device["name"]]
    assert page.get_by_role("row", name="tickets").get_by_text("A ticket must be named.").is_visible()
    page.get_by_label("Ticket").fill("INC1234567")
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Would be disclosed").wait_for()
    for query, error in [
        ("device=nothing", "device-error"), ("device=&account=", "device-error"),
        (f"device={device['name']}&account=ghost", "account-error"),
        (f"device={device['name']}&ticket=a%20b", "ticket-error"),
    ]:  # fmt: skip
        assert f'id="{error}"' in boss.get(f"/access/rules?{query}").text
    assert "Would be refused" in boss.get(f"/access/rules?device={device['name']}&role=reader").text
    berlin = Person(server, "auditor", "berlin", groups=["berlin"])
    assert 'id="device-error"' in berlin.get(f"/access/rules?device={device['name']}").text, "out of scope is unknown"
    assert page.problems == []


# --- Who may see what


def test_every_page_is_refused_to_those_it_is_not_for_and_each_refusal_is_on_record(server, boss):
    link = boss.get("/access/accounts?name=boss").text
    account = re.search(r'href="(/access/accounts/[0-9a-f-]{36})"', link)[1]
    desk, reader = Person(server, "helpdesk"), Person(server, "reader")
    berlin = Person(server, "administrator", "berlin", groups=["berlin"])
    whole = [*WHOLE, account]
    tries = [(who, path) for who in (desk, reader) for path in SHARED + whole] + [(berlin, path) for path in whole]
    before = len(records(server, "access.denied"))
    for who, path in tries:
        answer = who.get(path)
        assert answer.status_code == 403, f"{who.role} {path}"
        assert "boss" not in answer.text.lower()
    assert len(records(server, "access.denied")) >= min(before + len(tries), 50)
    for path in SHARED:
        assert berlin.get(path).status_code == 200
    tabs = berlin.get("/access").text
    assert "/access/accounts" not in tabs and 'href="/settings"' not in tabs


def test_every_form_is_refused_to_those_it_is_not_for(server, boss):
    kim = re.search(r"/access/accounts/[0-9a-f-]{36}", invite(boss, "kim").text)[0]
    token = re.search(r"/access/tokens/[0-9a-f-]{36}", (server.token("reader"), boss.get("/access/tokens").text)[1])[0]
    forms = [
        ("/access/accounts/invite", {"userName": "x", "accountName": "x", "role": "administrator"}),
        (f"{kim}/disable", {"seen": "invited"}), (f"{kim}/reset", {"seen": "invited"}),
        ("/access/enrolment", {"tokenName": "x", "group": "x"}), (f"{token}/revoke", {}),
        (f"/access/sessions/{kim.rsplit('/', 1)[1]}/end", {}),
    ]  # fmt: skip
    people = [Person(server, role) for role in ("helpdesk", "reader", "auditor")]
    people.append(Person(server, "administrator", "berlin", groups=["berlin"]))
    for person in people:
        for path, fields in forms:
            answer = person.post(path, **fields)
            assert answer.status_code == 403, f"{person.role} {path}: {answer.status_code}"
        assert "/access/accounts/invite" not in person.get("/access/accounts").text
    for path, fields in forms:
        assert boss.post(path, form="0" * 64, **fields).status_code == 403, "a form of no session of theirs"
    assert 'class="badge info"' in boss.get("/access/accounts?name=kim").text, "still invited"


# --- How it looks


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_have_no_violation_in_both_themes_and_fit_a_phone(server, boss, browser, tmp_path, viewport, dark):
    Fleet(server, tmp_path / "devices").run()
    server.token("helpdesk", "--name", "a token with quite a long name, as people give them to their scripts")
    server.run("break-glass", "setup", "--data", server.data, "--shares", "5", "--threshold", "3")
    html = invite(boss, "somebody.with.a.long.name@department.example.com", groups="berlin, executives").text
    account = re.search(r"/access/accounts/[0-9a-f-]{36}", html)[0]
    device = server.get("/api/devices", token=server.token("reader")).json()["items"][0]["name"]
    explained = f"/access/rules?role=helpdesk&device={device}"
    page = browser.window(server, boss, viewport=viewport, dark=dark, language="de" if dark else "en")
    for path in [*SHARED, *WHOLE, "/access/accounts/invite", account, explained]:
        assert page.goto(path).status == 200
        assert violations(page) == []
        assert overflow(page) <= 0, path
    assert page.problems == []


def test_pages_say_everything_in_german(server, boss):
    boss.session.headers["Accept-Language"] = "de"
    for path, words in [
        ("/access", "Sich einen Wiederherstellungsschlüssel zeigen lassen"), ("/access/groups", "Gerätegruppen"),
        ("/access/rules", "Eine zweite Person muss es freigeben"), ("/access/accounts", "Konten"),
        ("/access/sessions", "Sitzungen"), ("/access/tokens", "widerrufen"),
        ("/access/enrolment", "Registrierung"), ("/access/break-glass", "Notfallzugang"),
        ("/settings", "Schlüsselbund"),
    ]:  # fmt: skip
        html = boss.get(path).text
        assert words in html and '<html lang="de">' in html


def test_settings_say_how_the_server_is_and_no_secret(server, boss):
    html = boss.get("/settings").text
    for words in ("ready", "Keyring", "active: seals and opens", "No witness watches", "VACUUM INTO"):
        assert words in html
    checkpoint = server.get("/log/checkpoint").text.splitlines()[0]
    assert checkpoint in html
    assert server.get("/log/vkey").text.strip().replace("+", "&#43;") in html or server.get("/log/vkey").text.strip() in html
    assert "PRIVATE" not in html
