"""A scripted model behind the OpenAI API, on loopback: what an agent is told is decided by the test, and nothing else.

    with Model([call("write_file", {"file_path": "/p/a.txt", "content": "a"}), text("Written.")]) as model:
        ...                        # run an agent with OPENAI_BASE_URL=model.url
    assert model.requests[1].results == ["Successfully ..."]

A *script* is a list of answers, one for each request, or a function from the request to its answer. Clients send a
request again when it fails, and every sending takes an answer: ``[status(500), text("ok")]`` is a call that works the
second time. ``forever(...)`` as the last of a list answers whatever still comes. `tests.agents.answers` has the words.

Conversations are told apart by a marker in what the user says. ``Model({"T1": [...], "T2": [...]})`` has a script for
each; the newest message of the user that holds a marker decides, in it the marker that stands first, among those the
longest. The marker ``""`` is for all others. A name of a file is no marker: agents are told what lies in the folder.
A request that no script foresaw is answered with 400 and noted in ``model.surprises``; the fixture ``model`` fails the
test for it. Qwen without ACP asks once more after its turn, for its memory: let such a script end with ``forever``.

The server is a thread for each connection: tests may be synchronous or not (``await asyncio.to_thread(
model.wait_for, 2)``). Leaving the ``with`` ends every answer, a hanging one too, and leaves no thread behind. A model
that was left is an endpoint that is down; ``Model(script, port=port)`` brings it up, on a port of `nobody_listens`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Self

from attrs import frozen

from tests.agents.answers import Answer, Forever, Usage, status

PATIENCE = 120.0
"""Seconds to wait for a request that is bound to come."""
NAME = "scripted"
"""The only model that is served; any name is accepted."""

Script = Callable[["Request"], Answer] | Sequence[Answer | Forever]
"""Answers in order, or a function that decides; the function is called in a thread of its own for each request."""


@frozen(eq=False)
class Request:
    """One request as it came in: *arrived* is monotonic, *number* counts all, *turn* those of its *conversation*."""

    number: int
    turn: int
    arrived: float
    conversation: str | None
    key: str
    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, oldest first."""
        found: list[dict[str, Any]] = self.body["messages"]
        return found

    @property
    def tools(self) -> list[str]:
        """The names of the tools on offer."""
        return [tool["function"]["name"] for tool in self.body.get("tools", ())]

    @property
    def system(self) -> str:
        """The system prompt."""
        return "\n".join(self._said("system"))

    @property
    def user(self) -> list[str]:
        """What the user said, oldest first; what the agent says in the user's name is in it too."""
        return self._said("user")

    @property
    def results(self) -> list[str]:
        """The results of tools, oldest first."""
        return self._said("tool")

    def _said(self, role: str) -> list[str]:
        return [plain(one["content"]) for one in self.messages if one["role"] == role]


@contextlib.contextmanager
def nobody_listens() -> Iterator[int]:
    """Hold a port: who connects is refused, a `Model` may have it, and no other program takes it meanwhile."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def plain(content: str | list[dict[str, Any]] | None) -> str:
    """Return the text of a message's content."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


class Model:
    """The server. `url` is the value for OPENAI_BASE_URL; *script* is one script, or one for each marker."""

    def __init__(self, script: Script | Mapping[str, Script] = (), *, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.surprises: list[str] = []
        self.open = 0
        """How many answers are being given at this moment."""
        self._scripts: dict[str, Iterator[Answer] | Callable[[Request], Answer]] = {}
        self._changed = threading.Condition()
        self.play(script)
        self._server = _Server(self, port)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()  # waits for the threads of all connections

    def play(self, script: Script | Mapping[str, Script]) -> None:
        """Follow *script* from here on, in place of an earlier one for the same marker."""
        scripts = script if isinstance(script, Mapping) else {"": script}
        with self._changed:
            self._scripts.update({m: one if callable(one) else _answers(one) for m, one in scripts.items()})

    def of(self, conversation: str) -> list[Request]:
        """Return the requests of one conversation."""
        return [one for one in self.requests if one.conversation == conversation]

    def wait_for(self, count: int, conversation: str | None = None, *, seconds: float = PATIENCE) -> list[Request]:
        """Return the requests, of one conversation or all, once *count* have arrived. TimeoutError after *seconds*."""

        def arrived() -> list[Request]:
            return self.requests if conversation is None else self.of(conversation)

        with self._changed:
            if not self._changed.wait_for(lambda: len(arrived()) >= count, seconds):
                raise TimeoutError(f"{len(arrived())} of {count} requests came in {seconds} s")
            return list(arrived())

    def wait_until_quiet(self, *, seconds: float = PATIENCE) -> None:
        """Return once no answer is being given: all ended, or their clients went away. TimeoutError after *seconds*."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self.open, seconds):
                raise TimeoutError(f"{self.open} answers are still being given after {seconds} s")

    def arrive(self, body: dict[str, Any], key: str) -> Request:
        """Record a request. The connection calls this, then `answer`, and `leave` when the answer has ended."""
        with self._changed:
            marker = _marker(self._scripts, body)
            turn = len(self.of(marker)) + 1 if marker is not None else 1
            request = Request(len(self.requests) + 1, turn, time.monotonic(), marker, key, body)
            self.requests.append(request)
            self.open += 1
            self._changed.notify_all()
            return request

    def answer(self, request: Request) -> Answer:
        """Return what the script wants done with *request*."""
        with self._changed:
            script = self._scripts.get(request.conversation) if request.conversation is not None else None
            given = next(script, None) if isinstance(script, Iterator) else None
        if script is not None and not isinstance(script, Iterator):  # outside the lock: it may wait for other requests
            given = script(request)
        if given is None:
            self.surprises.append(f"no script foresaw request {request.number}: {request.user[-1:]}")
        return given or status(400, message="no script foresaw this request")

    def leave(self) -> None:
        """Note that an answer has ended."""
        with self._changed:
            self.open -= 1
            self._changed.notify_all()


def _answers(script: Sequence[Answer | Forever]) -> Iterator[Answer]:
    for one in script:
        if isinstance(one, Forever):
            yield from itertools.cycle(one.answers)
        else:
            yield one


def _marker(markers: Mapping[str, object], body: dict[str, Any]) -> str | None:
    """Return the marker that decides, None when there is none."""
    for message in reversed(body["messages"]):
        said = plain(message["content"]) if message["role"] == "user" else ""
        if places := [(said.index(marker), -len(marker), marker) for marker in markers if marker and marker in said]:
            return min(places)[2]
    return "" if "" in markers else None


class _GoneError(Exception):
    """The client hung up, or the model is being closed."""


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, model: Model, port: int) -> None:
        self.model = model
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End all connections: whoever waits on one wakes up."""
        with self._lock:
            for one in self._connections:
                with contextlib.suppress(OSError):  # it hung up first
                    one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.model.surprises.append(traceback.format_exc())


class _Connection(BaseHTTPRequestHandler):
    """One request and its answer; every connection ends with its answer, so an end that comes early is an end."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the name is http.server's
        """Say nothing."""

    def handle(self) -> None:
        with contextlib.suppress(_GoneError, ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Answer /v1/models."""
        known = self.path == "/v1/models"
        models = {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": "test"}]}
        self._send(200 if known else 404, json.dumps(models if known else {"error": {"message": self.path}}).encode())

    def do_POST(self) -> None:
        """Answer /v1/chat/completions as the script says."""
        sent = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/chat/completions":
            self.server.model.surprises.append(f"POST {self.path}")
            return self._send(404, b'{"error": {"message": "no such path"}}')
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        request = self.server.model.arrive(json.loads(sent), key)
        try:
            self._answer(request, self.server.model.answer(request))
        finally:
            self.server.model.leave()
        return None

    def _answer(self, request: Request, answer: Answer) -> None:
        self._pause(answer.before)
        if answer.ending == "drop":
            self._reset()
        elif answer.body is not None:
            self._send(answer.status, answer.body, answer.headers)
        elif request.body.get("stream"):
            self._stream(request, answer)
        else:
            self._send(200, json.dumps(completion(request, answer)).encode())

    def _stream(self, request: Request, answer: Answer) -> None:
        self._head(200, {"content-type": "text/event-stream"})
        deltas = _deltas(request, answer)
        if answer.ending != "whole":
            deltas = deltas[: (len(deltas) + 1) // 2]
        for number, delta in enumerate(deltas):
            self._pause(answer.between if number else 0)
            self._event(_chunk(request, _choice(delta)))
        if answer.ending == "stall":
            self._pause(float("inf"))
        elif answer.ending == "whole":
            self._finish(request, answer)

    def _finish(self, request: Request, answer: Answer) -> None:
        self._event(_chunk(request, {**_choice({}), "finish_reason": _reason(answer)}))
        if (request.body.get("stream_options") or {}).get("include_usage"):
            self._event({**_chunk(request), "usage": _usage(request, answer)})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _pause(self, seconds: float) -> None:
        """Wait, and notice at once when the client has gone: it sends nothing more, so what can be read is the end."""
        if not seconds:
            return
        self.connection.settimeout(None if seconds == float("inf") else seconds)
        with contextlib.suppress(TimeoutError):
            self.connection.recv(1)
            raise _GoneError
        self.connection.settimeout(None)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise _GoneError

    def _send(self, code: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(code, {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _head(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in {**headers, "connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()


def completion(request: Request, answer: Answer) -> dict[str, Any]:
    """Return the completion in one piece, as a client gets it that did not ask for a stream."""
    words = "".join(delta.get("content", "") for delta in answer.deltas)
    calls = [_call(request, number, delta["arguments"], delta["tool"]) for number, delta in enumerate(_calls(answer))]
    message = {"role": "assistant", "content": words or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answer)}
    return {**_chunk(request, choice), "object": "chat.completion", "usage": _usage(request, answer)}


def _deltas(request: Request, answer: Answer) -> list[dict[str, Any]]:
    """Return the deltas as the API words them: a call comes in two pieces, its arguments torn in the middle."""
    made: list[dict[str, Any]] = []
    calls = itertools.count()
    for delta in answer.deltas:
        if "tool" not in delta:
            made.append({"role": "assistant", **delta})
            continue
        index, whole = next(calls), delta["arguments"]
        first = _call(request, index, whole[: len(whole) // 2], delta["tool"])
        rest = {"index": index, "function": {"arguments": whole[len(whole) // 2 :]}}
        made += [{"role": "assistant", "tool_calls": [{"index": index, **first}]}, {"tool_calls": [rest]}]
    return made


def _call(request: Request, index: int, arguments: str, tool: str) -> dict[str, Any]:
    """Return a call; its id names the request, so that no two are the same."""
    function = {"name": tool, "arguments": arguments}
    return {"id": f"call_{request.number}_{index}", "type": "function", "function": function}


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [delta for delta in answer.deltas if "tool" in delta]


def _reason(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if _calls(answer) else "stop")


def _usage(request: Request, answer: Answer) -> dict[str, int]:
    sent, said = len(json.dumps(request.body)) // 4, len(json.dumps(answer.deltas)) // 4
    prompt, written = answer.usage or Usage(sent, said)
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _choice(delta: dict[str, Any]) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}


def _chunk(request: Request, *choices: dict[str, Any]) -> dict[str, Any]:
    name = str(request.body.get("model", NAME))
    made = {"id": f"completion-{request.number}", "object": "chat.completion.chunk", "created": 0, "model": name}
    return {**made, "choices": list(choices)}
