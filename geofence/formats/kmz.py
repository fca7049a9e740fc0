"""KML's bytes, taken out of a KMZ (a zip) if need be, as XML elements. Nothing is written to disk, fetched or expanded."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree

from geofence.formats.document import MAX_BYTES, Unreadable, sized, text

_NAMESPACES = ("http://www.opengis.net/kml/", "http://earth.google.com/kml/", "http://www.google.com/kml/")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


def root_of(data: bytes, notes: list[str]) -> Any:
    """The kml element. notes: what else is in the archive. Raises Unreadable."""
    raw = _unpacked(data, notes) if zipped(data) else sized(data, "KML")
    # lxml alone would expand entities that a file declares itself; nobody's KML needs one.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(format="KML", detail=f"it is no XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(format="KML", detail="it declares a document type of its own (DOCTYPE), which is not read")
    if tag(root) != "kml":
        raise Unreadable(format="KML", detail=f"a kml element is expected at its top, not {text(tag(root), 40) or 'this'}")
    return root


def zipped(data: bytes) -> bool:
    return data[:2] == b"PK"


def tag(element: Any) -> str:
    """An element's name without its namespace; empty for those of other namespaces, and for what is no element."""
    if not isinstance(element.tag, str):
        return ""
    name = etree.QName(element)
    return name.localname if name.namespace is None or name.namespace.startswith(_NAMESPACES) else ""


def children(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if tag(child) == name)


def child_text(element: Any, name: str) -> str:
    """The text of the first child of a name, with the spaces around it gone."""
    found = next(children(element, name), None)
    return "" if found is None else "".join(found.itertext()).strip()


def _unpacked(data: bytes, notes: list[str]) -> bytes:
    """The main document: doc.kml, else the first .kml. However it is packed, no more than MAX_BYTES of it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(sized(data, "KMZ"))) as archive:
            documents = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".kml")]
            if not documents:
                raise Unreadable(format="KMZ", detail="there is no .kml in it")
            main = next((entry for entry in documents if entry.filename.lower() == "doc.kml"), documents[0])
            if main.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable(format="KMZ", detail="its document is packed in a way that KMZ does not have")
            with archive.open(main) as packed:
                raw = packed.read(MAX_BYTES + 1)
    except _BROKEN as error:
        raise Unreadable(format="KMZ", detail=f"it is no whole archive: {error}") from None
    if len(documents) > 1:
        notes.append(f"the archive has {len(documents)} documents: only {text(main.filename, 60)} is read")
    return sized(raw, "KMZ")
