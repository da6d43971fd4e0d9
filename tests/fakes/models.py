"""A scripted model in the test's own process, and how each service is asked plainly."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plait.demo.model.scenario import Scenarios
from plait.demo.model.server import ModelServer

SCHEMAS = {
    "Write": ("file_path", "content"),
    "Edit": ("file_path", "old_string", "new_string"),
    "Read": ("file_path",),
    "Bash": ("command",),
}

Said = tuple[str, list[tuple[str, Any]], tuple[int, int]]  # words, calls, tokens


@contextmanager
def serving(scenario: str, folder: Path, **options: Any) -> Iterator[ModelServer]:
    """A server that plays a scenario, until the block ends."""
    path = folder / "scenario.yaml"
    path.write_text(scenario, encoding="utf-8")
    server = ModelServer(Scenarios(path), **options)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: what it says, what it calls (name, arguments), tokens, and its raw form."""

    status: int
    headers: Mapping[str, str]
    body: Any
    says: str = ""
    calls: Sequence[tuple[str, Any]] = ()
    tokens: tuple[int, int] = (0, 0)


def post(
    server: ModelServer, path: str, body: Any, **headers: str
) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and text of an answer. Raises what http.client raises."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        sent = json.dumps(body)
        connection.request("POST", path, sent, {"Content-Type": "application/json"} | dict(headers))
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def events(text: str) -> list[Any]:
    """The data of a stream's events."""
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


class Service:
    """How one service is asked, for tests that ask all of them the same."""

    name: str
    path: str

    def body(self, prompt: str, turns: int, *, stream: bool) -> dict[str, Any]:
        """A request after so many answers, each with a call and what came of it."""
        raise NotImplementedError

    def whole(self, body: Any) -> Said:
        """What an answer in one piece says, calls and costs."""
        raise NotImplementedError

    def streamed(self, told: list[Any]) -> Said:
        """The same of a stream."""
        raise NotImplementedError

    def ask(
        self, server: ModelServer, prompt: str, turns: int = 0, *, stream: bool, prefix: str = ""
    ) -> Told:
        """Ask, and read the answer."""
        path = self.path.replace("METHOD", "streamGenerateContent" if stream else "generateContent")
        body = self.body(prompt, turns, stream=stream)
        status, headers, text = post(server, prefix + path, body)
        if status != 200:
            return Told(status, headers, json.loads(text))
        if stream:
            return Told(status, headers, text, *self.streamed(events(text)))
        return Told(status, headers, text, *self.whole(json.loads(text)))


def schema(names: Sequence[str]) -> dict[str, Any]:
    """A tool's arguments: texts."""
    inner = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": inner, "required": list(names)}


class Anthropic(Service):
    """Messages."""

    name, path = "anthropic", "/v1/messages?beta=true"

    def body(self, prompt: str, turns: int, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": prompt}]}]
        for n in range(turns):
            call = {"type": "tool_use", "id": f"c{n}", "name": "Read", "input": {}}
            done = {"type": "tool_result", "tool_use_id": f"c{n}", "content": "ok"}
            messages += [
                {"role": "assistant", "content": [{"type": "text", "text": "so"}, call]},
                {"role": "user", "content": [done]},
            ]
        tools = [{"name": k, "input_schema": schema(v)} for k, v in SCHEMAS.items()]
        return {"model": "m", "stream": stream, "messages": messages, "tools": tools}

    def whole(self, body: Any) -> Said:
        says = "".join(each["text"] for each in body["content"] if each["type"] == "text")
        uses = [each for each in body["content"] if each["type"] == "tool_use"]
        assert body["stop_reason"] == ("tool_use" if uses else "end_turn")
        usage = (body["usage"]["input_tokens"], body["usage"]["output_tokens"])
        return says, [(each["name"], each["input"]) for each in uses], usage

    def streamed(self, told: list[Any]) -> Said:
        assert [told[0]["type"], told[-1]["type"]] == ["message_start", "message_stop"]
        message = told[0]["message"]
        for each in told:
            match each["type"]:
                case "content_block_start":
                    message["content"].append({**each["content_block"], "partial": ""})
                case "content_block_delta":
                    block, delta = message["content"][each["index"]], each["delta"]
                    if delta["type"] == "text_delta":
                        block["text"] += delta["text"]
                    else:
                        block["partial"] += delta["partial_json"]
                case "content_block_stop":
                    block = message["content"][each["index"]]
                    if block["type"] == "tool_use":
                        block["input"] = json.loads(block["partial"])
                case "message_delta":
                    message |= {"stop_reason": each["delta"]["stop_reason"]}
                    message["usage"] |= each["usage"]
                case _:
                    pass
        return self.whole(message)


class Chat(Service):
    """Chat Completions."""

    name, path = "chat", "/v1/chat/completions"

    def body(self, prompt: str, turns: int, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [{"role": "user", "content": prompt}]
        for n in range(turns):
            call = {"id": f"c{n}", "type": "function", "function": {"name": "r", "arguments": "{}"}}
            messages += [
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": f"c{n}", "content": "ok"},
            ]
        tools = [
            {"type": "function", "function": {"name": k, "parameters": schema(v)}}
            for k, v in SCHEMAS.items()
        ]
        return {"model": "m", "stream": stream, "messages": messages, "tools": tools}

    def whole(self, body: Any) -> Said:
        (choice,) = body["choices"]
        called = choice["message"].get("tool_calls") or []
        assert choice["finish_reason"] == ("tool_calls" if called else "stop")
        usage = (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"])
        functions = [each["function"] for each in called]
        calls = [(each["name"], json.loads(each["arguments"])) for each in functions]
        return choice["message"]["content"] or "", calls, usage

    def streamed(self, told: list[Any]) -> Said:
        *begun, used = told
        says, calls = "", list[Any]()
        for each in begun:
            delta = each["choices"][0]["delta"]
            says += delta.get("content") or ""
            for call in delta.get("tool_calls") or ():
                if call["index"] == len(calls):
                    calls.append({"name": call["function"]["name"], "arguments": ""})
                calls[call["index"]]["arguments"] += call["function"]["arguments"]
        message = {"content": says, "tool_calls": [{"function": each} for each in calls]}
        choice = {"message": message, "finish_reason": begun[-1]["choices"][0]["finish_reason"]}
        return self.whole({"choices": [choice], "usage": used["usage"]})


class ResponsesService(Chat):
    """Responses."""

    name, path = "responses", "/v1/responses"

    def body(self, prompt: str, turns: int, *, stream: bool) -> dict[str, Any]:
        said = [{"type": "input_text", "text": prompt}]
        items: list[Any] = [{"type": "message", "role": "user", "content": said}]
        for n in range(turns):
            items += [
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "call_id": f"c{n}", "name": "r", "arguments": "{}"},
                {"type": "function_call_output", "call_id": f"c{n}", "output": "ok"},
            ]
        tools = [
            {"type": "function", "name": k, "parameters": schema(v)} for k, v in SCHEMAS.items()
        ]
        return {"model": "m", "stream": stream, "input": items, "tools": tools}

    def whole(self, body: Any) -> Said:
        assert body["status"] == "completed"
        items = body["output"]
        says = "".join(
            part["text"] for i in items if i["type"] == "message" for part in i["content"]
        )
        calls = [
            (each["name"], json.loads(each["arguments"]))
            for each in items
            if each["type"] == "function_call"
        ]
        return says, calls, (body["usage"]["input_tokens"], body["usage"]["output_tokens"])

    def streamed(self, told: list[Any]) -> Said:
        assert [each["sequence_number"] for each in told] == list(range(len(told)))
        whole = told[-1]["response"]
        done = [each["item"] for each in told if each["type"] == "response.output_item.done"]
        assert done == whole["output"]
        for item in done:
            key = "arguments" if item["type"] == "function_call" else "text"
            deltas = [
                each["delta"]
                for each in told
                if each["type"].endswith(".delta") and each["item_id"] == item["id"]
            ]
            assert "".join(deltas) == (item.get(key) or item.get("content", [{}])[0].get("text"))
        return self.whole(whole)


class Gemini(Service):
    """`generateContent`."""

    name, path = "gemini", "/v1beta/models/m:METHOD?alt=sse"

    def body(self, prompt: str, turns: int, *, stream: bool) -> dict[str, Any]:
        contents: list[Any] = [{"role": "user", "parts": [{"text": prompt}]}]
        for _ in range(turns):
            contents += [
                {"role": "model", "parts": [{"functionCall": {"name": "r", "args": {}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "r", "response": {}}}]},
            ]
        declared = [{"name": k, "parametersJsonSchema": schema(v)} for k, v in SCHEMAS.items()]
        return {"contents": contents, "tools": [{"functionDeclarations": declared}]}

    def whole(self, body: Any) -> Said:
        return self.streamed([body])

    def streamed(self, told: list[Any]) -> Said:
        assert told[-1]["candidates"][0]["finishReason"] == "STOP"
        pieces = [part for each in told for part in each["candidates"][0]["content"]["parts"]]
        says = "".join(part.get("text", "") for part in pieces)
        called = [part["functionCall"] for part in pieces if "functionCall" in part]
        usage = told[-1]["usageMetadata"]
        tokens = (usage["promptTokenCount"], usage["candidatesTokenCount"])
        return says, [(each["name"], each["args"]) for each in called], tokens


SERVICES = (Anthropic(), Chat(), ResponsesService(), Gemini())
