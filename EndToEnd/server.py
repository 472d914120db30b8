"""A Sparekey server of the test's own: on a free port, with a data directory of its own, stopped by its process ID."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

START_TIMEOUT = 30
STOP_TIMEOUT = 30


def free_port():
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One `sparekey serve` process, and the command line beside it.

    `data` is its data directory and `log` the file that has all that it printed; both outlive the process, so that a
    test can look at them or start the server again. `start`, `stop` and `kill` may be called as often as a test likes.
    """

    def __init__(self, binary, directory, *, arguments=(), environment=None):
        self.binary = str(binary)
        self.data = Path(directory) / "data"
        self.log = Path(directory) / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.arguments = [str(argument) for argument in arguments]
        self.environment = environment
        self.process = None
        self.session = requests.Session()
        # No proxy and no .netrc of this machine between the test and its server.
        self.session.trust_env = False

    # --- The process

    def start(self, timeout=START_TIMEOUT, wait_for="/readyz"):
        """Start the server and return when it says that it is ready, or that it lives for another path to wait for."""
        assert self.process is None, "the server is running already"
        command = [self.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.arguments]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.environment
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code, self.process = self.process.returncode, None
                raise AssertionError(f"the server ended with {code} while it started:\n{self.log_text()}")
            try:
                if self.session.get(f"{self.url}{wait_for}", timeout=5).status_code == 200:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server was not ready within {timeout} s:\n{self.log_text()}")

    def stop(self):
        """Ask the server to stop and check that it ends by itself, cleanly."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not stop within {STOP_TIMEOUT} s:\n{self.log_text()}") from None
        assert code == 0, f"the server ended with {code}:\n{self.log_text()}"

    def kill(self):
        """Kill the server at once, as a power cut would end it."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def log_text(self):
        """All that the server printed so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # --- The command line

    def run(self, *arguments, check=True, **options):
        """Run `sparekey` with the arguments; its output is text in `stdout` and `stderr`."""
        command = [self.binary, *map(str, arguments)]
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=options.pop("timeout", 120),
            check=False,
            env=self.environment,
            **options,
        )
        if check:
            assert result.returncode == 0, f"{' '.join(command[1:3])} ended with {result.returncode}: {result.stderr}"
        return result

    def token(self, role, *arguments):
        """A new API token of that role."""
        return self._line("token", "create", "--data", self.data, "--role", role, *arguments)

    def enrolment_token(self, *arguments):
        """A new enrolment token, for devices to enrol with."""
        return self._line("enrolment-token", "create", "--data", self.data, *arguments)

    def _line(self, *arguments):
        output = self.run(*arguments).stdout
        assert output.endswith("\n") and output.count("\n") == 1, "the token should stand alone on standard output"
        return output.strip()

    # --- HTTP

    def request(self, method, path, *, token=None, **options):
        """A request to the server, with the token if there is one. The answer is not checked."""
        headers = dict(options.pop("headers", None) or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        options.setdefault("timeout", 30)
        return self.session.request(method, self.url + path, headers=headers, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)
