"""The portal as people use it: people with accounts, and Debian's Chromium in their hands."""

import importlib.util
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import requests

#: What axe-core is asked to find: everything that WCAG 2.2 has at levels A and AA, and what is good practice beyond.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(importlib.util.find_spec("axe_playwright_python").origin).with_name("axe.min.js")

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def form_token(html):
    """What a page's forms must send back."""
    return re.search(r'name="form" value="([^"]+)"', html)[1]


class Person:
    """Somebody with an account: invited on the command line, and let in by their own link, which leaves them signed in.

    `session` is a browser without a screen that has their session; `cookies` are what a real one needs to go on.
    """

    def __init__(self, server, role, user_name=None, groups=(), link=None):
        self.server = server
        self.role = role
        self.user_name = user_name or role
        self.name = self.user_name.capitalize()
        self.password = f"{self.user_name} walks seven tall llamas"
        if link is None:
            arguments = ["account", "invite", "--data", server.data, self.user_name, "--role", role]
            arguments += ["--name", self.name, *[word for group in groups for word in ("--group", group)]]
            link = server.run(*arguments).stdout.strip()
        self.link = urlsplit(link).path
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Sec-Fetch-Site": "same-origin"})
        page = self.get(self.link)
        assert page.status_code == 200, page.text
        self.seed = re.search(r'class="secret">([^<]+)<', page.text)[1].replace(" ", "")
        fields = {"userName": self.user_name, "name": self.name, "code": self.code()}
        answer = self.post(self.link, page.text, password=self.password, repeated=self.password, **fields)
        assert answer.status_code == 200, answer.text
        self.recovery_codes = re.findall(r"<li>([^<]+)</li>", answer.text.split('class="codes"')[1].split("</ol>")[0])

    def code(self):
        """The one-time password of this moment."""
        return pyotp.TOTP(self.seed).now()

    def get(self, path, **options):
        options.setdefault("timeout", 30)
        options.setdefault("allow_redirects", False)
        return self.session.get(self.server.url + path, **options)

    def post(self, path, html=None, **fields):
        """Send a form. `html` is the page that it is on, for its token; without one, the account page is asked for it."""
        html = self.get("/account").text if html is None else html
        fields.setdefault("form", form_token(html))
        return self.session.post(self.server.url + path, data=fields, timeout=30, allow_redirects=False)

    @property
    def cookies(self):
        return [{"name": each.name, "value": each.value, "url": self.server.url} for each in self.session.cookies]


class Browser:
    """Chromium, one for all tests; each window has cookies of its own."""

    def __init__(self, playwright):
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        assert path, "there is no Chromium: scripts/bootstrap test installs it"
        # Tests run as root in a container too, where Chromium has no sandbox to use.
        self.chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        self.version = self.chromium.version

    def window(self, server, person=None, *, viewport=None, dark=False, script=True, language="en"):
        """A new window, signed in as a person or as nobody. Its `problems` has what went wrong on any of its pages."""
        context = self.chromium.new_context(
            base_url=server.url,
            viewport=viewport or DESKTOP,
            has_touch=viewport == PHONE,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            locale=language,
            reduced_motion="reduce",
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(15_000)
        if person is not None:
            context.add_cookies(person.cookies)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: page.problems.append(f"{page.url}: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None,
        )
        return page

    def close(self):
        self.chromium.close()


def violations(page):
    """What axe-core finds on a page: one line a violation, with the elements that have it."""
    # Past the page's own policy, as an extension of the browser would be.
    page.evaluate(AXE.read_text() + ";0")
    found = page.evaluate("tags => axe.run(document, { runOnly: tags }).then(result => result.violations)", AXE_TAGS)
    return [
        f"{page.url}: {each['id']} ({each['impact']}): {each['help']}: " + ", ".join(
            str(node["target"]) for node in each["nodes"][:5]
        )
        for each in found
    ]  # fmt: skip


def overflow(page):
    """By how many pixels a page is wider than its window: nothing may have to be scrolled sideways as a whole."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
