"""The command ``ikz``: commands for people, each loaded only when it is called.

A command reads its arguments, calls a stage and prints. Commands live in the modules beside this file; knowledge of
deliveries, panels or releases does not belong here. Never imports assets/ (no Dagster: ``ikz check`` must start fast).
"""

import sys
from importlib import import_module

import click

from ikz_eval import __version__
from ikz_eval.errors import IkzError

COMMANDS = {
    "check": "ikz_eval.cli.check:check",
    "template": "ikz_eval.cli.template:template",
    "ingest": "ikz_eval.cli.delivery:ingest",
    "layout": "ikz_eval.cli.layout:layout",
    "deliveries": "ikz_eval.cli.ledger:deliveries",
    "remind": "ikz_eval.cli.ledger:remind",
    "calendar": "ikz_eval.cli.ledger:calendar",
    "withdraw": "ikz_eval.cli.ledger:withdraw",
    "diff": "ikz_eval.cli.ledger:diff",
    "retain": "ikz_eval.cli.ledger:retain",
    "mail": "ikz_eval.cli.mail:mail",
    "estimate": "ikz_eval.cli.estimate:estimate",
    "honest": "ikz_eval.cli.honest:honest",
    "calibrate": "ikz_eval.cli.calibrate:calibrate",
    "power": "ikz_eval.cli.power:power",
    "demo": "ikz_eval.cli.study:demo",
    "study": "ikz_eval.cli.study:study",
    "show": "ikz_eval.cli.warehouse:show",
    "sql": "ikz_eval.cli.warehouse:sql",
    "backup": "ikz_eval.cli.warehouse:backup",
    "restore": "ikz_eval.cli.warehouse:restore",
}
"""Command -> module and function; a command's module is imported when the command is used."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all command names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command ``name``, importing its module."""
        if name not in COMMANDS:
            return None
        module, function = COMMANDS[name].split(":")
        command = getattr(import_module(module), function)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ikz")
def cli() -> None:
    """ikz_eval: evaluates inter-municipal cooperation, from a delivered workbook to a published table."""


def main() -> None:
    """Run ``ikz``; an error of ours, or of files and folders, is one clear message on stderr and exit code 2."""
    try:
        cli()
    except OSError as error:  # a full disk, a folder without rights: nothing a program can mend
        click.echo(f"ikz: {error}; check free space and rights, then start again", err=True)
        sys.exit(2)
    except IkzError as error:
        click.echo(f"ikz: {error}", err=True)
        sys.exit(2)
