"""The colours of portal.css: every pair in use, in light and dark, as WCAG 2.2 measures contrast (1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parent.parent / "Sources/EscrowServer/Resources/portal/portal.css").read_text()
GROUNDS = ["ground", "surface", "sunken", "raised"]
STATES = ["ok", "warn", "bad", "idle"]
#: Text on what is behind it: 4.5:1.
TEXT = [
    *[(text, ground) for text in ("text", "soft", "accent", "accent-strong", *STATES) for ground in GROUNDS],
    *[(state, f"{state}-ground") for state in STATES],
    *[("text", f"{ground}-ground") for ground in ("accent", *STATES)],
    ("accent", "accent-ground"),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-bad", "bad"), ("on-bad", "bad-strong"),
]  # fmt: skip
#: Edges of controls, marks and lines of charts: 3:1.
MARKS = [(mark, ground) for mark in ("edge", "c1", "c2", "c3", "c4", "c5", "c6") for ground in ("ground", "surface")]


def tokens(css):
    return {name: value for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css)}


LIGHT = tokens(CSS.split("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | tokens(CSS.split("@media (prefers-color-scheme: dark)")[1].split("\n}\n")[0])


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_formula():
    """What WCAG gives as the ends of the scale, and a pair known to be just under 4.5:1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme):
    """Nothing that is read or found by its edge is too pale."""
    pale = [
        f"{one} on {other}: {contrast(theme[one], theme[other]):.2f}"
        for least, pairs in ((4.5, TEXT), (3, MARKS))
        for one, other in pairs
        if contrast(theme[one], theme[other]) < least
    ]
    assert pale == []


def test_colours_are_tokens():
    """No colour stands anywhere but among the tokens, where this test sees it; paper has its own."""
    rules = re.sub(r"@media print \{.*?\n\}", "", CSS.split("/* Ground */")[1], flags=re.DOTALL)
    used = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", rules)}
    assert used == set()
    assert {name for name in re.findall(r"var\(--([\w-]+)", rules)} <= set(re.findall(r"--([\w-]+):", CSS))
