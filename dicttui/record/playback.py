"""A recorded experiment as a session that shows it again, at any speed and without training."""

import logging
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from dicttui.record.error import RecordError
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.snapshot import Playback, Recording, Snapshot, View

if TYPE_CHECKING:
    from dicttui.record.reading import Recorded

log = logging.getLogger(__name__)

SLOWEST, FASTEST = 1 / 16, 2.0**20
WATCHED_IN = 60.0
"""Seconds that a recording takes at most at the speed at which it is begun to be shown."""
SHORTEST_BREAK = 10.0
BREAK = 5.0
"""Seconds, and times the usual time between two pictures: longer ones are breaks in which nothing
was trained, and are not waited for."""


class PlaybackSession:
    """Shows the pictures of a recorded experiment by a clock of its own; it begins to play at
    once. Satisfies the seam, but nothing can be asked of a training that is over.

    Args:
        recorded: what is shown. Raises RecordError where there are no pictures, or the first one
            cannot be read.
        clock: seconds that pass; another one for tests.

    """

    def __init__(
        self, recorded: "Recorded", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._frames = recorded.frames()
        if not len(self._frames):
            raise RecordError(
                f"{recorded.directory}: no picture was recorded; the training ended before the "
                "first one"
            )
        self._recording = Recording(recorded.id, str(recorded.directory))
        self._times = _without_breaks(self._frames.times)
        told = recorded.interventions()
        self._receipts = [one.receipt for one in told]
        self._told_at = [one.at.timestamp() for one in told]
        self._clock = clock
        self._at, self._since = 0.0, clock()
        self._playing = True
        self._speed = 1.0
        while self.duration / self._speed > WATCHED_IN and self._speed < FASTEST:
            self._speed *= 2
        self._shown: tuple[object, ...] = ()
        self._frame = 0
        self._snapshot = self._frames[0]
        self._draw()

    # -- the seam ------------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """Nothing: there is no training that could be changed."""
        del intervention
        return 0

    def receipts(self, since: int) -> list[Receipt]:
        """What had been answered by the present picture: fewer after a step back."""
        until = bisect_right(self._told_at, self._frames.times[self._frame])
        return self._receipts[since:until]

    def latest(self) -> Snapshot:
        """The present picture."""
        self._pass_time()
        return self._snapshot

    def view(self, request: View) -> None:
        """Nothing: every picture has all that was recorded."""
        del request

    # -- playing -------------------------------------------------------------------------------

    @property
    def duration(self) -> float:
        """Recorded seconds from the first picture to the last, without breaks."""
        return self._times[-1]

    def toggle(self) -> None:
        """Play or pause; at the end, from the beginning again."""
        self._pass_time()
        if self._at >= self.duration:
            self._go(0.0)
            self._playing = True
        else:
            self._playing = not self._playing
        self._draw()

    def slower(self) -> None:
        """Half the speed."""
        self._change_speed(0.5)

    def faster(self) -> None:
        """Twice the speed."""
        self._change_speed(2.0)

    def scrub(self, frames: int) -> None:
        """Pause, so many pictures on or back from the present one."""
        self._pass_time()
        self._playing = False
        last = len(self._times) - 1
        self._frame = max(0, min(last, self._frame + frames))
        self._go(self._times[self._frame])
        self._draw()

    def seek(self, share: float) -> None:
        """To a place between the beginning, 0, and the end, 1."""
        self._pass_time()
        self._go(max(0.0, min(1.0, share)) * self.duration)
        self._frame = self._nearest()
        self._draw()

    def _change_speed(self, factor: float) -> None:
        self._pass_time()
        self._speed = max(SLOWEST, min(FASTEST, self._speed * factor))
        self._draw()

    def _go(self, at: float) -> None:
        self._at, self._since = at, self._clock()

    def _pass_time(self) -> None:
        """Go on to where the clock is."""
        now = self._clock()
        if self._playing:
            self._at += (now - self._since) * self._speed
            self._frame = self._nearest()
            if self._at >= self.duration:
                self._at, self._playing = self.duration, False
        self._since = now
        self._draw()

    def _nearest(self) -> int:
        return max(0, bisect_right(self._times, self._at) - 1)

    def _draw(self) -> None:
        """Make another snapshot where another picture is due, or it is played in another way."""
        shown = (self._frame, self._playing, self._speed)
        if shown == self._shown:
            return
        self._shown = shown
        try:
            picture = self._frames[self._frame]
        except RecordError:
            # One that is damaged is passed over: the one before it stays.
            log.exception("picture %d could not be read", self._frame)
            picture = self._snapshot
        self._snapshot = replace(
            picture,
            sequence=self._snapshot.sequence + 1,
            state="ready",
            recording=self._recording,
            seconds=self._times[self._frame],
            playback=Playback(
                self._frame, len(self._times), self._speed, self._playing, self.duration
            ),
        )


def _without_breaks(times: Sequence[float]) -> list[float]:
    """Seconds since the first picture; a break between two sessions takes no longer than a pause
    between two pictures does, and a clock that was set back takes nothing away.
    """
    steps = [max(0.0, after - before) for before, after in pairwise(times)]
    longest = max(SHORTEST_BREAK, BREAK * statistics.median(steps)) if steps else 0.0
    played = [0.0]
    for step in steps:
        played.append(played[-1] + min(step, longest))
    return played
