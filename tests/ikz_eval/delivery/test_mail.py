"""Mail: sent once to whom it concerns, never a value in it, and never twice, whatever breaks off."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from ikz_eval.cli import cli
from ikz_eval.delivery.mail import RECORD, mark_mails, send_mails, waiting_mails
from ikz_eval.delivery.mail_settings import MailSettings, load_mail_settings
from ikz_eval.delivery.mail_text import mail_text
from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place
from tests.ikz_eval.delivery.test_answer import delivery, finding, job

NOW = datetime(2025, 11, 3, 9, 30, tzinfo=UTC)
FIRST, SECOND = "X0101_2024-Q3_0123456789ab", "X0102_2024-Q3_ba9876543210"


class Letterbox:
    """A local mail server's handler: keeps what arrives, refuses or hangs up where told to."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []
        self.refuse = ""
        self.hang_up_at = 0
        self.begun = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == self.refuse:
            return "550 unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.begun += 1
        if self.begun == self.hang_up_at:
            server.transport.abort()
            return "421 gone"
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"


@pytest.fixture
def letterbox() -> Iterator[tuple[Letterbox, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Letterbox()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def place(tmp_path) -> Place:
    at = Place(study="tiny", data=tmp_path)
    at.outbox.mkdir(parents=True)
    for name in (FIRST, SECOND):
        text = f"Betreff: Rückmeldung liegt bereit\n\nGuten Tag,\n\nliegt bereit: {name}.html\n"
        (at.outbox / f"{name}.mail.txt").write_text(text, encoding="utf-8")
    return at


def settings(port: int, **changes: object) -> MailSettings:
    known = {"X0101": ("amt@nebelau.example",), "X0102": ("stadt@erdach.example",)}
    plain = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "ikz@land.example", "recipients": known}
    return MailSettings(**(plain | changes))  # type: ignore[arg-type]


def test_each_body_gets_its_mail_once(place, letterbox):
    handler, port = letterbox
    first, second = (send_mails(place, settings(port), now=NOW) for _ in range(2))
    assert first.sent == (f"{FIRST}.mail.txt", f"{SECOND}.mail.txt") and second.sent == ()
    assert [to for to, _ in handler.mails] == [["amt@nebelau.example"], ["stadt@erdach.example"]]
    content = handler.mails[0][1]
    assert "Subject: =?utf-8?q?R=C3=BCckmeldung?= liegt bereit" in content and f"{FIRST}.html" in content
    assert "Message-ID: <" in content and "Auto-Submitted: auto-generated" in content
    assert "attachment" not in content


def test_an_answer_written_again_is_not_mailed_again(place, letterbox):
    handler, port = letterbox
    send_mails(place, settings(port), now=NOW)
    (place.outbox / f"{FIRST}.mail.txt").write_text("Betreff: anders\n\nanders\n", encoding="utf-8")
    assert send_mails(place, settings(port), now=NOW).sent == ()
    assert len(handler.mails) == 2


def test_a_refused_address_is_told_and_tried_again(place, letterbox):
    handler, port = letterbox
    handler.refuse = "stadt@erdach.example"
    report = send_mails(place, settings(port), now=NOW)
    assert report.sent == (f"{FIRST}.mail.txt",)
    ((name, reason),) = report.failed
    assert name == f"{SECOND}.mail.txt" and "unknown here" in reason
    handler.refuse = ""
    assert send_mails(place, settings(port), now=NOW).sent == (f"{SECOND}.mail.txt",)


def test_a_mail_that_broke_off_is_never_sent_twice_by_itself(place, letterbox):
    handler, port = letterbox
    handler.hang_up_at = 1
    report = send_mails(place, settings(port), now=NOW)
    assert report.uncertain == (f"{FIRST}.mail.txt",)
    later = send_mails(place, settings(port), now=NOW)
    assert later.uncertain == (f"{FIRST}.mail.txt",) and later.sent == (f"{SECOND}.mail.txt",)
    asked = send_mails(place, settings(port), now=NOW, again=[f"{FIRST}.mail.txt"])
    assert asked.sent == (f"{FIRST}.mail.txt",) and len(handler.mails) == 2
    with pytest.raises(DeliveryError, match="no mail whose sending broke off"):
        send_mails(place, settings(port), now=NOW, again=[f"{FIRST}.mail.txt"])


def test_a_process_killed_while_sending_leaves_the_mail_uncertain(place, letterbox):
    place.ledger.mkdir()
    torn = json.dumps({"name": f"{FIRST}.mail.txt", "state": "sending", "at": "x"}) + '\n{"name": "X01'
    (place.ledger / RECORD).write_text(torn, encoding="utf-8")
    report = send_mails(place, settings(letterbox[1]), now=NOW)
    assert (report.uncertain, report.sent) == ((f"{FIRST}.mail.txt",), (f"{SECOND}.mail.txt",))
    assert waiting_mails(place) == ([], [f"{FIRST}.mail.txt"]), "the record is whole again after a torn line"


def test_without_an_address_the_mail_waits_or_goes_to_the_house(place, letterbox):
    handler, port = letterbox
    nobody = settings(port, recipients={})
    assert send_mails(place, nobody, now=NOW).without_address == (f"{FIRST}.mail.txt", f"{SECOND}.mail.txt")
    assert len(send_mails(place, settings(port, recipients={}, fallback=("buero@land.example",)), now=NOW).sent) == 2
    assert {address for to, _ in handler.mails for address in to} == {"buero@land.example"}


def test_a_server_that_is_not_there_loses_nothing(place):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DeliveryError, match="cannot be reached"):
        send_mails(place, settings(port), now=NOW)
    assert len(waiting_mails(place)[0]) == 2


def test_old_mails_can_be_set_aside(place, letterbox):
    assert mark_mails(place, now=NOW) == 2
    assert send_mails(place, settings(letterbox[1]), now=NOW).sent == ()
    assert letterbox[0].mails == []


def test_the_text_says_that_an_answer_is_ready_and_nothing_else():
    one = job(delivery(status="rejected"), [finding("reject_value")])
    text = mail_text(one, (f"{one.name}.html", f"{one.name}.xlsx"))
    assert text.startswith("Betreff: Rückmeldung liegt bereit: Landkreis Nebelau (X0101), 3. Quartal 2024\n\n")
    assert f"  {one.name}.xlsx\n" in text and "0123456789ab" in text
    for word in ("12 Tsd", "Kosten", "K07", "zurückgewiesen", "angenommen", "Wohngeld Herbst"):
        assert word not in text, "no value, finding, verdict or the sender's own file name leaves by mail"


WHOLE = 'host = "mail.land.example"\nsender = "ikz@land.example"\n'


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (WHOLE + 'password = "x"', "must not stand here"),
        (WHOLE + 'hots = "x"', "unknown hots; allowed: host"),
        (WHOLE + 'security = "ssl"', "allowed: starttls, tls, none"),
        (WHOLE + 'security = "none"\nuser = "u"\npassword_file = "p"', "in the clear"),
        (WHOLE + "port = 0", "from 1 to 65535"),
        (WHOLE + '[recipients]\n07131 = "nobody"', "which is no address"),
        ('host = "a"', "'sender' is missing"),
        ("host = ", "cannot be read"),
        (WHOLE + 'user = "u"\npassword_file = "absent"', "absent' cannot be read"),
    ],
)
def test_faulty_settings_say_where_and_what_is_allowed(tmp_path, written, message):
    at = Place(study="tiny", data=tmp_path)
    at.home.mkdir(parents=True)
    (at.home / "mail.toml").write_text(written, encoding="utf-8")
    with pytest.raises(DeliveryError, match=message):
        load_mail_settings(at)


def test_the_password_is_read_from_a_file_of_its_owner_alone(tmp_path):
    at = Place(study="tiny", data=tmp_path)
    at.home.mkdir(parents=True)
    (at.home / "mail.toml").write_text(WHOLE + 'user = "u"\npassword_file = "secret"', encoding="utf-8")
    secret = at.home / "secret"
    secret.write_text("tief\n", encoding="utf-8")
    secret.chmod(0o644)
    with pytest.raises(DeliveryError, match="others may read this password"):
        load_mail_settings(at)
    secret.chmod(0o600)
    read = load_mail_settings(at)
    assert read is not None and read.password == "tief" and "tief" not in repr(read)
    assert (read.security, read.port) == ("starttls", 587)


def test_the_command_says_what_waits_and_how_to_configure(monkeypatch, tmp_path, place):
    monkeypatch.setenv("IKZ_DATA", str(tmp_path))
    monkeypatch.setenv("IKZ_STUDY", "tiny")
    listed = CliRunner().invoke(cli, ["mail", "--list"])
    assert listed.output == (
        f"wartet           {FIRST}.mail.txt\nwartet           {SECOND}.mail.txt\n"
        "2 Nachrichten warten, bei 0 ist unklar, ob sie ankamen.\n"
    )
    sent = CliRunner().invoke(cli, ["mail"])
    assert isinstance(sent.exception, DeliveryError) and "no mail is configured" in str(sent.exception)
