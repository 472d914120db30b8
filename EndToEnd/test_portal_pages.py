"""Every page of the portal that there is, found by following links: whole, accessible, small, and for nobody else."""

import json
import re
from pathlib import Path

import pytest

from crawler import Crawl, Page, shape
from fleet import Fleet
from portal import DESKTOP, PHONE, Person, form_token, overflow, violations
from server import Server

ROLES = ["administrator", "helpdesk", "auditor", "reader", "owner"]
#: More than the first page needs nobody waits for.
LARGEST = 100_000
#: Reviewed: pages that a role may open though nothing leads it there, because they say no more than others that do.
#: An owner may see an own device there too.
UNLINKED = {
    "auditor": {"/help-desk"},
    "reader": {"/help-desk", "/approvals"},
    "owner": {"/approvals", "/devices/{id}", "/devices/{id}/keys/{id}/reveal"},
}
#: Forms that an owner may send for a device of their own from anywhere.
OF_OWN_DEVICE = {"/devices/{id}/rotate", "/devices/{id}/keys/{id}/reveal", "/devices/{id}/keys/{id}/approval"}
SOURCES = Path(__file__).resolve().parent.parent / "Sources/EscrowServer/Resources/portal"
#: The catalogue's keys that cannot be words of a sentence.
KEYS = {key for key in json.loads((SOURCES / "messages.json").read_text()) if re.search(r"[a-z][A-Z]", key)}
SECRET = re.compile(r"\b\d{6}(-\d{6}){7}\b")


@pytest.fixture(scope="module")
def seeded(sparekey, tmp_path_factory):
    """An installation with devices in every state, keys that were seen, marked and held, and people of each role."""
    folder = tmp_path_factory.mktemp("pages")
    policy = folder / "policy.yaml"
    policy.write_text(
        "rules:\n  - name: owners\n    scope: {groups: [default], roles: [owner]}\n    reasons: [forgottenPIN, test]\n"
    )
    server = Server(sparekey, folder, arguments=["--policy", policy]).start()
    try:
        fleet = Fleet(server, folder / "fleet", devices=12)
        faults = ["wrong-password", "undeposited-protector", "never-answers", "dies-after-adding"]
        faulty = [word for fault in faults for word in ("--fault", fault)]
        fleet.run("--unencrypted", 1, "--recoveries", 1, *faulty, check_ins=3)
        server.fleet, server.devices = fleet, {}
        token = server.token("reader")
        for device in server.get("/api/devices", token=token).json()["items"]:
            server.devices[device["name"]] = device["id"]
        ids = [server.devices[name] for name in sorted(server.devices)]
        people = {role: Person(server, role) for role in ROLES if role != "owner"}
        people["owner"] = Person(server, "owner", user_name="user1@example.com")
        server.secrets = [fleet.reveal(ids[0]), fleet.reveal(ids[1])]
        fleet.rotate(ids[1])
        administrator = people["administrator"]
        for device, action in [(ids[2], "hold"), (ids[3], "compromise")]:
            assert administrator.post(f"/devices/{device}/{action}").status_code == 303
        fleet.run("--unencrypted", 1, *faulty, check_ins=1)
        server.people = people
        server.crawls = {role: Crawl(person) for role, person in people.items()}
        yield server
    finally:
        server.stop()


def test_something_is_found(seeded):
    """The crawl reaches what is known to be there, so that the other tests are about something."""
    for role, known in {
        "administrator": ["/devices/{id}", "/account"],
        "helpdesk": ["/help-desk", "/account"],
        "owner": ["/my", "/account"],
    }.items():
        assert set(known) <= set(seeded.crawls[role].shapes), (role, sorted(seeded.crawls[role].shapes))
    assert any(form.startswith("/devices/{id}/") for form in seeded.crawls["administrator"].forms)


@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_somewhere(seeded, role):
    """No link leads to an error."""
    broken = {path: answer.status_code for path, answer in seeded.crawls[role].pages.items() if not answer.ok}
    assert broken == {}


@pytest.mark.parametrize("role", ROLES)
def test_small_and_without_secrets(seeded, role):
    """Each page is under 100 KB, nobody keeps it, and no recovery password is in it, nor in its address."""
    for path, answer in seeded.crawls[role].pages.items():
        assert len(answer.content) < LARGEST, f"{path}: {len(answer.content)} bytes"
        assert answer.headers["Cache-Control"] == "no-store", path
        assert not SECRET.search(answer.text) and not SECRET.search(path), path
        for secret in seeded.secrets:
            assert secret.replace("-", "") not in answer.text, path


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("role", ROLES)
def test_language(seeded, role, language):
    """Each page is in the language that the browser asks for, and no text is left a key."""
    person = seeded.people[role]
    for paths in seeded.crawls[role].shapes.values():
        answer = person.get(paths[0], headers={"Accept-Language": language})
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(answer.text)
        assert page.language == language, paths[0]
        words = {word.strip(".,:;()") for text in page.words for word in text.split()}
        assert words & KEYS == set(), paths[0]
        assert not [word for word in words if re.match(r"t\.[a-z]|\{\{", word)], paths[0]


@pytest.mark.parametrize("role", ROLES)
def test_in_the_browser(seeded, browser, role):
    """axe finds nothing, in light and dark, wide and narrow; nothing is scrolled sideways; one CSS, one script."""
    before = {kind for other in ROLES[: ROLES.index(role)] for kind in seeded.crawls[other].shapes}
    page = browser.window(seeded, seeded.people[role])
    requested = []
    page.on("request", lambda request: requested.append((request.resource_type, request.url)))
    found = []
    for kind, paths in seeded.crawls[role].shapes.items():
        if not seeded.crawls[role].pages[paths[0]].headers.get("Content-Type", "").startswith("text/html"):
            continue
        requested.clear()
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        page.goto(paths[0])
        extra = [
            url for type, url in requested
            if type not in {"document", "eventsource"} and not re.search(r"/portal\.(css|js|svg)$", url)
        ]  # fmt: skip
        if extra:
            found.append(f"{paths[0]}: more requests: {extra}")
        # What another role has seen in all four ways is looked at in one.
        ways = [(DESKTOP, "light")] if kind in before else [
            (size, scheme) for size in (DESKTOP, PHONE) for scheme in ("light", "dark")
        ]  # fmt: skip
        for size, scheme in ways:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += [f"{scheme} {size['width']}: {each}" for each in violations(page)]
            if overflow(page) > 0:
                found.append(f"{scheme} {size['width']}: {paths[0]}: {overflow(page)} px too wide")
    page.context.close()
    assert found + page.problems == []


@pytest.mark.parametrize("role", [*ROLES, None])
def test_pages_are_for_nobody_else(seeded, role):
    """A page that a role is not led to is refused to it; to nobody, every page is."""
    own = set(seeded.crawls[role].shapes) if role else set()
    opened = []
    for other in ROLES:
        for kind, paths in seeded.crawls[other].shapes.items():
            if kind in own or kind.split("?")[0] in own or kind in UNLINKED.get(role, ()):
                continue
            answer = (
                seeded.people[role].get(paths[0])
                if role
                else seeded.get(paths[0], allow_redirects=False)
            )
            allowed = {303, 403, 404} if role is None else {403, 404}
            if answer.status_code not in allowed:
                opened.append(f"{kind} of {other}: {answer.status_code}")
            elif role is None and answer.status_code == 303:
                assert answer.headers["Location"].startswith("/sign-in?return="), kind
            assert not answer.ok or not any(name in answer.text for name in seeded.devices), kind
    assert sorted(set(opened)) == []


@pytest.mark.parametrize("role", [*ROLES, None])
def test_forms_are_for_nobody_else(seeded, role):
    """A form that a role is not shown is refused to it, though it has a token of its own; to nobody, every form is."""
    own = set(seeded.crawls[role].forms) if role else set()
    taken = []
    for other in ROLES:
        for kind, (action, fields) in seeded.crawls[other].forms.items():
            if kind in own or kind == "/sign-out" or role == "owner" and kind in OF_OWN_DEVICE:
                continue
            if role:
                person = seeded.people[role]
                fields = fields | {"form": form_token(person.get("/account").text)}
                answer = person.session.post(seeded.url + action, data=fields, timeout=30, allow_redirects=False)
            else:
                headers = {"Sec-Fetch-Site": "same-origin"}
                answer = seeded.post(action, data=fields, headers=headers, allow_redirects=False)
            if answer.status_code not in {401, 403, 404}:
                taken.append(f"{kind} of {other}: {answer.status_code}")
    assert sorted(set(taken)) == []


def test_shape():
    """What the crawler takes for one page."""
    device = "0a1eb21c-0000-4000-8000-000000000001"
    assert shape(f"/devices/{device}?done=held") == shape(f"/devices/{device.replace('1', '2')}?done=x")
    assert shape("/audit/records/12") == "/audit/records/{n}" != shape("/audit/records")
