"""Takes a picture of every page, for docs/screenshots: `make screenshots`.

A server is started in a folder that is thrown away, with simulated devices in every state, and is stopped at the end.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from fleet import Fleet
from portal import PHONE, Browser, Person
from server import Server

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/screenshots"
FAULTS = ["wrong-password", "undeposited-protector", "never-answers", "dies-after-adding"]
#: Name, role, path, and whether it is taken in dark and on a phone too. `{device}` and `{key}` are a device's and its key's.
PAGES = [
    ("sign-in", None, "/sign-in", True),
    ("help-desk", "helpdesk", "/help-desk?q=PC-0003", True),
    ("reveal", "helpdesk", "/devices/{device}/keys/{key}/reveal", False),
    ("device", "helpdesk", "/devices/{device}", True),
    ("fleet", "administrator", "/fleet", True),
    ("devices", "administrator", "/devices", True),
    ("rotations", "administrator", "/rotations", False),
    ("approvals", "administrator", "/approvals", False),
    ("audit", "auditor", "/audit", True),
    ("record", "auditor", "/audit/records/1", False),
    ("access", "administrator", "/access", False),
    ("settings", "administrator", "/settings", False),
    ("account", "administrator", "/account", False),
    ("my", "owner", "/my", True),
]


def seed(server, folder):
    """Devices in every state and people of every role; one device's ID and its key's."""
    fleet = Fleet(server, folder / "fleet", devices=12)
    faulty = [word for fault in FAULTS for word in ("--fault", fault)]
    fleet.run("--unencrypted", 1, *faulty, check_ins=3)
    devices = {item["name"]: item["id"] for item in server.get("/api/devices", token=server.token("reader")).json()["items"]}
    ids = [devices[name] for name in sorted(devices)]
    for device in ids[4:6]:
        fleet.reveal(device)
    for device in ids[6:7]:
        fleet.rotate(device)
    people = {role: Person(server, role) for role in ("administrator", "helpdesk", "auditor", "reader")}
    people["owner"] = Person(server, "owner", user_name="user1@example.com")
    device = devices["PC-0003"]
    return people, device, fleet.keys(device)[0]["keyId"]


def take(browser, server, person, name, path, **look):
    page = browser.window(server, person, **look)
    answer = page.goto(path)
    if answer.ok:
        file = FOLDER / f"{name}.png"
        page.screenshot(path=file, full_page=look.get("viewport") is not None)
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} KB")
    else:
        print(f"{name}: {path} answered {answer.status}", file=sys.stderr)
    page.context.close()
    return answer.ok


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    binary = os.environ.get("SPAREKEY_BIN", ROOT / ".build/release/sparekey")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        server = Server(binary, folder).start()
        try:
            people, device, key = seed(server, folder)
            browser = Browser(playwright)
            taken = True
            for page, role, path, everywhere in PAGES:
                path = path.format(device=device, key=key)
                person = people.get(role)
                taken &= take(browser, server, person, page, path)
                if everywhere:
                    take(browser, server, person, f"{page}-dark", path, dark=True)
                    take(browser, server, person, f"{page}-phone", path, viewport=PHONE)
            browser.close()
        finally:
            server.stop()
    sys.exit(0 if taken else 1)


if __name__ == "__main__":
    main()
