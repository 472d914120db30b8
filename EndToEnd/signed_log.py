"""A log of a test's own, signed with `cryptography`: what a server would submit, and what a forger would."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data):
    return base64.b64encode(data).decode()


class SignedLog:
    """Leaves, and checkpoints and proofs over them."""

    def __init__(self, origin="test.example/log", count=20, key=None):
        self.origin = origin
        self.key = key or Ed25519PrivateKey.generate()
        self.leaves = [sha256(b"\0", bytes([number])) for number in range(count)]

    @property
    def material(self):
        return b"\x01" + self.key.public_key().public_bytes_raw()

    @property
    def key_id(self):
        return sha256(self.origin.encode(), b"\n", self.material)[:4]

    @property
    def vkey(self):
        return f"{self.origin}+{self.key_id.hex()}+{b64(self.material)}"

    def changed(self):
        """The same log, of the same key, with another first entry."""
        other = SignedLog(self.origin, key=self.key)
        other.leaves = [sha256(b"\0", b"changed"), *self.leaves[1:]]
        return other

    def root(self, start, end):
        if end - start <= 1:
            return self.leaves[start] if end > start else sha256()
        split = 1 << (end - start - 1).bit_length() - 1
        return sha256(b"\1", self.root(start, start + split), self.root(start + split, end))

    def checkpoint(self, size):
        text = f"{self.origin}\n{size}\n{b64(self.root(0, size))}\n"
        return f"{text}\n— {self.origin} {b64(self.key_id + self.key.sign(text.encode()))}\n"

    def proof(self, old, new):
        """RFC 6962, section 2.1.2."""

        def subproof(old, start, end, whole):
            if old == end - start:
                return [] if whole else [self.root(start, end)]
            split = 1 << (end - start - 1).bit_length() - 1
            if old <= split:
                return [*subproof(old, start, start + split, whole), self.root(start + split, end)]
            return [*subproof(old - split, start + split, end, False), self.root(start, start + split)]

        return subproof(old, 0, new, True) if 0 < old < new else []

    def request(self, old, new, proof=None):
        hashes = self.proof(old, new) if proof is None else proof
        return (f"old {old}\n" + "".join(b64(node) + "\n" for node in hashes) + "\n" + self.checkpoint(new)).encode()
