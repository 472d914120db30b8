"""docs/asvs.md names tests that exist, and every requirement of ASVS 5.0.0 at levels 1 and 2."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs/asvs.md").read_text()
#: How many requirements each section of ASVS 5.0.0 has at levels 1 and 2, without those of level 3 among them.
REQUIREMENTS = """
1.1: 1-2; 1.2: 1-9; 1.3: 1-11; 1.4: 1-3; 1.5: 1-2; 2.1: 1-3; 2.2: 1-3; 2.3: 1-4; 2.4: 1; 3.2: 1-2; 3.3: 1-4; 3.4: 1-6;
3.5: 1-5; 3.7: 1-2; 4.1: 1-3; 4.2: 1; 4.3: 1-2; 4.4: 1-4; 5.1: 1; 5.2: 1-3; 5.3: 1-2; 5.4: 1-3; 6.1: 1-3; 6.2: 1-12;
6.3: 1-4; 6.4: 1-4; 6.5: 1-5; 6.6: 1-3; 6.8: 1-4; 7.1: 1-3; 7.2: 1-4; 7.3: 1-2; 7.4: 1-5; 7.5: 1-2; 7.6: 1-2; 8.1: 1-2;
8.2: 1-3; 8.3: 1; 8.4: 1; 9.1: 1-3; 9.2: 1-4; 10.1: 1-2; 10.2: 1-2; 10.3: 1-4; 10.4: 1-11; 10.5: 1-5; 10.6: 1-2;
10.7: 1-3; 11.1: 1-2; 11.2: 1-3; 11.3: 1-3; 11.4: 1-4; 11.5: 1; 11.6: 1; 12.1: 1-3; 12.2: 1-2; 12.3: 1-4; 13.1: 1;
13.2: 1-5; 13.3: 1-2; 13.4: 1-5; 14.1: 1-2; 14.2: 1-4; 14.3: 1-3; 15.1: 1-3; 15.2: 1-3; 15.3: 1-7; 16.1: 1; 16.2: 1-5;
16.3: 1-4; 16.4: 1-3; 16.5: 1-3; 17.1: 1; 17.2: 1-4; 17.3: 1-2
"""


def numbers(text):
    """Requirements as they are listed: `6.5.1`, and `6.6.1–6.6.3`."""
    found = set()
    for first, last in re.findall(r"\b(\d+\.\d+\.\d+)(?:–(\d+\.\d+\.\d+))?", text):
        section, start = first.rsplit(".", 1)
        end = last.rsplit(".", 1)[1] if last else start
        found |= {f"{section}.{number}" for number in range(int(start), int(end) + 1)}
    return found


def test_every_requirement_is_there():
    """None of levels 1 and 2 is left out."""
    wanted = set()
    for part in REQUIREMENTS.split(";"):
        section, which = part.strip().split(": ")
        first, _, last = which.partition("-")
        wanted |= {f"{section}.{number}" for number in range(int(first), int(last or first) + 1)}
    rows = [line.split("|")[1] if line.startswith("|") else line for line in TEXT.split("## V1 ")[1].splitlines()]
    assert wanted - numbers("\n".join(rows)) == set()


def test_every_test_exists():
    """What is named as a test is one."""
    named = re.findall(r"`(\w+)(?:\.py)?::(\w+)`|`(\w+Tests)`", TEXT)
    assert len(named) > 80
    missing = []
    for suite, function, alone in named:
        if suite.startswith("test_"):
            file, pattern = ROOT / f"EndToEnd/{suite}.py", rf"^def {function}\("
        else:
            file, pattern = next(iter((ROOT / "Tests").glob(f"*/{suite or alone}.swift")), None), rf"func {function}\("
        if file is None or not file.exists() or not re.search(pattern if function else "", file.read_text(), re.M):
            missing.append(f"{suite or alone}::{function}")
    assert missing == []
