"""compare_notebooks.py SAVED AGAIN: the saved notebooks' outputs against a fresh run.

Texts must be equal after numbers that measure (times, ratios of times, versions) are masked; pictures and charts must be
there in the same number. A cell whose tags say `depends-on-machine` must show something and no error; what it shows may
differ. Prints the first difference of each cell and exits with 1.
"""
import re
import sys
from pathlib import Path

import nbformat

# What differs between two honest runs. Everything else must be equal.
MASKS = [
    (r"<svg.*?</svg>", "<svg>", re.S), (r"data:image/[^\"']+", "data:image", 0), (r"<script.*?</script>", "<script>", re.S),
    (r"plot\d+_\d+", "plot", 0), (r"-{2,}", "--", 0),  # a rule below a header is as long as its widest number
    (r"\b[A-Z]+(\.\d+)?, (bf16|f16|f32)\b", "device, precision", 0),
    (r"-?\d+\.\d+(e-?\d+)?", "#", 0),  # decimals are measurements; whole numbers are results
    (r"\d+(?= ?(ms|s|x)\b)", "#", 0),
]
# Lines that name the machine.
MACHINE = re.compile(r"\bprecision\b|\bthreads\b", re.I)
MACHINE_TAG = "depends-on-machine"


def text_of(output) -> str | None:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"error {output.ename}: {output.evalue}"
    data = output.get("data", {})
    for kind in ("text/plain", "text/html", "text/markdown"):
        if kind in data:
            return data[kind]
    return None


def normalize(text: str) -> list[str]:
    for pattern, replacement, flags in MASKS:
        text = re.sub(pattern, replacement, text, flags=flags)
    text = re.sub(r"</tr>", "</tr>\n", text)
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip() and not MACHINE.search(line)]


def results_of(cell) -> list[str]:
    """The lines of a cell that two runs must share."""
    if MACHINE_TAG in cell.metadata.get("tags", []):
        errors = [text_of(o) for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"]
        return errors or ["shows something" if cell.outputs else "shows nothing"]
    return [line for o in cell.outputs for line in normalize(text_of(o) or o.output_type)]


def main() -> int:
    saved_folder, again_folder = Path(sys.argv[1]), Path(sys.argv[2])
    problems = 0
    for path in sorted(again_folder.glob("*.ipynb")):
        saved, again = nbformat.read(saved_folder / path.name, as_version=4), nbformat.read(path, as_version=4)
        pairs = list(zip([c for c in saved.cells if c.cell_type == "code"], [c for c in again.cells if c.cell_type == "code"]))
        for number, (a, b) in enumerate(pairs, 1):
            before, after = (results_of(cell) for cell in (a, b))
            if before != after:
                problems += 1
                index = next((i for i, (x, y) in enumerate(zip(before, after)) if x != y), min(len(before), len(after)))
                show = [lines[index] if index < len(lines) else "(nothing)" for lines in (before, after)]
                print(f"{path.name}, cell {number}: results differ\n  saved: {show[0][:300]}\n  again: {show[1][:300]}", file=sys.stderr)
        print(f"{path.name}: {len(pairs)} cells compared with the saved run")
    if problems:
        print(f"{problems} cells differ. If the change is meant, save anew: npm start -- --save", file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
