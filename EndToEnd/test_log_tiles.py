"""The served log, checked and tampered with, by Go's own note and tlog packages and by tlog-scales."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

GOLANG = Path(__file__).parent / "golang"
GOPATH = Path(os.environ.get("SPAREKEY_GOPATH", "/usr/share/gocode"))
KEYS = "/api/devices/security/bitlocker/keys"
ENTRIES = 300


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory):
    """The verifier, built of Debian's packages golang-go and golang-golang-x-mod-dev."""
    if not shutil.which("go") or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("no Go, or no x/mod in GOPATH: apt-get install golang-go golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("golang")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", folder / "verify", GOLANG / "verify.go"], env=environment, check=True, timeout=500)
    return folder / "verify"


def paths(size):
    """The path of every tile and bundle of a log of that size."""
    found = []
    for level in (0, 1, "entries"):
        count = size >> 8 if level == 1 else size
        for number in range((count + 255) // 256):
            width = min(256, count - 256 * number)
            found.append(f"tile/{level}/{number:03}" + ("" if width == 256 else f".p/{width}"))
    return found


@pytest.fixture
def log(server, tmp_path):
    """A served log of more than a tile, mirrored as files; with an older checkpoint of it."""
    reader, auditor = server.token("reader"), server.token("auditor")
    older = None
    while True:
        note = server.get("/log/checkpoint").text
        size = int(note.split("\n")[1])
        if size >= 100 and older is None:
            older = note
        if size >= ENTRIES:
            break
        for _ in range(min(50, ENTRIES - size)):
            assert server.get(f"{KEYS}/audit", token=reader).status_code == 403, "each denial is an entry"
    folder = tmp_path / "log"
    for path in paths(size):
        answer = server.get(f"/log/{path}", token=auditor if "entries" in path else None)
        assert answer.status_code == 200, path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(answer.content)
    (folder / "checkpoint").write_text(note)
    (tmp_path / "older").write_text(older)
    return folder


def check(go_verifier, server, log, *arguments, prefix=None, environment=None):
    vkey = server.get("/log/vkey").text.strip()
    done = subprocess.run(
        [go_verifier, "-vkey", vkey, "-old", log.parent / "older", "-entries", *arguments, prefix or log],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(environment or {})})
    assert "panic" not in done.stderr
    return done


def test_go_accepts_the_log_from_the_server_and_from_files(go_verifier, server, log):
    done = check(go_verifier, server, log)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("intact: 3")
    served = check(go_verifier, server, log, prefix=f"{server.url}/log", environment={"TOKEN": server.token("auditor")})
    assert served.returncode == 0, served.stdout


def flip(path, at=-20):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def last(log, level):
    return max(path for path in (log / f"tile/{level}").rglob("*") if path.is_file())


def swap_entries(log):
    path = log / "tile/entries/000"
    content = path.read_bytes()
    leaves = []
    while content:
        length = int.from_bytes(content[:2], "big")
        leaves.append(content[: 2 + length])
        content = content[2 + length:]
    leaves[10], leaves[20] = leaves[20], leaves[10]
    path.write_bytes(b"".join(leaves))


def replay_entry(log):
    path = log / "tile/entries/000"
    content = path.read_bytes()
    first = content[: 2 + int.from_bytes(content[:2], "big")]
    second = content[len(first):][: 2 + int.from_bytes(content[len(first):][:2], "big")]
    path.write_bytes(first + first + content[len(first) + len(second):])


def rewind(log):
    shutil.copy(log / "checkpoint", log / "kept")
    (log / "checkpoint").write_text((log.parent / "older").read_text())
    shutil.copy(log / "kept", log.parent / "older")


def edit_checkpoint(change):
    def tamper(log):
        note = (log / "checkpoint").read_text()
        changed = change(note)
        assert changed != note
        (log / "checkpoint").write_text(changed)
    return tamper


def other_root(note):
    lines = note.split("\n")
    lines[2] = ("B" if lines[2][0] == "A" else "A") + lines[2][1:]
    return "\n".join(lines)


TAMPERINGS = {
    "a bit of a hash": (lambda log: flip(log / "tile/0/000"), "the tiles do not fit the checkpoint"),
    "a bit of a hash at the edge": (lambda log: flip(last(log, 0)), "the tiles do not fit the checkpoint"),
    "a bit of a hash over a tile": (lambda log: flip(last(log, 1)), "the tiles do not fit the checkpoint"),
    "a bit of an entry": (lambda log: flip(last(log, "entries")), "does not match its hash"),
    "two entries swapped": (swap_entries, "entry 10 does not match its hash"),
    "an old entry replayed": (replay_entry, "entry 1 does not match its hash"),
    "entries cut off": (lambda log: last(log, "entries").write_bytes(last(log, "entries").read_bytes()[:-30]), "is cut short"),
    "a tile that is gone": (lambda log: last(log, 0).unlink(), "the tiles do not fit the checkpoint"),
    "a rewound log": (rewind, "the log was rolled back"),
    "a forged size": (edit_checkpoint(lambda note: note.replace("\n3", "\n4", 1)), "the checkpoint cannot be believed"),
    "a forged root": (edit_checkpoint(other_root), "the checkpoint cannot be believed"),
    "a forged signature": (edit_checkpoint(lambda note: note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:]), "the checkpoint cannot be believed"),
    "another log's checkpoint": (edit_checkpoint(lambda note: "x" + note), "the checkpoint cannot be believed"),
}


def test_go_refuses_each_tampering(go_verifier, server, log, tmp_path):
    for name, (tamper, says) in TAMPERINGS.items():
        copy = tmp_path / "copy" / "log"
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(log, copy)
        shutil.copy(log.parent / "older", copy.parent / "older")
        tamper(copy)
        done = check(go_verifier, server, copy)
        assert done.returncode == 1, name
        assert says in done.stdout, f"{name}: {done.stdout}"


def test_tlog_scales_agrees_with_the_served_tiles_and_receipts(server, log):
    signing, tlog = pytest.importorskip("tlog_scales.signing"), pytest.importorskip("tlog_scales.tlog")
    checkpoint = tlog.Checkpoint.from_text((log / "checkpoint").read_text())
    checkpoint.verify(signing.Vkey.from_string(server.get("/log/vkey").text.strip()))
    proof = subprocess.run(
        [shutil.which("tlog-tiles", path=os.path.dirname(os.sys.executable)) or "tlog-tiles", "gen-proof", log.resolve(), "257"],
        capture_output=True, text=True, timeout=60, check=False)
    assert proof.returncode == 0, proof.stderr
    assert proof.stdout.startswith("c2sp.org/tlog-proof@v1\nindex 257\n")
    if server.get("/log/checkpoint").text == (log / "checkpoint").read_text():
        assert server.get("/log/proof/257").text.strip() == proof.stdout.strip(), "its receipt is ours, to the byte"
    leaf = subprocess.run(
        [shutil.which("tlog-tiles", path=os.path.dirname(os.sys.executable)) or "tlog-tiles", "get-leaf", "-c", log.resolve(), "257"],
        capture_output=True, timeout=60, check=False)
    assert leaf.returncode == 0, leaf.stderr
    assert json.loads(leaf.stdout)["k"] == "access.denied"
