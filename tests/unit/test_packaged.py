"""Versions of programs that npm installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait.agents.packaged import packaged_version


@pytest.mark.parametrize("package", ["gemini", "@google/gemini-cli"])
def test_a_package_s_version_is_its_program_s(tmp_path: Path, package: str) -> None:
    """By the link that npm makes, wherever in the package the program lies."""
    modules = tmp_path / "lib" / "node_modules"
    program = modules / package / "dist/cli.js"
    program.parent.mkdir(parents=True)
    program.write_text("")
    (modules / package / "package.json").write_text('{"version": "0.61.0-linux-x64"}')
    link = tmp_path / "bin-gemini"
    link.symlink_to(program)
    assert packaged_version(str(link)) == "0.61.0"
    (modules / package / "package.json").write_text('["no package"]')
    assert packaged_version(str(link)) == ""


def test_what_lies_in_no_package_says_so_itself(tmp_path: Path) -> None:
    """A program anywhere else, and a script in npm's folder of programs."""
    folder = tmp_path / "node_modules" / ".bin"
    folder.mkdir(parents=True)
    for path in (tmp_path / "aider", folder / "gemini", tmp_path / "gone"):
        assert packaged_version(str(path)) == ""
