"""Policy: which verbs a session may use, decided alike by the built-in rules and by Cedar."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given, settings, strategies as st

from plait.cedar import Cedar
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
        "forbid (principal, action, resource) when { context.missing };"
    )
    decision = broken.decide(Asked("get_task", 4))
    assert (decision.allowed, decision.rule) == (False, "engine_failed")


@pytest.mark.parametrize("text", ["permit (", "hello", "permit (principal, action);"])
def test_what_is_no_policy_is_refused(text):
    """With a code, before anything is decided by it."""
    with pytest.raises(UsageError) as caught:
        Cedar(text)
    assert caught.value.code == "BAD_POLICY"
