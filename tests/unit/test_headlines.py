"""Every status of a run has its words."""

import pytest

from plait.app.launching import EXIT_CODES
from plait.core.event import RunStatus
from plait.faces import frame, report_rows, summary_text


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_has_its_words_and_its_exit_code(status):
    """In the report's headline, at the end of `plait run`, in the live view, as exit code."""
    assert report_rows.headline({"status": status.value})
    assert summary_text.headline(status.value)
    assert status in EXIT_CODES
    assert status is RunStatus.RUNNING or status in frame.STATUS_STYLES
