"""`python -m tests.acceptance.crowd [PACKAGES]`: sixteen clients do a run of a thousand packages.

Each package is to land once, as one of them wrote it; it ends with 1 if one does not.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.acceptance.conftest import Story
from tests.acceptance.test_claimed_once import CLIENTS, shared_run


def main(packages: int) -> None:
    """Make the run, and tell how it went."""
    with tempfile.TemporaryDirectory(prefix="plait-crowd-") as folder:
        began = time.monotonic()
        made = shared_run(Story(Path(folder), warm=False), packages)
        took = time.monotonic() - began
    least, most = min(made.values()), max(made.values())
    sys.stdout.write(
        f"{packages} packages landed once each in {took:.0f} s, {took / packages * 1000:.0f} ms "
        f"each; of {CLIENTS} clients {len(made)} did between {least} and {most}\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1000)
