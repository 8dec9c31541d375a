"""The result as text, and its place in benches/README.md."""

import datetime
import importlib.metadata
import math
import re
import sys
from pathlib import Path

from frameworks import PEERS


def right(answer, tolerance):
    return "us" in answer and answer["error"] <= tolerance


def best(row, tolerance, plain):
    """The fastest right peer's name and time, of those that speak plain NCHW or of all."""
    times = [
        (answer["us"], name)
        for name, answer in row["peers"].items()
        if right(answer, tolerance) and not (plain and PEERS[name].native)
    ]
    return min(times, default=None)


def cell(answer, tolerance):
    if "us" not in answer:
        return "-"
    return f"{answer['us']:.1f}" + ("" if right(answer, tolerance) else "*")


def against(row, tolerance, plain):
    found = best(row, tolerance, plain)
    if not found:
        return "-", None
    ratio = found[0] / row["nchw"]["us"]
    return f"{ratio:.2f} {found[1]}", ratio


def text(rows, peers, isa, tolerance):
    """A table and what has to be said about it."""
    header = ["layer", "algorithm", "nchw", "peak", *peers, "best NCHW / nchw", "best of all / nchw"]
    lines, ratios = [header], ([], [])
    for row in rows:
        nchw = row["nchw"]
        cells = [cell(row["peers"][name], tolerance) for name in peers]
        verdicts = []
        for plain, list_ in zip([True, False], ratios):
            verdict, ratio = against(row, tolerance, plain)
            verdicts.append(verdict)
            list_.extend([] if ratio is None else [ratio])
        share = f"{100 * nchw['peak_share']:.0f} %"
        figures = [nchw["algorithm"], f"{nchw['us']:.1f}", share]
        lines.append([row["layer"], *figures, *cells, *verdicts])
    means = [
        f"{math.exp(sum(map(math.log, list_)) / len(list_)):.2f}" if list_ else "-" for list_ in ratios
    ]
    lines.append(["geometric mean", *[""] * (3 + len(peers)), *means])
    return table(lines) + "\n" + "\n".join(notes(rows, peers, isa, tolerance))


def table(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    # Names left, numbers right.
    left = [index < 2 or index >= len(widths) - 2 for index in range(len(widths))]

    def line(cells):
        padded = [
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(cells, widths, left)
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if to_left else "-" * (width - 1) + ":" for width, to_left in zip(widths, left)]
    return "\n".join([line(lines[0]), line(rule), *map(line, lines[1:])]) + "\n"


def notes(rows, peers, isa, tolerance):
    yield f"Times in us, the best of all turns; above 1.00 nchw ({isa}) is faster than the best peer."
    native = [f"{name} ({PEERS[name].native})" for name in peers if PEERS[name].native]
    if native:
        yield f"Own layout, conversions not timed: {', '.join(native)}. The others take and return plain NCHW."
    versions = [f"{name} {version(name)}" for name in peers]
    yield f"Versions: {', '.join(versions)}."
    unlimited = [name for name in peers if not PEERS[name].limit]
    if isa == "avx2" and unlimited:
        yield f"Could not be limited to AVX2 and use what the processor has: {', '.join(unlimited)}."
    for name in peers:
        wrong = [
            f"{row['layer']} {row['peers'][name]['error']:.0e}"
            for row in rows
            if "us" in row["peers"][name] and not right(row["peers"][name], tolerance)
        ]
        if wrong:
            yield f"* {name} errs against float64, in parts of the largest output: {', '.join(wrong)}."
        failures = {}
        for row in rows:
            if "failed" in row["peers"][name]:
                failures.setdefault(row["peers"][name]["failed"], []).append(row["layer"])
        for failure, failed in failures.items():
            yield f"{name} failed on {', '.join(failed)}: {failure}"


def version(name):
    try:
        return importlib.metadata.version(PEERS[name].package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def cpu():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else "unknown processor"


def write(path, table_and_notes, isa):
    """Replaces the record of `isa` in the file, between its marks."""
    begin, end = f"<!-- peers {isa} -->", f"<!-- end of peers {isa} -->"
    words = " ".join(["benches/peers/run", *sys.argv[1:]])
    today = datetime.date.today().isoformat()
    head = f"{today}, {cpu()}, `{words}`:\n"
    section = f"{begin}\n{head}\n{table_and_notes}\n{end}"
    page = path.read_text()
    if begin not in page:
        page = page.rstrip() + f"\n\n{begin}\n{end}\n"
    before, rest = page.split(begin)
    path.write_text(before + section + rest.split(end)[1])
    print(f"written into {path}")
