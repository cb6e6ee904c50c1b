"""Executed notebooks of a release: sources from notebooks/, one kernel, the same bytes every time.

``execute`` runs every source against the tables and figures that already lie in the release folder and writes an
``.ipynb`` and a self-contained ``.html`` of each. What a notebook says stands in notebooks/, not here. A notebook that
fails or warns stops the release: nothing half-explained is published.
"""

import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.mark import mark
from ikz_eval.registry import Registry
from ikz_eval.settings import ROOT
from ikz_eval.texts import text

SOURCES = ROOT / "notebooks"
"""Notebook sources: jupytext percent scripts without outputs."""
_CELL_SECONDS = 120
_START_SECONDS = 120
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
_RESET = "%reset -f"
_WARM_UP = "import pandas; from ikz_eval.publish import figures"
"""What every notebook imports; the kernel does it while this process reads the sources."""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(release_folder: Path, registry: Registry, lang: str = "de", sources: Path = SOURCES) -> None:
    """Run all notebooks on a release and write them into its folder ``notebooks``.

    Parameters
    ----------
    release_folder : Path
        Holds ``tables/*.csv`` and ``figures/*.svg``; notebooks see them as ``../tables`` and ``../figures``.
    registry : Registry
        Gives the study that ``load_registry()`` loads in a notebook, and the mark of the release.
    lang : str
        Language of the mark and the page around a notebook.
    sources : Path
        Folder of the ``.py`` sources.

    Raises
    ------
    ReleaseError
        If a cell fails or writes to standard error; names notebook, cell and cause.
    """
    target = release_folder / "notebooks"
    target.mkdir(parents=True, exist_ok=True)
    with _kernel(target, registry.study) as (kernel, kernel_client):
        notebooks = {source.name: _read(source) for source in sorted(sources.glob("*.py"))}
        kernel_client.wait_for_ready(timeout=_START_SECONDS)
        for name, notebook in notebooks.items():
            _run(notebook, kernel, kernel_client, name)
            _settle(notebook, mark(registry, lang))
            _write(notebook, target / Path(name).stem, mark(registry, lang), lang)


def _read(source: Path) -> Any:
    import jupytext

    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.cells.insert(0, _cell("code", _RESET))
    return notebook


def _cell(kind: str, content: str) -> Any:
    from nbformat import v4

    make = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    return make(content)  # type: ignore[no-untyped-call]


@contextmanager
def _kernel(folder: Path, study: str) -> Iterator[tuple[Any, Any]]:
    """Start one kernel of this interpreter and a client of it; they keep nothing outside a temporary folder."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    with TemporaryDirectory(prefix="ikz-") as temporary:
        home = Path(temporary)
        _write_kernel_spec(home / "kernels" / "python3")
        specs = KernelSpecManager(kernel_dirs=[str(home / "kernels")], ensure_native_kernel=False)
        kernel = KernelManager(
            kernel_name="python3", kernel_spec_manager=specs, transport="ipc", connection_file=str(home / "kernel.json")
        )
        with (home / "kernel.log").open("wb") as log:
            kernel.start_kernel(cwd=str(folder), env=_environment(home, study), stdout=log, stderr=log)
            kernel_client = kernel.client()
            kernel_client.start_channels()
            kernel_client.execute(_WARM_UP, silent=True)
            try:
                yield kernel, kernel_client
            finally:
                kernel_client.stop_channels()
                kernel.shutdown_kernel(now=True)
                kernel.cleanup_resources()


def _write_kernel_spec(folder: Path) -> None:
    import json

    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _environment(home: Path, study: str) -> dict[str, str]:
    """Return the environment of the kernel: no settings of the user, one time zone, one locale."""
    import os

    own = {name: str(home / name.lower()) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    fixed = {"IKZ_STUDY": study, "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "COLUMNS": "120"}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    runtime = {"JUPYTER_RUNTIME_DIR": str(home), "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {**os.environ, **own, **fixed, **runtime}


def _run(notebook: Any, kernel: Any, kernel_client: Any, name: str) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(notebook, km=kernel, timeout=_CELL_SECONDS, record_timing=False, coalesce_streams=True)
    client.kc = kernel_client
    try:
        with _handlers_kept():
            client.execute()
    except CellExecutionError as failure:
        cause = f"{failure.ename}: {failure.evalue}"
        raise ReleaseError(_failed(notebook, name, _ANSI.sub("", cause))) from failure
    except (CellTimeoutError, DeadKernelError) as failure:
        raise ReleaseError(
            f"notebooks/{name}: {str(failure).splitlines()[0]}; open it with `make lab` to see why"
        ) from failure
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                last = output.text.strip().splitlines()[-1]
                raise ReleaseError(
                    f"notebooks/{name}, cell {number}: writes to standard error: {last}; a published notebook is silent, "
                    "correct the cell so that it does not warn"
                )


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Put back what answers signals: nbclient removes the handlers of whoever called."""
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if is_main:
            for number, handler in before.items():
                signal.signal(number, handler)


def _failed(notebook: Any, name: str, cause: str) -> str:
    number = next(
        position
        for position, cell in enumerate(notebook.cells)
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    )
    first_line = notebook.cells[number].source.strip().splitlines()[0]
    return (
        f"notebooks/{name}, cell {number} ('{first_line}'): {cause}; correct the notebook, "
        "it reads ../tables/*.csv and ../figures/*.svg of the release"
    )


def _settle(notebook: Any, banner: str) -> None:
    """Put the mark on top, and replace whatever differs between two runs."""
    notebook.cells[0] = _cell("markdown", f"**{banner}**")
    notebook.metadata = dict(_METADATA)
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position:02d}"
        cell.metadata = {}
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = count


def _write(notebook: Any, stem: Path, banner: str, lang: str) -> None:
    import nbformat

    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    text_of: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    stem.with_suffix(".ipynb").write_text(text_of + "\n", encoding="utf-8", newline="\n")
    stem.with_suffix(".html").write_text(_page(notebook, banner, lang), encoding="utf-8", newline="\n")


def _page(notebook: Any, banner: str, lang: str) -> str:
    """Return the notebook as one page without scripts and without outside addresses."""
    from nbconvert.exporters.templateexporter import TemplateExporter

    exporter = TemplateExporter(
        raw_template=files("ikz_eval.publish").joinpath("templates/notebook.html.j2").read_text(encoding="utf-8"),
        preprocessors=[],
        default_preprocessors=[],
    )
    title = next(
        (
            line.lstrip("# ")
            for cell in notebook.cells[1:]
            for line in cell.source.splitlines()
            if line.startswith("# ")
        ),
        banner,
    )
    words = {"banner": banner, "lang": lang, "title": title, "code": text("figures.notebook.code", lang)}
    page, _ = exporter.from_notebook_node(notebook, resources={"words": words})
    return str(page)
