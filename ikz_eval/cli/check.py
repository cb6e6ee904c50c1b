"""The command ``ikz check``: the judgement a delivery would get, at the sender's own desk and at once.

Answers within a second: nothing here loads pandas, Dagster or the warehouse, and the file is opened while the rules are
still being loaded. Rules and words belong to ikz_eval/delivery and ikz_eval/texts.
"""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import unquote

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, text

if TYPE_CHECKING:
    from ikz_eval.delivery.expectation import Expected
    from ikz_eval.delivery.findings import Finding
    from ikz_eval.delivery.judgement import Judgement
    from ikz_eval.delivery.reading.sandbox import Sandbox

_QUOTES = "\"'„“”‚‘’»«"
_URI = re.compile(r"file:/*(?P<path>.*)", re.IGNORECASE)
_DRIVE = re.compile(r"(?P<drive>[A-Za-z]):[\\/](?P<rest>.*)")


@click.command()
@click.argument("file")
@click.option("--lang", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of the findings.")
@click.option("--json", "is_json", is_flag=True, help="The judgement as JSON, the same as --format json.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--answer",
    "folder",
    metavar="FOLDER",
    help="Also write the page and the marked workbook that a delivery of FILE would be answered with.",
)
def check(file: str, lang: str, is_json: bool, form: str, folder: str | None) -> None:
    """Judge FILE as a delivery to the study; exit code 0 when accepted, 1 when rejected."""
    from ikz_eval.delivery.reading.sandbox import default_sandbox

    sandbox = default_sandbox()  # gets ready beside what follows
    from ikz_eval.delivery.expectation import expect_folder
    from ikz_eval.delivery.reading.names import shown_name
    from ikz_eval.settings import place

    path = typed_path(file)
    name, data = shown_name(path.name), _read(path)
    expected = expect_folder(place().study_folder)
    judgement, is_compared = _judged(data, name, expected, sandbox)
    _survive_narrow_terminals(sys.stdout)
    if form == "json" or is_json:
        click.echo(json.dumps(_as_json(judgement, name, lang, is_compared), ensure_ascii=False, indent=2))
    else:
        click.echo(_as_text(judgement, name, expected, lang, is_compared))
    if folder is not None:
        _answer(judgement, path, typed_path(folder), expected, lang, sandbox, is_quiet=form == "json" or is_json)
    sys.exit(1 if judgement.status == "rejected" else 0)


def typed_path(written: str) -> Path:
    r"""Return a path as people type or paste it.

    Quotes that "copy as path" puts round it, ``file:`` addresses and blanks at the ends are taken off; a Windows path
    typed inside the Windows subsystem for Linux is found under ``/mnt``.

    Examples
    --------
    >>> typed_path('"meldung.xlsx" ').name
    'meldung.xlsx'
    """
    bare = written.strip().strip(_QUOTES).strip()
    uri = _URI.fullmatch(bare)
    if uri:
        bare = unquote(uri["path"])
        bare = bare if _DRIVE.match(bare) else f"/{bare}"
    drive = _DRIVE.fullmatch(bare)
    if drive and sys.platform != "win32" and not Path(bare).exists():
        mounted = Path(f"/mnt/{drive['drive'].lower()}") / drive["rest"].replace("\\", "/")
        return mounted if mounted.exists() else Path(bare)
    return Path(bare)


def _read(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    DeliveryError
        If there is no such file, it is a folder, or may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DeliveryError(f"{path}: there is no such file; check name and folder") from error
    except IsADirectoryError as error:
        raise DeliveryError(f"{path}: is a folder; name one file, for example {path / 'meldung.xlsx'}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeliveryError(f"{path}: cannot be read ({reason}); check the rights of the file") from error


def _judged(data: bytes, name: str, expected: "Expected", sandbox: "Sandbox") -> tuple["Judgement", bool]:
    """Return the judgement, and whether it was compared with the previous quarter that the workbook carries."""
    from ikz_eval.delivery.compare import compare
    from ikz_eval.delivery.history import Known
    from ikz_eval.delivery.judge import judge_read
    from ikz_eval.delivery.prefilled import carried_history
    from ikz_eval.delivery.reading import Refusal, read_file

    read = read_file(data, name, sandbox)
    judgement = judge_read(read, data, name, expected)
    if judgement.status != "accepted" or judgement.quarter is None or isinstance(read, Refusal):
        return judgement, True
    known = carried_history(read, expected, judgement.quarter)
    if known is None:  # what the numbers say against each other needs no history
        return compare(judgement, expected, Known()), False
    return compare(judgement, expected, known), True


def _survive_narrow_terminals(stream: TextIO) -> None:
    """Let a terminal or file that cannot show a sign show a mark instead of ending the program (Windows code pages)."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _as_text(judgement: "Judgement", name: str, expected: "Expected", lang: str, is_compared: bool) -> str:
    """Return verdict, findings and counts as lines."""
    body = expected.bodies.get(judgement.ags or "", "")
    values = {"file": name, "name": body, "ags": judgement.ags, "quarter": judgement.quarter}
    lines = [text(f"delivery.check.{judgement.status}", lang, **values)]
    lines += [finding.sentence(lang) for finding in judgement.findings]
    counts = {
        "rejecting": sum(finding.is_rejecting for finding in judgement.findings),
        "questions": sum(finding.severity == "question" for finding in judgement.findings),
        "notes": sum(finding.severity == "note" for finding in judgement.findings),
    }
    last = "counts" if judgement.findings else "nothing_found"
    lines.append(text(f"delivery.check.{last}", lang, **(counts if judgement.findings else {})))
    if not is_compared:
        lines.append(text("delivery.check.not_compared", lang))
    return "\n".join(lines)


def _as_json(judgement: "Judgement", name: str, lang: str, is_compared: bool) -> dict[str, object]:
    return {
        "file": name,
        "delivery_id": judgement.delivery_id,
        "status": judgement.status,
        "layout": judgement.layout,
        "ags": judgement.ags,
        "quarter": judgement.quarter,
        "is_invented": judgement.is_invented,
        "is_compared": is_compared,
        "guards": list(judgement.guards),
        "findings": [_finding_as_json(finding, lang) for finding in judgement.findings],
    }


def _finding_as_json(finding: "Finding", lang: str) -> dict[str, object]:
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "label": place.label,
        "found": finding.found_text(lang),
        "allowed": finding.allowed(lang),
        "remedy": finding.remedy(lang),
        "sentence": finding.sentence(lang),
    }


def _answer(
    judgement: "Judgement",
    path: Path,
    folder: Path,
    expected: "Expected",
    lang: str,
    sandbox: "Sandbox",
    *,
    is_quiet: bool,
) -> None:
    """Write the answer beside; one line a file."""
    from ikz_eval.delivery.answer import trial_job, write_answer

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in write_answer(trial_job(folder, path, judgement, expected, lang), sandbox=sandbox):
            click.echo(text("delivery.check.answer_written", lang, path=one), err=is_quiet)
    except OSError as error:
        raise DeliveryError(
            f"--answer: '{folder}' cannot be written ({error.strerror}); choose another folder"
        ) from error
