"""Who is meant by a name around a title: ``Write it @ann``, ``@ann: write it``, ``Ann to write it``.

Sentences have an @ in them, too: ``Use @dataclass``, ``Reply to @here``. There the title would not do without it.
"""

from __future__ import annotations

import re

from qwen_orch.planning.reader import verbs

_NOT_PEOPLE = frozenset(
    """abstractmethod all annotation app apply autowired beforeeach cacheable channel charset classmethod component
    computed container controller daily dataclass decorator default deprecated directive entity everyone example export
    extend fixture fontface getter here hidden hook hourly import include injectable input internal keyframes layer link
    main media mention mentions midnight mixin monthly nonnull notnull nullable observable output override overload
    package param parameterizedtest params path private property public reboot repository return returns scope see
    service setter since state staticmethod supports suppresswarnings tailwind test throws todo transactional type
    typedef types use username utility weekly yearly""".split()  # noqa: SIM905
)
"""Decorators, annotations, rules of style sheets, tags of documentation, groups of a chat, schedules."""
_LEFT_HANGING = re.compile(
    r"(?i)(?:^|\s)(?:a|an|about|against|alias|and|annotations?|as|at|behind|by|called|decorators?|directives?|for|from|"
    r"handle|in|into|like|mentions?|named|of|on|onto|or|per|tags?|than|the|through|to|under|user|using|via|versus|vs|"
    r"with|without)$"
)
"""How no title ends."""
_ALONE = re.compile(
    r"(?i)(?:add|annotate|apply|ask|cc|call|contact|drop|email|follow|handle|import|inform|install|invite|mention|notify|"
    r"ping|publish|remove|replace|support|tell|thanks?|upgrade|use)$"
)
"""Verbs that are no title without what they are done to."""
_HANDED = re.compile(r"(?i)\s*[,;(–—-]?\s*\b(?:assigned to|assign to|owned by|owner|assignee)\s*:?$")
_WITH_TO = frozenset(
    """able agree aim allow arrange ask attempt begin choose commit continue decide expect fail forget get go have help
    how intend learn manage move need offer opt ought plan prefer prepare pretend proceed promise ready refuse remember
    return set start stay stop strive switch tend time try up use volunteer wait want ways what when where whom why wish
    work""".split()  # noqa: SIM905
)
"""What stands before ``to`` and a verb, and is no name."""


def is_nobody(name: str) -> bool:
    """Tell whether what stands behind an @ is a word of a language or a tool, and no name."""
    return name.lower() in _NOT_PEOPLE


def bearer(title: str, name: str) -> str | None:
    """Return *title* without words that only hand it to *name*, whose @ stands behind it; None when it is no person."""
    handed = _HANDED.search(title)
    if handed and handed.start():
        return title[: handed.start()]
    rest = title.strip(" \t,;:–—-")
    if is_nobody(name) or _LEFT_HANGING.search(rest) or _ALONE.match(rest):
        return None
    return title


def is_called(name: str, mark: str, rest: str) -> bool:
    """Tell whether ``@name`` before *rest*, with *mark* between them, is who is to do it."""
    return not is_nobody(name) and (bool(mark) or not rest[:1].isascii() or verbs.is_imperative(rest))


def is_sent(name: str, rest: str) -> bool:
    """Tell whether ``Name to`` before *rest* is who is to do it."""
    return name.lower() not in _WITH_TO and verbs.is_imperative(rest)
