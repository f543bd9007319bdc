"""Secrets are taken out of what commands print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.processes.secrets import HIDDEN, hide, pattern_of


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 9,
        "glpat-" + "a1B2c3" * 4,
        "xoxb-123456789012-abcdef",
        "AKIA" + "ABCD1234" * 2,
        "AIza" + "a1B2c" * 7,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_the_tokens_of_known_services_are_hidden(secret: str) -> None:
    """Whatever stands around it."""
    shown = hide(f"Authorization: Bearer {secret}\nnext line")
    assert secret not in shown
    assert shown.endswith("\nnext line")


@pytest.mark.parametrize("line", ["password=hunter2222", 'api_key: "0123456789"', "CLIENT-SECRET = abcdefgh"])
def test_what_is_assigned_to_a_secret_name_is_hidden(line: str) -> None:
    """The name stays, so that a person sees what was hidden."""
    shown = hide(line)
    assert HIDDEN in shown
    assert shown[:6] == line[:6]


def test_a_password_in_an_address_is_hidden() -> None:
    """The host stays."""
    assert hide("cloning https://bob:pa55word@git.example.org/x") == f"cloning https://{HIDDEN}@git.example.org/x"


def test_a_private_key_is_hidden_whole() -> None:
    """All its lines, even when its end is missing."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n"
    assert hide(f"a\n{key}-----END RSA PRIVATE KEY-----\nb") == f"a\n{HIDDEN}\nb"
    assert hide(f"a\n{key}") == f"a\n{HIDDEN}"


def test_values_of_secret_variables_are_found_longest_first() -> None:
    """A short one is left alone: it may be a common word."""
    found = pattern_of(
        {"MY_TOKEN": "abcdefgh", "APP_SECRET_KEY": "abcdefghij", "PASSWORD": "short", "HOME": "/home/me-me"}
    )
    assert found is not None
    assert found.sub("*", "abcdefghij abcdefgh short /home/me") == "* * short /home/me"
    assert pattern_of({"HOME": "/home/somebody"}) is None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789 .,()\n", max_size=300))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Words without a sign of assignment, an address or a token's prefix are never touched."""
    assert hide(text) == text
