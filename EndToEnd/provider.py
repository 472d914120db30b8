"""An OpenID Connect provider that does what a test tells it: well or badly, slowly or not at all."""

import base64
import hashlib
import json
import secrets
import threading
import time
from types import SimpleNamespace
from urllib.parse import urlencode

import flask
from joserfc import jws
from joserfc.jwk import ECKey
from werkzeug.serving import make_server

from server import free_port

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def encoded(value):
    """Base64 for URLs, without padding, of bytes or of a JSON value."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """A provider on a port of its own, which it keeps when it is stopped and started again.

    `people` has the claims of everybody by their subject. What is put into `claims` and `header` changes the next ID tokens
    (a value of None takes something away); `forge` makes them, when it is set. `seen` has what was asked for.
    """

    CLIENT_ID = "sparekey"
    SECRET = "a secret: with a colon & %"

    def __init__(self):
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.people = {}
        self.seen = []
        self.codes = {}
        self.sessions = {}
        self.server = None
        self.keys = [self.new_key("one")]
        self.reset()

    def reset(self):
        """Be a good provider again, with the keys that it has."""
        self.published = None
        self.claims, self.header, self.metadata = {}, {}, {}
        self.forge = None
        self.delay = 0
        self.filler = 0
        self.names_itself = True
        self.user_info = {}

    @staticmethod
    def new_key(kid):
        return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})

    def rotate(self, kid):
        """Replace the key that signs, and publish the new one only."""
        self.keys = [self.new_key(kid)]

    # --- The process

    def start(self):
        self.server = make_server("127.0.0.1", self.port, self._app(), threaded=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        server, self.server = self.server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _app(self):
        app = flask.Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        app.add_url_rule("/keys", view_func=self._keys)
        app.add_url_rule("/authorize", view_func=self._authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self._user_info)
        app.add_url_rule("/logout", view_func=self._logout)
        app.before_request(self._before)
        return app

    def _before(self):
        self.seen.append((flask.request.path, flask.request.values.to_dict(), dict(flask.request.headers)))
        time.sleep(self.delay)

    def asked(self, path):
        """How often a path was asked for."""
        return sum(1 for each in self.seen if each[0] == path)

    # --- What it publishes

    def _discovery(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self.names_itself,
            **self.metadata,
        }

    def _keys(self):
        keys = self.published or [key.as_dict(private=False) for key in self.keys]
        return {"keys": keys, "filler": "x" * self.filler}

    # --- Signing in

    def _authorize(self):
        asked = flask.request.args.to_dict()
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        cookie = flask.request.cookies.get("provider")
        session = self.sessions.get(cookie)
        if flask.request.method == "POST":
            if flask.request.form["sub"] == "":
                return self._back(asked, error="access_denied")
            cookie = secrets.token_urlsafe(16)
            session = SimpleNamespace(sub=flask.request.form["sub"], sid=secrets.token_urlsafe(8), time=int(time.time()))
            self.sessions[cookie] = session
        elif session is None or asked.get("prompt") == "login":
            buttons = "".join(f'<button name="sub" value="{sub}">{sub}</button>' for sub in self.people)
            return (
                '<!doctype html><html lang="en"><title>Provider</title><h1>Who are you?</h1>'
                f'<form method="post">{buttons}<button name="sub" value="">Cancel</button></form></html>'
            )
        response = self._back(asked, code=self.code(session.sub, asked, session))
        response.set_cookie("provider", cookie)
        return response

    def _back(self, asked, **answer):
        answer = {**answer, "state": asked["state"], "session_state": "x"}
        if self.names_itself:
            answer["iss"] = self.issuer
        return flask.redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")

    def code(self, sub, asked, session=None):
        """A code for somebody, as if they had signed in; `asked` is what the provider was asked for."""
        session = session or SimpleNamespace(sub=sub, sid=secrets.token_urlsafe(8), time=int(time.time()))
        code = secrets.token_urlsafe(16)
        self.codes[code] = SimpleNamespace(asked=asked, session=session)
        return code

    def _token(self):
        form = flask.request.form
        authorization = flask.request.headers.get("authorization", "")
        expected = "Basic " + base64.b64encode(f"{self.CLIENT_ID}:a%20secret%3A%20with%20a%20colon%20%26%20%25".encode()).decode()
        if authorization != expected:
            return {"error": "invalid_client"}, 401
        # A code works once.
        grant = self.codes.pop(form["code"], None)
        if grant is None or form["redirect_uri"] != grant.asked["redirect_uri"]:
            return {"error": "invalid_grant"}, 400
        challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != grant.asked["code_challenge"]:
            return {"error": "invalid_grant"}, 400
        access = secrets.token_urlsafe(16)
        half = encoded(hashlib.sha256(access.encode()).digest()[:16])
        claims = {
            **self.common(), "exp": int(time.time()) + 300, "sub": grant.session.sub, "nonce": grant.asked["nonce"],
            "at_hash": half, "auth_time": grant.session.time, "sid": grant.session.sid, "amr": ["pwd", "mfa"],
            **self.people.get(grant.session.sub, {}), **self.claims,
        }  # fmt: skip
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self.sign(claims)}

    def common(self):
        return {"iss": self.issuer, "aud": self.CLIENT_ID, "iat": int(time.time())}

    def sign(self, claims, typ="JWT"):
        """A token with these claims, as the test wants it signed."""
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "typ": typ, "kid": self.keys[0].kid, **self.header}
        header = {name: value for name, value in header.items() if value is not None}
        if self.forge is not None:
            return self.forge(header, claims)
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(header, json.dumps(claims), self.keys[0], registry=registry)

    def _user_info(self):
        assert flask.request.headers["authorization"].startswith("Bearer ")
        return self.user_info

    # --- Signing out

    def _logout(self):
        self.sessions.pop(flask.request.cookies.get("provider"), None)
        target = flask.request.args["post_logout_redirect_uri"]
        return flask.redirect(f"{target}?{urlencode({'state': flask.request.args['state']})}")

    def logout_token(self, **changes):
        """A logout token, with changes to its claims."""
        claims = {**self.common(), "exp": int(time.time()) + 120, "jti": secrets.token_urlsafe(8), "events": {LOGOUT_EVENT: {}}}
        return self.sign({**claims, **changes}, typ="logout+jwt")
