"""What a client and a server say to each other; everything received is checked against this."""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dicttui.serve.error import WireError
from dicttui.training.interventions import Advance, Continue, Fork, Intervention, SetPace
from dicttui.training.plain import PlainError, plain, restored, restored_intervention
from dicttui.training.snapshot import View

VERSION = 1
"""Of what is said; both ends must speak the same."""
SLOWEST, FASTEST = 0.1, 60.0
"""Pictures per second that a client may ask for."""
MOST_STEPS = 10**12
LOWEST_PACE, HIGHEST_PACE = 1e-3, 1e9
"""Steps per second."""
LONGEST_NAME = 200
"""Characters in what an intervention names."""
MOST_SETTINGS = 64
"""Keys in which a fork may differ."""
MOST_LOOKED_AT = 64
"""Series, and runs whose rows, atoms, samples or diagnosis are shown, that a client may ask for."""
LARGEST_SHRINK = 4096
"""Pixels of an atom's picture that become one."""

Word = Annotated[str, Field(max_length=60)]


class Message(BaseModel):
    """Anything that is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# -- what a client says ------------------------------------------------------------------------


class Hello(Message):
    """The first message of a client; whatever its version it can be read."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["hello"] = "hello"
    version: int = VERSION
    program: Word = ""
    """The version of dicttui, for a person."""
    name: Word = ""
    """Who it is, for a person: the terminal."""
    readonly: bool = False


class Look(Message):
    """What the client wants to see; it gets pictures from now on."""

    type: Literal["look"] = "look"
    view: dict[str, Any]


class Submit(Message):
    """An intervention. It is answered by the ticket."""

    type: Literal["submit"] = "submit"
    ticket: int
    intervention: dict[str, Any]


class Seen(Message):
    """The client has taken in the picture that was sent as this one, counted from 1."""

    type: Literal["seen"] = "seen"
    picture: int


class End(Message):
    """Save the training and end it."""

    type: Literal["end"] = "end"


Request = Annotated[Hello | Look | Submit | Seen | End, Field(discriminator="type")]


# -- what a server says ------------------------------------------------------------------------


class Welcome(Message):
    """The first message of a server."""

    type: Literal["welcome"] = "welcome"
    version: int = VERSION
    id: Word
    """Of the experiment."""
    title: str
    """What is trained, for a person."""
    process: int
    """The process that trains it."""


class Role(Message):
    """Who may change the training now."""

    type: Literal["role"] = "role"
    holding: bool
    """Whether it is you."""
    holder: str
    """Who else it is; empty if nobody is: whoever asks for a change first."""
    others: int
    """Clients beside this one."""


class Picture(Message):
    """What has changed since the last picture, counted from 1."""

    type: Literal["picture"] = "picture"
    picture: int
    change: dict[str, Any]


class Receipts(Message):
    """Receipts, in the order they were written."""

    type: Literal["receipts"] = "receipts"
    receipts: list[dict[str, Any]]


class Answer(Message):
    """The id of an intervention that was submitted, or why it was not."""

    type: Literal["answer"] = "answer"
    ticket: int
    number: int | None = None
    reason: str = ""


class Bye(Message):
    """The last message of a server: why there will be no further one."""

    type: Literal["bye"] = "bye"
    reason: str
    ended: bool = False
    """Whether the training is over, and not only this connection."""
    resumable: bool = False
    """Whether it can be gone on with."""


Reply = Annotated[Welcome | Role | Picture | Receipts | Answer | Bye, Field(discriminator="type")]

_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)


def written(message: Message) -> dict[str, Any]:
    """A message as JSON has it."""
    return message.model_dump()


def request(value: Any) -> Request:
    """A client's message. Raises WireError."""
    try:
        return _REQUEST.validate_python(value)
    except (ValidationError, OverflowError) as error:
        raise WireError(f"a message that no client writes: {_told(error)}") from error


def reply(value: Any) -> Reply:
    """A server's message. Raises WireError."""
    try:
        return _REPLY.validate_python(value)
    except (ValidationError, OverflowError) as error:
        raise WireError(f"a message that no server writes: {_told(error)}") from error


def submission(ticket: int, intervention: Intervention) -> Submit:
    """The message that asks for an intervention."""
    return Submit(ticket=ticket, intervention=plain(intervention))


def intervention(submitted: Submit) -> Intervention:
    """The intervention that is asked for. Raises WireError where nobody could mean it."""
    try:
        asked = restored_intervention(submitted.intervention)
    except PlainError as error:
        raise WireError(str(error)) from error
    if isinstance(asked, Advance | Continue) and not 1 <= (asked.steps or 1) <= MOST_STEPS:
        raise WireError(f"steps: allowed: 1 to {MOST_STEPS:,}")
    if isinstance(asked, SetPace):
        pace = asked.steps_per_second
        if pace is not None and not LOWEST_PACE <= pace <= HIGHEST_PACE:
            raise WireError(f"steps per second: allowed: {LOWEST_PACE:g} to {HIGHEST_PACE:g}")
    for key, value in submitted.intervention.items():
        if isinstance(value, str) and len(value) > LONGEST_NAME:
            raise WireError(f"{key[:40]}: longer than {LONGEST_NAME} characters")
    if isinstance(asked, Fork):
        longest = max((len(text) for s in asked.settings for text in (s.key, s.value)), default=0)
        if len(asked.settings) > MOST_SETTINGS or longest > LONGEST_NAME:
            raise WireError(
                f"settings: allowed: {MOST_SETTINGS}, each of {LONGEST_NAME} characters"
            )
    return asked


def view(look: Look) -> View:
    """What a client wants to see, within bounds. Raises WireError."""
    try:
        asked = restored(View, look.view)
    except PlainError as error:
        raise WireError(str(error)) from error
    refresh = asked.refresh
    looked_at = (
        asked.series, asked.rows_of, asked.pages, asked.atoms, asked.samples, asked.why
    )  # fmt: skip
    small = [*(part.shrink for part in asked.atoms), *(one.shrink for one in asked.samples)]
    if (
        math.isnan(refresh)
        or max(len(things) for things in looked_at) > MOST_LOOKED_AT
        or any(not 1 <= shrink <= LARGEST_SHRINK for shrink in small)
    ):
        raise WireError("a view that nobody could want")
    return View(
        refresh=min(max(refresh, SLOWEST), FASTEST),
        series=asked.series,
        rows_of=asked.rows_of,
        pages=asked.pages,
        firing=asked.firing,
        atoms=asked.atoms,
        samples=asked.samples,
        why=asked.why,
    )


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        (first, *_) = error.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    return str(error)[:200]
