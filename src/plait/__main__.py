"""`python -m plait` and the `plait` command."""

from __future__ import annotations

import gc

# Starting is mostly importing: objects that stay. Looking through them for garbage while they
# are made costs a tenth of it.
gc.set_threshold(50_000, 20, 20)

from plait.cli.main import main  # noqa: E402 - after the threshold

if __name__ == "__main__":
    main()
