"""Measures nchw and its peers in turn and prints how they compare."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from frameworks import PEERS
from tqdm import tqdm

import layers
import record

TOLERANCE = 1e-4
"""Of the largest output; results that are off by more do not count."""


ROUNDS = 5
"""Turns of each layer."""


class Worker:
    """A peer in a process of its own."""

    def __init__(self, name, isa):
        environment = dict(os.environ)
        if isa == "avx2" and PEERS[name].limit:
            environment[PEERS[name].limit] = "AVX2"
        self.name = name
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "worker.py", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            text=True,
        )

    def ask(self, **request):
        """Its answer; one with `failed` if there is none."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self.log.seek(0)
        return {"failed": "the process ended: " + self.log.read().strip()[-300:]}


class Nchw:
    """The example `roofline`."""

    def __init__(self, root, isa):
        target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
        build = ["cargo", "build", "--release", "--example", "roofline"]
        subprocess.run(build, cwd=root, check=True)
        self.command = [target / "release" / "examples" / "roofline"]
        self.isa = isa

    def measure(self, layer, seconds):
        """The layer's entry in the .json file."""
        with tempfile.TemporaryDirectory() as folder:
            files = ["--json", Path(folder) / "json", "--picture", Path(folder) / "picture"]
            options = ["--isa", self.isa, "--layers", layer, "--seconds", str(seconds)]
            done = subprocess.run([*self.command, *options, *files], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"roofline: {done.stderr}")
            return json.loads((Path(folder) / "json").read_text())[0]


def run(options, root):
    known = layers.load()
    wanted = options.layers or list(known)
    for layer in wanted:
        if layer not in known:
            sys.exit(f"there is no layer `{layer}`; there are {', '.join(known)}")
    isa = options.isa or best_isa()
    nchw = Nchw(root, isa)
    workers = {name: Worker(name, isa) for name in options.peers}

    rows = []
    turns = tqdm(total=len(wanted) * ROUNDS * (1 + len(workers)), unit="turn", leave=False, disable=None)
    for layer in wanted:
        answers = {name: worker.ask(layer=layer) for name, worker in workers.items()}
        row = {"layer": layer, "shape": known[layer], "nchw": None, "peers": answers}
        for _ in range(ROUNDS):
            turns.set_description(f"{layer} nchw")
            figures = nchw.measure(layer, options.seconds)
            turns.update()
            if row["nchw"] is None or figures["us"] < row["nchw"]["us"]:
                row["nchw"] = figures
            for name, worker in workers.items():
                turns.set_description(f"{layer} {name}")
                answer = answers[name]
                if "failed" not in answer:
                    answer.update(better(answer, worker.ask(seconds=options.seconds)))
                turns.update()
        rows.append(row)
    turns.close()
    for worker in workers.values():
        worker.process.stdin.close()

    text = record.text(rows, options.peers, isa, TOLERANCE)
    print(text)
    if options.record:
        record.write(root / "benches" / "README.md", text, isa)


def better(answer, again):
    """What a turn adds to what is known."""
    if "failed" in again or again["us"] >= answer.get("us", float("inf")):
        return {key: value for key, value in again.items() if key == "failed"}
    return again


def best_isa():
    return "avx512" if "avx512f" in Path("/proc/cpuinfo").read_text() else "avx2"
