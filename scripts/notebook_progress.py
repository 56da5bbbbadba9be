"""What a headless run of a notebook shows: one line per cell; within a long cell how far it is.

On a terminal the line is updated in place; elsewhere a plain line comes every ten seconds.
"""
import os
import re
import shutil
import sys
import time

# A line that changes faster than this is not seen.
REDRAW_SECONDS = 0.1
# A progress bar that says nothing new for this long gets the cell's time beside it: something goes on.
STALE_SECONDS = 5
# Where nothing can be updated in place, in a log file or in CI, each line stays.
PLAIN_SECONDS = 10
HEADING_WIDTH = 60
DOTS = "..."


class Progress:
    def __init__(self, stream=sys.stdout):
        self.stream = stream
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.prefix = ""
        self.text = ""
        self.started = self.shown = self.changed = 0.0
        self.open = False  # the cursor stands behind the prefix

    def start(self, number: int, total: int, heading: str) -> None:
        self.prefix = f"  cell {number:2d}/{total}  "
        self.heading = heading[:HEADING_WIDTH]
        self.text = ""
        self.started = self.shown = self.changed = time.monotonic()
        self.write(self.label())
        self.open = True

    def label(self) -> str:
        return f"{self.prefix}{self.heading:{HEADING_WIDTH}s}"

    def update(self, text: str) -> None:
        """What the cell's progress bar says now."""
        self.text, self.changed = text, time.monotonic()
        self.tick()

    def tick(self) -> None:
        """Call it every second, too: a cell without a progress bar shows its time."""
        if not self.prefix:
            return
        now = time.monotonic()
        if now - self.shown < (REDRAW_SECONDS if self.live else PLAIN_SECONDS):
            return
        self.shown = now
        seconds = f"{now - self.started:.0f} s"
        stale = f" ({seconds} in this cell)" if now - self.changed > STALE_SECONDS else ""
        if self.live:
            text = f"{self.text}{stale}" if self.text else f"{self.heading}: {seconds}"
            self.write("\r\x1b[K" + self.fit(text))
        else:
            text = f"{self.text or 'at work'}{stale}"
            self.write(("\n" if self.open else "") + f"    {text}\n")
            self.open = False

    def finish(self) -> None:
        """The cell is done."""
        start = "\r\x1b[K" + self.label() if self.live else "" if self.open else self.label()
        self.write(f"{start} {time.monotonic() - self.started:6.1f} s\n")
        self.prefix = ""

    def abandon(self) -> None:
        """The cell has failed or was interrupted: what follows begins on a line of its own."""
        if self.prefix:
            self.write(("\r\x1b[K" + self.fit(self.heading) if self.live else "") + "\n")
        self.prefix = ""

    def fit(self, text: str) -> str:
        """The prefix and a text within the terminal's width: a line that wraps could not be replaced.

        What stands behind the colon, how far it is and what is left, says more than what stands before it.
        """
        room = max(10, shutil.get_terminal_size().columns - 1 - len(self.prefix))
        if len(text) > room:
            text = re.sub(r", [\d.]+ s(?=, about )", "", text)
        label, colon, rest = text.rpartition(": ")
        if len(text) > room and colon and len(rest) + 8 < room:
            kept = room - len(rest) - len(colon) - len(DOTS)
            text = f"{label[:kept]}{DOTS}{colon}{rest}"
        if len(text) > room:
            text = text[: room - len(DOTS)] + DOTS
        return self.prefix + text

    def write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # the terminal was closed: the work ends as it should all the same
            self.stream = open(os.devnull, "w")
