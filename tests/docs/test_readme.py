"""The README shows real output: every command in it is run and compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```\n\$ nappage (.+)\n((?:.*\n)+?)```", README)


def test_it_shows_some() -> None:
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("command", [command for command, _ in BLOCKS])
def test_the_output_is_real(command: str, tmp_path: Path) -> None:
    shown = dict(BLOCKS)[command]
    words = command.replace("--out out", f"--out {tmp_path}").split()
    done = subprocess.run(
        [Path(sys.executable).with_name("nappage"), *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    real = [line.rstrip().replace(str(tmp_path), "out") for line in done.stdout.splitlines()]
    parts = [part.strip("\n").splitlines() for part in re.split(r"(?m)^…\n", shown)]
    at = 0
    for part in parts:  # … stands for lines left out
        lines = [line.rstrip() for line in part]
        found = next((i for i in range(at, len(real)) if real[i : i + len(lines)] == lines), None)
        assert found is not None, "not in the output:\n" + "\n".join(lines) + "\n---\n" + "\n".join(real)
        at = found + len(lines)


def test_what_it_names_is_there() -> None:
    for name in re.findall(r"`((?:docs|examples|bench)/[^`* ]*|[A-Z_]+\.md)`", README):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (ROOT / name).is_file(), name
