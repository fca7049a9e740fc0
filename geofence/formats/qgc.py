"""QGroundControl's .plan: the fence in it. An inclusion is a keep-in area, an exclusion a keep-out; neither has heights.

The mission's own altitudes are what the aircraft shall do, no limit of where it may be. In this format latitude stands first.
Form: QGroundControl's file format description, plan version 1 with geoFence version 2 (polygons and circles).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from geofence.formats.document import Unreadable, items, mapping
from geofence.formats.found import Found
from geofence.formats.gathering import Gathering
from geofence.formats.mending import NoOutline, read_outline
from geofence.zone import ZoneKind


def recognised(document: object) -> bool:
    """Is a JSON document of this form."""
    return mapping(document).get("fileType") == "Plan"


def read(given: object, operator_id: UUID, collection: str) -> Found:
    """The fences of a JSON document, and by place what could not be understood.

    Raises Unreadable if it is no plan, or a later version's.
    """
    plan = mapping(given)
    fence = plan.get("geoFence")
    if plan.get("fileType") != "Plan":
        raise _unreadable('"fileType": "Plan" is expected at its top')
    if plan.get("version") != 1:
        raise _unreadable(f"it has version {_shown(plan.get('version'))}; this program reads version 1")
    gathering = Gathering(operator_id, collection)
    if not isinstance(fence, Mapping):
        gathering.lost("geoFence", "the plan has none")
        return gathering.found()
    if fence.get("version") != 2:
        raise _unreadable(f"its geoFence has version {_shown(fence.get('version'))}; this program reads version 2")
    for member in ("polygons", "circles"):
        parts = fence.get(member)
        if parts is not None and not isinstance(parts, list):
            gathering.lost(f"geoFence.{member}", "a list is expected")
        for number, part in enumerate(items(parts), 1):
            _fence(member.removesuffix("s"), number, mapping(part), gathering)
    if gathering.found() == ([], []):
        gathering.lost("geoFence", "the plan has no fence: draw one in QGroundControl under Fence")
    return gathering.found()


def _fence(shape: str, number: int, part: Mapping[str, Any], gathering: Gathering) -> None:
    where, inclusion = f"{shape} {number}", part.get("inclusion")
    if part.get("version") != 1:
        gathering.lost(where, f"it has version {_shown(part.get('version'))}; this program reads version 1")
    elif not isinstance(inclusion, bool):
        gathering.lost(where, "inclusion is neither true nor false")
    else:
        try:
            outline = read_outline(*(_circle(part) if shape == "circle" else _polygon(part)))
        except NoOutline as problem:
            gathering.lost(where, str(problem))
            return
        kind, name = (ZoneKind.KEEP_IN, "inclusion") if inclusion else (ZoneKind.KEEP_OUT, "exclusion")
        gathering.add(where, where, outline, kind, name=f"Fence: {name} {where}", airspace_class=name)


def _polygon(part: Mapping[str, Any]) -> tuple[object, None]:
    """Corners without the first again at the end: here that is the form, and no doubt."""
    corners = [_place(corner) for corner in items(part.get("polygon"))]
    ring = corners + corners[:1] if corners and corners[0] != corners[-1] else corners
    return {"type": "Polygon", "coordinates": [ring]}, None


def _circle(part: Mapping[str, Any]) -> tuple[object, object]:
    circle = mapping(part.get("circle"))
    return {"type": "Point", "coordinates": _place(circle.get("center"))}, circle.get("radius")


def _place(given: object) -> object:
    """[latitude, longitude] turned round; anything else as it is, to be refused as such."""
    return [given[1], given[0]] if isinstance(given, list) and len(given) in (2, 3) else given


def _shown(value: object) -> str:
    return ascii(value)[:40]


def _unreadable(detail: str) -> Unreadable:
    return Unreadable(format="QGroundControl plan", detail=detail)
