"""Where mail goes and through which server: ``mail.toml`` beside the study's data, or in the study's folder.

The password stands in a file of its own that only its owner may read, never in mail.toml. Sending is mail.py.
"""

import re
import stat
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place

FILE_NAME = "mail.toml"
SECURITY = ("starttls", "tls", "none")
_KEYS = ("host", "port", "security", "sender", "reply_to", "user", "password_file", "recipients", "fallback")
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail is sent.

    Attributes
    ----------
    host, port : str, int
        The SMTP server.
    security : str
        ``starttls``, ``tls``, or ``none`` (without a user, or to this machine).
    sender, reply_to : str
        Addresses of the house; ``reply_to`` may be empty.
    user, password : str
        Account at the server; empty when it asks for none.
    recipients : dict of str to tuple of str
        AGS -> addresses.
    fallback : tuple of str
        Addresses for answers whose body is unknown or has none; empty: such answers wait.
    """

    host: str
    port: int
    security: str
    sender: str
    reply_to: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    recipients: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fallback: tuple[str, ...] = ()


def load_mail_settings(place: Place) -> MailSettings | None:
    """Return how mail of a study is sent; None when nothing is configured.

    Raises
    ------
    DeliveryError
        If mail.toml is faulty, or the password's file is missing or open to others.
    """
    for path in (place.home / FILE_NAME, place.study_folder / FILE_NAME):
        if path.is_file():
            return _checked(path, _raw(path))
    return None


def _raw(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeliveryError(f"{path}: cannot be read ({error})") from error


def _checked(path: Path, raw: dict[str, Any]) -> MailSettings:
    if "password" in raw:
        raise DeliveryError(
            f"{path}: 'password' must not stand here; write it to a file and name that in 'password_file'"
        )
    unknown = sorted(set(raw) - set(_KEYS))
    if unknown:
        raise DeliveryError(f"{path}: unknown {', '.join(unknown)}; allowed: {', '.join(_KEYS)}")
    host, user, security = (
        _text(path, raw, key, default) for key, default in (("host", None), ("user", ""), ("security", "starttls"))
    )
    if security not in SECURITY:
        raise DeliveryError(f"{path}: security is '{security}'; allowed: {', '.join(SECURITY)}")
    if user and security == "none" and host not in _LOCAL:
        raise DeliveryError(
            f"{path}: 'user' with security 'none' would send the password in the clear; use starttls or tls"
        )
    port = raw.get("port", 465 if security == "tls" else 587)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise DeliveryError(f"{path}: port is '{port}'; allowed is a whole number from 1 to 65535")
    recipients = raw.get("recipients", {})
    if not isinstance(recipients, dict):
        raise DeliveryError(f"{path}: [recipients] must be a table of AGS and addresses")
    reply_to = _text(path, raw, "reply_to", "")
    return MailSettings(
        host=host,
        port=port,
        security=security,
        sender=_addresses(path, "sender", raw.get("sender"))[0],
        reply_to=_addresses(path, "reply_to", reply_to)[0] if reply_to else "",
        user=user,
        password=_password(path, raw) if user else "",
        recipients={ags: _addresses(path, f"recipients.{ags}", to) for ags, to in recipients.items()},
        fallback=_addresses(path, "fallback", raw["fallback"]) if raw.get("fallback") else (),
    )


def _text(path: Path, raw: dict[str, Any], key: str, default: str | None) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise DeliveryError(f"{path}: '{key}' is missing or no text; write for example {key} = \"mail.example.org\"")
    return value


def _addresses(path: Path, key: str, value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise DeliveryError(f"{path}: '{key}' is missing; write one address, or a list of them")
    for one in listed:
        if not isinstance(one, str) or not _ADDRESS.fullmatch(one):
            raise DeliveryError(
                f"{path}: {key} is '{one}', which is no address; allowed is for example ikz@example.org"
            )
    return tuple(listed)


def _password(path: Path, raw: dict[str, Any]) -> str:
    """Return the password from its file; a relative name is beside mail.toml."""
    named = _text(path, raw, "password_file", None)
    file = path.parent / Path(named).expanduser()
    try:
        if sys.platform != "win32" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DeliveryError(f"{file}: others may read this password; call: chmod 600 {file}")
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DeliveryError(f"{path}: password_file '{file}' cannot be read ({error.strerror})") from error
