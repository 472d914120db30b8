#!/usr/bin/env python3
"""Verifies an audit log export, written from docs/audit-log-format.md alone: python3 verify_log.py EXPORT [VKEY]

Exit status 0: every record is there, unchanged, in its place and under the log's signature. 1: it is not, and the output says
which. VKEY is the log's public key as its owner published it; without it the export's own is believed. Needs pip's `cryptography`.
"""
import base64, hashlib, hmac, json, sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def members(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def no_fraction(text):
    raise ValueError("a number is not an integer")


def read_json(text):
    return json.loads(text, object_pairs_hook=members, parse_float=no_fraction, parse_constant=no_fraction)


def canonical(value):  # RFC 8785, which for integers and ASCII keys is this
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def append(edge, size, entry):  # edge: the roots of the complete subtrees, one for each bit that is set in the size
    node = sha256(b"\0", entry)
    while size & 1:
        node, size = sha256(b"\1", edge.pop(), node), size >> 1
    edge.append(node)


def root(edge):
    node = edge[-1] if edge else sha256()
    for left in reversed(edge[:-1]):
        node = sha256(b"\1", left, node)
    return node


def read_vkey(vkey):
    name, key_id, data = vkey.split("+", 2)
    data = base64.b64decode(data, validate=True)
    if data[0] != 1 or len(data) != 33 or sha256(name.encode(), b"\n", data)[:4].hex() != key_id:
        raise ValueError("the verifier key is not a whole Ed25519 key")
    return (name, bytes.fromhex(key_id)), Ed25519PublicKey.from_public_bytes(data[1:])


def read_checkpoint(note, keys, origin):  # size and root; None when no key that is known signed it
    text, _, signatures = note.rpartition("\n\n")
    text, signed = text + "\n", False
    for line in signatures.splitlines():
        _, name, data = line.split(" ")
        data = base64.b64decode(data, validate=True)
        if (name, data[:4]) in keys:
            try:
                keys[name, data[:4]].verify(data[4:], text.encode())
            except InvalidSignature:
                raise ValueError(f"the checkpoint's signature by {name} is bad") from None
            signed = True
    lines = text.split("\n")
    if lines[0] != origin:
        raise ValueError(f"the checkpoint is of the log {lines[0]}")
    return (int(lines[1]), base64.b64decode(lines[2], validate=True)) if signed else None


def check_record(line):
    leaf, record, salt = line["leaf"], line.get("record"), line.get("salt")
    if sorted(leaf) != ["c", "k", "t", "v"] or leaf["v"] != 1:
        raise ValueError("its leaf is not one of version 1")
    if (record is None) != (salt is None):
        raise ValueError("only one of record and salt was erased")
    if record is not None:
        key = base64.urlsafe_b64decode(salt + "=")
        if base64url(hmac.digest(key, canonical(record), "sha256")) != leaf["c"] or base64url(key) != salt:
            raise ValueError("it was changed: it is not the one that its leaf commits to")


def verify(lines, vkey, problem):
    header = read_json(next(lines, ""))
    if (header["format"], header["version"]) != ("sparekey-audit-export", 1):
        raise ValueError("it is not an export of version 1")
    origin = header["origin"]
    keys = dict(read_vkey(key) for key in ([vkey] if vkey else header["vkeys"]))
    end = read_checkpoint(header["checkpoint"], keys, origin)
    if not end or any(name != origin for name, _ in keys):
        raise ValueError(f"the verifier key is not that of the log {origin}")
    edge, count, good, whole = [], 0, 0, True  # whole: all records so far were there and in order

    def compare(size, expected_root):
        nonlocal count, good, whole
        if size < count:
            problem(f"a checkpoint of {size} records stands after {count}: records were inserted, or it was moved")
        elif size > count:
            problem(f"records {count} to {size - 1} are missing")
            count, whole = size, False
        elif whole and expected_root != root(edge):
            problem(f"records {good} to {size - 1} are not those that were signed: at least one of them was changed")
            whole = False
        elif whole:
            good = size

    for number, text in enumerate(lines, start=2):
        try:
            line = read_json(text)
            if "i" not in line:
                if checkpoint := read_checkpoint(line["checkpoint"], keys, origin):
                    compare(*checkpoint)
                continue
            index, leaf = line["i"], canonical(line["leaf"])
        except UNREADABLE as error:
            problem(f"line {number}, where record {count} or a checkpoint should be, cannot be read: {error}")
            continue
        if index < count:
            problem(f"record {index} stands after record {count - 1}: it was moved there, or inserted")
            continue
        if index > count:
            problem(f"records {count} to {index - 1} are missing")
            count, whole = index, False
        append(edge, count, leaf) if whole else None
        count += 1
        try:
            check_record(line)
        except UNREADABLE as error:
            problem(f"record {index}: {error}")
    compare(*end)
    if whole and good < count:
        problem(f"records {good} to {count - 1} are covered by no checkpoint")
    return f"{origin}: {count} records, root {base64.b64encode(root(edge)).decode()}"


def main(export, vkey=None):
    problems = []
    if not vkey:
        print("note: no verifier key was given, so the export's own is believed", file=sys.stderr)
    try:
        with open(export, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            summary = verify(file, vkey, problems.append)
    except UNREADABLE as error:
        problems.append(f"line 1, the header, cannot be believed: {error}")
    print("\n".join(problems) if problems else f"intact: {summary}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) in (2, 3) else __doc__)
