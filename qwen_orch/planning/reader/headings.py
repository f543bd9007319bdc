"""What a heading (or a label such as ``Acceptance criteria:``) says about the text under it.

Kinds come from tables of words, tried in order; the more specific stand first. English and Chinese, some Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from attrs import frozen

from qwen_orch.model.task import Priority, TaskStatus
from qwen_orch.planning.reader import ids, marks, states
from qwen_orch.planning.reader.text import one_line, plain, without_signs


class Kind(StrEnum):
    """What stands under a heading."""

    PHASE = "phase"
    TASK = "task"
    WORK = "work"
    NEUTRAL = "neutral"
    CRITERIA = "criteria"
    DECISIONS = "decisions"
    RISKS = "risks"
    REQUIREMENTS = "requirements"
    DEPENDENCIES = "dependencies"
    STEPS = "steps"
    GOAL = "goal"
    SOFT = "soft"
    FEATURES = "features"
    LEGEND = "legend"
    PAST = "past"
    NEVER = "never"


APART = frozenset((Kind.CRITERIA, Kind.DECISIONS, Kind.RISKS, Kind.REQUIREMENTS))
"""Kinds whose lists are something else than tasks even when they are ticked boxes."""
PROSE = frozenset((Kind.LEGEND, Kind.DEPENDENCIES, Kind.GOAL, Kind.NEVER, Kind.PAST, Kind.STEPS))
"""Kinds whose unmarked lists are never tasks."""


@frozen
class Heading:
    """A heading as read: *title* for people, its *kind*, the *word* and *label* before the title, marks behind it.

    *sure* tells that delimiters make its label an id.
    """

    title: str
    kind: Kind
    word: str = ""
    label: str = ""
    numbered: bool = False
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    box: bool = False
    sure: bool = False


_PHASE_WORDS = (
    r"phase|stage|milestone|iteration|week|month|quarter|wave|track|part|workstream|阶段|階段|里程碑|迭代|フェーズ|"
    r"fase|etapa|étape"
)
_GROUP_WORDS = r"sprint|epic|feature|module|release|version"
_TASK_WORDS = (
    r"task|step|story|user story|ticket|issue|work item|work package|todo|任务|任務|步骤|步驟|タスク|ステップ|tarea|"
    r"aufgabe"
)
_ID = r"[A-Za-z]?\d+(?:[.\-]\d+)*[a-z]?|[IVX]{1,4}|[A-Z]|[一二三四五六七八九十]{1,3}"
_APART = r"(?=\s*[:：.)\-–—(（]|\s|$)"
_SERIES = re.compile(
    rf"(?P<word>{_PHASE_WORDS}|{_GROUP_WORDS}|{_TASK_WORDS})(?:\s+#?|\s*#|"
    rf"(?=[\d一二三四五六七八九十]))(?P<id>{_ID}){_APART}\s*[:：.)]?\s*(?:[-–—]\s+)?(?P<rest>.*)",
    re.I,
)
_CHINESE = re.compile(
    r"第(?P<id>[一二三四五六七八九十\d]{1,3})(?P<word>阶段|階段|期|步|周|週|部分)\s*[:：]?\s*(?P<rest>.*)"
)
_QUARTER = re.compile(r"(?:Q[1-4]|H[12])\b.*|v\d+(?:\.\d+)+\b.*|day \d+\b.*", re.I)
_PHASE_END = re.compile(r"(?:\S+\s+){0,4}phase\s*(?:\([^()]*\))?", re.I)
_NUMBERED = re.compile(r"(\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)、]\s*(?=\S)|(\d+(?:\.\d+)+)\s+(?=\S)")
_TASKWORD = re.compile(_TASK_WORDS, re.I)
_PHASEWORD = re.compile(_PHASE_WORDS, re.I)

_WORDS: tuple[tuple[Kind, str], ...] = (
    (
        Kind.CRITERIA,
        (
            r"accept(?:ance)?(?: criteria| tests?| scenarios?)?|acs?|success (?:criteria|metrics|measures|"
            r"factors|looks like)|definition of (?:done|ready)|dod|"
            r"done (?:when|criteria)|exit criteria|completion criteria|quality (?:gates?|criteria|bar)|"
            r".*\b(?:go[- ]live|launch|release|acceptance|exit|go/no-go) criteria|criteria|"
            r"checkpoints?|gates?|expected(?: results?| outcomes?)?|verification(?: criteria)?|验收.*|驗收.*|"
            r"完成定[义義]|完成标准|完成標準|成功标准|成功標準|受け入れ(?:基準|条件)|"
            r"完了(?:条件|の定義)|criterios de aceptación|akzeptanzkriterien"
        ),
    ),
    (Kind.DECISIONS, r"(?:\S+ ){0,2}decisions?(?: log| made| record)?|.*决策.*|.*決策.*|決定事項"),
    (
        Kind.RISKS,
        (
            r"(?:\S+ ){0,2}risks?(?:(?:,| and| &| /).*| (?:management|register|assessment|analysis|log|"
            r"mitigation|factors).*)?|mitigations?|known (?:issues|risks)|.*风险.*|.*風險.*|リスク.*"
        ),
    ),
    (
        Kind.REQUIREMENTS,
        (r"(?:\S+[ -]){0,2}requirements?(?: coverage| traceability)?|(?:\S+ )?constraints|需求.*|要件.*|约束.*"),
    ),
    (
        Kind.DEPENDENCIES,
        (
            r"(?:\S+ ){0,4}dependenc(?:y|ies)\b.*|(?:execution|implementation|build|suggested|"
            r"recommended)?\s*(?:commit )?order(?: of (?:work|execution|implementation))?|critical path|"
            r"parallel .*|parallelization.*|sequenc(?:e|ing)|.*依赖.*|.*依賴.*|.*执行顺序.*|.*優先.*建議|"
            r".*优先级.*|依存関係|within each .*"
        ),
    ),
    (
        Kind.LEGEND,
        r"(?:\S+ )?(?:legend|symbols|notation)|key|status (?:keys?|codes|values)|format\b.*|.*conventions?|图例",
    ),
    (Kind.STEPS, r"implementation plan \(steps\)|approach"),
    (
        Kind.NEVER,
        (
            r"glossary|terminology|references?|resources|links|"
            r"related(?: \S+)?|appendi(?:x|ces).*|faqs?|licen[cs]e|"
            r"acknowledge?ments|credits|contribut(?:ing|ion|ors).*|install(?:ation)?|usage|quick ?start|"
            r"getting started|examples?.*|examples? .*|tools?|tooling|stakeholders?|team|"
            r"(?:user )?personas?|(?:target )?(?:users?|audience)|metrics|kpis?|assumptions?|non-?goals?|"
            r"out of scope|excluded|not (?:included|in scope|planned)|"
            r"(?:open )?questions?(?: .*)?|(?:\S+ )?principles?|philosophy|(?:development |git )?workflow|"
            r"communication(?: plan)?|change ?log|"
            r"release notes|recent updates?.*|previous updates?.*|comments?|see also|(?:table of )?contents|"
            r"toc|troubleshooting|(?:primary |command )?(?:commands?|reference)|"
            r"api reference|environment|.*baseline|current (?:state|status|situation|baseline).*|status|"
            r"implementation status|project status|competitive.*|.*analysis.*|"
            r"(?:\S+ )?targets?|(?:\S+ ){0,2}considerations?|(?:user experience|ux)(?: .*)?|"
            r"(?:primary )?user flows?|(?:\S+ )?(?:file|project|directory|folder|component|"
            r"repo(?:sitory)?) structure|"
            r"files?(?: (?:modified|changed|to (?:modify|create|change)|structure|list|touched))?|(?:modified|"
            r"new|created|changed|key) files|(?:\S+ )?architecture(?: .*)?|(?:tech(?:nology|nical)? )?stack|"
            r"technolog(?:y|ies)(?: .*)?|"
            r"(?:design|technical) (?:specifications?|details?|notes?|approach)|prerequisites?(?: .*)?|"
            r"setup instructions|best practices|useful .*|(?:why|reasons?|rationale|benefits?)(?: .*)?|pros|"
            r"cons|alternatives(?: .*)?|"
            r"consequences|implications|options|note|notes|tips|warnings?|context|trade-?offs?|support(?: \S+)?|"
            r"security polic.*|privacy.*|code of conduct|badges|"
            r"input|output|from .*|guid(?:e|ance|elines?)|(?:\S+ )?guidelines?|技术栈|技術棧|架构.*|架構.*|"
            r"说明|說明|备注|備註|附录|附錄|参考.*|參考.*|注意.*|用語|技術スタック"
        ),
    ),
    (
        Kind.PAST,
        (
            r"(?:what(?:'|’)s |what has )?(?:been )?(?:achieved|accomplished|shipped|new).*|history|added|"
            r"changed|fixed|deprecated|removed|已完成.*"
        ),
    ),
    (
        Kind.FEATURES,
        (
            r"(?:\S+ )?features?(?: (?:list|overview|set))?|user stories|use cases|capabilities|scope|"
            r"in scope|functionality|功能.*|機能.*"
        ),
    ),
    (
        Kind.GOAL,
        (
            r"(?:\S+ ){0,2}overview|introduction|intro|background|(?:executive )?summary|tl;?dr|"
            r"(?:\S+ )?goals?|objectives?|purpose|vision(?: statement)?|mission|motivation|"
            r"abstract|problem(?: statement)?|about|description|what|why|概述|背景|目标|目標|简介|簡介|描述|概要|目的"
        ),
    ),
    (
        Kind.SOFT,
        (
            r"implementation (?:strateg(?:y|ies)|summary|notes?|details?)|"
            r"(?:final )?implementation summary|"
            r"(?:\S+ )?timelines?(?: .*)?|(?:\S+ )?strateg(?:y|ies)|"
            r"(?:final |project )?summary|(?:testing|test|manual).* guide.*|future(?: .*)?|"
            r"potential .*|"
            r"ideas?|outlook|incremental delivery|later(?: .*)?|parking lot|icebox|someday.*|"
            r"nice to haves?|"
            r"stretch.*|post-.*|"
            r".*\b(?:release|deployment) process|(?:rollback|contingency|backout|fallback)(?: .*)?|"
            r"next version.*|mvp (?:first|scope).*|未来.*|未來.*|今後.*"
        ),
    ),
    (
        Kind.WORK,
        (
            r"(?:\S+ ){0,3}(?:tasks?|to-?dos?|to do|task lists?|work items?|backlog|action items?|"
            r"next steps|"
            r"actions|checklists?|road ?map|(?:project|implementation|development|work|action|release|"
            r"migration|test|execution|delivery|detailed|rollout) plan|plan|"
            r"milestones|phases|deliverables|work ?packages?|work ?(?:breakdown(?: structure)?)?|"
            r"wbs)(?: (?:list|breakdown|"
            r"items|overview|breakdown structure))?|steps|implementation(?: steps| tasks)?|"
            r"remaining(?: work)?|priorities|in progress|doing|planned|upcoming|now|next|done|"
            r"completed|"
            r"blocked|"
            r"任务.*|任務.*|待办.*|待辦.*|计划|計劃|開發計劃|开发计划|实施计划|路线图|路線圖|タスク.*|実装計画|ロードマップ|やること|tareas|aufgaben|"
            r"tâches|"
            r"pendientes"
        ),
    ),
)
_TABLE = tuple((kind, re.compile(words, re.I)) for kind, words in _WORDS)
_README = re.compile(
    r"installation|install|usage|licen[cs]e|contributing|getting started|quick ?start|features|faq|"
    r"api reference|badges|acknowledge?ments|change ?log|support",
    re.I,
)
_MANUAL = re.compile(
    r"development|building|build|testing|tests|requirements|examples?|configuration|documentation|roadmap", re.I
)
_LOG = re.compile(
    r"change ?log|release notes?|what(?:'|’)s new|history|\[?v?\d+\.\d+\.\d+\]?.*|\[?unreleased\]?.*", re.I
)


def read(text: str) -> Heading:
    """Read the raw text of a heading or label."""
    raw = one_line(text)
    box, raw = states.box(raw)
    title, marked = marks.around(plain(raw).rstrip(":：").strip() or plain(raw))
    title = without_signs(title) or title
    status = marked.status or box or TaskStatus.PENDING
    series = _SERIES.match(title) or _CHINESE.match(title)
    kind, numbered, word, label, sure = Kind.NEUTRAL, False, "", "", False
    if series:
        word, label = series["word"].lower(), series["id"]
        kind = Kind.TASK if _TASKWORD.fullmatch(word) else Kind.PHASE
    else:
        label, bare = _number(title)
        numbered = bool(label)
        kind = _kind(without_signs(bare))
    if kind is Kind.NEUTRAL and not numbered and (id_ := ids.identifier(title)) and not id_.label[0].isdigit():
        kind, label, sure = Kind.TASK, id_.label, id_.sure
        title = id_.rest or title
    shown = _shown(title, series, kind)
    return Heading(shown, kind, word, label, numbered, status, marked.priority, marked.tags, box is not None, sure)


def _shown(title: str, series: re.Match[str] | None, kind: Kind) -> str:
    """A task is called by its title alone, everything else by its whole heading."""
    if kind is Kind.TASK and series and series["rest"].strip():
        return series["rest"].strip()
    return title


def _number(title: str) -> tuple[str, str]:
    match = _NUMBERED.match(title)
    return ((match[1] or match[2]), title[match.end() :].strip()) if match else ("", title)


def _kind(title: str) -> Kind:
    words = re.sub(r"\s*[(（\[].*$", "", title).strip(" :：.!?") or title
    for kind, pattern in _TABLE:
        if pattern.fullmatch(words[:120]):
            return kind
    if _QUARTER.fullmatch(title[:200]) or _PHASE_END.fullmatch(title[:200]):
        return Kind.PHASE
    return _titled(words)


def _titled(words: str) -> Kind:
    """``Implementation Plan: Search`` and ``Tasks — Search`` name work before the colon or dash."""
    head = re.split(r"\s*[:：]\s*|\s+[-–—]\s+", words[:200], maxsplit=1)
    if len(head) == 2 and (found := next((k for k, p in _TABLE if p.fullmatch(head[0])), None)):
        return found
    return Kind.NEUTRAL


def are_of_a_manual(titles: Sequence[str]) -> bool:
    """Tell whether headings are those of a README, manual, decision record or change log rather than of a plan."""
    bare = [without_signs(plain(title)).strip(" :")[:120] for title in titles]
    readme = sum(_README.fullmatch(title) is not None for title in bare)
    also = sum(_MANUAL.fullmatch(title) is not None for title in bare)
    return readme >= 2 or (readme >= 1 and also >= 1) or any(map(_LOG.fullmatch, bare))


def without_number(title: str) -> str:
    """Return *title* without the number it begins with."""
    return _number(title)[1]


def starts_a_phase(text: str) -> bool:
    """Tell whether *text* (of a list item or bold line) names a phase: ``Phase 1 (MVP)``."""
    match = _SERIES.match(without_signs(plain(text[:300])))
    return bool(match and _PHASEWORD.fullmatch(match["word"]))


def starts_a_task(text: str) -> bool:
    """Tell whether *text* (of a bold line) names a task or step: ``Step 2: Run the tests``."""
    match = _SERIES.match(without_signs(plain(text[:300])))
    return bool(match and _TASKWORD.fullmatch(match["word"]) and match["rest"])
