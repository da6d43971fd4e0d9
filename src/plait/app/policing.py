"""The engine that decides which verbs a session may use, as plait.toml names it."""

from __future__ import annotations

from pathlib import Path

from plait.config import Settings
from plait.core.policy import BuiltIn, Policy
from plait.errors import UsageError


def policy_of(root: Path, settings: Settings) -> Policy:
    """The built-in rules, or Cedar with those of `[policy] rules`.

    Args:
        root: The repository's root, which a relative path starts from.
        settings: The settings.

    Raises:
        UsageError: `BAD_POLICY`, the file cannot be read or its rules are wrong.
        EnvironmentLack: `POLICY_ENGINE_MISSING`.
    """
    if not settings.policy_rules:
        return BuiltIn()
    path = root / Path(settings.policy_rules).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the policy {path} cannot be read: {getattr(error, 'strerror', None) or error}",
            code="BAD_POLICY",
            hint=f"it is named by [policy] rules, {settings.origin('policy_rules')}",
        ) from None
    from plait.cedar import Cedar

    try:
        return Cedar(text)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", code=error.code, hint=error.hint) from None
