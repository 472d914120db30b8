"""Signing in with an identity provider, in a real browser: as it should be, and as an attacker would have it."""

import base64
import hashlib
import hmac
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jws
from oidc_provider_mock import User, run_server_in_thread

from portal import PHONE, Browser, Person, overflow, violations
from provider import Provider, encoded
from server import Server

RULES = [
    {"claim": "groups", "value": "sk-admins", "role": "administrator"},
    {"claim": "groups", "value": "sk-desk-berlin", "role": "helpdesk", "groups": ["berlin"]},
    {"claim": "groups", "value": "sk-audit", "role": "auditor"},
    {"claim": "realm_access.roles", "value": "reader", "role": "reader"},
    {"claim": "groups", "value": "sk-staff", "role": "owner"},
]
PEOPLE = {
    "u-ada": {"name": "Ada Admin", "preferred_username": "ada", "groups": ["sk-admins", "sk-staff"]},
    "u-hal": {"name": "Hal Helpdesk", "preferred_username": "hal", "groups": ["sk-desk-berlin", "sk-audit"]},
    "u-aud": {"name": "Aud Auditor", "preferred_username": "aud", "groups": ["sk-audit"]},
    "u-rea": {"name": "Rea Reader", "preferred_username": "rea", "realm_access": {"roles": ["reader"]}},
    "u-oli": {"name": "Oli Owner", "preferred_username": "oli", "groups": "sk-staff"},
    "u-nob": {"name": "Nob Nobody", "preferred_username": "nob", "groups": ["others"]},
    "u-ove": {"name": "Ove Rage", "preferred_username": "ove", "_claim_names": {"groups": "src1"}},
}
ROLES = {
    "u-ada": "Administrator", "u-hal": "Help desk", "u-aud": "Auditor", "u-rea": "Reader", "u-oli": "Owner",
}  # fmt: skip


def configured(server, folder, issuer, **settings):
    """Have a server sign people in with a provider."""
    (folder / "secret").write_text(Provider.SECRET + "\n")
    (folder / "secret").chmod(0o600)
    openid = {"issuer": issuer, "clientId": Provider.CLIENT_ID, "clientSecretFile": str(folder / "secret")}
    openid |= {"name": "Example SSO", "roles": RULES, **settings}
    openid = {name: value for name, value in openid.items() if value is not None}
    (folder / "sparekey.json").write_text(json.dumps({"signIn": {"publicUrl": server.url}, "oidc": openid}))
    server.arguments += ["--config", str(folder / "sparekey.json")]
    return server


@pytest.fixture(scope="module")
def world(sparekey, tmp_path_factory):
    """A server with a provider beside it, for all tests that leave both as they were."""
    folder = tmp_path_factory.mktemp("oidc")
    provider = Provider()
    provider.people = dict(PEOPLE)
    # The server is there first: it needs no provider to start.
    server = configured(Server(sparekey, folder), folder, provider.issuer).start()
    server.provider = provider.start()
    try:
        yield server
        log = server.log_text()
        assert Provider.SECRET not in log and "eyJ" not in log, "neither the secret nor a token is in the log"
        server.stop()
    finally:
        server.kill()
        provider.stop()


@pytest.fixture
def server(world):
    world.provider.reset()
    return world


class Visitor:
    """A browser without a screen, in the hands of somebody who knows what is sent where."""

    def __init__(self, server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path):
        return self.session.get(self.server.url + path, allow_redirects=False, timeout=30)

    def begin(self, path="/sign-in/provider?return=/account"):
        """Begin a sign-in; returns what the provider is asked for."""
        answer = self.get(path)
        assert answer.status_code == 303, answer.text
        return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def come_back(self, asked, sub="u-ada", code=None, **changes):
        """Come back from the provider."""
        provider = self.server.provider
        fields = {"code": code or provider.code(sub, asked), "state": asked["state"], "iss": provider.issuer, **changes}
        fields = {name: value for name, value in fields.items() if value is not None}
        return self.session.get(
            self.server.url + "/sign-in/callback", params=fields, allow_redirects=False, timeout=30
        )

    def sign_in(self, sub="u-ada"):
        answer = self.come_back(self.begin(), sub)
        assert answer.status_code == 303 and answer.headers["location"] == "/account", answer.text
        return self

    @property
    def token(self):
        return self.session.cookies.get("sparekey")

    def is_in(self):
        return self.get("/account").status_code == 200


def refusals(server):
    """What the audit log says of sign-ins that were refused, the latest first."""
    answer = server.run("audit", "list", "--data", server.data, "--kind", "session.refused", "--json").stdout
    records = [item.get("record", item) for item in json.loads(answer)]
    return [record["detail"] for record in sorted(records, key=lambda each: each.get("time", ""), reverse=True)]


def count(server, kind, detail=None):
    answer = server.run("audit", "list", "--data", server.data, "--kind", kind, "--json").stdout
    records = [item.get("record", item) for item in json.loads(answer)]
    return sum(1 for record in records if detail is None or record.get("detail") == detail)


def refused(server, answer, detail, status=403):
    """That nobody was let in, and that it is on record why."""
    assert answer.status_code == status, answer.text
    assert "sparekey=" not in answer.headers.get("set-cookie", "")
    assert count(server, "session.refused", detail) > 0, f"no record says {detail}"


def choose(page, sub):
    page.get_by_role("button", name=sub, exact=True).click()


# --- In a browser


@pytest.mark.parametrize("sub", ROLES)
def test_somebody_signs_in_with_each_role(server, browser, sub):
    page = browser.window(server)
    page.goto("/account")
    page.get_by_role("link", name="Sign in with Example SSO").click()
    choose(page, sub)
    page.wait_for_url("**/account")
    assert page.locator(".who .hint").inner_text() == ROLES[sub]
    assert PEOPLE[sub]["name"] in page.locator(".who").inner_text()
    assert server.provider.issuer in page.locator("main").inner_text()
    if sub == "u-hal":
        assert "berlin" in page.locator("main").inner_text()
    assert page.problems == []
    page.context.close()


def test_whom_no_rule_names_is_told_what_to_ask_for(server, browser):
    for viewport, dark, language in [(None, False, "en"), (PHONE, True, "de")]:
        page = browser.window(server, viewport=viewport, dark=dark, language=language)
        page.goto("/sign-in/provider")
        choose(page, "u-nob")
        page.get_by_role("heading", name=re.compile("no role here|keine Rolle")).wait_for()
        text = page.locator("main").inner_text()
        assert "nob" in text and "groups, realm_access.roles" in text
        assert violations(page) == [] and overflow(page) <= 0
        assert page.get_by_role("link", name=re.compile("Try again|Noch einmal")).is_visible()
        assert page.context.request.get("/account", max_redirects=0).status == 303
        page.context.close()
    assert count(server, "session.refused", "provider nobody") == 2


def test_whose_groups_the_provider_leaves_out_is_told_so(server):
    visitor = Visitor(server)
    answer = visitor.come_back(visitor.begin(), "u-ove")
    refused(server, answer, "provider overage")
    assert "so many groups" in answer.text


def test_who_cancels_at_the_provider_can_try_again(server, browser):
    page = browser.window(server)
    page.goto("/sign-in/provider?return=/account")
    choose(page, "Cancel")
    page.get_by_role("heading", name="You were not signed in").wait_for()
    page.get_by_role("link", name="Try again").click()
    choose(page, "u-ada")
    page.wait_for_url("**/account")
    page.context.close()


def test_signing_out_here_signs_out_there(server, browser):
    page = browser.window(server)
    page.goto("/sign-in/provider?return=/account")
    choose(page, "u-ada")
    page.wait_for_url("**/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_text("You are signed out here and at the identity provider.").wait_for()
    asked = [each[1] for each in server.provider.seen if each[0] == "/logout"][-1]
    hint = json.loads(base64.urlsafe_b64decode(asked["id_token_hint"].split(".")[1] + "=="))
    assert hint["sub"] == "u-ada" and asked["client_id"] == "sparekey"
    assert asked["post_logout_redirect_uri"] == server.url + "/signed-out"
    # Who was signed in there would be let in without being asked.
    page.goto("/sign-in/provider?return=/account")
    page.get_by_role("heading", name="Who are you?").wait_for()
    assert page.problems == []
    page.context.close()


def test_the_sign_in_page_is_the_same_for_everybody(server, browser):
    for viewport, dark, language in [(None, False, "en"), (None, True, "de"), (PHONE, False, "de"), (PHONE, True, "en")]:
        page = browser.window(server, viewport=viewport, dark=dark, language=language, script=True)
        page.goto("/sign-in")
        assert violations(page) == [] and overflow(page) <= 0
        assert page.get_by_role("link", name="Example SSO").is_visible()
        assert page.locator("#userName").is_visible()
        page.context.close()


# --- As an attacker would have it


def test_a_state_works_once_and_in_the_browser_that_began(server):
    victim, attacker = Visitor(server), Visitor(server)
    asked = victim.begin()
    attacker.begin()
    refused(server, attacker.come_back(asked), "provider state unknown")
    assert victim.come_back(asked).status_code == 303
    # The cookie of the step is gone with the sign-in; with it, the state would still be used up.
    refused(server, victim.come_back(asked), "provider state unknown")
    other = Visitor(server)
    asked = other.begin()
    step = other.session.cookies.get("sparekey-step")
    assert other.come_back(asked).status_code == 303
    other.session.cookies.set("sparekey-step", step, domain="127.0.0.1", path="/")
    refused(server, other.come_back(asked), "provider state used")


def test_nobody_is_signed_in_as_the_attacker(server):
    """The attacker's own code and state, sent to a victim as a link."""
    victim, attacker = Visitor(server), Visitor(server)
    asked = attacker.begin()
    refused(server, victim.come_back(asked, "u-ada"), "provider state unknown")


def test_a_code_works_once(server):
    visitor = Visitor(server)
    asked = visitor.begin()
    code = server.provider.code("u-ada", asked)
    assert visitor.come_back(asked, code=code).status_code == 303
    thief = Visitor(server)
    refused(server, thief.come_back(thief.begin(), code=code), "provider refused invalid_grant")


def test_the_code_of_another_sign_in_is_worth_nothing(server):
    """PKCE: the code belongs to the verifier of whoever began."""
    victim, attacker = Visitor(server), Visitor(server)
    code = server.provider.code("u-ada", victim.begin())
    refused(server, attacker.come_back(attacker.begin(), code=code), "provider refused invalid_grant")


def test_the_answer_of_another_issuer_is_refused(server):
    visitor = Visitor(server)
    answer = visitor.come_back(visitor.begin(), iss="https://attacker.example")
    refused(server, answer, "provider token issuer")
    answer = visitor.come_back(visitor.begin(), iss=None)
    refused(server, answer, "provider token issuer")


NOW = int(time.time())
WRONG_CLAIMS = {
    "nonce": [{"nonce": "another"}, {"nonce": None}],
    "audience": [{"aud": "another"}, {"aud": ["sparekey", "another"]}, {"azp": "another"}],
    "issuer": [{"iss": "https://attacker.example"}],
    "expired": [{"exp": NOW - 600}],
    "notYetValid": [{"nbf": NOW + 6000}, {"iat": NOW + 6000}],
    "subject": [{"sub": None}, {"sub": ""}],
    "accessTokenHash": [{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}],
}


@pytest.mark.parametrize("problem, claims", [(p, c) for p, each in WRONG_CLAIMS.items() for c in each])
def test_a_token_with_wrong_claims_is_refused(server, problem, claims):
    visitor = Visitor(server)
    server.provider.claims = claims
    refused(server, visitor.come_back(visitor.begin()), f"provider token {problem}")
    assert not visitor.is_in()


def unsigned(header, claims):
    return f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}."


def symmetric(provider):
    def forge(header, claims):
        signed = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
        secret = provider.keys[0].as_pem(private=False)
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    return forge


def foreign(provider, **extra):
    """A token of the attacker's own key, under the provider's key ID."""
    key = Provider.new_key("one")

    def forge(header, claims):
        header = {**header, **{name: value(key) for name, value in extra.items()}}
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(header, json.dumps(claims), key, registry=registry)

    return forge


@pytest.mark.parametrize(
    "problem, forge",
    [
        ("algorithm", lambda provider: unsigned),
        ("algorithm", symmetric),
        ("signature", foreign),
        ("signature", lambda provider: foreign(provider, jwk=lambda key: key.as_dict(private=False))),
        ("signature", lambda provider: foreign(provider, jku=lambda key: "http://127.0.0.1:1/keys")),
        ("signature", lambda provider: foreign(provider, x5u=lambda key: "http://127.0.0.1:1/chain")),
        ("malformed", lambda provider: lambda header, claims: "x.y"),
        ("malformed", lambda provider: lambda header, claims: ""),
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(server, problem, forge):
    visitor = Visitor(server)
    asked = visitor.begin()
    server.provider.forge = forge(server.provider)
    refused(server, visitor.come_back(asked), f"provider token {problem}")


def test_a_provider_that_answers_too_much_is_not_listened_to(server_factory, tmp_path):
    provider = Provider()
    provider.people = PEOPLE
    provider.filler = 2 << 20
    server = configured(server_factory(), tmp_path, provider.issuer).start()
    server.provider = provider.start()
    try:
        visitor = Visitor(server)
        answer = visitor.come_back(visitor.begin())
        refused(server, answer, "provider unreadable", status=503)
        provider.filler = 0
        visitor.sign_in()
    finally:
        provider.stop()


@pytest.mark.parametrize(
    "target", ["https://attacker.example", "//attacker.example", "/\\attacker.example", "javascript:alert(1)", "%2F%2Fx"]
)
def test_a_sign_in_leads_nowhere_else(server, target):
    visitor = Visitor(server)
    answer = visitor.come_back(visitor.begin(f"/sign-in/provider?return={target}"))
    assert answer.status_code == 303 and answer.headers["location"] == "/"


def test_every_sign_in_has_a_session_of_its_own(server):
    visitor = Visitor(server)
    visitor.session.cookies.set("sparekey", "A" * 43, domain="127.0.0.1", path="/")
    visitor.sign_in()
    first = visitor.token
    assert first != "A" * 43
    visitor.session.cookies.clear(domain="127.0.0.1", path="/", name="sparekey")
    visitor.sign_in("u-oli")
    assert visitor.token != first
    old = Visitor(server)
    old.session.cookies.set("sparekey", first, domain="127.0.0.1", path="/")
    assert old.is_in(), "of another window, which is nobody's business here"


# --- Keys that are replaced


def test_a_replaced_key_ends_no_session_and_lets_new_ones_begin(server_factory, tmp_path):
    provider = Provider().start()
    provider.people = PEOPLE
    server = configured(server_factory(), tmp_path, provider.issuer).start()
    server.provider = provider
    try:
        before = Visitor(server).sign_in()
        old = provider.keys[0]
        provider.rotate("two")
        after = Visitor(server).sign_in()
        assert before.is_in() and after.is_in()
        assert provider.asked("/keys") == 2
        provider.keys = [old]
        late = Visitor(server)
        refused(server, late.come_back(late.begin()), "provider token unknownKey")
    finally:
        provider.stop()


def test_unknown_keys_do_not_have_the_provider_asked_each_time(server):
    visitor = Visitor(server)
    visitor.sign_in()
    asked = server.provider.asked("/keys")
    for number in range(10):
        server.provider.header = {"kid": f"unknown-{number}"}
        assert visitor_refused(server)
    assert server.provider.asked("/keys") <= asked + 1


def visitor_refused(server):
    visitor = Visitor(server)
    return visitor.come_back(visitor.begin()).status_code == 403


# --- Logout from behind


def log_out(server, token):
    return requests.post(server.url + "/sign-in/back-channel-logout", data={"logout_token": token}, timeout=30)


def test_the_provider_ends_sessions(server):
    provider = server.provider
    ada, other, oli = Visitor(server), Visitor(server), Visitor(server)
    provider.claims = {"sid": "session-1"}
    ada.sign_in("u-ada")
    provider.claims = {"sid": "session-2"}
    other.sign_in("u-ada")
    provider.claims = {"sid": "session-3"}
    oli.sign_in("u-oli")
    provider.claims = {}
    assert log_out(server, provider.logout_token(sid="session-1")).status_code == 200
    assert (ada.is_in(), other.is_in(), oli.is_in()) == (False, True, True)
    answer = log_out(server, provider.logout_token(sub="u-ada"))
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert (other.is_in(), oli.is_in()) == (False, True)
    assert log_out(server, provider.logout_token(sid="session-3", sub="u-ada")).status_code == 200
    assert oli.is_in(), "the session is not that person's"
    assert count(server, "session.ended", "providerLogout") >= 2


def test_a_logout_token_that_is_not_right_ends_nothing(server):
    provider = server.provider
    oli = Visitor(server).sign_in("u-oli")
    right = {"sub": "u-oli"}
    for wrong in [
        {"nonce": "x"}, {"aud": "another"}, {"iss": "https://attacker.example"}, {"events": None}, {"events": {"x": {}}},
        {"jti": None}, {"exp": NOW - 600}, {"iat": NOW - 6000}, {"sub": None},
    ]:  # fmt: skip
        assert log_out(server, provider.logout_token(**{**right, **wrong})).status_code == 400, wrong
    for forge in (unsigned, symmetric(provider), foreign(provider)):
        provider.forge = forge
        assert log_out(server, provider.logout_token(**right)).status_code == 400
    provider.forge = None
    assert log_out(server, "").status_code == 400
    assert requests.post(server.url + "/sign-in/back-channel-logout", json={}, timeout=30).status_code == 400
    assert oli.is_in()


def test_a_logout_token_works_once(server):
    token = server.provider.logout_token(sub="u-oli")
    assert log_out(server, token).status_code == 200
    oli = Visitor(server).sign_in("u-oli")
    assert log_out(server, token).status_code == 400
    assert oli.is_in()


# --- Signing in again


def test_signing_in_again_is_really_again(server, browser):
    page = browser.window(server)
    page.goto("/sign-in/provider?return=/account")
    choose(page, "u-ada")
    page.wait_for_url("**/account")
    before = {each["name"]: each["value"] for each in page.context.cookies()}["sparekey"]
    page.goto("/sign-in/again?return=/account")
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with Example SSO").click()
    page.get_by_role("heading", name="Who are you?").wait_for()
    asked = [each[1] for each in server.provider.seen if each[0] == "/authorize"][-1]
    assert asked["prompt"] == "login" and asked["max_age"] == "0"
    choose(page, "u-ada")
    page.wait_for_url("**/account")
    after = {each["name"]: each["value"] for each in page.context.cookies()}["sparekey"]
    assert before != after
    old = Visitor(server)
    old.session.cookies.set("sparekey", before, domain="127.0.0.1", path="/")
    assert not old.is_in(), "the session from before has ended"
    page.context.close()


def test_signing_in_again_wants_a_fresh_word_and_the_same_person(server):
    visitor = Visitor(server).sign_in("u-ada")
    for claims in ({"auth_time": NOW - 3600}, {"auth_time": None}):
        server.provider.claims = claims
        answer = visitor.come_back(visitor.begin("/sign-in/provider?again=1&return=/account"))
        refused(server, answer, "provider token authenticationTime")
    server.provider.claims = {}
    answer = visitor.come_back(visitor.begin("/sign-in/provider?again=1&return=/account"), "u-oli")
    refused(server, answer, "provider otherPerson")
    assert visitor.is_in() and "Ada Admin" in visitor.get("/account").text


def test_a_kind_and_an_age_of_sign_in_can_be_asked_for_and_more_claims(server_factory, tmp_path):
    provider = Provider().start()
    provider.people = {"u-ann": {"name": "Ann"}}
    settings = {"acrValues": "mfa phr", "maxAge": "8h", "userInfo": True}
    server = configured(server_factory(), tmp_path, provider.issuer, **settings).start()
    server.provider = provider
    try:
        visitor = Visitor(server)
        asked = visitor.begin()
        assert asked["acr_values"] == "mfa phr" and asked["max_age"] == "28800"
        refused(server, visitor.come_back(asked, "u-ann"), "provider token authenticationContext")
        provider.claims = {"acr": "phr", "auth_time": int(time.time()) - 9 * 3600}
        refused(server, visitor.come_back(visitor.begin(), "u-ann"), "provider token authenticationTime")
        provider.claims = {"acr": "phr"}
        provider.user_info = {"sub": "u-other", "groups": ["sk-admins"]}
        refused(server, visitor.come_back(visitor.begin(), "u-ann"), "provider token subject")
        provider.user_info = {"sub": "u-ann", "groups": ["sk-audit"], "name": "Not Ann"}
        visitor.sign_in("u-ann")
        page = visitor.get("/account").text
        assert "Auditor" in page and "Not Ann" not in page
    finally:
        provider.stop()


# --- A provider that is down


def test_without_the_provider_the_server_serves_and_says_so(server_factory, tmp_path, browser):
    provider = Provider()
    provider.people = PEOPLE
    server = configured(server_factory(), tmp_path, provider.issuer).start()
    server.provider = provider
    page = browser.window(server)
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Example SSO").click()
    page.get_by_role("heading", name="The identity provider cannot be used now").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with an account of this server").click()
    page.locator("#userName").wait_for()
    page.go_back()
    provider.start()
    try:
        page.get_by_role("link", name="Try again").click()
        choose(page, "u-hal")
        page.wait_for_url(lambda url: url.startswith(server.url) and "sign-in" not in url)
        page.goto("/account")
        # Down in the midst of a sign-in, and hanging: who is signed in does not notice, and nothing waits for ever.
        other = Visitor(server)
        asked = other.begin()
        code = provider.code("u-ada", asked)
        provider.delay = 60
        began = time.monotonic()
        answer = other.come_back(asked, code=code)
        assert time.monotonic() - began < 20
        assert answer.status_code == 503 and answer.headers["retry-after"]
        page.reload()
        assert "Hal Helpdesk" in page.locator("main, header").all_inner_texts()[0]
        provider.delay = 0
    finally:
        provider.stop()
    page.reload()
    assert page.locator(".who").is_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("heading", name=re.compile("signed out", re.I)).wait_for()
    page.context.close()


def test_metadata_of_another_issuer_are_refused(server_factory, tmp_path):
    provider = Provider().start()
    provider.metadata = {"issuer": "https://login.example/{tenantid}/v2.0"}
    server = configured(server_factory(), tmp_path, provider.issuer).start()
    try:
        assert Visitor(server).get("/sign-in/provider").status_code == 503
        assert "names another issuer than oidc.issuer" in server.log_text()
    finally:
        provider.stop()


# --- Settings


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"issuer": "http://idp.example.com"}, "https://"),
        ({"clientId": None}, "oidc.clientId"),
        ({"roles": []}, "nobody could sign in"),
        ({"roles": [{"claim": "groups", "value": "x", "role": "god"}]}, "role must be one of"),
        ({"roles": [{"claim": "groups", "value": "x", "role": "reader", "group": "y"}]}, "no such member"),
        ({"scopes": "profile"}, "openid"),
        ({"clientSecretFile": "/nonexistent"}, "oidc.clientSecretFile"),
        ({"defaultRole": "reader"}, "owner or none"),
        ({"isuer": "x"}, "no setting oidc.isuer"),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(server_factory, tmp_path, settings, words):
    server = configured(server_factory(), tmp_path, **{"issuer": "http://127.0.0.1:1", **settings})
    with pytest.raises(AssertionError) as error:
        server.start()
    assert words in str(error.value)


def test_accounts_can_stand_behind_the_provider(server_factory, tmp_path, browser):
    server = configured(server_factory(), tmp_path, "http://127.0.0.1:1", hideAccounts=True).start()
    person = Person(server, "administrator", "glass")
    assert person.get("/account").status_code == 200, "sessions of accounts go on as ever"
    page = browser.window(server, script=False)
    page.goto("/sign-in?return=/account")
    assert not page.locator("#userName").is_visible()
    page.get_by_role("link", name="Sign in with an account of this server").click()
    assert page.locator("#userName").is_visible()
    page.context.close()


def test_a_provider_that_is_configured_no_more_vouches_for_nobody(server_factory, tmp_path):
    provider = Provider().start()
    provider.people = PEOPLE
    try:
        server = configured(server_factory(), tmp_path, provider.issuer).start()
        server.provider = provider
        visitor = Visitor(server).sign_in()
        server.stop()
        server.start()
        assert visitor.is_in(), "a restart ends no session"
        server.stop()
        server.arguments = []
        server.start()
        assert not visitor.is_in()
    finally:
        provider.stop()


# --- Another provider's own code


def test_it_works_with_a_provider_of_somebody_else(server_factory, tmp_path, browser: Browser, monkeypatch):
    """oidc-provider-mock: RS256, no key ID in its tokens' way, no `auth_time`, no `iss` in its answers."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    people = [
        User(sub="kim", claims={"name": "Kim", "preferred_username": "kim", "groups": ["sk-audit"]}),
        User(sub="lee", claims={"name": "Lee"}),
    ]
    with run_server_in_thread(user_claims=people, require_nonce=True) as mock:
        issuer = f"http://localhost:{mock.server_port}"
        server = configured(server_factory(), tmp_path, issuer, defaultRole="owner").start()
        page = browser.window(server)
        page.goto("/account")
        page.get_by_role("link", name="Sign in with Example SSO").click()
        page.get_by_role("button", name="kim", exact=True).click()
        page.wait_for_url("**/account")
        assert page.locator(".who .hint").inner_text() == "Auditor"
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_role("button", name="End session").click()
        page.get_by_text("You are signed out here and at the identity provider.").wait_for()
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("link", name="Sign in with Example SSO").click()
        page.get_by_role("button", name="lee", exact=True).first.click()
        page.wait_for_url(lambda url: url.startswith(server.url) and "sign-in" not in url)
        page.goto("/account")
        assert page.locator(".who .hint").inner_text() == "Owner"
        page.context.close()
