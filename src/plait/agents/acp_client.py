"""Plait's client of the Agent Client Protocol: a program of its own, one session with one agent.

`python -I -m plait.agents.acp_client ORDERS` starts the agent that the file ORDERS names, gives
it the brief from standard input, and prints a line of JSON for each thing that it does. SIGTERM
cancels the session, and ends the agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import acp
from acp import schema

from plait.agents.acp_session import Session, tell
from plait.agents.refusals import kind_of_status, kind_of_words
from plait.core.transcript import FinishKind

LONGEST = 64 * 1024 * 1024  # of a line of the agent's, in bytes
CANCEL_S = 3.0  # to answer that it was cancelled; Plait itself waits for longer
END_S = 2.0
MOST_TOLD = 5  # times that an agent which ended at a refusal is told why, and goes on
LOGIN_NEEDED = -32000
_KEYS = ("api-key", "api_key", "apikey", "env")  # methods that ask nobody anything
_STOPS: Mapping[str, tuple[FinishKind, str]] = {
    "end_turn": (FinishKind.OK, ""),
    "max_tokens": (FinishKind.API_ERROR, "the model's answer was longer than it may be"),
    "max_turn_requests": (FinishKind.TURN_CAP, "it has asked its model as often as it may"),
    "refusal": (FinishKind.API_ERROR, "the model refused to go on"),
    "cancelled": (FinishKind.CANCELLED, "it was cancelled"),
}


def main() -> int:
    """Carry out the orders; 0 once the agent has given its final word."""
    orders = json.loads(Path(sys.argv[1]).read_bytes())
    brief = sys.stdin.buffer.read().decode("utf-8", "replace")
    return asyncio.run(converse(orders, brief))


async def converse(orders: Mapping[str, Any], brief: str) -> int:
    """One session, from the agent's start to its end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *orders["command"],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=orders["worktree"],
            env=dict(os.environ),
            limit=LONGEST,
        )
    except OSError as error:
        sys.stderr.write(f"{orders['command'][0]} cannot be started: {error}\n")
        return 1
    assert process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
    assert process.stdout is not None  # noqa: S101
    session = Session(orders)
    connection: Any = acp.connect_to_agent(cast(Any, session), process.stdin, process.stdout)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    work = asyncio.ensure_future(_work(connection, session, orders, brief))
    ended = asyncio.ensure_future(process.wait())
    stop = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({work, ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stop.done() and not work.done():
            await _cancel(connection, session, work)
        elif ended.done() and not work.done():
            await asyncio.wait({work}, timeout=END_S)  # it may have answered as it ended
    finally:
        session.flush()
        code = _tell_end(work, stopped=stop.done())
        stop.cancel()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(connection.close(), END_S)
        await _end(process)
    return code


async def _work(
    connection: Any, session: Session, orders: Mapping[str, Any], brief: str
) -> schema.PromptResponse:
    files = schema.FileSystemCapabilities(read_text_file=True, write_text_file=True)
    told = await connection.initialize(
        protocol_version=acp.PROTOCOL_VERSION,
        client_capabilities=schema.ClientCapabilities(fs=files, terminal=False),
        client_info=schema.Implementation(name="plait", version="0"),
    )
    made = await _opened(connection, orders, told)
    session.id = made.session_id
    version = told.agent_info.version if told.agent_info else ""
    tell(type="started", session=made.session_id, version=version, model=orders["model"])
    await _choose(connection, made, orders["model"])
    answer = await _asked(connection, session, brief)
    for _ in range(MOST_TOLD):
        if answer.stop_reason != "end_turn" or not session.refused:
            break
        answer = await _asked(connection, session, _told_why(session.refused))
    return answer


async def _asked(connection: Any, session: Session, words: str) -> schema.PromptResponse:
    """One prompt, to its answer; what that used is told."""
    session.refused.clear()
    block = schema.TextContentBlock(type="text", text=words)
    answer: schema.PromptResponse = await connection.prompt(session_id=session.id, prompt=[block])
    session.flush()
    _tell_usage(answer)
    return answer


def _told_why(reasons: Sequence[str]) -> str:
    """The protocol refuses without a reason, and some agents end their turn there: it follows."""
    listed = "\n".join(f"- {each}" for each in dict.fromkeys(reasons))
    return f"What you asked for was refused:\n{listed}\nGo on without it, or end if all is done."


async def _opened(
    connection: Any,
    orders: Mapping[str, Any],
    told: schema.InitializeResponse,
) -> schema.NewSessionResponse:
    """A new session; where the agent wants a login first, one by the key that is there."""
    servers: list[Any] = [_server(name, each) for name, each in orders["mcp"].items()]
    made: schema.NewSessionResponse
    try:
        made = await connection.new_session(cwd=orders["worktree"], mcp_servers=servers)
    except acp.RequestError as error:
        methods = [each.id for each in told.auth_methods or ()]
        fit = [each for each in methods if any(word in each.lower() for word in _KEYS)]
        if not orders["key_there"] or not fit or _kind(error) is not FinishKind.AUTH:
            raise
        await connection.authenticate(method_id=fit[0])
        made = await connection.new_session(cwd=orders["worktree"], mcp_servers=servers)
    return made


async def _choose(connection: Any, made: schema.NewSessionResponse, model: str) -> None:
    """Set the model, where the agent lets it be set."""
    for option in made.config_options or () if model else ():
        if getattr(option, "category", None) == "model" and option.id:
            with contextlib.suppress(acp.RequestError):
                await connection.set_config_option(
                    config_id=option.id, session_id=made.session_id, value=model
                )


def _server(name: str, told: Mapping[str, Any]) -> Any:
    if "url" in told:
        headers = [
            schema.HttpHeader(name=key, value=str(value))
            for key, value in dict(told.get("headers", {})).items()
        ]
        return schema.HttpMcpServer(type="http", name=name, url=told["url"], headers=headers)
    variables = [
        schema.EnvVariable(name=key, value=str(value))
        for key, value in dict(told.get("env", {})).items()
    ]
    arguments = [str(each) for each in told.get("args", ())]
    command = str(told.get("command", ""))
    return schema.McpServerStdio(name=name, command=command, args=arguments, env=variables)


async def _cancel(connection: Any, session: Session, work: asyncio.Future[Any]) -> None:
    if session.id:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(connection.cancel(session_id=session.id), CANCEL_S)
        await asyncio.wait({work}, timeout=CANCEL_S)
    work.cancel()


def _tell_end(work: asyncio.Future[schema.PromptResponse], *, stopped: bool) -> int:
    """The final line; none, if the agent ended without an answer."""
    if stopped:
        tell(type="finished", kind=FinishKind.CANCELLED.value, message="it was cancelled")
        return 0
    if not work.done():
        work.cancel()
        sys.stderr.write("the agent ended without an answer\n")
        return 1
    error = work.exception()
    if error is None:
        answer = work.result()
        kind, message = _STOPS.get(answer.stop_reason, (FinishKind.API_ERROR, answer.stop_reason))
        tell(type="finished", kind=kind.value, message=message)
        return 0
    if isinstance(error, acp.RequestError):
        tell(type="finished", kind=_kind(error).value, message=_words(error))
        return 0
    sys.stderr.write(f"the conversation with the agent broke off: {error!r}\n")
    return 1


def _kind(error: acp.RequestError) -> FinishKind:
    if error.code == LOGIN_NEEDED:
        return FinishKind.AUTH
    return kind_of_status(error.code) or kind_of_words(_words(error))


def _words(error: acp.RequestError) -> str:
    data = error.data
    told = data.get("details") or data.get("message") if isinstance(data, dict) else data
    more = told if isinstance(told, str) else json.dumps(data) if data else ""
    return f"{error}: {more}" if more and more not in str(error) else str(error)


def _tell_usage(answer: schema.PromptResponse) -> None:
    used = answer.usage
    if used is not None:
        read = used.input_tokens + (used.cached_read_tokens or 0) + (used.cached_write_tokens or 0)
        written = used.output_tokens + (used.thought_tokens or 0)
        tell(type="used", input=read, output=written)
        return
    quota = (answer.field_meta or {}).get("quota")
    tokens = quota.get("token_count") if isinstance(quota, dict) else None
    if isinstance(tokens, dict):
        tell(type="used", input=tokens.get("input_tokens"), output=tokens.get("output_tokens"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the agent: it sees the end of its input, then signals."""
    if process.stdin is not None:
        process.stdin.close()
    for act in (None, process.terminate, process.kill):
        if act is not None:
            with contextlib.suppress(ProcessLookupError):
                act()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
            return


if __name__ == "__main__":
    sys.exit(main())
