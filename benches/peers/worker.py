"""Runs one peer in a process of its own, told by lines of JSON: {"layer": ID} or {"seconds": S}."""

import json
import os
import sys
import time

SAMPLE = 200e-6
"""Runs are repeated until they take this many seconds together, as in benches/src/time.rs."""


def best_time(run, seconds):
    """The best time of one run in seconds of the processor, of all samples within about `seconds`."""
    best, runs, end = float("inf"), 1, time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        # Of all threads: some peers compute on one of their own.
        start = time.process_time()
        for _ in range(runs):
            run()
        best = min(best, (time.process_time() - start) / runs)
        runs = max(1, round(SAMPLE / best))
    return best


def prepare(peer, layer):
    """The peer with the layer, and its error in parts of the largest output."""
    import numpy as np

    ready = peer(layer)
    ready.run()
    error = np.abs(ready.output() - layer.reference).max() / np.abs(layer.reference).max()
    return ready, {"error": float(error)}


def main():
    # What peers print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import layers
    from frameworks import PEERS

    peer, known, ready = PEERS[sys.argv[1]], layers.load(), None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "layer" in request:
                ready, answer = prepare(peer, known[request["layer"]])
            else:
                answer = {"us": best_time(ready.run, request["seconds"]) * 1e6}
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
