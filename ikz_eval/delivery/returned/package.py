"""An office package (ZIP of parts) as bytes by name: read within limits, written the same way every time.

Holds parts, relationships and content types; what a workbook is, is patch.py. XML is parsed without entities, networks
or declarations of types.
"""

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass, field

from lxml import etree

from ikz_eval.delivery.returned.reply import CannotReturnError

MAX_PARTS, MAX_PART_BYTES, MAX_BYTES = 2_000, 64_000_000, 150_000_000
_DATE = (1980, 1, 1, 0, 0, 0)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_NO_RELATIONS = f'<Relationships xmlns="{_RELATIONS}"/>'.encode()
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def parsed(data: bytes) -> etree._Element:
    """Return the root of an XML part.

    Raises
    ------
    CannotReturnError
        If it is no well-formed XML, or declares types or entities.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CannotReturnError(f"a part of the workbook is no XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise CannotReturnError("a part of the workbook declares types")
    return root


def words_of(element: etree._Element) -> str:
    """Return all text in an element."""
    return "".join(str(part) for part in element.itertext())


def written(root: etree._Element) -> bytes:
    """Return an XML part as bytes, with the declaration that spreadsheet programs write."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship of a part: its id, the last word of its type, and the part it leads to."""

    key: str
    kind: str
    target: str


@dataclass(slots=True)
class Package:
    """The parts of a package, by name, in their order."""

    parts: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes) -> "Package":
        """Read a package.

        Raises
        ------
        CannotReturnError
            If it is damaged, larger than our limits, or encrypted.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = [entry for entry in archive.infolist() if not entry.is_dir()]
                _check_sizes(entries)
                parts = {entry.filename: archive.read(entry) for entry in entries}
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            OSError,
        ) as error:
            raise CannotReturnError(f"the workbook is no package: {error}") from error
        return cls(parts)

    def write(self) -> bytes:
        """Return the package as bytes; the same parts give the same bytes."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, data in self.parts.items():
                entry = zipfile.ZipInfo(name, _DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                entry.create_system = 3
                archive.writestr(entry, data)
        return out.getvalue()

    def part(self, name: str) -> bytes:
        """Return a part.

        Raises
        ------
        CannotReturnError
            If there is none.
        """
        if name not in self.parts:
            raise CannotReturnError(f"the workbook has no part {name}")
        return self.parts[name]

    def free_name(self, pattern: str) -> str:
        """Return a name nobody has: ``xl/comments{}.xml`` with the next number."""
        taken = {name.casefold() for name in self.parts}
        number = 1
        while pattern.format(number).casefold() in taken:
            number += 1
        return pattern.format(number)

    def relations(self, name: str) -> tuple[Relation, ...]:
        """Return the relationships of a part (``""``: of the package) to other parts of it."""
        data = self.parts.get(_relations_name(name))
        if data is None:
            return ()
        return tuple(
            Relation(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], _resolved(name, one.get("Target", "")))
            for one in parsed(data).iter(f"{{{_RELATIONS}}}Relationship")
            if one.get("TargetMode") != "External"
        )

    def relate(self, name: str, kind: str, target: str) -> str:
        """Add a relationship from a part to another; return its id."""
        at = _relations_name(name)
        root = parsed(self.parts.get(at, _NO_RELATIONS))
        taken = {one.get("Id") for one in root}
        number = len(root) + 1
        while f"rId{number}" in taken:
            number += 1
        etree.SubElement(
            root, f"{{{_RELATIONS}}}Relationship", Id=f"rId{number}", Type=_KINDS + kind, Target="/" + target
        )
        self.parts[at] = written(root)
        return f"rId{number}"

    def unrelate(self, name: str, key: str) -> None:
        """Remove a relationship of a part."""
        at = _relations_name(name)
        root = parsed(self.part(at))
        for one in root:
            if one.get("Id") == key:
                root.remove(one)
        self.parts[at] = written(root)

    def remove(self, name: str) -> None:
        """Remove a part, its relationships and its content type."""
        self.parts.pop(name, None)
        self.parts.pop(_relations_name(name), None)
        root = parsed(self.part("[Content_Types].xml"))
        for one in root:
            if one.get("PartName", "").casefold() == f"/{name}".casefold():
                root.remove(one)
        self.parts["[Content_Types].xml"] = written(root)

    def content_type(self, name: str) -> str:
        """Return the content type of a part."""
        root = parsed(self.part("[Content_Types].xml"))
        ending = name.rpartition(".")[2].casefold()
        default = ""
        for one in root:
            if one.get("PartName", "").casefold() == f"/{name}".casefold():
                return one.get("ContentType", "")
            if one.get("Extension", "").casefold() == ending:
                default = one.get("ContentType", "")
        return default

    def declare(self, types: dict[str, str]) -> None:
        """State content types: of a part (``/xl/a.xml``) or of an ending (``vml``)."""
        root = parsed(self.part("[Content_Types].xml"))
        known = {one.get("PartName", one.get("Extension", "")).casefold() for one in root}
        for name, kind in types.items():
            if name.casefold() in known:
                continue
            if name.startswith("/"):
                etree.SubElement(root, f"{{{_TYPES}}}Override", PartName=name, ContentType=kind)
            else:
                root.insert(0, root.makeelement(f"{{{_TYPES}}}Default", Extension=name, ContentType=kind))
        self.parts["[Content_Types].xml"] = written(root)


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    names = {entry.filename.casefold() for entry in entries}
    sizes = [entry.file_size for entry in entries]
    if (
        len(names) != len(entries)
        or len(entries) > MAX_PARTS
        or max(sizes, default=0) > MAX_PART_BYTES
        or sum(sizes) > MAX_BYTES
    ):
        raise CannotReturnError("the workbook has doubled, too many or too large parts")
    if any(entry.flag_bits & 1 for entry in entries):
        raise CannotReturnError("the workbook is encrypted")


def _relations_name(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"


def _resolved(name: str, target: str) -> str:
    """Return the name of a part that a relationship's target means."""
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
