"""What the end-to-end tests share: the binary, a server, real volumes, and the programs that judge them."""

import gzip
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import sync_playwright

from portal import Browser
from server import Server

ROOT = Path(__file__).resolve().parent.parent
SHIM = Path(__file__).with_name("sync_shim.c")


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch):
    """What `audit verify` keeps of a server's log is each test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def sparekey():
    """The binary under test: SPAREKEY_BIN, or the release build of this checkout. A missing one fails, never skips."""
    path = Path(os.environ.get("SPAREKEY_BIN", ROOT / ".build/release/sparekey"))
    if not os.access(path, os.X_OK):
        pytest.fail(f"there is no {path}: run `make build`, or set SPAREKEY_BIN", pytrace=False)
    return path


# --- Volumes that Windows made


@pytest.fixture(scope="session")
def vectors_archive():
    """The folder of BitLocker volumes made by Windows: SPAREKEY_VECTORS, or `shared/vectors` beside this checkout.

    Their licences keep them out of this repository, so whoever does not have them sees these tests skipped.
    """
    path = Path(os.environ.get("SPAREKEY_VECTORS", ROOT.parent / "shared/vectors"))
    if not (path / "README.md").is_file():
        pytest.skip(f"no volumes made by Windows in {path} (set SPAREKEY_VECTORS to a folder that has them)")
    return path


@pytest.fixture(scope="session")
def vectors(vectors_archive, tmp_path_factory):
    """A folder with the volumes unpacked (sparse) and the .BEK files. Shared by all tests: copy what you write to."""
    folder = tmp_path_factory.mktemp("vectors")
    for archive in sorted(vectors_archive.glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    for packed in sorted(vectors_archive.glob("*.bin.gz")):
        with gzip.open(packed) as source, open(folder / packed.stem, "wb") as target:
            shutil.copyfileobj(source, target)
    for pattern in ("*.BEK", "*.bek"):
        for key in vectors_archive.glob(pattern):
            shutil.copyfile(key, folder / key.name)
    return folder


@pytest.fixture(scope="session")
def credentials(vectors_archive):
    """What the vectors' README says of each volume, by file name.

    Each has `recovery_passwords` (a list), `sha256` of the decrypted volume (or None) and `bek` (a file name or None).
    """
    text = (vectors_archive / "README.md").read_text()
    volumes = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name = section.split("\n", 1)[0].strip().removesuffix(".gz")
        volume = volumes.setdefault(name, SimpleNamespace(recovery_passwords=[], sha256=None, bek=None))
        volume.recovery_passwords += re.findall(r"\b\d{6}(?:-\d{6}){7}\b", section)
        if found := re.search(r"SHA256SUM: ([0-9a-f]{64})", section):
            volume.sha256 = found[1]
        if found := re.search(r"`([^`]+\.bek)`", section, flags=re.IGNORECASE):
            volume.bek = found[1]
    return volumes


# --- A server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Leave on the item whether its test failed, for the server fixture to know whether its log is wanted."""
    report = yield
    setattr(item, f"report_{report.when}", report)
    return report


@pytest.fixture
def server_factory(sparekey, tmp_path, request):
    """Makes servers that are not started yet: `server_factory(arguments=[…])`. All are stopped when the test ends."""
    servers = []

    def make(**options):
        directory = tmp_path / f"server-{len(servers)}"
        directory.mkdir()
        servers.append(Server(sparekey, directory, **options))
        return servers[-1]

    yield make
    report = getattr(request.node, "report_call", None)
    for server in servers:
        if report is not None and report.failed:
            print(f"--- {server.log}:\n{server.log_text()}")
    try:
        for server in servers:
            server.stop()
    finally:
        for server in servers:
            server.kill()


@pytest.fixture
def server(server_factory):
    """A running server with an empty data directory. That it stops cleanly when asked is part of every test."""
    return server_factory().start()


# --- A browser


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    with sync_playwright() as playwright:
        browser = Browser(playwright)
        yield browser
        browser.close()


# --- A disk that fails


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """The library that makes syncs fail or hang; see sync_shim.c."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.fail("there is no C compiler: install gcc", pytrace=False)
    library = tmp_path_factory.mktemp("shim") / "sync_shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SHIM, "-ldl"], check=True)
    return library


@pytest.fixture
def shimmed(server_factory, shim, tmp_path):
    """A running server behind the shim; `shimmed.switches` is the folder of the shim's switches."""
    switches = tmp_path / "switches"
    switches.mkdir()
    server = server_factory(
        arguments=["--opener-caller-cap", "never", "--opener-total-cap", "never"],
        environment={**os.environ, "LD_PRELOAD": str(shim), "SYNC_SHIM": str(switches)},
    )
    server.switches = switches
    return server.start()
