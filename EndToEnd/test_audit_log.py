"""The audit log, checked by code that shares nothing with it: verify_log.py, rfc8785, pymerkle and tlog-scales.

The export is the one that the Swift tests write and compare (Tests/AuditLogTests/Vectors/export.jsonl).
"""
import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent / "Tests" / "AuditLogTests" / "Vectors"
VKEY = (VECTORS / "export.vkey").read_text().strip()
HEADER, FIRST, LAST = 0, 1, 22  # lines of the header and of records 0 and 19
AFTER_12 = 14  # the line of the checkpoint after record 11


@pytest.fixture
def lines():
    return (VECTORS / "export.jsonl").read_text().splitlines(keepends=True)


def verify(tmp_path, lines, *vkey):
    export = tmp_path / "export.jsonl"
    export.write_text("".join(lines))
    done = subprocess.run(
        [sys.executable, HERE / "verify_log.py", export, *vkey], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done


def test_an_export_that_nobody_touched_is_intact(tmp_path, lines):
    done = verify(tmp_path, lines, VKEY)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("intact: escrow.example.com/audit/1: 20 records, root ")
    assert done.stderr == ""


def test_without_a_verifier_key_the_result_says_so(tmp_path, lines):
    done = verify(tmp_path, lines)
    assert done.returncode == 0
    assert "no verifier key was given" in done.stderr


def edit(line, change):
    value = json.loads(line)
    change(value)
    return json.dumps(value, ensure_ascii=False) + "\n"


def flip(lines):
    lines[8] = edit(lines[8], lambda line: line["record"].update(outcome="failed"))


def flip_salt(lines):
    lines[8] = edit(lines[8], lambda line: line.update(salt="A" * 42 + line["salt"][-1]))


def flip_leaf(lines):
    lines[8] = edit(lines[8], lambda line: line["leaf"].update(t=line["leaf"]["t"] + 1))


def erase_half(lines):
    lines[8] = edit(lines[8], lambda line: line.update(record=None))


def delete(lines):
    del lines[8]


def delete_first(lines):
    del lines[FIRST]


def delete_last(lines):
    del lines[LAST]


def insert(lines):
    lines.insert(8, lines[8])


def swap(lines):
    lines[8], lines[9] = lines[9], lines[8]


def truncate(lines):
    del lines[16:]


def truncate_at_checkpoint(lines):
    del lines[AFTER_12 + 1:]


def spoil(lines):
    lines[8] = lines[8][:50] + "\n"


def forge(lines):
    def change(line):
        note = line["checkpoint"]
        line["checkpoint"] = note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:]
    lines[AFTER_12] = edit(lines[AFTER_12], change)


def forge_header(lines):
    lines[HEADER] = edit(lines[HEADER], lambda line: line.update(checkpoint=line["checkpoint"].replace("\n20\n", "\n21\n")))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (flip, "record 6: it was changed"),
        (flip_salt, "record 6: it was changed"),
        (flip_leaf, "records 5 to 11 are not those that were signed"),
        (erase_half, "record 6: only one of record and salt was erased"),
        (delete, "records 6 to 6 are missing"),
        (delete_first, "records 0 to 0 are missing"),
        (delete_last, "records 19 to 19 are missing"),
        (insert, "record 6 stands after record 6: it was moved there, or inserted"),
        (swap, "record 6 stands after record 7: it was moved there, or inserted"),
        (truncate, "records 13 to 19 are missing"),
        (truncate_at_checkpoint, "records 12 to 19 are missing"),
        (spoil, "line 9, where record 6 or a checkpoint should be, cannot be read"),
        (forge, "the checkpoint's signature by escrow.example.com/audit/1 is bad"),
        (forge_header, "line 1, the header, cannot be believed"),
    ],
)
def test_each_tampering_is_found_and_the_record_named(tmp_path, lines, tamper, says):
    tamper(lines)
    done = verify(tmp_path, lines, VKEY)
    assert done.returncode == 1, done.stdout
    assert says in done.stdout


def test_another_log_key_is_refused(tmp_path, lines):
    note = json.loads((VECTORS / "note.json").read_text())
    done = verify(tmp_path, lines, note["logKey"])  # of the same name
    assert done.returncode == 1
    assert "line 1, the header, cannot be believed" in done.stdout


def test_pymerkle_rfc8785_and_tlog_scales_agree_with_every_checkpoint_of_the_export(lines):
    pymerkle, rfc8785 = pytest.importorskip("pymerkle"), pytest.importorskip("rfc8785")
    signing, tlog = pytest.importorskip("tlog_scales.signing"), pytest.importorskip("tlog_scales.tlog")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    sizes = []
    for line in map(json.loads, lines[1:]):
        if "i" in line:
            tree.append_entry(rfc8785.dumps(line["leaf"]))
        else:
            checkpoint = tlog.Checkpoint.from_text(line["checkpoint"])
            checkpoint.verify(signing.Vkey.from_string(VKEY))
            assert checkpoint.size == tree.get_size()
            assert checkpoint.root_hash == tree.get_root()
            sizes.append(checkpoint.size)
    assert sizes == [5, 12, 20]


def test_every_record_of_the_export_is_written_as_rfc8785_writes_it(lines):
    rfc8785 = pytest.importorskip("rfc8785")
    for line in lines[1:]:
        assert line.encode() == rfc8785.dumps(json.loads(line)) + b"\n"


def test_the_committed_vectors_are_what_the_other_implementations_make():
    for package in ("pymerkle", "rfc8785", "tlog_scales"):
        pytest.importorskip(package)
    spec = importlib.util.spec_from_file_location("generate", VECTORS / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for name, text in generate.all_vectors().items():
        assert (VECTORS / name).read_text() == text, name


def test_the_verifier_is_a_stranger():
    source = (HERE / "verify_log.py").read_text()
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imports == [
        "import base64, hashlib, hmac, json, sys",
        "from cryptography.exceptions import InvalidSignature",
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey",
    ]
