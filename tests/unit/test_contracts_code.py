"""Code among the contracts: Python and TypeScript are parsed, never run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.contracts import findings, told

TYPESCRIPT = """\
import type { Other } from './other';
import data from './data.json' with { type: 'json' };
export interface Parcel<out T extends object = object> {
  readonly id: `p-${string}`;
  size?: Readonly<Other>[];
  [key: string]: unknown;
}
export type State = Parcel['id'] | keyof typeof data;
export const state = { a: 1 } as const satisfies Record<string, number>;
export abstract class Store { static #count = 0; abstract get(id: string): Promise<Parcel>; }
declare module 'x' { export = y; }
using file = open();
export enum Kind { A = 'a' }
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.py",
            "from x import *\n\n\nasync def f(a: int, /) -> None: ...\n",
        ),
        ("a.py", 'A = "\\d"\n'),
        ("a.pyi", "def f() -> int: ...\n"),
        ("a.py", ""),
        ("a.ts", TYPESCRIPT),
        ("a.d.ts", "declare function f(a: number): asserts a is 3;\n"),
        ("a.tsx", "export const A = () => <p className='x'>{1}</p>;\n"),
        ("a.ts", ""),
    ],
)
def test_sound_code(name: str, text: str, tmp_path: Path) -> None:
    """Code that can be parsed has no finding; an empty file is usual."""
    assert findings(tmp_path, {name: text}) == []


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("a.py", "class A:\n    x: int =\n", "2:13", "invalid syntax"),
        ("a.py", "def f(:\n", "1:7", "invalid syntax"),
        ("a.py", "é = 1\nb = 'x\n", "2:5", "unterminated"),
        ("a.py", "a = 1\nb = '\0'\n", "2:6", "null byte"),
        ("a.ts", "export interface A {\n  é: ;\n}\n", "2:4", "cannot be read"),
        ("a.ts", "export interface A {\n  b: string\n", "2:12", "'}' is missing"),
        ("a.ts", "/* é */ const = 3;\n", "1:9", "cannot be read"),
    ],
)
def test_one_mistake(name: str, text: str, place: str, message: str, tmp_path: Path) -> None:
    """What cannot be parsed is an error at its place; columns count characters."""
    (finding,) = findings(tmp_path, {name: text})
    assert told([finding]) == [f"error CONTRACT_SYNTAX {name}:{place}"]
    assert message in finding.message
    assert finding.hint


def test_nothing_is_run(tmp_path: Path) -> None:
    """A module that would write a file writes none."""
    target = tmp_path / "written"
    findings(tmp_path, {"a.py": f"open({str(target)!r}, 'w').close()\n"})
    assert not target.exists()
