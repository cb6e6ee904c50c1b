"""The command ``ikz mail``: sends the mail texts of the outbox, each once.

It reads arguments, calls the delivery stage and prints. Without mail.toml nothing is sent: the texts wait in the outbox.
"""

import sys
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, text

if TYPE_CHECKING:
    from ikz_eval.delivery.mail import MailReport


@click.command()
@click.option("--list", "is_list", is_flag=True, help="Only list what is waiting; send nothing.")
@click.option("--mark", "is_mark", is_flag=True, help="Record all waiting mails as dealt with, without sending them.")
@click.option("--again", multiple=True, metavar="NAME", help="Send a mail again whose sending broke off.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of the lines.")
def mail(is_list: bool, is_mark: bool, again: tuple[str, ...], lang: str) -> None:
    """Send the mail texts of the outbox by SMTP, each once; exit code 1 when one could not be sent."""
    from ikz_eval.delivery.mail import mark_mails, send_mails, waiting_mails
    from ikz_eval.delivery.mail_settings import load_mail_settings
    from ikz_eval.settings import place

    at = place()
    if is_list:
        waiting, uncertain = waiting_mails(at)
        lines = [text("mail.waiting", lang, name=path.name) for path in waiting]
        lines += [text("mail.uncertain", lang, name=name) for name in uncertain]
        click.echo("\n".join([*lines, text("mail.counted", lang, waiting=len(waiting), uncertain=len(uncertain))]))
        return
    if is_mark:
        click.echo(text("mail.marked", lang, count=mark_mails(at)))
        return
    settings = load_mail_settings(at)
    if settings is None:
        raise DeliveryError(
            f"no mail is configured: write {at.home / 'mail.toml'} (docs/howto/send_mail.md); until then the texts "
            f"wait in {at.outbox}"
        )
    report = send_mails(at, settings, again=again)
    click.echo("\n".join(_lines(report, lang)))
    sys.exit(1 if report.failed or report.uncertain else 0)


def _lines(report: "MailReport", lang: str) -> list[str]:
    lines = [text("mail.sent", lang, name=name) for name in report.sent]
    lines += [text("mail.failed", lang, name=name, reason=reason) for name, reason in report.failed]
    lines += [text("mail.uncertain", lang, name=name) for name in report.uncertain]
    lines += [text("mail.without_address", lang, name=name) for name in report.without_address]
    counts = {
        "sent": len(report.sent),
        "failed": len(report.failed),
        "uncertain": len(report.uncertain),
        "orphans": len(report.without_address),
    }
    return [*lines, text("mail.summary", lang, **counts)]
