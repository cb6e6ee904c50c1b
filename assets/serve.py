"""``make ui``: Dagster's page, schedule and sensor for one study, on this machine only.

    python -m assets.serve [--port 3000]

The page has no password and would do whatever it is asked: it is bound to the loopback address, and there is no option
to change that. Ends with Ctrl-C, all its processes with it.
"""

import argparse
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from assets.instance import environment, prepare
from assets.partitions import evaluation_quarters
from ikz_eval.errors import IkzError
from ikz_eval.settings import ROOT, place

HOST = "127.0.0.1"
_GRACE_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(prog="make ui", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=3000, help="port on the loopback address (default 3000)")
    options = parser.parse_args(arguments)
    at = place()
    try:
        evaluation_quarters()
    except IkzError as error:
        click.echo(error, err=True)
        return 2
    prepare(at)
    click.echo(f"Study {at.study}: http://{HOST}:{options.port} (only on this machine; end with Ctrl-C)")
    server = subprocess.Popen(command(options.port), cwd=ROOT, env=environment(at), start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop(server)


def command(port: int) -> list[str]:
    """Return the command that starts page, code server and daemon on the loopback address."""
    dg = Path(sysconfig.get_path("scripts")) / "dg"
    workspace = str(ROOT / "workspace.yaml")
    return [str(dg), "dev", "--host", HOST, "--port", str(port), "--workspace", workspace, "--log-level", "warning"]


def stop(server: "subprocess.Popen[bytes]", grace_seconds: float = _GRACE_SECONDS) -> None:
    """End a server and everything it started: ask its process group first, end it when it has not gone in time."""
    for wish in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, wish)
        except ProcessLookupError:
            return
        try:
            server.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            continue


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
