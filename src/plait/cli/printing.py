"""Printing that several verbs share."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from plait.core.finding import Finding


def tell_findings(findings: Sequence[Finding]) -> None:
    """Findings on stderr, where errors go."""
    from plait.faces import findings_text

    sys.stderr.write(findings_text.findings_text(findings))
