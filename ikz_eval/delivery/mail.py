"""Sending the mail texts of the outbox, each once.

What was sent is recorded in ``mail.jsonl`` of the ledger folder, one line an event, before and after: a mail whose
sending broke off in the middle is never sent again by itself, as nobody can tell whether it arrived. Mails carry no
attachment and no value. The texts are mail_text.py, server and addresses mail_settings.py.
"""

import json
import os
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from ikz_eval.delivery.mail_settings import MailSettings
from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place

ENDING = ".mail.txt"
RECORD = "mail.jsonl"
_SECONDS = 30.0
_DONE = ("sent", "marked")


@dataclass(frozen=True, slots=True)
class MailReport:
    """What one round of sending did; names of mail texts.

    Attributes
    ----------
    sent : tuple of str
        Handed over to the server.
    failed : tuple of (str, str)
        Refused or not reached, with the reason; tried again next time.
    uncertain : tuple of str
        Broken off while being sent, now or before: a person decides.
    without_address : tuple of str
        Nobody to send to.
    """

    sent: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    uncertain: tuple[str, ...] = ()
    without_address: tuple[str, ...] = ()


def waiting_mails(place: Place) -> tuple[list[Path], list[str]]:
    """Return the mail texts that are still to be sent, and the names of those whose sending broke off."""
    states = _states(place)
    texts = sorted(path for path in place.outbox.glob(f"*{ENDING}") if not path.name.startswith("."))
    waiting = [path for path in texts if states.get(path.name) not in (*_DONE, "sending")]
    return waiting, [path.name for path in texts if states.get(path.name) == "sending"]


def send_mails(
    place: Place, settings: MailSettings, *, now: datetime | None = None, again: Iterable[str] = ()
) -> MailReport:
    """Send every mail text of the outbox that was not sent yet; two calls at once do not send one twice.

    Parameters
    ----------
    place : Place
        Its outbox and ledger.
    settings : MailSettings
        Server and addresses.
    now : datetime, optional
        Moment that the mails and the record carry, aware; the machine's clock when left out.
    again : iterable of str
        Names of mail texts to send although their sending broke off before.

    Raises
    ------
    DeliveryError
        If the server cannot be reached or refuses the account; nothing is marked as sent then.
    """
    moment = now or datetime.now(UTC)
    place.ledger.mkdir(parents=True, exist_ok=True)
    with FileLock(place.ledger / ".mail.lock"):
        _release(place, again, moment)
        waiting, uncertain = waiting_mails(place)
        addressed = [(path, _recipients(path, settings)) for path in waiting]
        orphans = tuple(path.name for path, to in addressed if not to)
        mails = [(path, to) for path, to in addressed if to]
        if not mails:
            return MailReport(uncertain=tuple(uncertain), without_address=orphans)
        with _server(settings) as server:
            outcomes = [(path.name, *_send(place, server, settings, path, to, moment)) for path, to in mails]
    return MailReport(
        sent=tuple(name for name, state, _ in outcomes if state == "sent"),
        failed=tuple((name, reason) for name, _, reason in outcomes if reason),
        uncertain=(*uncertain, *(name for name, state, _ in outcomes if state == "sending")),
        without_address=orphans,
    )


def mark_mails(place: Place, *, now: datetime | None = None) -> int:
    """Record all waiting mail texts as dealt with, without sending; return their number."""
    moment = now or datetime.now(UTC)
    place.ledger.mkdir(parents=True, exist_ok=True)
    with FileLock(place.ledger / ".mail.lock"):
        waiting, _ = waiting_mails(place)
        _record(place, [(path.name, "marked") for path in waiting], moment)
    return len(waiting)


def message(path: Path, settings: MailSettings, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """Return a mail text as a message; its number follows from its name, so that a server may know it again.

    Raises
    ------
    DeliveryError
        If the file does not begin with a subject line.
    """
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    label, _, subject = head.partition(":")
    if not subject.strip() or "\n" in head or label not in ("Betreff", "Subject"):
        raise DeliveryError(f"{path.name}: must begin with 'Betreff:' and an empty line; it is left in the outbox")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = settings.sender, ", ".join(to), subject.strip()
    if settings.reply_to:
        mail["Reply-To"] = settings.reply_to
    mail["Date"] = format_datetime(now)
    domain = settings.sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{sha256(path.name.encode()).hexdigest()[:24]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body, cte="quoted-printable")
    return mail


def _recipients(path: Path, settings: MailSettings) -> tuple[str, ...]:
    return settings.recipients.get(path.name.partition("_")[0], settings.fallback)


@contextmanager
def _server(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    """Yield the server, logged in."""
    where = f"mail server {settings.host}:{settings.port}"
    try:
        if settings.security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            server.login(settings.user, settings.password)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where}: refuses user '{settings.user}'; check user and password_file in mail.toml"
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{where}: cannot be reached ({error}); nothing was sent, try again later") from error
    try:
        yield server
    finally:
        server.close()


def _send(
    place: Place, server: smtplib.SMTP, settings: MailSettings, path: Path, to: tuple[str, ...], now: datetime
) -> tuple[str, str]:
    """Send one mail; return its recorded state (``sending``: nobody can tell) and why it, or a part, was not sent."""
    try:
        mail = message(path, settings, to, now)
    except (DeliveryError, UnicodeDecodeError) as error:
        return "failed", str(error)
    _record(place, [(path.name, "sending")], now)
    try:
        refused = server.send_message(mail, settings.sender, list(to))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        _record(place, [(path.name, "failed")], now)
        return "failed", str(error)
    except smtplib.SMTPServerDisconnected as error:
        if "connect()" not in str(error):
            return "sending", ""
        _record(place, [(path.name, "failed")], now)  # gone before this mail began
        return "failed", str(error)
    except (OSError, smtplib.SMTPException):
        return "sending", ""
    _record(place, [(path.name, "sent")], now)
    return "sent", f"{', '.join(refused)} refused, sent to the others" if refused else ""


def _states(place: Place) -> dict[str, str]:
    """Return the last recorded state of every mail text; a line torn by a crash does not count."""
    path, states = place.ledger / RECORD, {}
    if not path.is_file():
        return {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
            states[str(event["name"])] = str(event["state"])
        except (ValueError, KeyError, TypeError):
            continue
    return states


def _release(place: Place, names: Iterable[str], now: datetime) -> None:
    """Let mails whose sending broke off be sent again, as a person asked.

    Raises
    ------
    DeliveryError
        If one is not such a mail.
    """
    states = _states(place)
    chosen = list(names)
    for name in chosen:
        if states.get(name) != "sending":
            raise DeliveryError(f"--again: '{name}' is no mail whose sending broke off; `ikz mail --list` names them")
    _record(place, [(name, "failed") for name in chosen], now)


def _record(place: Place, events: list[tuple[str, str]], now: datetime) -> None:
    """Append events and wait until they are safe."""
    if not events:
        return
    path = place.ledger / RECORD
    lines = "".join(
        json.dumps({"name": name, "state": state, "at": now.astimezone(UTC).isoformat()}, ensure_ascii=False) + "\n"
        for name, state in events
    )
    with path.open("a+b") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            lines = lines if file.read(1) == b"\n" else "\n" + lines
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
