"""A device that speaks the agent's protocol with nothing of Sparekey's: RFC 9421 signatures from `cryptography`."""

import base64
import hashlib
import json
import secrets
import time
import uuid

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def recovery_password():
    """A well-formed recovery password: eight groups, each a multiple of 11 below 720,896."""
    return "-".join(f"{secrets.randbelow(65536) * 11:06}" for _ in range(8))


class Agent:
    """One device with one volume. `device`, `volume` and the key are its own; nothing is retried."""

    def __init__(self, url, name="PC-1"):
        self.url = url
        self.name = name
        self.device = str(uuid.uuid4())
        self.volume = str(uuid.uuid4())
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.protectors = []
        self.session = requests.Session()
        self.session.trust_env = False

    def enrol(self, enrolment_token):
        body = {"deviceId": self.device, "publicKey": self.public_key(), "name": self.name}
        answer = self.post("enrol", body, headers={"Authorization": f"Bearer {enrolment_token}"})
        answer.raise_for_status()
        return self

    def public_key(self):
        """As an enrolment names it: X.509 SubjectPublicKeyInfo in DER, in Base64."""
        public_key = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(public_key).decode()

    def check_in(self):
        volume = {
            "id": self.volume,
            "type": "operatingSystem",
            "protection": "on",
            "protectors": [{"id": protector, "type": "recoveryPassword"} for protector in self.protectors],
        }
        answer = self.post("check-in", {"name": self.name, "volumes": [volume]})
        answer.raise_for_status()
        return answer.json()

    def deposit(self, protector, password):
        """The answer, unchecked."""
        body = {"volumeId": self.volume, "protectorId": protector, "type": "recoveryPassword", "secret": password}
        return self.post("deposits", body)

    def post(self, path, body, headers=None):
        path = f"/api/agent/v1/{path}"
        data = json.dumps(body).encode()
        signed = self.sign("POST", path, data)
        return self.session.post(
            self.url + path,
            data=data,
            headers={"Content-Type": "application/json", **signed, **(headers or {})},
            timeout=30,
        )

    def sign(self, method, path, body, query=None):
        """The three fields of a signed request (RFC 9421 with the profile `sparekey-agent-v1`, RFC 9530)."""
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        created = int(time.time())
        covered = ["@method", "@path", "content-digest"] if query is None else ["@method", "@path", "@query", "content-digest"]
        covered = " ".join(f'"{name}"' for name in covered)
        parameters = (
            f"({covered});created={created};expires={created + 60}"
            f';nonce="{secrets.token_urlsafe(16)}";keyid="{self.device}"'
            ';alg="ecdsa-p256-sha256";tag="sparekey-agent-v1"'
        )
        base = "\n".join(
            [
                f'"@method": {method}',
                f'"@path": {path}',
                *([f'"@query": ?{query}'] if query is not None else []),
                f'"content-digest": {digest}',
                f'"@signature-params": {parameters}',
            ]
        )
        r, s = decode_dss_signature(self.key.sign(base.encode(), ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        return {
            "Content-Digest": digest,
            "Signature-Input": f"sig1={parameters}",
            "Signature": f"sig1=:{signature}:",
        }
