"""No key is lost to a rotation: simulated devices, killed wherever they can be, with other people's tools as judges."""

import random
import shutil
import time

import pytest

from fleet import KILLED, STEPS, Fleet
from openers import OPENERS

#: So that revealing a key, as these tests do all the time, does not ask for a rotation of its own.
QUIET = ["--rotation-delay-after-disclosure", "never"]


@pytest.fixture
def server(server_factory):
    return server_factory(arguments=QUIET).start()


@pytest.fixture
def fleet(server, tmp_path):
    """One device, which has deposited its recovery password; see `device` and `image`."""
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run()
    assert outcome["status"]["state"] == "escrowed"
    fleet.device = outcome["deviceId"]
    (fleet.image,) = outcome["images"]
    return fleet


def assert_some_proven_key_opens(fleet):
    """At this moment, for every judge, a key that the server holds and calls proven opens the volume."""
    passwords = fleet.proven(fleet.device).values()
    for name, opens in OPENERS.items():
        assert any(opens(fleet.image, password) for password in passwords), f"{name} opens it with no proven key"


def assert_only_the_new_one_opens(fleet, old):
    new = fleet.reveal(fleet.device)
    assert new != old
    for name, opens in OPENERS.items():
        assert opens(fleet.image, new), f"{name} refuses the new recovery password"
        assert not opens(fleet.image, old), f"{name} opens the volume with the old recovery password"


def test_a_rotation_replaces_the_recovery_password_on_the_volume_and_in_escrow(fleet):
    old = fleet.reveal(fleet.device)
    for opens in OPENERS.values():
        assert opens(fleet.image, old)
    rotation = fleet.rotate(fleet.device)
    fleet.run()
    assert fleet.rotation(fleet.device, rotation)["state"] == "completed"
    assert [key["state"] for key in fleet.keys(fleet.device)] == ["active", "superseded"]
    assert_only_the_new_one_opens(fleet, old)


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_killed_at_a_step_loses_no_key_and_completes_after_a_restart(fleet, step):
    old = fleet.reveal(fleet.device)
    rotation = fleet.rotate(fleet.device)
    fleet.run("--exit-at", step, expect=KILLED)
    assert_some_proven_key_opens(fleet)
    (outcome,) = fleet.run()
    assert outcome["status"]["state"] == "escrowed"
    assert fleet.rotation(fleet.device, rotation)["state"] == "completed"
    # A restart finds what was begun: it adds no second protector.
    assert len(fleet.keys(fleet.device)) == 2
    assert_only_the_new_one_opens(fleet, old)


def test_a_rotation_killed_again_and_again_completes(fleet):
    old = fleet.reveal(fleet.device)
    rotation = fleet.rotate(fleet.device)
    for step in ["before-adding", "while-adding", "before-removing", "while-removing"]:
        fleet.run("--exit-at", step, expect=KILLED)
        assert_some_proven_key_opens(fleet)
    fleet.run()
    assert fleet.rotation(fleet.device, rotation)["state"] == "completed"
    assert len(fleet.keys(fleet.device)) == 2
    assert_only_the_new_one_opens(fleet, old)


def test_a_device_killed_at_any_moment_of_its_rotations_loses_no_key(fleet):
    moments = random.Random(782805)
    for _ in range(8):
        fleet.rotate(fleet.device)
        fleet.run_and_kill(after=moments.uniform(0.05, 0.8))
        assert_some_proven_key_opens(fleet)
    old = fleet.reveal(fleet.device)
    fleet.run()
    rotation = fleet.rotate(fleet.device)
    fleet.run()
    assert fleet.rotation(fleet.device, rotation)["state"] == "completed"
    assert_only_the_new_one_opens(fleet, old)


@pytest.mark.parametrize("step", ["after-adding", "after-depositing"])
def test_a_server_killed_while_the_device_is_down_still_completes_the_rotation(fleet, step):
    old = fleet.reveal(fleet.device)
    rotation = fleet.rotate(fleet.device)
    fleet.run("--exit-at", step, expect=KILLED)
    fleet.server.kill()
    fleet.server.start()
    assert_some_proven_key_opens(fleet)
    fleet.run()
    assert fleet.rotation(fleet.device, rotation)["state"] == "completed"
    assert_only_the_new_one_opens(fleet, old)


def test_a_recovery_that_the_device_reports_is_followed_by_a_rotation(server, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run("--recoveries", 1, check_ins=6)
    (rotation,) = fleet.show(outcome["deviceId"])["rotations"]
    assert (rotation["trigger"], rotation["state"]) == ("recoveryUsed", "completed")


def test_a_wrong_recovery_password_fails_and_leaves_the_previous_key_untouched(fleet):
    (before,) = fleet.keys(fleet.device)
    old = fleet.reveal(fleet.device)
    fleet.rotate(fleet.device)
    (outcome,) = fleet.run("--fault", "wrong-password")
    assert (outcome["status"]["state"], outcome["status"]["reason"]) == ("failed", "proofRefuted")
    after = {key["keyId"]: key for key in fleet.keys(fleet.device)}
    for name in ("state", "proof", "depositedAt", "provenAt"):
        assert after[before["keyId"]][name] == before[name]
    assert [key["proof"] for key in after.values() if key["keyId"] != before["keyId"]] == ["refuted"]
    # Without a name the key that opens is handed out, and never the refuted one.
    assert fleet.reveal(fleet.device) == old
    for opens in OPENERS.values():
        assert opens(fleet.image, old)


def test_a_device_whose_first_deposit_is_wrong_is_failed_and_is_well_once_it_deposits_the_right_one(server, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run("--fault", "wrong-password")
    assert (outcome["status"]["state"], outcome["status"]["reason"]) == ("failed", "proofRefuted")
    (outcome,) = fleet.run()
    assert outcome["status"]["state"] == "escrowed"


def test_a_protector_that_was_not_deposited_is_a_mismatch(server, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run("--fault", "undeposited-protector", check_ins=5)
    assert (outcome["status"]["state"], outcome["status"]["reason"]) == ("failed", "protectorMismatch")


def test_a_device_that_never_answers_fails_when_the_deadline_passes(server_factory, tmp_path):
    server = server_factory(arguments=[*QUIET, "--deposit-patience", "1s", "--maintenance-interval", "200ms"]).start()
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run("--fault", "never-answers", check_ins=1)
    assert (outcome["status"]["state"], outcome["status"]["reason"]) == ("pending", "awaitingDeposit")
    time.sleep(2)
    status = fleet.show(outcome["deviceId"])["device"]["status"]
    assert (status["state"], status["reason"]) == ("failed", "deadlinePassed")
    # Late is better than never.
    (outcome,) = fleet.run()
    assert outcome["status"]["state"] == "escrowed"


@pytest.mark.parametrize(("fault", "stopped"), [("dies-after-adding", "after-adding"),
                                                ("dies-after-depositing", "after-depositing")])  # fmt: skip
def test_a_device_that_dies_for_good_leaves_a_key_that_opens_its_volume(fleet, fault, stopped):
    rotation = fleet.rotate(fleet.device)
    (outcome,) = fleet.run("--fault", fault)
    assert outcome["stoppedAt"] == stopped
    assert fleet.rotation(fleet.device, rotation)["state"] in ("delivered", "escrowed")
    assert_some_proven_key_opens(fleet)


def test_an_unencrypted_device_is_not_available(server, tmp_path):
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run("--unencrypted", 1, check_ins=1)
    (outcome,) = fleet.run("--unencrypted", 1, check_ins=1)
    assert outcome["status"]["state"] == "notAvailable"
    assert outcome["images"] == []


@pytest.mark.parametrize("name", ["bitlk-aes-xts-128.img", "bitlk-aes-cbc-128.img", "bitlk-togo-aes-xts-128.img"])
def test_a_volume_made_by_windows_is_escrowed_proven_and_rotated(server, vectors, credentials, tmp_path, name):
    image = tmp_path / name
    # cp, because it keeps the holes.
    shutil.copyfile(vectors / name, image)
    old = credentials[name].recovery_passwords[0]
    passwords = tmp_path / "passwords"
    passwords.write_text(old + "\n")
    given = ["--image", image, "--image-password-file", passwords]
    fleet = Fleet(server, tmp_path / "devices")
    (outcome,) = fleet.run(*given)
    assert outcome["status"]["state"] == "escrowed"
    fleet.device, fleet.image = outcome["deviceId"], str(image)
    assert fleet.reveal(fleet.device) == old
    fleet.rotate(fleet.device)
    (outcome,) = fleet.run(*given)
    assert outcome["status"]["state"] == "escrowed"
    assert_only_the_new_one_opens(fleet, old)
