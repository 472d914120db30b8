"""Makes the vectors beside it with implementations that share nothing with the library under test.

Needs: pip install rfc8785 pymerkle 'tlog-scales' 'cryptography>=48'. Run it in place; it writes the same files every time.
"""
import base64
import hashlib
import json
import pathlib
import random
import sys
import tempfile

import pymerkle
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import reader, signing, tlog, writer
from tlog_scales.backend import LocalBackend

HERE = pathlib.Path(__file__).parent


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def seed(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def entry(index: int) -> bytes:
    return hashlib.sha256(f"entry {index}".encode()).digest()[: index % 33]


# Canonical JSON ----------------------------------------------------------------------------------------------------------


def random_text(dice: random.Random) -> str:
    alphabets = [
        (0x20, 0x7E), (0x00, 0x1F), (0x7F, 0xFF), (0x100, 0x7FF), (0x2020, 0x2030), (0xE000, 0xFFFD), (0x10000, 0x10FFFF),
        (0x22, 0x22), (0x5C, 0x5C), (0x2F, 0x2F), (0x300, 0x36F),
    ]
    return "".join(chr(dice.randint(*dice.choice(alphabets))) for _ in range(dice.randint(0, 12)))


def random_key(dice: random.Random) -> str:
    return "".join(chr(dice.randint(0x20, 0x7E)) for _ in range(dice.randint(0, 6)))


def random_value(dice: random.Random, depth: int):
    kind = dice.randint(0, 8 if depth > 0 else 5)
    if kind == 0:
        return None
    if kind == 1:
        return dice.random() < 0.5
    if kind == 2:
        return dice.choice([0, 1, -1, 9, 10, 2**53 - 1, -(2**53 - 1), 10**15])
    if kind == 3:
        return dice.randint(-(2**53 - 1), 2**53 - 1)
    if kind <= 5:
        return random_text(dice)
    if kind == 6:
        return [random_value(dice, depth - 1) for _ in range(dice.randint(0, 4))]
    return {random_key(dice): random_value(dice, depth - 1) for _ in range(dice.randint(0, 6))}


def canonical_json(count: int, seed_number: int) -> list:
    """The same values written loosely (spaces, key order, escapes) and canonically."""
    dice = random.Random(seed_number)
    cases = []
    for _ in range(count):
        value = random_value(dice, 4)
        loose = json.dumps(
            value,
            ensure_ascii=dice.random() < 0.5,
            indent=dice.choice([None, 0, 3]),
            separators=dice.choice([None, (",", ":"), (" ,\t", " :\r\n")]),
        )
        cases.append({"loose": b64(loose.encode()), "canonical": b64(rfc8785.dumps(value))})
    return cases


# The tree ----------------------------------------------------------------------------------------------------------------


def merkle() -> dict:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    roots = [hashlib.sha256(b"").hexdigest()]
    for index in range(130):
        tree.append_entry(entry(index))
        roots.append(tree.get_root().hex())
    with tempfile.TemporaryDirectory() as folder:
        tiles = reader.TilesReader(LocalBackend(write_log(pathlib.Path(folder) / "log", 300)))
        tiles.get_checkpoint()
        inclusion = [
            {"index": index, "size": size, "hashes": [h.hex() for h in tiles.get_inclusion_proof(index, size).node_hashes]}
            for size in (1, 2, 3, 7, 8, 33, 100, 256, 257, 300)
            for index in sorted({0, size // 3, size // 2, size - 1})
        ]
        consistency = [
            {"old": old, "new": new, "hashes": [h.hex() for h in tiles.get_consistency_proof(old, new).node_hashes]}
            for new in (2, 3, 7, 8, 33, 100, 256, 257, 300)
            for old in sorted({1, new // 3 or 1, new // 2, new - 1})
        ]
    return {"roots": roots, "inclusion": inclusion, "consistency": consistency}


def write_log(folder: pathlib.Path, size: int) -> pathlib.Path:
    log = writer.TilesWriter.create(folder, "log.example.com/vectors")
    for index in range(size):
        log.add_leaf(entry(index))
    log.commit([signing.PlainEd25519Signer("log.example.com/vectors", seed("log"))])
    return folder.absolute()


def tiles(size: int) -> dict:
    """What a tiled log of a size has: the digests of its files by path, and one digest over all of that, sorted by path."""
    with tempfile.TemporaryDirectory() as name:
        folder = write_log(pathlib.Path(name) / "log", size)
        files = {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"), key=str)
            if path.is_file() and "tile" in path.relative_to(folder).parts[0]
        }
        checkpoint = (folder / "checkpoint").read_text()
    listing = "".join(f"{path} {digest}\n" for path, digest in files.items())
    shown = [path for path in files if ".p/" in path or not path.startswith(("tile/0/", "tile/entries/")) or path.endswith("/000")]
    return {
        "size": size,
        "fileCount": len(files),
        "listingDigest": hashlib.sha256(listing.encode()).hexdigest(),
        "files": {path: files[path] for path in shown},
        "checkpoint": checkpoint,
    }


# Notes -------------------------------------------------------------------------------------------------------------------


def notes() -> dict:
    origin = "escrow.example.com/audit/1"
    root = seed("root")
    log = signing.PlainEd25519Signer(origin, seed("log"))
    rotated = signing.PlainEd25519Signer(origin, seed("rotated"))
    checkpoint = tlog.Checkpoint.make_signed(origin, 20852163, root, [log, rotated])

    witness = Ed25519PrivateKey.from_private_bytes(seed("witness"))
    witness_vkey = signing.Vkey("witness.example.com/w1", None, 0x04, witness.public_key().public_bytes_raw())
    time = 1_679_315_147
    message = f"cosignature/v1\ntime {time}\n{checkpoint.serialize_body()}".encode()
    cosignature = signing.NoteSignature.from_vkey_signature(
        witness_vkey, time.to_bytes(8, "big") + witness.sign(message)
    )
    witness_vkey.get_verifier().verify(cosignature.payload, checkpoint)

    # An ML-DSA-44 cosignature in size and key type; its bytes are none, since whoever does not know the key must not look at them.
    post_quantum = signing.NoteSignature.from_vkey_signature(
        signing.Vkey("witness.example.com/pq", None, 0x06, b"\x00" * 1312), (seed("pq") * 76)[: 8 + 2420]
    )

    return {
        "origin": origin,
        "size": 20852163,
        "root": b64(root),
        "logSeed": seed("log").hex(),
        "rotatedSeed": seed("rotated").hex(),
        "witnessSeed": seed("witness").hex(),
        "logKey": log.vkey.serialize(),
        "rotatedKey": rotated.vkey.serialize(),
        "witnessKey": witness_vkey.serialize(),
        "cosignatureTime": time,
        "note": checkpoint.serialize() + cosignature.serialize() + "\n" + post_quantum.serialize() + "\n",
    }


def all_vectors() -> dict:
    vectors = {
        "canonical-json.json": canonical_json(150, 8785),
        "merkle.json": merkle(),
        "tiles.json": tiles(70_000),
        "note.json": notes(),
    }
    return {name: json.dumps(value, indent=1) + "\n" for name, value in vectors.items()}


if __name__ == "__main__":
    for name, text in all_vectors().items():
        (HERE / name).write_text(text)
        print(name, len(text), file=sys.stderr)
