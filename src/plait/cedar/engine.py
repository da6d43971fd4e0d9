"""Cedar as an engine of `core.policy`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plait.core.policy import VERBS, Asked, Decision, Kind, malformed, millionths
from plait.errors import EnvironmentLack, UsageError

BUILT_IN = Path(__file__).with_name("builtin.cedar")


class Cedar:
    """Rules in Cedar's language, of which the text is read once.

    Each verb is an action in the group `Action::"read"`, `"write"` or `"admin"`. The context has
    `trust` (0 to 4), `risk` (millionths) and `granted` (whether a person granted the verb).

    Args:
        text: The rules; None: the built-in ones.

    Raises:
        UsageError: `BAD_POLICY`, the text is none of Cedar's.
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
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"the policy is no text of Cedar's: {error}",
                code="BAD_POLICY",
                hint="see https://docs.cedarpolicy.com for its language",
            ) from None
        self._decide = cedarpy.is_authorized

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
