"""Speed of the methods beside their peers, in one run: ``make bench``, or this part alone by ``python -m bench.speed``.

Both sides run as processes of their own with one thread, on the same arrays; the peers in bench/.peers (``make
bench-peers``). Writes its section of bench/README.md. Nothing here is a test; what falls short is shown as such.
"""

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench import growth
from bench.measure import THREADS
from bench.speed_data import Arrays, cohorts, staggered, two_paths, written

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "bench" / ".peers" / "bin" / "python"
PAGE = ROOT / "bench" / "README.md"
HEADING = "## Methods beside their peers"
N_THREADS = 1
LIMIT = 240
"""Seconds after which a peer is stopped."""
DRAWS = 9_999
_SAME, _DEVIATIONS = 1e-8, 4
"""Coefficients agree to this, relatively; p values within so many standard errors of their draws."""
Found = dict[str, Any]
Row = tuple[str, ...]


def asked(command: list[str], limit: int | None = None) -> Found | None:
    """Return the JSON that a process answers with; None when it took longer than the limit."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(N_THREADS))}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def ours(task: str, folder: Path, repeats: int) -> Found:
    """Return what a task of bench/ours.py costs and finds."""
    found = asked([sys.executable, "-m", "bench.ours", task, str(folder), str(repeats)])
    assert found is not None
    return found


def peer(task: str, folder: Path, repeats: int, limit: int | None = None) -> Found | None:
    """Return what a task of bench/peers/run.py costs and finds."""
    return asked([str(PEERS), "bench/peers/run.py", task, str(folder), str(repeats)], limit)


def both(draw: Callable[..., Arrays], units: int, periods: int) -> Iterator[tuple[str, Path]]:
    """Yield the panel balanced and with cells missing, as files."""
    for kind in ("balanced", "10 % missing"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            written(draw(units, periods, is_unbalanced=kind != "balanced"), folder)
            (folder / "given").mkdir()
            random = np.random.default_rng(5)
            dealt = random.permuted(np.tile(np.arange(units) % 2, (40, 1)), axis=1) if units < 1_000 else np.empty(0)
            np.save(folder / "given" / "dealt.npy", dealt)
            yield kind, folder


def row(task: str, kind: str, mine: Found, peers: Found | None, *, target: float, name: str, agree: str) -> Row:
    """Return a line of the table: seconds of both, the ratio and whether it reaches the target, memory, agreement."""
    if peers is None:
        ratio, said, theirs, memory = LIMIT / mine["seconds"], "> {:,.3g}", f"> {LIMIT} s", "-"
    else:
        ratio, theirs = peers["seconds"] / mine["seconds"], _seconds(peers["seconds"])
        said, memory = "{:,.3g} " + f"({peers['cpu'] / mine['cpu']:,.3g})", f"{peers['megabytes']:.0f} MB"
    reached = "reached" if ratio >= target else "**fell short**"
    return (
        task, kind, _seconds(mine["seconds"]), f"{name} {theirs}", said.format(ratio), f"{target:g}: {reached}",
        f"{mine['megabytes']:.0f} / {memory}", agree,
    )  # fmt: skip


def _seconds(value: float) -> str:
    return f"{1000 * value:.1f} ms" if value < 1 else f"{value:.2f} s"


def same_estimate(mine: Found, peers: Found) -> str:
    """Return how far the estimates, and standard errors where both have them, are apart."""
    apart = abs(mine["estimate"] / peers["estimate"] - 1)
    said = f"b {apart:.0e}" if apart <= _SAME else f"**b {apart:.0e}**"
    return said + (f", se {abs(mine['se'] / peers['se'] - 1):.0e}" if "se" in mine else "")


def same_p(mine: Found, peers: Found) -> str:
    """Return both p values, and whether they are within simulation error of each other."""
    middle = max((mine["p"] + peers["p"]) / 2, 1 / DRAWS)
    error = math.sqrt(2 * middle * (1 - middle) / DRAWS)
    is_same = abs(mine["p"] - peers["p"]) <= _DEVIATIONS * error + 1 / DRAWS
    return f"p {mine['p']:.4f} / {peers['p']:.4f}" if is_same else f"**p {mine['p']:.4f} / {peers['p']:.4f}**"


def wild_rows() -> Iterator[Row]:
    """Measure the wild bootstrap against pyfixest's way to wildboottest."""
    for units, target, repeats in ((36, 80, 5), (400, 500, 1)):
        for kind, folder in both(staggered, units, 40):
            mine, peers = ours("wild", folder, 15), peer("wild", folder, repeats)
            assert peers is not None
            agree = f"{same_estimate(mine, peers)}, {same_p(mine, peers)}"
            yield row(f"wild bootstrap, {units} x 40", kind, mine, peers, target=target, name="pyfixest", agree=agree)


def large_wild_rows() -> Iterator[Row]:
    """Measure the wild bootstrap of 10,000 clusters, from the table to p."""
    for kind, folder in both(staggered, 10_000, 40):
        mine, peers = ours("wild_whole", folder, 5), peer("wild_bare", folder, 1, LIMIT)
        agree = "" if peers is None else f"{same_estimate(mine, peers)}, {same_p(mine, peers)}"
        made = list(
            row(
                "wild bootstrap, 10,000 x 40, fit included",
                kind,
                mine,
                peers,
                target=1,
                name="wildboottest",
                agree=agree,
            )
        )
        is_reached = mine["seconds"] <= 2 and mine["megabytes"] <= 1024
        made[5] = "2 s, 1 GiB: " + ("reached" if is_reached else "**fell short**")
        yield tuple(made)


def randomisation_rows() -> Iterator[Row]:
    """Measure randomisation with t against ritest, whose 60 draws are scaled up to 9,999."""
    for kind, folder in both(two_paths, 36, 40):
        mine, peers = ours("randomisation", folder, 15), peer("randomisation", folder, 3)
        assert peers is not None
        share = DRAWS / peers["draws"]
        scaled = {**peers, "seconds": peers["seconds"] * share, "cpu": peers["cpu"] * share}
        t, theirs = np.array(mine["t"]), np.array(peers["t"])
        agree = f"t of 40 given assignments: {np.abs(t / theirs - 1).max():.0e}"
        yield row("randomisation with t, 36 x 40", kind, mine, scaled, target=2_000, name="ritest", agree=agree)


def effects_rows() -> Iterator[Row]:
    """Measure two-way fixed effects of ten million rows."""
    for kind, folder in both(staggered, 250_000, 40):
        peers = peer("feols", folder, 3)
        assert peers is not None
        for name in ("regression", "twoway"):
            mine = ours(name, folder, 5)
            target = 6 if kind == "balanced" else 1
            made = list(
                row(f"two-way effects, 250,000 x 40, fit_{name}", kind, mine, peers, target=target, name="feols",
                    agree=same_estimate(mine, peers))
            )  # fmt: skip
            if kind == "balanced":
                share = mine["megabytes"] / peers["megabytes"]
                made[6] += f" ({share:.2f}, 1/3: {'reached' if share <= 1 / 3 else '**fell short**'})"
            yield tuple(made)


def group_time_rows() -> Iterator[Row]:
    """Measure Callaway and Sant'Anna with 999 multiplier draws."""
    for kind, folder in both(cohorts, 11_000, 40):
        mine, peers = ours("group_time", folder, 5), peer("group_time", folder, 5)
        assert peers is not None
        shared = mine["cells"].keys() & peers["cells"].keys()
        apart = max(abs(mine["cells"][term] - peers["cells"][term]) for term in shared)
        agree = f"{len(shared)} cells: {apart:.0e}, se {abs(mine['se'] / peers['se'] - 1):.0e} (drawn)"
        yield row("group-time, 11,000 x 40, 999 draws", kind, mine, peers, target=1, name="diff-diff", agree=agree)


PARTS = (wild_rows, randomisation_rows, group_time_rows, effects_rows, large_wild_rows)


def peer_versions() -> str:
    """Return the peers' versions, as installed."""
    code = "from importlib.metadata import version as v; print(*(f'{n} {v(n)}' for n in " + (
        "('pyfixest', 'wildboottest', 'diff-diff', 'numba', 'numpy')), sep=', ')"
    )
    return subprocess.run([str(PEERS), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def section(rows: list[Row], grown: str) -> str:
    """Return the section of the page."""
    table = "\n".join("| " + " | ".join(each) + " |" for each in rows)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas", "statsmodels"))
    return (
        f"{HEADING}\n\nWritten by `python -m bench.speed` (part of `make bench`), {datetime.now(UTC):%Y-%m-%d}; peers by "
        f"`make bench-peers`. {machine}; {libraries}; peers {peer_versions()}. {N_THREADS} thread for every side; medians, work under 20 ms repeated within a timing; "
        "each side warmed up, in a process of its own, on the same arrays. Ratio: of seconds, in brackets of processor time (the one to read on a busy "
        "machine). Memory: peak beyond the table itself, ours / "
        "theirs. Agreement: relative difference of coefficients (b) and standard errors (se), both p. "
        "How each works: [docs/methods/speed.md](../docs/methods/speed.md).\n\n"
        "| task | cells | ours | peer | ratio | target | memory | agreement |\n|---|---|---|---|---|---|---|---|\n"
        f"{table}\n\nritest: 60 draws scaled up to 9,999 (it refits each draw, so its time is linear in them); it deals rows, we "
        "deal whole paths of units, hence agreement is that of t under given assignments. pyfixest refuses the cluster option "
        "of ritest with unit effects. wildboottest at 10,000 clusters gets outcome and treatment less their effects: with "
        "dummies the table would take 32 GB.\n\n"
        f"{grown}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "processor unknown")


def keep(page: str, added: str) -> str:
    """Return the page with the section written anew."""
    return page.split(HEADING)[0].rstrip() + "\n\n" + added.rstrip() + "\n"


def main() -> None:
    """Print the table and write the section; ``python -m bench.speed wild_rows`` prints one part only."""
    if not PEERS.exists():
        sys.exit("the peers are not installed; do: make bench-peers")
    chosen = [part for part in PARTS if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]]
    rows = []
    for part in chosen:
        for line in part():
            print(" | ".join(line), flush=True)
            rows.append(line)
    if len(chosen) == len(PARTS):
        added = section(rows, growth.measured_growth())
        PAGE.write_text(keep(PAGE.read_text(encoding="utf-8"), added), encoding="utf-8", newline="\n")
        print(added)


if __name__ == "__main__":
    main()
