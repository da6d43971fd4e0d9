"""What sessions tell people, and ask them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from plait.core.audit import Fact
from plait.core.event import RunId
from plait.core.messages import Progress, Question, number_of
from plait.engine.coordinator.fields import Asked, Line, Message, Name, Number, Text
from plait.engine.coordinator.handoffs import known_package
from plait.engine.coordinator.held import held
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb
from plait.engine.coordinator.work import LONGEST_WAIT_S
from plait.engine.secrets import without_secrets

MOST_OPEN = 20  # questions of one session


class ReportProgress(Asked):
    """How far a piece of work is."""

    message: Annotated[Line, Field(min_length=1)]
    percent: int | None = Field(default=None, ge=0, le=100)
    task: Line = ""
    """The task that the session has claimed; or else run, package and epoch"""
    run: Line = ""
    package: Line = ""
    epoch: Number = 0
    """Of the attempt: `PLAIT_EPOCH` in an agent's environment"""


class Noted(Message):
    """What people see of it."""

    run: str
    package: str
    task: str
    percent: int | None
    message: str


def report_progress(call: Call, asked: ReportProgress) -> Noted:
    """Say how far you are with a task or package that you work on; `plait status` shows it.

    It is the last word that is kept. It decides nothing: checks do.

    Raises:
        Refusal: `NO_SUCH_TASK`, `NOT_YOURS`, `NOT_AT_WORK`, `OTHER_RUN`.
    """
    rows, session = call.rows, call.session
    work = held(call, task=asked.task, run=asked.run, package=asked.package, epoch=asked.epoch)
    progress = Progress(
        number=rows.next_note(),
        session=session.id,
        agent=session.agent,
        message=asked.message,
        percent=asked.percent,
        run=work.run,
        package=work.package,
        task=work.task,
        created_at=rows.now,
    )
    rows.set_progress(without_secrets(progress, ()))
    return Noted(
        run=work.run,
        package=work.package,
        task=work.task,
        percent=asked.percent,
        message=asked.message,
    )


class Ask(Asked):
    """What a person is asked."""

    question: Annotated[Text, Field(min_length=1)]
    run: Line = ""
    """The run that it is about; empty: the session's"""
    package: Line = ""


class QuestionView(Message):
    """A question, and its answer once there is one."""

    question: str
    """Its name: `q-7`"""
    run: str
    package: str
    agent: str
    text: str
    answered: bool
    answer: str
    who: str
    """Who answered"""
    created_at: float
    answered_at: float
    """Unix time; 0: not yet"""


def ask(call: Call, asked: Ask) -> QuestionView:
    """Ask the people behind a run something; get_answer, and heartbeats, bring the answer.

    `plait status` shows it to them, `plait answer` answers it. The same again, while it is open,
    is the same question. Your work goes on meanwhile: to have a package wait for an answer,
    complete its task as `blocked`.

    Raises:
        Refusal: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`, `OTHER_RUN`, `TOO_MANY_QUESTIONS`.
    """
    rows, session, run = call.rows, call.session, call.within(asked.run)
    if not run:
        raise Refusal(
            "which run is it about?",
            code="NO_SUCH_RUN",
            kind=Kind.INVALID,
            hint="name the run: a person answers with `plait answer RUN QUESTION TEXT`",
        )
    known_package(call, run, asked.package)
    question = without_secrets(
        Question(
            number=0,
            run=run,
            package=asked.package,
            session=session.id,
            agent=session.agent,
            text=asked.question,
            created_at=rows.now,
        ),
        (),
    )
    mine = [each for each in rows.questions_of(session.id) if each.is_open]
    for each in mine:
        if (each.run, each.package, each.text) == (run, asked.package, question.text):
            return view(each)
    if len(mine) >= MOST_OPEN:
        raise Refusal(
            f"{MOST_OPEN} questions of yours are open",
            code="TOO_MANY_QUESTIONS",
            kind=Kind.LIMIT,
            hint="wait for answers first: get_answer",
        )
    question = replace(question, number=rows.next_note())
    rows.add_question(question)
    told = {"question": question.id, "package": question.package, "session": session.id}
    rows.record([Fact(kind="question_asked", who=session.agent, run=run, data=told)])
    return view(question)


class GetAnswer(Asked):
    """Which question."""

    question: Name
    wait_s: float = Field(default=0.0, ge=0, le=LONGEST_WAIT_S)
    """Seconds to wait for an answer, if there is none yet"""


def get_answer(call: Call, asked: GetAnswer) -> QuestionView:
    """See a question and its answer; wait for it, if you like.

    Raises:
        Refusal: `NO_SUCH_QUESTION`, `OTHER_RUN`.
    """
    return view(_question(call, asked.question))


class Reply(Asked):
    """An answer."""

    question: Name
    text: Annotated[Text, Field(min_length=1)]


def answer(call: Call, asked: Reply) -> QuestionView:
    """Answer what a session asked; for people and their deputies.

    Raises:
        Refusal: `NO_SUCH_QUESTION`, `ALREADY_ANSWERED`, `OTHER_RUN`.
    """
    who = call.known.agent if call.known else call.caller.agent
    return view(replied(call, _question(call, asked.question), asked.text, who=who))


def replied(call: Call, question: Question, text: str, *, who: str) -> Question:
    """Write an answer down, once.

    Raises:
        Refusal: `ALREADY_ANSWERED`.
    """
    if not question.is_open:
        raise Refusal(
            f"{question.id} was answered already: {question.answer[:200]}",
            code="ALREADY_ANSWERED",
            kind=Kind.CONFLICT,
        )
    rows = call.rows
    answered = replace(question, answer=text, who=who, answered_at=rows.now)
    rows.write_question(answered)
    told = {"question": question.id, "answer": text}
    rows.record([Fact(kind="question_replied", who=who, run=question.run, data=told)])
    return answered


def view(question: Question) -> QuestionView:
    """A question as everybody may see it."""
    return QuestionView(
        question=question.id,
        run=question.run,
        package=question.package,
        agent=question.agent,
        text=question.text,
        answered=not question.is_open,
        answer=question.answer,
        who=question.who,
        created_at=question.created_at,
        answered_at=question.answered_at,
    )


def _question(call: Call, name: str) -> Question:
    number = number_of(name)
    question = None if number is None else call.rows.question(number)
    if question is None:
        raise Refusal(f"there is no question {name!r}", code="NO_SUCH_QUESTION", kind=Kind.MISSING)
    call.within(RunId(question.run))
    return question


def _answered(view_of: QuestionView) -> bool:
    return view_of.answered


VERBS = (
    Verb(
        name="report_progress",
        asks=ReportProgress,
        answers=Noted,
        do=report_progress,
        capability=Capability.QUEUE_WORK,
    ),
    Verb(
        name="ask",
        asks=Ask,
        answers=QuestionView,
        do=ask,
        capability=Capability.QUEUE_WORK,
    ),
    Verb(
        name="get_answer",
        asks=GetAnswer,
        answers=QuestionView,
        do=get_answer,
        capability=Capability.QUEUE_WORK,
        writes=False,
        needs_session=False,
        settled=_answered,
    ),
    Verb(
        name="answer",
        asks=Reply,
        answers=QuestionView,
        do=answer,
        capability=Capability.QUEUE_WORK,
        needs_session=False,
    ),
)
