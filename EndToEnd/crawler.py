"""Finds the portal's pages and forms as somebody sees them: by following links from where they begin, and from what everybody has."""

import re
from collections import deque
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: How many pages of one shape are looked at: the devices of a fleet have one page, in a few states.
EACH = 3
#: Where a browser goes that nobody is to follow: it never ends, or ends the session.
SKIPPED = ("/live", "/portal.")
WITHOUT_TEXT = {"script", "style", "code", "pre", "template", "svg"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """What is looked for in a page: its language, its links, its forms, and the words that somebody reads."""

    def __init__(self, html):
        super().__init__()
        self.language = None
        self.links, self.forms, self.words = [], [], []
        self.open = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.language = values.get("lang")
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "form":
            self.forms.append(SimpleNamespace(
                method=values.get("method", "get").lower(), action=values.get("action", ""), fields={}
            ))  # fmt: skip
        elif tag in {"input", "button", "select", "textarea"} and self.forms and values.get("name"):
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        self.words += [values[name] for name in ["aria-label", "title", "placeholder", "alt"] if values.get(name)]

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if not WITHOUT_TEXT & set(self.open):
            self.words.append(data)


def shape(path):
    """An address without what tells one page of a kind from another: IDs, numbers, and the values of filters."""
    parts = urlsplit(path)
    words = [
        "{id}" if GUID.fullmatch(word) else "{n}" if word.isdigit() else word for word in unquote(parts.path).split("/")
    ]
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return "/".join(words) + ("?" + "&".join(names) if names else "")


class Crawl:
    """What one person finds. `pages` has the answers by address, `forms` the forms that change something, by shape."""

    def __init__(self, person, each=EACH, limit=120):
        self.person = person
        self.pages, self.forms, self.shapes = {}, {}, {}
        queue, seen = deque(["/", "/account", "/my"]), set()
        while queue and len(self.pages) < limit:
            path = queue.popleft()
            kind = shape(path)
            if path in seen or len(self.shapes.get(kind, [])) >= each or path.startswith(SKIPPED):
                continue
            seen.add(path)
            answer = person.get(path)
            if answer.status_code == 303:
                queue.append(answer.headers["Location"])
                continue
            self.shapes.setdefault(kind, []).append(path)
            self.pages[path] = answer
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            page = answer.page = Page(answer.text)
            for form in page.forms:
                action = urljoin(path, form.action or path)
                if form.method == "post":
                    self.forms.setdefault(shape(action), (action, form.fields))
            for link in page.links:
                target = urljoin(path, link)
                if not urlsplit(target).scheme and target.startswith("/"):
                    queue.append(target.split("#")[0])
