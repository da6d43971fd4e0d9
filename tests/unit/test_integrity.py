"""What weakens the judgement of a package's work, found by comparing texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plait.core.finding import Finding, Severity
from plait.core.integrity import Changed, Concern, Policy, Subject, holding, judge, policies_of
from plait.core.plan import Check, Confidence, PackageId, PackageKind, Scope, WorkPackage
from plait.process import Redaction

PY = "tests/test_cart.py"
IGNORE = "type: " + "ignore"  # the house has a rule about these words
TWO = """
def test_total():
    cart = Cart([3, 4])
    assert cart.total() == 7
    assert cart.count() == 2


def test_empty():
    assert Cart([]).total() == 0
"""
JS = """
describe('cart', () => {
  it('sums', () => {
    expect(total([3, 4])).toBe(7);
    expect(count([3, 4])).toBe(2);
  });
  it('is empty', () => {
    expect(total([])).toBe(0);
  });
});
"""


def found(
    *changes: Changed,
    title: str = "Add vouchers",
    description: str = "",
    write: tuple[str, ...] = ("**",),
    check: str = "",
    claimed: tuple[str, ...] = (),
    **policies: str,
) -> tuple[Finding, ...]:
    """What is found in these changes."""
    package = WorkPackage(
        id=PackageId("p"),
        source_id="p",
        title=title,
        description=description,
        scope=Scope(write=write, confidence=Confidence.DECLARED),
    )
    subject = Subject(
        package=package,
        changes=changes,
        checks=(Check(name="tests", command=check),) if check else (),
        claimed=claimed,
        ignored=("build/",),
        paths=frozenset(each.path for each in changes),
    )
    return judge(subject, policies_of(policies), Redaction(named=False).clean)


def grave(*changes: Changed, **more) -> list[str]:
    """The codes of what holds the package."""
    return [each.code for each in holding(found(*changes, **more))]


def edit(path: str, old: str | None, new: str | None) -> Changed:
    """A change of a text."""
    return Changed(path=path, old=old, new=new, new_mode="100644" if new is not None else "000000")


@pytest.mark.parametrize(
    ("path", "old", "new", "code"),
    [
        (PY, TWO, None, "TEST_DELETED"),
        (PY, TWO, TWO.partition("\n\n\n")[0], "TEST_DELETED"),
        (PY, TWO, f"import pytest\n@pytest.mark.skip\n{TWO.strip()}", "TEST_SKIPPED"),
        (PY, TWO, f"import pytest\n@pytest.mark.xfail(reason='x')\n{TWO.strip()}", "TEST_SKIPPED"),
        (PY, TWO, f"import pytest\npytestmark = pytest.mark.skip\n{TWO}", "TEST_SKIPPED"),
        (PY, TWO, TWO.replace("    cart =", "    pytest.skip('x')\n    cart ="), "TEST_SKIPPED"),
        (PY, TWO, TWO.replace("    assert Cart([]).total() == 0", "    pass"), "TEST_EMPTIED"),
        (PY, TWO, TWO.replace("assert Cart([]).total() == 0", "assert True"), "TEST_EMPTIED"),
        (PY, TWO, TWO.replace("    cart =", "    return\n    cart ="), "TEST_EMPTIED"),
        (PY, TWO, TWO.replace("    assert cart.count() == 2\n", ""), "TEST_WEAKENED"),
        (PY, TWO, TWO.replace("cart.total() == 7", "cart.total() is not None"), "TEST_WEAKENED"),
        ("a.test.ts", JS, None, "TEST_DELETED"),
        ("a.test.ts", JS, JS.replace("it('sums'", "it.skip('sums'"), "TEST_SKIPPED"),
        ("a.test.ts", JS, JS.replace("it('sums'", "xit('sums'"), "TEST_SKIPPED"),
        ("a.test.ts", JS, JS.replace("describe('cart'", "describe.skip('cart'"), "TEST_SKIPPED"),
        ("a.test.ts", JS, JS.replace("it('sums'", "it.only('sums'"), "TEST_FOCUSED"),
        ("a.test.ts", JS, JS.replace("describe(", "fdescribe("), "TEST_FOCUSED"),
        (
            "a.test.ts",
            JS,
            JS.replace("expect(total([])).toBe(0)", "expect(true).toBe(true)"),
            "TEST_EMPTIED",
        ),
        (
            "a.test.ts",
            JS,
            JS.replace("    expect(count([3, 4])).toBe(2);\n", ""),
            "TEST_WEAKENED",
        ),
        (
            "a.test.ts",
            JS,
            JS.replace("expect(total([])).toBe(0)", "expect(total([])).toBeDefined()"),
            "TEST_WEAKENED",
        ),
        (
            "cart_test.go",
            "func TestSum(t *testing.T) {\n\tif sum() != 3 {\n\t\tt.Fatal(1)\n\t}\n}\n",
            "func TestSum(t *testing.T) {\n\tt.Skip()\n\tif sum() != 3 {\n\t\tt.Fatal(1)\n\t}\n}\n",
            "TEST_SKIPPED",
        ),
        (
            "cart_test.go",
            "func TestSum(t *testing.T) {\n\tif sum() != 3 {\n\t\tt.Fatal(1)\n\t}\n}\n",
            "func TestSum(t *testing.T) {\n}\n",
            "TEST_EMPTIED",
        ),
        (
            "src/lib.rs",
            "#[test]\nfn sums() {\n    assert_eq!(sum(), 3);\n}\n",
            "#[test]\n#[ignore]\nfn sums() {\n    assert_eq!(sum(), 3);\n}\n",
            "TEST_SKIPPED",
        ),
        (
            "src/lib.rs",
            "fn f<'a>(x: &'a str) {}\n#[test]\nfn sums() {\n    assert_eq!(sum(), 3);\n}\n",
            "fn f<'a>(x: &'a str) {}\n",
            "TEST_DELETED",
        ),
        (
            "src/test/java/CartTest.java",
            "class CartTest {\n  @Test\n  void sums() {\n    assertEquals(3, sum());\n  }\n}\n",
            "class CartTest {\n  @Test\n  @Disabled\n  void sums() {\n    assertEquals(3, sum());\n"
            "  }\n}\n",
            "TEST_SKIPPED",
        ),
        (
            "CartTests.cs",
            "class T {\n  [Fact]\n  public void Sums() {\n    Assert.Equal(3, Sum());\n  }\n}\n",
            'class T {\n  [Fact(Skip = "x")]\n  public void Sums() {\n    Assert.Equal(3, Sum());\n'
            "  }\n}\n",
            "TEST_SKIPPED",
        ),
        (
            "spec/cart_spec.rb",
            'describe "cart" do\n  it "sums" do\n    expect(sum).to eq 3\n  end\nend\n',
            'describe "cart" do\n  it "sums" do\n    pending\n    expect(sum).to eq 3\n'
            "  end\nend\n",
            "TEST_SKIPPED",
        ),
        (
            "tests/CartTest.php",
            "<?php\nclass CartTest {\n  public function testSum() {\n"
            "    $this->assertSame(3, s());\n"
            "  }\n}\n",
            "<?php\nclass CartTest {\n  public function testSum() {\n"
            "    $this->markTestSkipped();\n"
            "    $this->assertSame(3, s());\n  }\n}\n",
            "TEST_SKIPPED",
        ),
        (
            "cart_test.cc",
            "TEST(Cart, Sums) {\n  EXPECT_EQ(3, sum());\n}\n",
            "TEST(Cart, DISABLED_Sums) {\n  EXPECT_EQ(3, sum());\n}\n",
            "TEST_SKIPPED",
        ),
        ("pyproject.toml", "[tool.coverage.report]\nfail_under = 90\n",
         "[tool.coverage.report]\nfail_under = 40\n", "THRESHOLD_LOWERED"),
        ("setup.cfg", "[coverage:report]\nfail_under = 90\n", "[coverage:report]\n",
         "THRESHOLD_LOWERED"),
        ("package.json", '{"jest": {"coverageThreshold": {"global": {"lines": 80}}}}',
         '{"jest": {"coverageThreshold": {"global": {"lines": 8}}}}', "THRESHOLD_LOWERED"),
        ("vitest.config.ts", "thresholds: { lines: 80 }", "thresholds: { lines: 10 }",
         "THRESHOLD_LOWERED"),
        ("pytest.ini", "[pytest]\naddopts = -q\n", "[pytest]\naddopts = -q --ignore=tests/slow\n",
         "TESTS_EXCLUDED"),
        ("pyproject.toml", '[tool.pytest.ini_options]\ntestpaths = ["tests", "more"]\n',
         '[tool.pytest.ini_options]\ntestpaths = ["more"]\n', "TESTS_EXCLUDED"),
        ("tests/conftest.py", "import x\n", 'import x\ncollect_ignore = ["test_a.py"]\n',
         "TESTS_EXCLUDED"),
        ("package.json", '{"jest": {}}', '{"jest": {"testPathIgnorePatterns": ["cart"]}}',
         "TESTS_EXCLUDED"),
        ("Makefile", "test:\n\tpytest -q\n", "test:\n\tpytest -q || true\n", "CHECK_DEFUSED"),
        ("Makefile", "test:\n\tpytest -q\n", "test:\n\t-pytest -q\n", "CHECK_DEFUSED"),
        ("Makefile", "test:\n\tpytest -q\n", "test:\n\t@echo ok\n", "CHECK_DEFUSED"),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "exit 0"}}',
         "CHECK_DEFUSED"),
        (".github/workflows/ci.yml", "- run: npm test\n",
         "- run: npm test\n  continue-on-error: true\n", "CHECK_DEFUSED"),
        ("check.sh", "set -e\npytest\n", "set -e\npytest || :\n", "CHECK_DEFUSED"),
        ("pyproject.toml", '[tool.ruff.lint]\nselect = ["E", "F"]\n',
         '[tool.ruff.lint]\nselect = ["E"]\n', "LINT_RELAXED"),
        ("pyproject.toml", '[tool.ruff]\nexclude = ["a"]\n',
         '[tool.ruff]\nexclude = ["a", "src"]\n', "LINT_RELAXED"),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", "[tool.mypy]\n", "LINT_RELAXED"),
        ("mypy.ini", "[mypy]\n", "[mypy]\nignore_errors = True\n", "LINT_RELAXED"),
        ("tsconfig.json", '{"compilerOptions": {"strict": true}} // x',
         '{"compilerOptions": {"strict": false}}', "LINT_RELAXED"),
        (".eslintrc.json", '{"rules": {"eqeqeq": "error"}}', '{"rules": {"eqeqeq": "off"}}',
         "LINT_RELAXED"),
        ("eslint.config.js", "rules: {\n}", "rules: {\n  'no-undef': 'off',\n}", "LINT_RELAXED"),
        (".eslintignore", "dist\n", "dist\nsrc\n", "LINT_RELAXED"),
        ("src/a.py", "x = 1\n", "x = 1  # noqa\n", "LINT_SUPPRESSED"),
        ("src/a.py", "x = f()\n", f"x = f()  # {IGNORE}\n", "LINT_SUPPRESSED"),
        ("src/a.py", "x = 1\n", "# ruff: noqa\nx = 1\n", "LINT_SUPPRESSED"),
        ("src/a.py", "x = 1\n", "# mypy: ignore-errors\nx = 1\n", "LINT_SUPPRESSED"),
        ("src/a.ts", "f()\n", "/* eslint-disable */\nf()\n", "LINT_SUPPRESSED"),
        ("src/a.ts", "f()\n", "// @ts-nocheck\nf()\n", "LINT_SUPPRESSED"),
        ("src/a.ts", "f()\n", "// @ts-ignore\nf()\n", "LINT_SUPPRESSED"),
        ("src/a.py", "run(x)\n", "run(x)  # nosec\n", "LINT_SUPPRESSED"),
    ],
)  # fmt: skip
def test_what_takes_the_judgement_away_holds_the_package(path, old, new, code):
    """One finding, with its file, a line and what to do."""
    held = holding(found(edit(path, old, new)))
    assert [each.code for each in held] == [code]
    (only,) = held
    assert only.span is not None
    assert only.span.file == path
    assert only.message
    assert only.hint


@pytest.mark.parametrize(
    "changes",
    [
        [edit(PY, TWO, None), edit("tests/test_basket.py", None, TWO)],
        [edit(PY, TWO, TWO.replace("test_empty", "test_nothing"))],
        [edit(PY, TWO, TWO.replace("== 7", "== 8"))],
        [edit(PY, TWO, TWO + "\ndef test_more():\n    assert Cart([1]).total() == 1\n")],
        [
            edit(
                PY,
                TWO,
                "import pytest\n\n"
                "@pytest.mark.parametrize('items, total', [([3, 4], 7), ([], 0)])\n"
                "def test_total(items, total):\n    assert Cart(items).total() == total\n"
                "    assert Cart([3, 4]).count() == 2\n\ndef test_empty():\n"
                "    assert Cart([]).total() == 0\n",
            )
        ],
        [
            edit(
                PY,
                TWO,
                "def same(cart, total, count):\n    assert cart.total() == total\n"
                "    assert cart.count() == count\n\ndef test_total():\n"
                "    same(Cart([3, 4]), 7, 2)\n\ndef test_empty():\n    same(Cart([]), 0, 0)\n",
            )
        ],
        [edit(PY, TWO, None), edit("cart.py", "class Cart:\n    pass\n", None)],
        [edit("a.test.ts", JS, JS.replace("it('sums'", "test('sums'"))],
        [edit("a.test.ts", JS, JS.replace("'sums'", "'sums // all'"))],
        [edit("a.py", "x = 1  # noqa\n", None), edit("b.py", None, "x = 1  # noqa\n")],
        [edit("a.py", "x = 1\n", "x = 1  # noqa: E501\n")],
        [edit("Makefile", "clean:\n\trm x\n", "clean:\n\trm x || true\n")],
        [edit("pyproject.toml", "[tool.hatch]\nexclude = []\n", '[tool.hatch]\nexclude = ["a"]\n')],
        [edit("pyproject.toml", "[tool.ruff]\nexclude = []\n", '[tool.ruff]\nexclude = ["gen"]\n'),
         edit("gen/a.py", None, "x = 1\n")],
        [edit("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "vitest"}}')],
        [edit("README.md", "x", "it.only, # noqa, || true pytest\n")],
        [edit(PY, "def broken(:\n", TWO)],
    ],
)  # fmt: skip
def test_what_good_work_does_holds_nothing(changes):
    """Moved, renamed, merged or restructured tests, other expectations, what went with its code."""
    assert grave(*changes) == []


def test_a_plan_that_asks_for_it_is_believed_and_what_it_asked_for_is_told():
    """A title is enough; a description must name the file or the test; a scope says nothing."""
    gone = edit(PY, TWO, None)
    assert grave(gone, write=(PY,)) == ["TEST_DELETED"]
    assert grave(gone, description="Remove the old module.") == ["TEST_DELETED"]
    assert grave(gone, description=f"Add vouchers. Delete {PY}: it is of the old cart.") == []
    (told,) = found(gone, title="Remove the old cart")
    assert (told.code, told.severity) == ("TEST_DELETED", Severity.WARNING)
    assert "as the plan asks" in told.message


def test_what_a_check_runs_may_not_be_written_by_whom_it_judges():
    """Unless the plan names the file; tests are judged one by one."""
    script = edit("scripts/check.sh", "pytest\n", "pytest tests/unit\n")
    assert grave(script, check="sh scripts/check.sh") == ["CHECK_CHANGED"]
    assert grave(script, check="make test") == []
    assert grave(script, check="sh scripts/check.sh", write=("scripts/check.sh",)) == []
    target = edit("Makefile", "test:\n\tpytest\nrun:\n\tx\n", "test:\n\tpytest -x\nrun:\n\tx\n")
    assert grave(target, check="make test") == ["CHECK_CHANGED"]
    assert grave(target, check="make run") == []
    product = edit("app.py", "x = 1\n", "x = 2\n")
    assert grave(product, check="python app.py") == []
    added = edit("scripts/check.sh", None, "pytest\n")
    assert grave(added, check="sh scripts/check.sh") == []
    shut = Changed(path="check.sh", old="x\n", new="x\n", old_mode="100755", new_mode="100644")
    assert grave(shut, check="./check.sh") == ["CHECK_CHANGED"]


def test_claims_are_held_against_the_commit():
    """A path that is as it was holds the package; one that is ignored is told."""
    changed = edit("src/a.py", "x = 1\n", "x = 2\n")
    assert grave(changed, claimed=("./src/a.py", "src")) == []
    assert grave(changed, claimed=("src/b.py",)) == ["CLAIMED_UNCHANGED"]
    (told,) = found(changed, claimed=("build/out.js",))
    assert (told.code, told.severity) == ("CLAIMED_UNCHANGED", Severity.WARNING)


def test_a_secret_that_is_added_holds_the_package():
    """One by its form; one by its name alone is told. Neither is written down in the finding."""
    key = "ghp_" + "a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8Jk1"
    added = edit("src/a.py", "x = 1\n", f"x = 1\ny = '{key}'\n")
    (told,) = found(added)
    assert (told.code, told.severity) == ("SECRET_ADDED", Severity.ERROR)
    assert told.span is not None
    assert (told.span.file, told.span.line) == ("src/a.py", 2)
    assert key not in str(told)
    (told,) = found(edit("src/a.py", "", "api_key = 'k9Fj3mQ8xzT5vB7nL2pR'\n"))
    assert told.severity is Severity.WARNING
    assert found(added, secrets="off") == ()
    moved = (edit("a.py", f"{key}\n", None), edit("b.py", None, f"{key}\n"))
    assert grave(*moved) == []


def test_an_empty_commit_holds_what_is_there_to_change_declared_files():
    """Elsewhere it is told; who may not write changes nothing."""
    assert grave() == ["EMPTY_DIFF"]
    assert grave(empty="warn") == []
    assert found(write=()) == ()
    p = WorkPackage(
        id=PackageId("p"),
        source_id="p",
        title="P",
        scope=Scope(write=("**",), confidence=Confidence.DECLARED),
    )
    for package in (
        replace(p, kind=PackageKind.INTEGRATE),
        replace(p, scope=replace(p.scope, confidence=Confidence.INFERRED)),
        replace(p, scope=Scope(confidence=Confidence.UNKNOWN)),
    ):
        (told,) = judge(Subject(package=package))
        assert (told.code, told.severity) == ("EMPTY_DIFF", Severity.WARNING)


def test_classes_can_be_told_only_or_left_out():
    """`[checks] integrity` says so for each."""
    gone = edit(PY, TWO, None)
    (told,) = found(gone, tests="warn")
    assert told.severity is Severity.WARNING
    assert found(gone, tests="off") == ()
    assert policies_of({"empty": "warn"})[Concern.EMPTY] is Policy.WARN


def test_new_tests_that_prove_nothing_are_told():
    """Skipped, or unable to fail."""
    text = "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert f()\n\n"
    text += "def test_b():\n    pass\n"
    told = found(edit(PY, None, text))
    assert {(each.code, each.severity) for each in told} == {
        ("TEST_SKIPPED", Severity.WARNING),
        ("TEST_EMPTIED", Severity.WARNING),
    }


def test_a_skip_under_a_condition_is_told():
    """It may run all the same where the checks run; `skipif(True)` is no condition."""
    mark = "@pytest.mark.skipif({}, reason='x')\n"
    text = f"import pytest\n{mark}{TWO.strip()}\n"
    assert grave(edit(PY, TWO, text.format("sys.platform == 'win32'"))) == []
    assert grave(edit(PY, TWO, text.format("True"))) == ["TEST_SKIPPED"]


def test_texts_of_any_content_are_read():
    """Nothing that stands in a file ends the judgement."""
    odd: tuple[str, ...] = (
        "\x00\x01",
        "(" * 3000,
        "def test_a(:\n",
        '{"a": [{"b": 1}, 2]}',
        "it('" * 500,
    )
    odd += ("[tool.ruff]\nselect=1\n", "[a\n", "func Test", '{"scripts": 3}', "\ud800")
    paths: tuple[str, ...] = (
        PY,
        "a.test.ts",
        "a_test.go",
        "src/a.rs",
        "package.json",
        "pyproject.toml",
        "AT.java",
    )
    paths += ("setup.cfg", "Makefile", "tsconfig.json", "a_spec.rb", "eslint.config.js")
    for one in odd:
        for other in (*odd, None):
            found(*(edit(path, one, other) for path in paths))
