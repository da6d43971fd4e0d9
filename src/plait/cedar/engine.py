"""Cedar as an engine of `core.policy`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plait.core.policy import VERBS, Asked, Decision, Kind, malformed, millionths
from plait.errors import EnvironmentLack, UsageError

BUILT_IN = Path(__file__).with_name("builtin.cedar")
_MOST = 3  # mistakes that are told of at once
_CONTEXT = {"trust": "Long", "risk": "Long", "granted": "Boolean"}


class Cedar:
    """Rules in Cedar's language, of which the text is read, and checked, once.

    Each verb is an action in the group `Action::"read"`, `"write"` or `"admin"`. The context has
    `trust` (0 to 4), `risk` (millionths) and `granted` (whether a person granted the verb).

    Args:
        text: The rules; None: the built-in ones.

    Raises:
        UsageError: `BAD_POLICY`, the text is none of Cedar's, or names verbs or facts that there
            are not: such a rule would never apply, and nobody would know.
        EnvironmentLack: `POLICY_ENGINE_MISSING`.
    """

    def __init__(self, text: str | None = None) -> None:
        try:
            import cedarpy
        except ImportError:
            raise EnvironmentLack(
                "policies in Cedar need a package that is not installed",
                code="POLICY_ENGINE_MISSING",
                hint='pip install "plait[policy]"',
            ) from None
        told = BUILT_IN.read_text(encoding="utf-8") if text is None else text
        try:
            self._rules = cedarpy.PolicySet.from_str(told)
            self._entities = cedarpy.Entities.from_json_str(json.dumps(_entities()))
            self._names = _names(json.loads(cedarpy.policies_to_json_str(told)))
            checked = cedarpy.validate_policies(told, json.dumps(_schema()))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"the policy is no text of Cedar's: {error}",
                code="BAD_POLICY",
                hint="see https://docs.cedarpolicy.com for its language",
            ) from None
        if not checked.validation_passed:
            raise UsageError(
                f"the policy is wrong: {'; '.join(self._mistakes(checked.errors))}",
                code="BAD_POLICY",
                hint="see the how-to on rules of your own: what they can speak of",
            )
        self._decide = cedarpy.is_authorized

    def _mistakes(self, errors: Any) -> Iterator[str]:
        """What is wrong with each rule: the first of it, for the same may be so of every verb."""
        first: dict[str, str] = {}
        for each in sorted(errors, key=_order):
            told = str(each.error).partition("`, ")[2] or str(each.error)
            first.setdefault(str(each.policy_id), told)
        for number, told in list(first.items())[:_MOST]:
            yield f"rule {self._names.get(number, number)}: {told}"

    def decide(self, asked: Asked) -> Decision:
        """Whether a session may use a verb."""
        unfit = malformed(asked)
        if unfit is not None:
            return unfit
        request = {
            "principal": 'Agent::"session"',
            "action": f'Action::"{asked.verb}"',
            "resource": 'Coordinator::"plait"',
            "context": {
                "trust": asked.trust,
                "risk": millionths(asked.risk),
                "granted": asked.verb in asked.granted,
            },
        }
        try:
            told = self._decide(request, self._rules, self._entities)
        except (ValueError, TypeError) as error:
            return Decision(allowed=False, rule="engine_failed", why=f"Cedar failed: {error}")
        errors, reasons = told.diagnostics.errors, told.diagnostics.reasons
        if errors:
            why = f"a rule could not be evaluated: {errors[0]}"
            return Decision(allowed=False, rule="engine_failed", why=why)
        rule = ", ".join(sorted(self._names.get(each, each) for each in reasons))
        allowed = bool(told.allowed)
        why = f"by {rule}" if rule else "no rule allows it"
        return Decision(allowed=allowed, rule=rule or "no_rule", why=why)


def _order(mistake: Any) -> tuple[str, bool, str]:
    told = str(mistake.error)
    return str(mistake.policy_id), "unable to find" in told, told  # which follows from another


def _schema() -> dict[str, Any]:
    """What rules may speak of: the verbs and their groups, and the facts that are known."""
    context = {
        "type": "Record",
        "attributes": {name: {"type": kind} for name, kind in _CONTEXT.items()},
    }
    groups: dict[str, Any] = {str(kind): {} for kind in Kind}
    verbs = {
        verb: {
            "memberOf": [{"id": str(kind)}],
            "appliesTo": {
                "principalTypes": ["Agent"],
                "resourceTypes": ["Coordinator"],
                "context": context,
            },
        }
        for verb, kind in VERBS.items()
    }
    return {
        "": {"entityTypes": {"Agent": {}, "Coordinator": {}}, "actions": {**groups, **verbs}},
    }


def _entities() -> list[dict[str, Any]]:
    groups = [{"uid": _action(kind), "attrs": {}, "parents": []} for kind in Kind]
    verbs = [
        {"uid": _action(verb), "attrs": {}, "parents": [_action(kind)]}
        for verb, kind in VERBS.items()
    ]
    return [*groups, *verbs]


def _action(name: str) -> dict[str, str]:
    return {"type": "Action", "id": str(name)}


def _names(document: Any) -> dict[str, str]:
    """What rules are called, by the numbers that Cedar gives them."""
    rules = document.get("staticPolicies", {}) if isinstance(document, dict) else {}
    return {
        number: str(rule.get("annotations", {}).get("id", number)) for number, rule in rules.items()
    }
