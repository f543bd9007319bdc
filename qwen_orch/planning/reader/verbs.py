"""Whether a line sounds like something to do: it begins with an imperative verb."""

from __future__ import annotations

import re
from collections.abc import Sequence

_VERBS = frozenset(
    """accept add adopt adjust agree allow analyse analyze announce apply archive arrange ask assemble assess assign
    attach audit author automate backfill back benchmark book bootstrap build bump buy calculate call capture change
    check choose clarify clean clear close code collect communicate compare compile complete compose conduct
    configure confirm connect consolidate containerize contact continue convert convince coordinate copy correct
    cover craft create cut debug decide declare define delete deliver demo deploy deprecate derive describe design
    detect determine develop devise diagnose disable discuss display distribute do dockerize document download draft
    draw drop edit eliminate email embed enable encrypt enforce enhance ensure establish estimate evaluate examine
    execute expand experiment explain explore export expose extend extract fetch figure fill filter finalise
    finalize find finish fix follow format freeze gather generate get give go grant group handle harden hide hire
    hook identify implement import improve include increase index inform initialise initialize inspect install
    instrument integrate interview introduce investigate invite isolate issue iterate keep kick label launch learn
    let limit link lint list load localise localize lock log look lower maintain make manage map mark measure meet
    merge migrate minimise minimize mock model modify monitor mount move negotiate normalise normalize notify obtain
    open optimise optimize orchestrate order organise organize outline package paint parse patch perform persist
    pick pin plan polish port post prepare present prevent price prioritise prioritize probe process produce profile
    program promote propose prototype prove provide provision prune publish pull purchase push put query raise read
    rebase rebuild receive recommend record recruit redesign reduce refactor refine refresh register reject release
    remove rename render renew reorganise reorganize repair replace reply report reproduce request require rerun
    research resolve respond restore restrict restructure retire retrieve return revert review revise rewrite roll
    rotate run sample save scaffold scale schedule scope script search secure seed select send separate serve set
    setup share ship show sign simplify simulate size sketch smoke sort specify spike split stabilise stabilize
    stage standardise standardize start stop store stream strip structure study submit suggest summarise summarize
    supply support swap switch sync tag take talk teach tell test throttle tidy track train transfer transform
    translate trim triage tune turn type unify uninstall unit update upgrade upload use validate vendor verify
    version visit wait walk warn watch wire wrap write""".split()  # noqa: SIM905
)
_FIRST = re.compile(r"[\s*_`~\[\]xX()✅✔☐⬜-]*(?:\d+[.)]\s*)?([A-Za-z]+)\b(?!\s*[:=(])")
_ORDER = re.compile(r"[\u4e00-\u9fff]")


def is_imperative(text: str) -> bool:
    """Tell whether *text* begins with a verb that people begin tasks with."""
    match = _FIRST.match(text[:200])
    return bool(match and match[1].lower() in _VERBS)


def mostly_imperative(texts: Sequence[str]) -> bool:
    """Tell whether at least half of *texts* sound like something to do."""
    return bool(texts) and sum(map(is_imperative, texts)) * 2 >= len(texts)
