"""Simulated devices of a test's own: `sparekey simulate` with a state folder, run as often as a test likes."""

import json
import subprocess
import time

KEYS = "/api/devices/security/bitlocker/keys"

#: What `sparekey simulate --exit-at` knows, in the order in which a rotation reaches it.
STEPS = [
    "before-adding",
    "while-adding",
    "after-adding",
    "after-depositing",
    "before-removing",
    "while-removing",
    "after-removing",
    "after-reporting",
]
KILLED = 137


class Fleet:
    """Devices against one server. They are the same devices in every run; what they are made of is in `folder`."""

    def __init__(self, server, folder, devices=1):
        self.server = server
        self.folder = folder
        self.devices = devices
        self.enrolment_token = server.enrolment_token()
        self.helpdesk = server.token("helpdesk")

    def command(self, *arguments):
        return [
            self.server.binary, "simulate", "--server", self.server.url, "--enrolment-token", self.enrolment_token,
            "--devices", str(self.devices), "--state-dir", str(self.folder), "--interval", "0.05", "--json", "--quiet",
            *map(str, arguments),
        ]  # fmt: skip

    def run(self, *arguments, check_ins=3, expect=0):
        """Run the devices until each has checked in so often; what became of them."""
        result = subprocess.run(
            self.command("--check-ins", check_ins, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == expect, f"simulate ended with {result.returncode}: {result.stderr}"
        return json.loads(result.stdout) if expect == 0 else None

    def run_and_kill(self, *arguments, after):
        """Run the devices without end and kill the process (signal 9) after so many seconds."""
        with subprocess.Popen(
            self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(after)
            process.kill()

    # --- What the server says

    def show(self, device):
        """All that the server knows of a device."""
        answer = self.server.get(f"{KEYS}/{device}", token=self.helpdesk)
        assert answer.status_code == 200
        return answer.json()

    def keys(self, device):
        """The keys of a device's only volume, newest first."""
        (volume,) = self.show(device)["volumes"]
        return volume["keys"]

    def proven(self, device):
        """The recovery passwords that the server holds and has proven, by key protector ID."""
        return {
            key["keyId"]: self.reveal(device, key["keyId"]) for key in self.keys(device) if key["proof"] == "proven"
        }

    def reveal(self, device, key=None):
        """A recovery password, by its key or the current one."""
        body = {"reason": "test"} if key is None else {"reason": "test", "keyId": key}
        answer = self.server.post(f"{KEYS}/{device}/reveal", token=self.helpdesk, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["recoveryPassword"]

    def rotate(self, device):
        """Ask for a rotation; its ID."""
        answer = self.server.post(f"{KEYS}/{device}/rotate", token=self.helpdesk)
        assert answer.status_code == 202, answer.text
        (rotation,) = answer.json()["rotations"]
        return rotation["id"]

    def rotation(self, device, rotation):
        """A rotation as the server shows it."""
        (found,) = [item for item in self.show(device)["rotations"] if item["id"] == rotation]
        return found
