"""Every setting: what it may be, and errors that name line and key."""

from __future__ import annotations

import orjson
import pytest

from qwen_orch.errors import ValidationError
from qwen_orch.project import config
from qwen_orch.project.config import KEYS, Config, changed, parse, seconds, to_bytes, to_dict
from qwen_orch.project.project import HOME, Project
from tests.faults.work import fresh

GOOD = {
    "enableBackups": False,
    "maxSessions": 7,
    "sessionTimeout": "90m",
    "autoCleanup": False,
    "thinkingDepth": "deep",
    "executor": "manual",
    "jobs": 5,
    "commandTimeout": "2.5h",
    "maxAttempts": 3,
    "permissions": ("allow edit src/*", "deny * rm *", "ask execute"),
    "permissionTimeout": "2m",
    "agent.name": "qwen",
    "agent.command": "goose acp --with 'two words'",
    "agent.environment": "GOOSE_KEY",
    "agent.mode": "yolo",
    "agent.contextTokens": 4000,
    "agent.idleTimeout": "90s",
    "agent.timeout": "20m",
    "agent.maxCalls": 10,
    "agent.maxRepeats": 3,
    "agent.attemptTokens": 100_000,
    "agent.planTokens": 1_000_000,
    "agent.review": False,
    "agent.confidence": 0.5,
    "hooks": {"task.failed": "notify-send failed", "plan.approved": "make ready"},
    "hookTimeout": "3s",
    "notify": "bell",
}
BAD = {
    "enableBackups": ["yes", 1, None, ""],
    "maxSessions": [0, -1, 10_001, 2.5, True, "many", None],
    "sessionTimeout": ["soon", "0s", "0.5s", "-1h", "5201w", "999999999w", 24, None, [], "24h24h"],
    "autoCleanup": ["true ish", 0],
    "thinkingDepth": ["abyssal", 5, None, []],
    "executor": ["robot", {}, None],
    "jobs": [0, 65, "two", 1.5, False],
    "commandTimeout": ["never", "", "1y", "99999999999s"],
    "maxAttempts": [0, 21, "x"],
    "permissions": ["allow edit", ["let edit"], ["allow everything"], ["allow"], 3],
    "permissionTimeout": ["later"],
    "agent.name": ["it's", 3, "sim/approve_plan", "a b"],
    "agent.command": ["goose 'acp", None],
    "agent.environment": [{}],
    "agent.mode": [1],
    "agent.contextTokens": [499, 1.5],
    "agent.idleTimeout": ["0s"],
    "agent.timeout": [60],
    "agent.maxCalls": [0],
    "agent.maxRepeats": [1],
    "agent.attemptTokens": [-1],
    "agent.planTokens": [-1, "many"],
    "agent.review": [0],
    "agent.confidence": [1.5, True, "sure"],
    "hooks": [[], "make", {"task.faild": "make"}, {"task.failed": " "}, {"task.failed": 3}, {"task.failed": "a\0b"}],
    "hookTimeout": ["0s", 10],
    "notify": ["loud", True],
}


def test_these_are_all_keys() -> None:
    """So that none is forgotten below."""
    assert GOOD.keys() == BAD.keys() == KEYS.keys()


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_meaning_and_is_read_back(key: str) -> None:
    """Alone in the file, as typed in /config, and written again; the others keep their defaults."""
    config.checked(key, to_dict(Config())[key])
    assert len(KEYS[key].metadata["meaning"]) > 10
    expected = {**to_dict(Config()), key: GOOD[key]}
    typed = GOOD[key] if isinstance(GOOD[key], str) else orjson.dumps(GOOD[key]).decode()
    assert to_dict(parse(orjson.dumps({key: GOOD[key]}))) == expected
    assert to_dict(changed(b"", key, str(typed))) == expected
    assert to_dict(parse(to_bytes(changed(b"", key, str(typed))))) == expected


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_value_names_line_key_and_what_may_be(key: str, value: object) -> None:
    """And what was there."""
    raw = b'{\n  "maxSessions": 9,\n' + orjson.dumps({key: value})[1:]
    if key == "maxSessions":
        raw = b'{\n\n  "maxSessions": ' + orjson.dumps(value) + b"}"
    with pytest.raises(ValidationError, match=f"config.json line 3: {key} must be ") as error:
        parse(raw)
    assert error.value.hints


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{\n "jobz": 2}', "line 2: 'jobz' is not a setting; did you mean jobs"),
        (b'{\n "jobs": 2,\n}', "line 2, column 11: this is not JSON"),
        (b"\xff\xfe", "line 1"),
        (b"[1]", "an object"),
        (b"null", "an object"),
        (b"\0" * 10, "line 1"),
        (b'{"jobs": 2} trailing', "this is not JSON"),
    ],
)
def test_a_damaged_file_is_an_error_with_its_place(raw: bytes, words: str) -> None:
    """Never a default in silence."""
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        parse(raw)


def test_an_empty_file_means_the_defaults() -> None:
    """As no file does."""
    assert parse(b"") == parse(b"{}") == Config()


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), (" 1.5 h ", 5400)]
)
def test_durations(text: str, length: float) -> None:
    """In the units people use."""
    assert seconds(text) == length


def test_configure_keeps_what_others_set_meanwhile(project: Project) -> None:
    """Two shells set two keys: both count, in both."""
    other = fresh(project.root)
    assert other.config.jobs == 2
    project.configure("jobs", "5")
    other.configure("executor", "manual")
    assert (project.config.jobs, project.config.executor) == (5, "manual")
    assert (other.config.jobs, other.config.executor) == (5, "manual")


def test_a_refused_setting_changes_nothing(project: Project) -> None:
    """Not even in memory, and no folder is made for it."""
    with pytest.raises(ValidationError):
        project.configure("jobs", "many")
    assert not (project.home / "config.json").exists()
    assert project.config == Config()
    empty = fresh(project.root / HOME)
    with pytest.raises(ValidationError):
        empty.configure("nonsense", "1")
    assert not empty.home.exists()


def test_a_bad_value_is_mended_by_setting_it() -> None:
    """What the file says of that key need not be valid; of every other it must be."""
    assert changed(b'{"jobs": "many", "maxSessions": 9}', "jobs", "3") == Config(jobs=3, maxSessions=9)
    with pytest.raises(ValidationError, match="maxSessions"):
        changed(b'{"jobs": "many", "maxSessions": 0}', "jobs", "3")


@pytest.mark.parametrize("typed", ["false", "null", "7", '"false"'])
def test_a_text_may_look_like_json(typed: str) -> None:
    """The program ``false`` is a program."""
    assert changed(b"", "agent.command", typed).agent_command == typed.strip('"')
