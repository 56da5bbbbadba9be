"""execute_notebook.py SOURCE TARGET [--stop-with-stdin]: runs a notebook from top to bottom and saves it with its
outputs.

Prints one line per code cell, and how far a long one is. The target is saved after every cell: what ran is kept however
the run ends. A notebook that did not run to its end says so in its metadata, under "incomplete".
Exits with 0; with 1 when a cell failed, whose message is shown; with 130 when it was interrupted: the kernel is told to
stop its cell, which removes what is half written, and then ended. With --stop-with-stdin the end of standard input, the
end of the parent process, is an interrupt too.
"""
import os
import signal

INTERRUPTED = 130
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
for each in SIGNALS:  # until the run listens itself: the imports below take a second
    signal.signal(each, lambda *_: os._exit(INTERRUPTED))

import asyncio
import copy
import re
import sys
import threading
import time
from pathlib import Path

import nbformat
from jupyter_client.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from notebook_progress import Progress

# Quantizing on a slow machine takes minutes; a cell that takes longer than this is stuck.
CELL_TIMEOUT_SECONDS = 4 * 3600
# A kernel is ready in seconds; on a machine that is busy with other work it may take minutes.
STARTUP_TIMEOUT_SECONDS = 300
STARTS = 3
# How long an interrupted cell may take to stop and tidy up.
STOP_SECONDS = 15
# Ctrl-C reaches every process of a terminal, and the parent passes it on: what comes within this time is one and the
# same.
SAME_INTERRUPT_SECONDS = 2
# Displays that lib/notebook updates in place: progress bars.
PROGRESS_DISPLAY = re.compile(r"^blip-")


class KernelStartError(Exception):
    """The kernel ended before it answered, or never answered."""


class Stop:
    """Whether the run is to stop, and whether at once: the second interrupt does not wait for the cell."""

    def __init__(self):
        self.requested, self.hurry = asyncio.Event(), asyncio.Event()
        self.last = 0.0

    def request(self) -> None:
        now = time.monotonic()
        if self.requested.is_set() and now - self.last > SAME_INTERRUPT_SECONDS:
            self.hurry.set()
        self.requested.set()
        self.last = now


class Run(NotebookClient):
    """One execution of one notebook; `outcome` says how it ended."""

    def prepare(self, progress: Progress, stop: Stop, target: Path) -> None:
        self.progress, self.stop, self.target = progress, stop, target
        self.cells = [cell for cell in self.nb.cells if cell.cell_type == "code"]
        self.started, self.done, self.heading = 0, 0, ""
        self.reset_execution_trackers()

    async def run(self) -> None:
        await self.start_kernel()
        info = await self.async_wait_for_reply(await ensure_async(self.kc.kernel_info()))
        if info is not None:
            self.nb.metadata["language_info"] = info["content"]["language_info"]
        for index, cell in enumerate(self.nb.cells):
            if self.stop.requested.is_set():
                return
            await self.async_execute_cell(cell, index)

    async def start_kernel(self) -> None:
        """Tries again with other ports: between their choice and their use another program may take one."""
        for attempt in range(STARTS):
            self.km = self.create_kernel_manager()
            await self.async_start_new_kernel()
            try:
                await self.async_start_new_kernel_client()
                return
            except RuntimeError as error:  # nbclient has ended the kernel
                if attempt == STARTS - 1:
                    raise KernelStartError(str(error)) from error

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        if cell.cell_type != "code":
            headings = re.findall(r"^#+ (.+)$", cell.source, flags=re.M)
            self.heading = headings[-1] if headings else self.heading
            return cell
        self.started += 1
        self.progress.start(self.started, len(self.cells), self.heading)
        result = await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        self.progress.finish()
        self.done += 1
        self.save("running")
        return result

    def process_message(self, msg, cell, cell_index):
        content = msg.get("content", {})
        if PROGRESS_DISPLAY.match(str(content.get("transient", {}).get("display_id", ""))):
            self.progress.update(content.get("data", {}).get("text/plain", ""))
        return super().process_message(msg, cell, cell_index)

    async def interrupt(self, work: asyncio.Future) -> None:
        """Lets the cell that runs stop by itself, then ends the kernel."""
        hurry = asyncio.ensure_future(self.stop.hurry.wait())
        if self.kc is not None and not work.done():
            try:
                await ensure_async(self.km.interrupt_kernel())
                await asyncio.wait([hurry, work], timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            except RuntimeError:
                pass  # the kernel is gone already
        work.cancel()  # a kernel that is only just started is not there yet
        await asyncio.gather(work, return_exceptions=True)
        await self.end_kernel()
        hurry.cancel()

    async def end_kernel(self) -> None:
        if self.km is None:
            return
        try:
            if self.km.has_kernel:
                await ensure_async(self.km.shutdown_kernel(now=self.stop.hurry.is_set()))
        except RuntimeError as error:
            if "No kernel is running" not in str(error):
                raise
        finally:
            await ensure_async(self.km.cleanup_resources())
            if self.kc is not None:
                self.kc.stop_channels()
            self.kc = self.km = None

    def save(self, status: str) -> None:
        notebook = clean(copy.deepcopy(self.nb))
        if status != "complete":
            notebook.metadata["incomplete"] = {
                "status": status,
                "cells": self.done,
                "of": len(self.cells),
                "at": self.heading,
            }
        write(notebook, self.target)


def message_of(cell) -> str:
    """What a failed cell told."""
    return "\n".join(
        line for output in cell.outputs if output.output_type == "error" for line in output.traceback
    ).strip()


def clean(notebook):
    """Keeps what a reader needs: no run times of the machine in the metadata, one stream output per cell."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else None
            if (
                output.output_type == "stream"
                and last is not None
                and last.output_type == "stream"
                and last.name == output.name
            ):
                last.text += output.text
            else:
                output.pop("transient", None)
                outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs
    notebook.metadata.pop("widgets", None)
    return notebook


def write(notebook, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        nbformat.write(notebook, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def listen(stop: Stop, with_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    for each in SIGNALS:
        try:
            loop.add_signal_handler(each, stop.request)
        except NotImplementedError:  # Windows
            signal.signal(each, lambda *_: loop.call_soon_threadsafe(stop.request))
    if with_stdin:
        threading.Thread(target=wait_for_parent, args=(loop, stop), daemon=True).start()


def wait_for_parent(loop: asyncio.AbstractEventLoop, stop: Stop) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.request)


async def tick(progress: Progress) -> None:
    while True:
        await asyncio.sleep(1)
        progress.tick()


async def execute(source: Path, target: Path, with_stdin: bool) -> int:
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    progress, stop = Progress(), Stop()
    listen(stop, with_stdin)
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    client = Run(
        notebook,
        timeout=CELL_TIMEOUT_SECONDS,
        startup_timeout=STARTUP_TIMEOUT_SECONDS,
        kernel_name="tslab",
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.prepare(progress, stop, target)
    progress.write(f"{source.name}: {len(client.cells)} cells\n")
    ticking = asyncio.ensure_future(tick(progress))
    work = asyncio.ensure_future(client.run())
    await asyncio.wait({work, asyncio.ensure_future(stop.requested.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if stop.requested.is_set():
        progress.abandon()
        report(progress, "Interrupted: the cell is stopped and tidied up")
        await client.interrupt(work)
        client.save("interrupted")
        status = INTERRUPTED
    else:
        status = await finish(client, work, source)
    ticking.cancel()
    return status


async def finish(client: Run, work: asyncio.Future, source: Path) -> int:
    error = work.exception()
    await client.end_kernel()
    if error is None:
        client.save("complete")
        return 0
    client.progress.abandon()
    client.save("failed")
    where = f"{source.name}, cell {client.started}," if client.started else source.name
    report(client.progress, f"\n{where} failed:\n{explain(error, client)}")
    return 1


def explain(error: BaseException, client: Run) -> str:
    if isinstance(error, KernelStartError):
        return f"The notebook's kernel did not start: {error}. Its own message stands above, if it had one."
    if isinstance(error, DeadKernelError):
        return (
            "The notebook's kernel ended in the middle of the cell. Most likely the memory ran out: "
            "close other programs, or take a smaller checkpoint."
        )
    if isinstance(error, CellTimeoutError):
        return f"It took longer than {CELL_TIMEOUT_SECONDS / 3600:.0f} hours."
    if isinstance(error, CellExecutionError):
        return message_of(client.cells[client.started - 1]) or str(error)
    raise error


def report(progress: Progress, message: str) -> None:
    try:
        print(message, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # the terminal was closed


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--stop-with-stdin"]
    status = asyncio.run(execute(Path(arguments[0]), Path(arguments[1]), "--stop-with-stdin" in sys.argv))
    sys.stdout.flush()
    os._exit(status)  # without waiting for the thread that reads standard input, nor for sockets to linger


if __name__ == "__main__":
    if sys.platform == "win32":
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    main()
