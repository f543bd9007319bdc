"""The scripted model does what it was told, and ends when it is left: a bug here would be taken for one of an agent."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

import pytest

from tests.agents.answers import (
    Answer,
    call,
    costing,
    cut,
    drop,
    finished,
    forever,
    garbage,
    hang,
    loop,
    slow,
    stall,
    status,
    text,
)
from tests.agents.openai_model import Model, Request, nobody_listens

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(model: Model, *said: str, streamed: bool = True, seconds: float = 60) -> bytes:
    """Send what the user *said* and return the body of the answer."""
    messages = [{"role": "user", "content": [{"type": "text", "text": one}]} for one in said or ("Hello",)]
    body = {"model": "any", "messages": messages, "stream": streamed, "stream_options": {"include_usage": True}}
    headers = {"content-type": "application/json", "authorization": "Bearer sk-1"}
    request = urllib.request.Request(f"{model.url}/chat/completions", json.dumps(body).encode(), headers)
    with NO_PROXY.open(request, timeout=seconds) as answer:
        got: bytes = answer.read()
    return got


def chunks(body: bytes) -> list[dict[str, Any]]:
    """Return the chunks of a stream that ended as it should."""
    lines = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def words(body: bytes) -> str:
    """Return the text of a stream that ended as it should."""
    return "".join(c["delta"].get("content", "") for chunk in chunks(body) for c in chunk["choices"])


def reason(body: bytes) -> list[str]:
    """Return the finish reasons of a stream."""
    return [c["finish_reason"] for chunk in chunks(body) for c in chunk["choices"] if c["finish_reason"]]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """After each test there are the threads that there were."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def test_a_list_answers_in_order(model: Model) -> None:
    model.play([text("One two three"), text("Four")])
    first, second = post(model), post(model)
    assert (words(first), reason(first), words(second)) == ("One two three", ["stop"], "Four")
    assert [c["choices"][0]["delta"].get("content") for c in chunks(first)[:3]] == ["One ", "two ", "three"]


def test_the_same_answers_without_a_stream(model: Model) -> None:
    model.play([text("One two") + call("glob", {"pattern": "*"})])
    whole = json.loads(post(model, streamed=False))
    assert whole["choices"][0]["message"]["content"] == "One two"
    assert json.loads(whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {"pattern": "*"}
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["usage"]["total_tokens"] > 0


def test_calls_come_in_pieces_and_each_with_an_id_of_its_own(model: Model) -> None:
    model.play([call("glob", {"pattern": "*"}) + call("read_file", '{"file_'), loop("glob", {})])
    body = post(model)
    calls: dict[int, dict[str, str]] = {}
    for delta in (c["delta"] for chunk in chunks(body) for c in chunk["choices"]):
        for one in delta.get("tool_calls", ()):
            held = calls.setdefault(one["index"], {"name": "", "arguments": "", "id": ""})
            held["id"] += one.get("id", "")
            held["name"] += one["function"].get("name", "")
            held["arguments"] += one["function"]["arguments"]
    assert calls == {
        0: {"name": "glob", "arguments": '{"pattern": "*"}', "id": "call_1_0"},
        1: {"name": "read_file", "arguments": '{"file_', "id": "call_1_1"},
    }
    assert reason(body) == ["tool_calls"]
    assert [b"call_2_0" in post(model), b"call_3_0" in post(model), b"call_4_0" in post(model)] == [True] * 3


def test_what_it_costs_and_why_it_ended(model: Model) -> None:
    model.play([costing(finished(text("Half an ans"), "length"), 900, 12), text("x")])
    first = post(model)
    assert reason(first) == ["length"]
    assert chunks(first)[-1]["usage"] == {"prompt_tokens": 900, "completion_tokens": 12, "total_tokens": 912}
    assert chunks(first)[-1]["choices"] == []
    assert chunks(post(model))[-1]["usage"]["prompt_tokens"] > 0


@pytest.mark.parametrize("code", [401, 404, 429, 500])
def test_errors_with_their_headers(model: Model, code: int) -> None:
    model.play([status(code, {"retry-after": "2"}, "no more"), text("ok")])
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(model)
    with refused.value as error:
        assert (error.code, error.headers["retry-after"]) == (code, "2")
        assert json.loads(error.read())["error"]["message"] == "no more"
    assert words(post(model)) == "ok"


def test_garbage_is_sent_as_it_is(model: Model) -> None:
    model.play([garbage(), garbage(b"data: {")])
    assert b"<html>" in post(model)
    assert post(model) == b"data: {"


@pytest.mark.parametrize(
    ("answer", "heard", "unheard"),
    [(text("first second"), b"first ", b"second"), (call("glob", {"a": "z"}), b"glob", b"z")],
)
def test_a_cut_stream_ends_in_the_middle(model: Model, answer: Answer, heard: bytes, unheard: bytes) -> None:
    model.play([cut(answer)])
    body = post(model)
    assert heard in body
    assert not any(missing in body for missing in (unheard, b"[DONE]", b'"finish_reason": "'))


def test_a_dropped_connection_gives_not_a_byte(model: Model) -> None:
    model.play([drop(), text("ok")])
    with pytest.raises((ConnectionError, HTTPException, urllib.error.URLError)):
        post(model)
    assert words(post(model)) == "ok"


def test_slow_is_slow_and_the_words_come_one_by_one(model: Model) -> None:
    model.play([slow(0.3, text("a b c", every=0.1))])
    began = time.monotonic()
    assert words(post(model)) == "a b c"
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("silent", [hang(), stall(text("first second")), slow(3600, text("never"))])
def test_leaving_ends_every_answer_and_a_client_that_goes_away_frees_it_too(silent: Answer) -> None:
    with ThreadPoolExecutor(3) as pool:
        with Model([forever(silent)]) as model:
            with pytest.raises(TimeoutError):
                post(model, seconds=0.2)
            model.wait_until_quiet()
            waiting = [pool.submit(post, model) for _ in range(3)]
            model.wait_for(4)
            assert model.open == 3
        for one in waiting:
            ended = one.exception(timeout=60)
            assert isinstance(ended, ConnectionError | HTTPException) or b"[DONE]" not in one.result()


def test_it_comes_up_again_at_the_same_place() -> None:
    with nobody_listens() as port:
        with Model([text("one")], port=port) as first:
            assert words(post(first)) == "one"
        with pytest.raises(urllib.error.URLError):
            post(first)
        with Model([text("two")], port=port) as second:
            assert words(post(first)) == "two"
    assert len(second.requests) == 1


def test_conversations_are_told_apart_while_they_go_on_at_once(model: Model) -> None:
    model.play({f"task-{n}": [text(f"{n}.1"), text(f"{n}.2")] for n in range(1, 13)} | {"": [forever(text("other"))]})
    with ThreadPoolExecutor(24) as pool:
        asked = {n: [pool.submit(post, model, "Rules", f"Do task-{n} now") for _ in (1, 2)] for n in range(1, 13)}
        for n, two in asked.items():
            assert sorted(words(one.result()) for one in two) == [f"{n}.1", f"{n}.2"]
    assert words(post(model, "something else")) == "other"
    assert [one.turn for one in model.of("task-7")] == [1, 2]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (["about A", "about B"], "b"),
        (["about B", "about A", "go on"], "a"),
        (["do A, after what B has made"], "a"),
        (["do AB"], "ab"),
    ],
)
def test_the_newest_message_then_the_first_marker_then_the_longest(
    model: Model, said: list[str], answered: str
) -> None:
    model.play({"A": [text("a")], "B": [text("b")], "AB": [text("ab")]})
    assert words(post(model, *said)) == answered


def test_a_function_decides_by_what_it_is_asked_and_may_wait_for_others(model: Model) -> None:
    def after_the_other(request: Request) -> Answer:
        model.wait_for(1, "B")
        return text(f"{request.key} {request.turn} {request.user[-1]}")

    model.play({"A": after_the_other, "B": [text("b")]})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, model, "A here")
        model.wait_for(1, "A")
        assert words(post(model, "B here")) == "b"
        assert words(first.result()) == "sk-1 1 A here"


def test_requests_are_kept_as_they_came(model: Model) -> None:
    model.play([forever(text("ok"))])
    post(model, "one")
    post(model, "one", "two")
    first, second = model.wait_for(2)
    assert (first.number, first.user, second.user) == (1, ["one"], ["one", "two"])
    assert first.arrived < second.arrived < time.monotonic()
    assert (first.tools, first.results, first.system, first.body["model"]) == ([], [], "", "any")
    with pytest.raises(TimeoutError, match=r"2 of 3 requests"):
        model.wait_for(3, seconds=0.05)


def test_what_no_script_foresaw_is_refused_and_noted() -> None:
    with Model({"A": [text("a")]}) as model:
        assert words(post(model, "A")) == "a"
        for said in ("A", "B"):  # the script is at its end; nobody has that marker
            with pytest.raises(urllib.error.HTTPError, match="400") as refused:
                post(model, said)
            refused.value.close()
    assert [f"request {n}" in one for n, one in zip((2, 3), model.surprises, strict=True)] == [True, True]


def test_a_script_that_fails_is_noted() -> None:
    with Model(lambda request: text(request.body["nothing"])) as model:
        with pytest.raises((ConnectionError, HTTPException)):
            post(model)
        model.wait_until_quiet()
    assert "KeyError: 'nothing'" in model.surprises[0]


def test_the_models(model: Model) -> None:
    with NO_PROXY.open(f"{model.url}/models", timeout=60) as answer:
        assert [one["id"] for one in json.load(answer)["data"]] == ["scripted"]
