"""What was altered in git's settings while agents worked, told to whoever watches."""

from __future__ import annotations

from plait.core.event import Warned
from plait.core.plan import PackageId
from plait.engine.context import Context

CODE = "GIT_SETTINGS_ALTERED"


async def tell_altered(context: Context, package: PackageId | None = None) -> None:
    """Record what would make git run something and is not as it was, each key once.

    Args:
        context: The run's surroundings.
        package: Whose agent or checks have just ended.
    """
    found = await context.altered()
    if found:
        told = [Warned(code=CODE, message=message, package=package) for message in found]
        await context.journal.record(*told)
