"""Policy: which verbs a session may use, decided alike by the built-in rules and by Cedar."""

from __future__ import annotations

import re
import subprocess
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from plait.app.examining import examine
from plait.app.policing import policy_of
from plait.cedar import BUILT_IN, Cedar
from plait.config import Settings
from plait.core.policy import NEEDED, VERBS, Asked, BuiltIn, Kind, Policy
from plait.errors import UsageError

ENGINES: dict[str, Policy] = {"built-in": BuiltIn(), "cedar": Cedar()}
ONE_OF_EACH = {Kind.READ: "query_audit", Kind.WRITE: "get_work", Kind.ADMIN: "force_release_lock"}
# kind, trust, risk, granted, allowed
TABLE = [
    ("read", 0, 0.0, False, False),
    ("read", 1, 0.0, False, True),
    ("read", 1, 1.0, False, True),
    ("write", 1, 0.0, False, False),
    ("write", 2, 0.0, False, True),
    ("write", 2, 0.7, False, True),
    ("write", 2, 0.7000001, False, False),
    ("write", 4, 0.9, False, False),
    ("write", 1, 0.9, True, True),
    ("admin", 2, 0.0, False, False),
    ("admin", 3, 0.0, False, True),
    ("admin", 3, 0.8, False, False),
    ("admin", 1, 0.0, True, True),
    ("write", 0, 0.0, True, False),
    ("admin", 0, 0.0, True, False),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "trust", "risk", "granted", "allowed"), TABLE)
def test_the_table(*, engine, kind, trust, risk, granted, allowed):
    """By trust, by risk, by what a person granted."""
    verb = ONE_OF_EACH[Kind(kind)]
    asked = Asked(verb, trust, risk, frozenset({verb} if granted else ()))
    decision = ENGINES[engine].decide(asked)
    assert decision.allowed is allowed
    assert decision.rule
    assert decision.why


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "asked",
    [
        Asked("drop_everything", 4),
        Asked("", 4),
        Asked("get_work", 5),
        Asked("get_work", -1),
        Asked("get_work", True),
        Asked("get_work", 4, nan),
        Asked("get_work", 4, inf),
        Asked("get_work", 4, -0.1),
        Asked("drop_everything", 4, 0.0, frozenset({"drop_everything"})),
    ],
)
def test_what_is_not_known_or_means_nothing_is_denied(engine, asked):
    """By either engine, before its rules are asked."""
    assert not ENGINES[engine].decide(asked).allowed


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(VERBS)),
    st.integers(-1, 5),
    st.floats(0, 1) | st.sampled_from([0.7, 0.70000001, 0.6999999, nan]),
    st.booleans(),
)
def test_both_engines_decide_alike(verb, trust, risk, granted):
    """On every verb, level and risk."""
    asked = Asked(verb, trust, risk, frozenset({verb} if granted else ()))
    told = {name: engine.decide(asked).allowed for name, engine in ENGINES.items()}
    assert told["built-in"] == told["cedar"]


def test_claiming_work_is_a_write():
    """It takes the work from everyone else."""
    assert VERBS["get_work"] is Kind.WRITE
    assert NEEDED[Kind.READ] < NEEDED[Kind.WRITE] < NEEDED[Kind.ADMIN]


def test_rules_of_ones_own_decide():
    """A forbidding rule overrides those that permit; the decision names it."""
    strict = Cedar(
        'permit (principal, action, resource);\n@id("no work on risky days")\n'
        'forbid (principal, action == Action::"get_work", resource) when { context.risk > 100000 };'
    )
    assert strict.decide(Asked("get_work", 1)).allowed
    denied = strict.decide(Asked("get_work", 4, 0.2))
    assert (denied.allowed, denied.rule) == (False, "no work on risky days")


def test_a_rule_that_fails_denies():
    """Even where another one permits: what it would have forbidden nobody knows."""
    broken = Cedar(
        "permit (principal, action, resource);\n"
        "forbid (principal, action, resource)\n"
        "when { context.risk * 9223372036854775807 > 0 };"
    )
    decision = broken.decide(Asked("get_task", 4, 0.5))
    assert (decision.allowed, decision.rule) == (False, "engine_failed")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('forbid (principal, action == Action::"getwork", resource);', 'Action::"getwork"'),
        ("permit (principal, action, resource) when { context.missing };", "`missing`"),
        ('permit (principal, action, resource) when { context.trust > "2" };', "String"),
        ('@id("mine") permit (principal == User::"eve", action, resource);', "rule mine: "),
    ],
)
def test_a_rule_that_could_never_apply_is_refused(text, told):
    """A verb that is misspelt, a fact that is not known: else it would be heeded by nobody."""
    with pytest.raises(UsageError, match=re.escape(told)) as caught:
        Cedar(text)
    assert caught.value.code == "BAD_POLICY"
    assert len(caught.value.message) < 400


def test_the_rules_that_a_project_names_decide(tmp_path):
    """By `[policy] rules`; without it the built-in ones."""
    assert isinstance(policy_of(tmp_path, Settings()), BuiltIn)
    (tmp_path / "mine.cedar").write_text("permit (principal, action, resource);")
    policy = policy_of(tmp_path, Settings(policy_rules="mine.cedar"))
    assert policy.decide(Asked("force_release_lock", 0)).allowed


@pytest.mark.parametrize("content", [None, b"\xff", b"permit (", b"permit (principal, a, b);"])
def test_rules_that_are_missing_or_wrong_are_refused(tmp_path, content):
    """With the file's name, and never by deciding without them."""
    if content is not None:
        (tmp_path / "mine.cedar").write_bytes(content)
    with pytest.raises(UsageError, match=re.escape("mine.cedar")) as caught:
        policy_of(tmp_path, Settings(policy_rules="mine.cedar"))
    assert caught.value.code == "BAD_POLICY"


@pytest.mark.parametrize(
    ("rules", "level"), [("permit (principal, action, resource);", "ok"), ("permit", "lack")]
)
def test_doctor_looks_at_them(tmp_path, rules, level):
    """So that they can be checked before anything is decided by them."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "plait.toml").write_text('[policy]\nrules = "mine.cedar"\n')
    (tmp_path / "mine.cedar").write_text(rules)
    (line,) = (each for each in examine(tmp_path) if each.what == "policy")
    assert line.level == level


def test_the_rules_in_the_documentation_are_sound():
    """The built-in ones as they are, and those to be added to them."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "write-policies.md"
    built_in, further = re.findall(r"```cedar\n(.*?)```", page.read_text(), re.DOTALL)
    assert built_in.strip() in BUILT_IN.read_text()
    decision = Cedar(built_in + further).decide(Asked("get_work", 4, 0.5))
    assert (decision.allowed, decision.rule) == (False, "no new work on risky days")


@pytest.mark.parametrize("text", ["permit (", "hello", "permit (principal, action);"])
def test_what_is_no_policy_is_refused(text):
    """With a code, before anything is decided by it."""
    with pytest.raises(UsageError) as caught:
        Cedar(text)
    assert caught.value.code == "BAD_POLICY"
