"""The one place where errors become text and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from plait.errors import EnvironmentLack, ExitCode, PlaitError


def guarded(command: click.Command, arguments: list[str]) -> int:
    """Run a command; whatever happens, print what a person needs and return the exit code."""
    as_json = "--json" in arguments
    try:
        returned = command.main(arguments, prog_name="plait", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the error boundary
        return _code_for(error, as_json=as_json)
    return returned if isinstance(returned, int) else ExitCode.DONE


def _code_for(error: BaseException, *, as_json: bool) -> int:
    match error:
        case SystemExit(code=code):
            return code if isinstance(code, int) else ExitCode.BUG
        case BrokenPipeError():
            # The reader is gone (`plait show | head`): nothing is left to tell it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.DONE
        case KeyboardInterrupt() | click.Abort():
            sys.stderr.write("\ninterrupted\n")
            return ExitCode.INTERRUPTED
        case click.exceptions.Exit(exit_code=code):
            return code
        case click.ClickException():
            return _usage(error, as_json=as_json)
        case BaseExceptionGroup():
            return _code_for(_first(error), as_json=as_json)
        case PlaitError():
            return _tell(error, as_json=as_json)
        case OSError() if error.errno is not None:
            return _tell(_from_os(error), as_json=as_json)
        case _:
            return _bug(error, as_json=as_json)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of several errors that ended a run together, the one to tell."""
    flat: list[BaseException] = []
    queue: list[BaseException] = [group]
    while queue:
        each = queue.pop(0)
        if isinstance(each, BaseExceptionGroup):
            queue.extend(each.exceptions)
        else:
            flat.append(each)
    expected = [each for each in flat if isinstance(each, PlaitError | OSError)]
    bugs = [each for each in flat if each not in expected]
    return (bugs or expected)[0]


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        from plait.errors import UsageError

        return _tell(UsageError(error.format_message(), code="BAD_CALL"), as_json=True)
    error.show()
    return ExitCode.USAGE


def _from_os(error: OSError) -> PlaitError:
    import errno

    where = str(error.filename) if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EnvironmentLack(
            "the disk is full", code="DISK_FULL", where=where, hint="free some space, then go on"
        )
    return EnvironmentLack(error.strerror or str(error), code="OS_ERROR", where=where)


def _tell(error: PlaitError, *, as_json: bool) -> int:
    from plait.faces import errors_text

    if as_json:
        sys.stdout.write(errors_text.as_json(error) + "\n")
    else:
        colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        sys.stderr.write(errors_text.as_text(error, colour=colour) + "\n")
    return error.exit_code


def _bug(error: BaseException, *, as_json: bool) -> int:
    """A bug in Plait: one sentence, and the traceback in a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="plait-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(traceback.format_exception(error))
    told = PlaitError(
        f"a bug in Plait: {type(error).__name__}: {error}",
        code="BUG",
        hint=f"the traceback is in {Path(file.name)}; please report it",
    )
    return _tell(told, as_json=as_json)
