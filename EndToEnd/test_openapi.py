"""The running server against its own description: whatever Schemathesis thinks of, no 5xx and nothing undocumented."""

import os
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from agent import Agent, recovery_password
from server import Server

DESCRIPTION = Path(__file__).resolve().parent.parent / "openapi.yaml"
# How many good and as many bad requests each operation gets, from each role.
EXAMPLES = int(os.environ.get("SPAREKEY_SCHEMATHESIS_EXAMPLES", "25"))
ROLES = ["reader", "helpdesk", "administrator", "auditor"]
KEYS = "/api/devices/security/bitlocker/keys"
PROTECTOR = "8f595209-f5b9-49a0-85d4-cb8f80258c27"
# Left out are two checks that guess: a request may fit the description and still be about nothing that there is, and
# credentials are what EndpointCoverageTests is about.
LEFT_OUT = {"positive_data_acceptance", "ignored_auth"}

OPERATIONS = [
    (path, method)
    for path, item in yaml.safe_load(DESCRIPTION.read_text())["paths"].items()
    for method in item
    if method != "parameters"
]


@pytest.fixture(scope="module")
def known(sparekey, tmp_path_factory):
    """A server, a token of each role, a device that half of the requests are about, and another that makes requests."""
    server = Server(sparekey, tmp_path_factory.mktemp("openapi"))
    server.start()
    try:
        agents = [Agent(server.url, name) for name in ("PC-1", "PC-2")]
        for agent in agents:
            agent.enrol(server.enrolment_token("--group", "berlin"))
            agent.protectors = [PROTECTOR]
            agent.check_in()
            agent.deposit(PROTECTOR, recovery_password()).raise_for_status()
        tokens = {role: server.token(role) for role in ROLES}
        rotations = [server.post(f"{KEYS}/{agent.device}/rotate", token=tokens["administrator"]) for agent in agents]
        assert agents[1].check_in()["instructions"], "the second device has been told of its rotation"
        described = server.get("/openapi.yaml")
        assert described.text == DESCRIPTION.read_text()
        schema = yaml.safe_load(described.text)
        # Credentials are ours to add: without this, leaving them out would be one of the bad requests.
        for part in [schema, *(item[method] for item in schema["paths"].values() for method in item)]:
            if isinstance(part, dict):
                part.pop("security", None)
        yield SimpleNamespace(
            server=server,
            device=agents[0].device,
            agent=agents[1],
            tokens=tokens,
            enrolment_token=server.enrolment_token("--group", "paris"),
            rotations=[rotation.json()["rotations"][0]["id"] for rotation in rotations],
            schema=schemathesis.openapi.from_dict(schema),
        )
        server.stop()
    finally:
        server.kill()


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Signature(requests.auth.AuthBase):
    """Signs whatever is sent as a device, after everything else about the request is settled."""

    def __init__(self, agent, bearer=None):
        self.agent = agent
        self.bearer = bearer

    def __call__(self, request):
        body = request.body or b""
        path, _, query = request.path_url.partition("?")
        signed = self.agent.sign(request.method, path, body.encode() if isinstance(body, str) else body, query or None)
        request.headers.update(signed)
        if self.bearer:
            request.headers["Authorization"] = f"Bearer {self.bearer}"
        return request


def put_known_ids(case, known):
    """Put the IDs that there are in the place of made-up ones, in every second request."""
    if zlib.crc32(repr((case.path_parameters, case.body)).encode(errors="replace")) % 2:
        return
    path = {"deviceId": known.device, "rotationId": known.rotations[0], "instructionId": known.rotations[1]}
    body = {
        "deviceId": known.agent.device,
        "publicKey": known.agent.public_key(),
        "volumeId": known.agent.volume,
        "keyId": PROTECTOR,
        "protectorId": PROTECTOR,
        "secret": recovery_password(),
    }
    for place, ids in ((case.path_parameters, path), (case.body, body)):
        if isinstance(place, dict):
            place.update({name: ids[name] for name in place if name in ids})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize("path, method", OPERATIONS, ids=[f"{method.upper()} {path}" for path, method in OPERATIONS])
def test_the_server_answers_as_described(known, path, method, mode):
    operation = known.schema[path][method]
    if path.endswith("/enrol"):
        credentials = [Signature(known.agent, known.enrolment_token)]
    elif path.startswith("/api/agent/"):
        credentials = [Signature(known.agent)]
    else:
        credentials = [Bearer(token) for token in known.tokens.values()]
    if mode == GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
        pytest.skip("there is nothing in this request that could be wrong")

    # Those for OpenAPI are there once a description was loaded.
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    assert len(checks) >= 10

    @given(case=operation.as_strategy(generation_mode=mode), credential=st.sampled_from(credentials))
    @settings(
        max_examples=EXAMPLES * len(credentials),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def run(case, credential):
        if mode == GenerationMode.POSITIVE:
            put_known_ids(case, known)
        answer = case.call(base_url=known.server.url, auth=credential, session=known.server.session, timeout=30)
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=checks)

    run()


def test_a_method_that_a_path_lacks_is_answered_405(known):
    for path, _ in OPERATIONS:
        described = {method.upper() for other, method in OPERATIONS if other == path}
        target = path.replace("{deviceId}", known.device)
        for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"} - described:
            answer = known.server.request(method, target, token=known.tokens["administrator"])
            assert answer.status_code == 405, f"{method} {path}"
            assert set(answer.headers["Allow"].split(", ")) == described, f"{method} {path}"
