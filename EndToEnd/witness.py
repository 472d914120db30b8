"""A `sparekey witness` process of the test's own."""

import signal
import subprocess
import time
from pathlib import Path

import requests

from server import free_port

START_TIMEOUT = 30


class Witness:
    """A witness of the logs whose verifier keys it is given. `vkey` is its own."""

    def __init__(self, binary, directory, logs=(), name="witness.example/w1"):
        self.binary = str(binary)
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.key = self.directory / "witness.key"
        self.data = self.directory / "cosigned"
        self.log = self.directory / "witness.log"
        self.logs = list(logs)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        made = subprocess.run(
            [self.binary, "witness", "key", "--name", name, "--output", self.key],
            capture_output=True, text=True, timeout=60, check=True)
        self.vkey = made.stdout.strip()

    def start(self):
        command = [self.binary, "witness", "--key", self.key, "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        for vkey in self.logs:
            command += ["--log", vkey]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log_text()
            try:
                if requests.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the witness was not ready within {START_TIMEOUT} s:\n{self.log_text()}")

    def add(self, body):
        return requests.post(f"{self.url}/add-checkpoint", data=body, timeout=30)

    def stop(self):
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def kill(self):
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def serve_arguments(self):
        return ["--witness", f"{self.url} {self.vkey}"]
