"""execute_notebook.py SOURCE TARGET: runs a notebook from top to bottom and saves it with its outputs.

Prints one line per code cell. On an error it shows the cell's message, saves what there is and exits with 1.
"""
import asyncio
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# Quantizing on a slow machine takes minutes; a cell that takes longer than this is stuck.
CELL_TIMEOUT_SECONDS = 3600
# A kernel is ready in seconds; on a machine that is busy with other work it may take minutes.
STARTUP_TIMEOUT_SECONDS = 300


class Reporter(NotebookClient):
    """Prints progress, names each cell after the heading above it."""

    def start(self, total: int) -> None:
        self.total, self.done, self.heading = total, 0, ""
        self.at_work, self.interrupted = True, False

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        if cell.cell_type != "code":
            headings = re.findall(r"^#+ (.+)$", cell.source, flags=re.M)
            self.heading = headings[-1] if headings else self.heading
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        self.done += 1
        print(f"  cell {self.done:2d}/{self.total}  {self.heading[:60]:60s}", end="", flush=True)
        start = time.perf_counter()
        try:
            result = await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        except CellExecutionError:
            self.at_work = False
            raise
        self.at_work = self.done < self.total
        print(f" {time.perf_counter() - start:6.1f} s", flush=True)
        return result

    async def _async_cleanup_kernel(self):
        # On Ctrl-C nbclient stops the kernel and then stumbles over its absence: remember why.
        self.interrupted = self.at_work
        await super()._async_cleanup_kernel()


def message_of(cell) -> str:
    """What a failed cell told: tslab prints it, where Python's kernel sends an error."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stderr").strip()


def clean(notebook) -> None:
    """Keeps what a reader needs: no run times of the machine in the metadata, one stream output per cell."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else None
            if output.output_type == "stream" and last is not None and last.output_type == "stream" and last.name == output.name:
                last.text += output.text
            else:
                output.pop("transient", None)
                outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs
    notebook.metadata.pop("widgets", None)


def main() -> int:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    notebook = nbformat.read(source, as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code_cells:
        cell.outputs, cell.execution_count = [], None
    print(f"{source.name}: {len(code_cells)} cells", flush=True)
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    client = Reporter(notebook, timeout=CELL_TIMEOUT_SECONDS, startup_timeout=STARTUP_TIMEOUT_SECONDS, kernel_name="tslab", resources={"metadata": {"path": str(source.parent)}})
    client.start(len(code_cells))
    status = 0
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"\n\n{source.name}, cell {client.done}, failed:\n{message_of(code_cells[client.done - 1]) or error}", file=sys.stderr)
        status = 1
    except (Exception, KeyboardInterrupt) as error:
        if not (client.interrupted or isinstance(error, KeyboardInterrupt)):
            raise
        print("\n\nInterrupted", file=sys.stderr, flush=True)
        os._exit(130)  # without the complaints of tasks that still wait for the kernel
    clean(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    nbformat.write(notebook, temporary)
    temporary.replace(target)
    return status


if __name__ == "__main__":
    if sys.platform == "win32":
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    sys.exit(main())
