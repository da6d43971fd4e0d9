"""How tests are marked in languages other than Python, by the endings of their files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_M = re.MULTILINE
_NEVER = re.compile(r"(?!)")
# Comments and strings; one that never closes reaches to the end.
_COMMENT = r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_STRING = r"\"(?:\\.|[^\"\\\n])*+\"?"
_SINGLE = r"'(?:\\.|[^'\\\n])*+'?"
_C_HIDDEN = re.compile(rf"{_COMMENT}|{_STRING}|{_SINGLE}|`(?:\\.|[^`\\])*+`?", re.DOTALL)
_RUST_HIDDEN = re.compile(rf"{_COMMENT}|\"(?:\\.|[^\"\\])*+\"?|'(?:\\.|[^'\\\n])'", re.DOTALL)
_GO_HIDDEN = re.compile(rf"{_COMMENT}|{_STRING}|'(?:\\.|[^'\\\n])*+'?|`[^`]*+`?", re.DOTALL)
_HASH_HIDDEN = re.compile(rf"(?<!\S)#[^\n]*+|{_STRING}|{_SINGLE}")
_LOOP = re.compile(r"\bfor\b|\bwhile\b|\.forEach\b|\.each\b|\bfor_each\b|\bforeach\b")
_C_ATTRIBUTE = re.compile(r"^\s*+(?:@|\[|#\[)[^{]*+$")


class Block(StrEnum):
    """How the body of a test is held together."""

    CALL = "call"  # by the parentheses of a call
    BRACES = "braces"
    END = "end"  # by a line that says so, indented as the first one


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a language's tests look. `start` and `group` have the groups mark, name and other.

    `skip_mark` is looked for in what stands before a body, `skip_call` in it. `exact` compares
    with a value, `loose` only says that there is one. `trivial` asserts nothing.
    """

    start: re.Pattern[str]
    asserts: re.Pattern[str]
    skip_mark: re.Pattern[str]
    block: Block
    hidden: re.Pattern[str]
    group: re.Pattern[str] | None = None
    focus: re.Pattern[str] | None = None
    skip_call: re.Pattern[str] | None = None
    exact: re.Pattern[str] = _NEVER
    loose: re.Pattern[str] = _NEVER
    trivial: re.Pattern[str] = _NEVER
    attribute: re.Pattern[str] = _NEVER
    loop: re.Pattern[str] = _LOOP


_JS_NAME = (
    r"""\s*(?:"(?P<name>(?:\\.|[^"\\\n])*)"|(?P<other>'(?:\\.|[^'\\\n])*'|`[^`]*`|[\w.$]+))"""
)
_JS_EACH = r"(?:\.each\s*(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|`[^`]*`))?"
JAVASCRIPT = Family(
    start=re.compile(
        rf"^[ \t]*(?P<mark>[xf]?(?:it|test|specify)(?:\.(?!each\b)\w+)*){_JS_EACH}\s*\({_JS_NAME}",
        _M,
    ),
    group=re.compile(
        r"^[ \t]*(?P<mark>[xf]?(?:describe|context|suite)(?:\.(?!each\b)\w+)*)"
        rf"{_JS_EACH}\s*\({_JS_NAME}",
        _M,
    ),
    asserts=re.compile(r"\bexpect(?:\.\w+)?\s*\(|\bassert(?:\.\w+){0,3}\s?\(|\.should\b|\bt\.(?:is|deepEqual|true|false|throws|like)\("),
    skip_mark=re.compile(r"\bx(?:it|test|describe|context|specify)\b|\.(?:skip|todo|failing|fixme)\b"),
    skip_call=re.compile(r"\b(?:this|ctx|context|test)\.skip\s*\("),
    focus=re.compile(r"(?:fit|fdescribe|fcontext)\b|[\w.]{0,60}?\.only\b"),
    block=Block.CALL,
    hidden=_C_HIDDEN,
    exact=re.compile(
        r"\.(?:toBe|toEqual|toStrictEqual|toMatchObject|toHaveBeenCalledWith|toMatchInlineSnapshot)"
        r"\s*\(|\b(?:strictE|deepE|deepStrictE|e)qual\s*\("
    ),
    loose=re.compile(
        r"\.(?:toBeTruthy|toBeDefined|toBeFalsy|toBeInstanceOf|toHaveBeenCalled|toContain)\s*\(|"
        r"\.not\.(?:toBeNull|toBeUndefined|toThrow|toBe)\s*\(|\bassert\.ok\s*\(|expect\.anything"
    ),
    trivial=re.compile(
        r"expect\(\s*(?:true|1)\s*\)\.(?:toBe|toEqual)\(\s*(?:true|1)\s*\)|"
        r"expect\(\s*true\s*\)\.toBeTruthy\(\s*\)|assert(?:\.ok)?\(\s*true\s*\)|"
        r"\basync\b|\bfunction\b|\breturn\b|\bdone\b"
    ),
)  # fmt: skip
GO = Family(
    start=re.compile(r"^(?P<mark>func)\s+(?P<name>(?:Test|Fuzz|Example)\w*)(?P<other>)\s*\(", _M),
    asserts=re.compile(
        r"\bt\.(?:Errorf?|Fatalf?|Fail(?:Now)?)\(|\b(?:assert|require)\.\w+\(|\bqt\.\w+\(|\bis\.\w+\("
    ),
    skip_mark=_NEVER,
    skip_call=re.compile(r"\bt\.(?:Skip|Skipf|SkipNow)\s*\("),
    block=Block.BRACES,
    hidden=_GO_HIDDEN,
    exact=re.compile(r"\b(?:assert|require)\.(?:Equal|EqualValues|JSONEq|ElementsMatch)\("),
    loose=re.compile(r"\b(?:assert|require)\.(?:NotNil|NotEmpty|True|Contains|NotEqual)\("),
    trivial=re.compile(r"\breturn\b|\b\w{1,40} \*testing\.[TFB]"),
)
RUST = Family(
    start=re.compile(
        r"^[ \t]*(?P<mark>#\[(?:\w+::)*(?:test|rstest)(?:\([^)]*\))?\])"
        r"(?:\s*#\[[^\]]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+(?P<name>\w+)(?P<other>)",
        _M,
    ),
    asserts=re.compile(r"\b(?:debug_)?assert\w*!|\bpanic!|\bprop_assert\w*!"),
    skip_mark=re.compile(r"#\[ignore"),
    block=Block.BRACES,
    hidden=_RUST_HIDDEN,
    exact=re.compile(r"\bassert_eq!"),
    loose=re.compile(r"\bassert!|\bassert_ne!"),
    trivial=re.compile(r"assert!\(\s*true\s*\)|->\s*\S+|\bOk\(\(\)\)"),
    attribute=_C_ATTRIBUTE,
)
JAVA = Family(
    start=re.compile(
        r"^[ \t]*(?P<mark>@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Theory)\b"
        r"|\[(?:Fact|Theory|Test|TestCase|TestMethod)\b)"
        r"(?:\([^()]*\))?[^\]\n{;(]*\]?"  # the rest of that mark, then others
        r"(?:\s*(?:@\w+(?:\((?:[^()]|\([^()]*\))*\))?|\[(?:[^\[\]]|\[[^\]]*\])*\]))*"
        r"[^{;()@]*?(?:\b(?P<name>\w+)|`(?P<other>[^`\n]+)`)\s*\([^)]*\)[^{;=]*(?=[{=])",
        _M,
    ),
    asserts=re.compile(
        r"\b(?:assert\w*|verify\w*|expect\w*|fail|check)\s*\(|\bAssert\.\w+|\.should\w*|\bshould\w*"
    ),
    skip_mark=re.compile(r"@(?:Disabled|Ignore)\b(?!d?On)|\[Ignore|\bSkip\s*="),
    skip_call=re.compile(r"\bAssert\.(?:Ignore|Inconclusive)\s*\(|\babort\s*\("),
    group=re.compile(
        r"^[ \t]*(?P<mark>(?:(?:public|internal|abstract|sealed|final|open)\s+)*class)"
        r"\s+(?P<name>\w+)(?P<other>)",
        _M,
    ),
    block=Block.BRACES,
    hidden=_C_HIDDEN,
    exact=re.compile(r"\bassertEquals\b|\bAreEqual\b|\bEqual\s*\(|\bisEqualTo\b|\bshouldBe\b"),
    loose=re.compile(r"\bassertNotNull\b|\bassertTrue\b|\bisNotNull\b|\bNotNull\b|\bIsTrue\b"),
    trivial=re.compile(r"(?:Assert\.)?(?:assertTrue|True|IsTrue)\(\s*true\s*\)|\breturn\b"),
    attribute=_C_ATTRIBUTE,
)
RUBY = Family(
    start=re.compile(
        r"^[ \t]*(?P<mark>[xf]?(?:it|specify|scenario|example)|test|def)[ \t]*+\(?[ \t]*+"
        r"(?:(?P<name>test_\w+[?!]?)|(?P<other>\"[^\"\n]*\"|'[^'\n]*'))(?=[^\n]*(?:\bdo\b|$))",
        _M,
    ),
    group=re.compile(
        r"^[ \t]*(?P<mark>[xf]?(?:describe|context|feature)|RSpec\.[xf]?describe)[ \t]*+\(?[ \t]*+"
        r"(?:(?P<name>[A-Z][\w:]*)|(?P<other>\"[^\"\n]*\"|'[^'\n]*'))",
        _M,
    ),
    asserts=re.compile(r"\bexpect\b|\bassert\w*|\brefute\w*|\.should\b|\.must_\w+|\bis_expected\b"),
    skip_mark=re.compile(
        r"\bx(?:it|describe|context|specify|scenario|example)\b|\bskip:|\bpending:|@tag :skip"
    ),
    skip_call=re.compile(r"^\s*(?:skip|pending)\b", _M),
    focus=re.compile(r"(?:RSpec\.)?f(?:it|describe|context|example|scenario)\b"),
    block=Block.END,
    hidden=_HASH_HIDDEN,
    exact=re.compile(r"\bto eq\b|\bto eql\b|\bassert_equal\b|\bto match_array\b"),
    loose=re.compile(r"\bbe_truthy\b|\bnot_to be_nil\b|\bto be_present\b|\bassert\b(?!_)"),
    trivial=re.compile(r"expect\(true\)\.to (?:be|eq)\(?\s*true\)?|assert true|\bdo\b"),
    attribute=re.compile(r"^\s*+@tag\b.*"),
)  # fmt: skip
PHP = Family(
    start=re.compile(
        r"^[ \t]*(?P<mark>(?:(?:public|final)[ \t]++)*+function)[ \t]++"
        r"(?P<name>test\w+)(?P<other>)",
        _M,
    ),
    asserts=re.compile(r"\bassert\w*\s*\(|\bexpect\w*\s*\("),
    skip_mark=_NEVER,
    skip_call=re.compile(r"\bmarkTest(?:Skipped|Incomplete)\s*\("),
    block=Block.BRACES,
    hidden=_C_HIDDEN,
    exact=re.compile(r"\bassert(?:Same|Equals)\b"),
    loose=re.compile(r"\bassert(?:True|NotNull|NotEmpty)\b"),
    trivial=re.compile(r"\$this->assertTrue\(\s*true\s*\)|\$this->(?=assert)|\breturn\b|:\s*void"),
)  # fmt: skip
SWIFT = Family(
    start=re.compile(r"^[ \t]*(?P<mark>func)\s+(?P<name>test\w+)(?P<other>)", _M),
    asserts=re.compile(r"\bXCT(?:Assert\w*|Fail|Unwrap)\b|#expect\b|#require\b"),
    skip_mark=_NEVER,
    skip_call=re.compile(r"\bXCTSkip\b|\bXCTExpectFailure\b"),
    block=Block.BRACES,
    hidden=_C_HIDDEN,
    exact=re.compile(r"\bXCTAssertEqual\b"),
    loose=re.compile(r"\bXCTAssert(?:True|NotNil)\b"),
    trivial=re.compile(r"XCTAssert(?:True)?\(\s*true\s*\)|\bthrows\b|\basync\b|\breturn\b"),
)
CPLUS = Family(
    start=re.compile(
        r"^[ \t]*(?P<mark>TEST(?:_[FP])?|TEST_CASE)\s*\(\s*(?:\w+\s*,\s*)?"
        r"(?:(?P<name>\w+)|(?P<other>\"[^\"\n]*\"))",
        _M,
    ),
    asserts=re.compile(r"\b(?:EXPECT|ASSERT|CHECK|REQUIRE)\w*\s*\(|\bassert\s*\("),
    skip_mark=re.compile(r"\bDISABLED_"),
    skip_call=re.compile(r"\bGTEST_SKIP\b|\bSKIP\s*\("),
    block=Block.BRACES,
    hidden=_C_HIDDEN,
    exact=re.compile(r"\b(?:EXPECT|ASSERT)_(?:STR)?EQ\b"),
    loose=re.compile(r"\b(?:EXPECT|ASSERT)_(?:TRUE|NE)\b"),
    trivial=re.compile(r"(?:EXPECT|ASSERT)_TRUE\(\s*true\s*\)"),
)
BATS = Family(
    start=re.compile(r"^(?P<mark>@test)\s+(?P<name>)(?P<other>\"[^\"\n]*\"|'[^'\n]*')", _M),
    asserts=re.compile(r"^\s*(?:\[\[?|test|assert\w*|refute\w*)\s"),
    skip_mark=_NEVER,
    skip_call=re.compile(r"^\s*skip\b", _M),
    block=Block.BRACES,
    hidden=re.compile(r"(?<!\S)#[^\n]*"),
    trivial=re.compile(r"^\s*(?:true|:)\s*$", _M),
)

FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue"), JAVASCRIPT),
    **dict.fromkeys(("java", "kt", "kts", "cs", "scala", "groovy"), JAVA),
    **dict.fromkeys(("rb", "exs"), RUBY),
    **dict.fromkeys(("cc", "cpp", "cxx", "c", "h", "hpp"), CPLUS),
    "go": GO,
    "rs": RUST,
    "php": PHP,
    "swift": SWIFT,
    "bats": BATS,
}
