"""Signing in with an account here, from the first run to the last session's end, and whatever an attacker makes of it."""

import http.server
import os
import re
import statistics
import subprocess
import threading
import time

import pyotp
import pytest
import requests

from portal import Person, form_token, overflow, violations

SIGN_IN_FAILED = 422


def client(server, address=None):
    """A browser without a screen and without a session; behind a proxy, from an address of its own."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Sec-Fetch-Site": "same-origin"})
    if address:
        session.headers["X-Forwarded-For"] = address
    session.base = server.url
    return session


def send(session, path, **fields):
    return session.post(session.base + path, data=fields, timeout=60, allow_redirects=False)


def give_password(session, user_name, password, target="/"):
    """The first step; its answer."""
    page = session.get(session.base + "/sign-in", params={"return": target}, timeout=60)
    fields = {"form": form_token(page.text), "return": re.search(r'name="return" value="([^"]*)"', page.text)[1]}
    return send(session, "/sign-in", userName=user_name, password=password, **fields)


def give_code(session, html, code, target="/"):
    """The second step; its answer."""
    return send(session, "/sign-in/code", code=code, form=form_token(html), **{"return": target})


def sign_in(session, person, code, target="/"):
    step = give_password(session, person.user_name, person.password, target)
    assert step.status_code == 200, step.text
    return give_code(session, step.text, code, target)


def next_code(person):
    """The one-time password of the next half minute: a phone may be that far ahead, and nobody has used it yet."""
    return pyotp.TOTP(person.seed).at(time.time() + 30)


def is_signed_in(session):
    return session.get(session.base + "/account", timeout=30, allow_redirects=False).status_code == 200


def link_of(server):
    return re.search(r"first run: .* at http://[^/]+(/invitation/\S+)", server.log_text())[1]


def account(server, user_name):
    """The ID of an account."""
    lines = server.run("account", "list", "--data", server.data).stdout.splitlines()
    (line,) = [line for line in lines if user_name in line.split()]
    return line.split()[0]


# --- First run and invitations


def test_first_run(server, browser):
    """From the link in the server's log to an administrator who is signed in, in a browser."""
    link = link_of(server)
    assert server.log_text().count(link) == 1
    page = browser.window(server)
    page.goto(link)
    assert violations(page) == [] and overflow(page) <= 0
    seed = page.locator("p.secret").inner_text().replace(" ", "")
    page.locator("#name").fill("Ada Lovelace")
    page.locator("#userName").fill("ada")
    page.locator("#password").fill("six calm otters at noon")
    page.locator("#repeated").fill("six calm otters at noon")
    page.locator("#code").fill(pyotp.TOTP(seed).now())
    page.locator("form button").click()
    codes = page.locator("ol.codes li").all_inner_texts()
    assert len(codes) == len(set(codes)) >= 8
    assert violations(page) == []
    page.locator("a.button").click()
    page.wait_for_url("**/account")
    assert "Ada Lovelace" in page.inner_text("main") and "Administrator" in page.inner_text("main")
    assert page.problems == []
    assert "six calm otters" not in server.log_text() and seed not in server.log_text()
    # The link is used up, and no other is ever made.
    assert server.get(link).status_code == 404
    before = server.log_text().count("first run:")
    server.stop()
    server.start()
    assert server.log_text().count("first run:") == before


def test_first_run_link_is_not_printed_again(server):
    """A second start prints no second link while the first one waits, and the first still works."""
    link = link_of(server)
    server.stop()
    server.start()
    assert server.log_text().count("first run:") == 1
    assert Person(server, "administrator", "root", link=server.url + link).get("/account").status_code == 200


def test_invitation_works_once(server):
    """Whoever comes second with the same link is told that it is over."""
    reader = Person(server, "reader")
    assert reader.get(reader.link).status_code == 404
    nobody = client(server)
    answer = send(nobody, reader.link, form="x" * 43, password="a new long password", repeated="a new long password")
    assert answer.status_code == 404
    assert nobody.get(server.url + "/invitation/" + "A" * 43, timeout=30).status_code == 404


def test_invitation_says_what_is_wrong(server):
    """What was filled in wrong is said at its field, what was right is kept, and the link still works."""
    path = link_of(server)
    session = client(server)
    page = session.get(server.url + path, timeout=30).text
    right = {"userName": "ada", "name": "Ada", "password": "six calm otters at noon"}
    seed = re.search(r'class="secret">([^<]+)<', page)[1].replace(" ", "")
    for wrong, field in [
        ({"password": "short", "repeated": "short"}, "password"),
        ({"password": "password1234", "repeated": "password1234"}, "password"),
        ({"repeated": "something else entirely"}, "repeated"),
        ({"userName": "not a name!"}, "userName"),
        ({"name": ""}, "name"),
        ({"code": "abcdef"}, "code"),
    ]:
        fields = {"repeated": right["password"], "code": pyotp.TOTP(seed).now()} | right | wrong
        answer = send(session, path, form=form_token(page), **fields)
        assert answer.status_code == 422 and f'id="{field}-error"' in answer.text, wrong
        assert right["password"] not in answer.text
    assert Person(server, "administrator", "ada", link=server.url + path).get("/account").status_code == 200


def test_account_disabled(server):
    """A disabled account's session ends with the next request, and it does not get in again."""
    reader = Person(server, "reader")
    assert reader.get("/account").status_code == 200
    server.run("account", "disable", "--data", server.data, account(server, "reader"))
    assert reader.get("/account").status_code == 303
    answer = give_password(client(server), "reader", reader.password)
    assert answer.status_code == SIGN_IN_FAILED


def test_account_reset(server):
    """After a reset the old password and the old session are worth nothing; the new link makes new ones."""
    reader = Person(server, "reader")
    link = server.run("account", "reset", "--data", server.data, account(server, "reader")).stdout.strip()
    assert reader.get("/account").status_code == 303
    assert give_password(client(server), "reader", reader.password).status_code == SIGN_IN_FAILED
    again = Person(server, "reader", link=link)
    assert again.get("/account").status_code == 200 and again.seed != reader.seed


# --- Password and one-time password


def test_password_and_code(server, browser):
    """In a browser, to the page that was asked for."""
    agent = Person(server, "helpdesk")
    page = browser.window(server)
    page.goto("/account?from=mail")
    page.wait_for_url("**/sign-in?**")
    assert violations(page) == [] and overflow(page) <= 0
    page.locator("#userName").fill("helpdesk")
    page.locator("#password").fill(agent.password)
    page.locator("main form button").click()
    page.locator("#code").wait_for()
    assert violations(page) == []
    page.locator("#code").fill(next_code(agent))
    page.locator("main form button").click()
    page.wait_for_url("**/account?from=mail")
    assert page.problems == []
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signed-out")
    assert page.context.cookies() == []
    page.goto("/account")
    page.wait_for_url("**/sign-in?**")


def test_code_is_used_once(server):
    """A one-time password that let somebody in lets nobody else in; the next does."""
    reader = Person(server, "reader")
    code = next_code(reader)
    assert sign_in(client(server), reader, code).status_code == 303
    replay = client(server)
    assert sign_in(replay, reader, code).status_code == SIGN_IN_FAILED
    assert not is_signed_in(replay)


def test_recovery_code_is_used_once(server):
    """A recovery code stands in for a one-time password, once; small letters and spaces do no harm."""
    reader = Person(server, "reader")
    code = reader.recovery_codes[0]
    first = client(server)
    assert sign_in(first, reader, code.lower()).status_code == 303 and is_signed_in(first)
    assert sign_in(client(server), reader, code).status_code == SIGN_IN_FAILED
    assert sign_in(client(server), reader, reader.recovery_codes[1]).status_code == 303


def test_another_persons_recovery_code(server):
    """Codes are their account's own."""
    reader, auditor = Person(server, "reader"), Person(server, "auditor")
    assert sign_in(client(server), reader, auditor.recovery_codes[0]).status_code == SIGN_IN_FAILED
    assert sign_in(client(server), auditor, auditor.recovery_codes[0]).status_code == 303


def test_code_without_password(server):
    """The second step cannot be had without the first: not with a preset cookie, not with somebody else's form."""
    reader = Person(server, "reader")
    session = client(server)
    page = session.get(server.url + "/sign-in", timeout=30)
    answer = give_code(session, page.text, next_code(reader))
    assert answer.status_code == 403 and not is_signed_in(session)
    step = give_password(client(server), "reader", reader.password)
    assert give_code(session, step.text, next_code(reader)).status_code == 403


def test_five_wrong_codes_end_the_step(server):
    """Whoever has the password may try five codes; then the password is asked for again, and a right code is late."""
    reader = Person(server, "reader")
    session = client(server)
    step = give_password(session, "reader", reader.password)
    for _ in range(5):
        answer = give_code(session, step.text, "000000")
        assert answer.status_code == SIGN_IN_FAILED
    assert give_code(session, step.text, next_code(reader)).status_code == 403
    assert not is_signed_in(session)


# --- Guessing


def test_lock_out_locks_out_nobody_else(server_factory):
    """Whoever guesses somebody's password waits longer and longer; that somebody gets in from elsewhere meanwhile."""
    server = server_factory(arguments=["--trusted-proxies", "127.0.0.1"]).start()
    reader = Person(server, "reader")
    attacker = client(server, "203.0.113.66")
    for _ in range(5):
        assert give_password(attacker, "reader", "wrong guess after guess").status_code == SIGN_IN_FAILED
    refused = give_password(attacker, "reader", reader.password)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 900
    assert sign_in(client(server, "198.51.100.7"), reader, reader.recovery_codes[0]).status_code == 303
    # Nor does it keep the attacker's own neighbours with another name from signing in.
    auditor = Person(server, "auditor")
    assert sign_in(client(server, "203.0.113.66"), auditor, auditor.recovery_codes[0]).status_code == 303


def test_nobody_can_be_enumerated(server):
    """An account that is not there, one that is disabled and a wrong password: the same answer, in the same time."""
    Person(server, "reader")
    Person(server, "auditor")
    server.run("account", "disable", "--data", server.data, account(server, "auditor"))
    server.run("account", "invite", "--data", server.data, "waiting", "--role", "reader", "--name", "W")
    bodies, times = {}, {}
    for name in ["reader", "auditor", "waiting", "nobody"]:
        for _ in range(3):
            session = client(server)
            page = session.get(server.url + "/sign-in", timeout=30)
            fields = {"form": form_token(page.text), "return": "/", "userName": name, "password": "wrong guess"}
            start = time.monotonic()
            answer = send(session, "/sign-in", **fields)
            times.setdefault(name, []).append(time.monotonic() - start)
            assert answer.status_code == SIGN_IN_FAILED
            bodies[name] = answer.text.replace(form_token(answer.text), "")
    assert len(set(bodies.values())) == 1
    # Each answer waits for a whole scrypt: what is left is far less than one would be.
    medians = [statistics.median(each) for each in times.values()]
    assert min(medians) > 0.5 * max(medians), times


# --- Sessions


def test_session_is_new_with_each_sign_in(server):
    """What the browser held before is replaced, whoever put it there; no two sign-ins share a session."""
    reader = Person(server, "reader")
    session = client(server)
    planted = "A" * 43
    session.cookies.set("sparekey", planted, domain="127.0.0.1", path="/")
    assert not is_signed_in(session)
    assert sign_in(session, reader, reader.recovery_codes[0]).status_code == 303
    values = [each.value for each in session.cookies if each.name == "sparekey"]
    assert values[-1] != planted
    mine = client(server)
    mine.cookies.set("sparekey", values[-1])
    assert is_signed_in(mine)
    attacker = client(server)
    attacker.cookies.set("sparekey", planted)
    assert not is_signed_in(attacker)


def test_step_is_new_after_the_password(server):
    """Whoever planted the cookie of the first step does not hold that of the second."""
    reader = Person(server, "reader")
    session = client(server)
    session.get(server.url + "/sign-in", timeout=30)
    before = session.cookies["sparekey-step"]
    step = give_password(session, "reader", reader.password)
    assert session.cookies["sparekey-step"] != before
    attacker = client(server)
    attacker.cookies.set("sparekey-step", before)
    assert give_code(attacker, step.text, next_code(reader)).status_code == 403


def test_two_cookies_of_one_name(server):
    """Where a neighbour's cookie stands beside ours, neither is believed."""
    reader = Person(server, "reader")
    ours = reader.session.cookies["sparekey"]
    headers = {"Cookie": f"sparekey={'A' * 43}; sparekey={ours}"}
    assert server.get("/account", headers=headers, allow_redirects=False).status_code == 303


def test_sessions_are_listed_and_ended(server):
    """Every session of one's own is there, can be ended alone, or all but this one; nobody else's can."""
    reader, auditor = Person(server, "reader"), Person(server, "auditor")
    others = [client(server) for _ in range(3)]
    for number, other in enumerate(others):
        assert sign_in(other, reader, reader.recovery_codes[number]).status_code == 303
    html = reader.get("/account").text
    ids = re.findall(r'action="/account/sessions/([0-9a-fA-F-]{36})/end"', html)
    assert len(ids) == 3
    assert reader.post(f"/account/sessions/{ids[0]}/end", html).status_code == 303
    assert sum(is_signed_in(each) for each in others) == 2
    auditor.post(f"/account/sessions/{ids[1]}/end")
    assert sum(is_signed_in(each) for each in others) == 2
    assert reader.post("/account/sessions/end-others", html).status_code == 303
    assert not any(is_signed_in(each) for each in others)
    assert reader.get("/account").status_code == 200


def test_idle_session_ends(server_factory):
    """Who is away for longer than the setting says signs in anew."""
    server = server_factory(environment=settings(SPAREKEY_SIGN_IN_SESSION_IDLE="2s")).start()
    reader = Person(server, "reader")
    assert reader.get("/account").status_code == 200
    until(lambda: reader.get("/account").status_code == 303, every=2.2)


def test_session_ends_in_the_end(server_factory):
    """Who is never away signs in anew all the same, after the time that the setting says."""
    server = server_factory(environment=settings(SPAREKEY_SIGN_IN_SESSION_LIFETIME="3s")).start()
    reader = Person(server, "reader")
    assert reader.get("/account").status_code == 200
    until(lambda: reader.get("/account").status_code == 303, every=0.2)


def settings(**values):
    return {**os.environ, **values}


def until(condition, every, limit=20):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(every)


def test_two_tabs(server, browser):
    """Signing out in one tab signs out the other, which leads back to where it was; its old form does nothing."""
    reader = Person(server, "reader")
    first = browser.window(server, reader)
    second = first.context.new_page()
    first.goto("/account")
    second.goto("/account")
    first.get_by_role("button", name="Sign out").click()
    first.wait_for_url("**/signed-out")
    second.get_by_role("button", name="Sign out").click()
    second.wait_for_url("**/signed-out")
    second.goto("/account")
    second.wait_for_url("**/sign-in?return=%2Faccount")


# --- What other sites do


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": None, "Origin": "null"},
        {"Sec-Fetch-Site": None},
    ],
    ids=str,
)
def test_forms_of_other_sites(server, headers):
    """A form that a browser sends for another site is refused, signed in or not, even with the right token."""
    reader = Person(server, "reader")
    html = reader.get("/account").text
    reader.session.headers.update({key: value for key, value in headers.items() if value})
    for key, value in headers.items():
        if value is None:
            del reader.session.headers[key]
    for path in ["/sign-out", "/account/sessions/end-others", "/sign-in", "/sign-in/code", reader.link]:
        assert reader.post(path, html).status_code == 403, path
    reader.session.headers["Sec-Fetch-Site"] = "same-origin"
    assert reader.get("/account").status_code == 200


def test_form_tokens(server):
    """A form without its token, or with that of another session of the same person, does nothing."""
    reader = Person(server, "reader")
    other = client(server)
    assert sign_in(other, reader, reader.recovery_codes[0]).status_code == 303
    foreign = form_token(other.get(server.url + "/account", timeout=30).text)
    own = form_token(reader.get("/account").text)
    assert own != foreign and reader.session.cookies["sparekey"] not in reader.get("/account").text
    for token in ["", "A" * 43, foreign]:
        answer = send_raw(reader, "/account/sessions/end-others", form=token)
        assert answer.status_code == 403, token
    assert send_raw(reader, "/account/sessions/end-others", other="x").status_code == 403
    assert is_signed_in(other)
    assert send_raw(reader, "/account/sessions/end-others", form=own).status_code == 303
    assert not is_signed_in(other)


def send_raw(person, path, **fields):
    return person.session.post(person.server.url + path, data=fields, timeout=30, allow_redirects=False)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/account\r\nSet-Cookie: a=b",
        "/../../evil",
        "evil.example",
        "/@evil.example/..//",
        "",
    ],
)
def test_no_open_redirect(server, target):
    """A sign-in leads to paths of ours, whatever a link to it said."""
    reader = Person(server, "reader")
    session = client(server)
    step = give_password(session, "reader", reader.password, target)
    answer = give_code(session, step.text, reader.recovery_codes[0], target)
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    asked = session.get(server.url + "/sign-in", params={"return": target}, timeout=30, allow_redirects=False)
    assert asked.headers["Location"] == "/"


def test_nobody_frames_it(server, browser):
    """A page of another origin that frames ours shows nothing of it."""

    class Framing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f'<!doctype html><title>evil</title><iframe src="{server.url}/sign-in"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Framing) as evil:
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        page = browser.window(server)
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"http://127.0.0.1:{evil.server_port}/")
        assert not any("sign-in" in frame.url for frame in page.frames)
        assert all("Password" not in frame.content() for frame in page.frames)
        evil.shutdown()


def test_headers(server):
    """Every page is kept by nobody, framed by nobody, and runs nothing but our one script."""
    reader = Person(server, "reader")
    for path in ["/sign-in", "/account", "/signed-out", "/nowhere", "/devices"]:
        answer = reader.get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'", path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert policy.get("script-src", "'self'") == "'self'" and policy.get("base-uri", "'none'") == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        assert not re.search(r"<script(?! src=\"/portal\.js\")|<style|\sstyle=|\son[a-z]+=", answer.text), path
    form = reader.get("/sign-in").headers.get("Content-Security-Policy", "")
    assert "Access-Control-Allow-Origin" not in reader.get("/account").headers, form


def test_cookies_over_tls(server_factory, tmp_path):
    """Over TLS each cookie is of this host alone, unseen by scripts, and no form of another site carries it."""
    certificate, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o600)
    server = server_factory(arguments=["--tls-certificate", certificate, "--tls-key", key])
    server.url = server.url.replace("http:", "https:")
    server.session.verify = str(certificate)
    server.start()
    session = client(server)
    session.verify = str(certificate)
    link = server.run("account", "invite", "--data", server.data, "ada", "--role", "reader", "--name", "Ada")
    path = re.search(r"/invitation/\S+", link.stdout)[0]
    page = session.get(server.url + path, timeout=30)
    seed = re.search(r'class="secret">([^<]+)<', page.text)[1].replace(" ", "")
    password = "six calm otters at noon"
    fields = {"password": password, "repeated": password, "code": pyotp.TOTP(seed).now(), "userName": "ada"}
    answer = send(session, path, form=form_token(page.text), **fields)
    assert answer.status_code == 200
    step = client(server).get(server.url + "/sign-in", timeout=30, verify=str(certificate))
    for line in answer.raw.headers.getlist("Set-Cookie") + step.raw.headers.getlist("Set-Cookie"):
        name, *attributes = [part.strip() for part in line.split(";")]
        assert name.startswith("__Host-sparekey")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
        assert {"SameSite=Lax", "SameSite=Strict"} & set(attributes)
        assert not any(each.lower().startswith("domain") for each in attributes)
    assert int(re.search(r"max-age=(\d+)", answer.headers["Strict-Transport-Security"])[1]) >= 31_536_000
    assert is_signed_in(session)
