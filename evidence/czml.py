"""A flight as CZML, for globes that play it: a packet for each stretch, there only while the stretch lasts.

Heights in CZML are above the WGS84 ellipsoid. What aircraft say is above mean sea level, tens of metres off, and without a
model of the geoid the one cannot be made of the other. So none is written as if it were: a stretch whose height above
ground the rules knew throughout is shown at that height above the globe's own ground (RELATIVE_TO_GROUND), every other one
on the ground (CLAMP_TO_GROUND). Its property "height" says which; all heights by datum are properties over time.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from evidence.columns import COUNTED
from evidence.flight import Aircraft, Flight, Stretch
from geofence.moments import iso

_VALUES = ("amsl_m", "height_above_takeoff_m", "height_agl_m", "height_judged_m", "speed_mps", "battery_pct")
_RELATIVE = "height_judged_m above the globe's own ground; it has no height above the ellipsoid"
_CLAMPED = "drawn on the ground: no height above ground is known throughout, and it has none above the ellipsoid"
_COLOURS = ((20, 90, 200, 255), (170, 60, 160, 255), (0, 130, 130, 255), (150, 100, 0, 255))  # not those of alerts


def write(flight: Flight) -> bytes:
    return msgspec.json.encode(list(_packets(flight)))


def _packets(flight: Flight) -> Iterator[dict[str, Any]]:
    begin, end = iso(flight.from_us), iso(flight.to_us)
    clock = {"interval": f"{begin}/{end}", "currentTime": begin, "multiplier": 1, "range": "CLAMPED"}
    heights = "Positions hold no heights above the ellipsoid: each stretch's property height says what is shown instead."
    yield {"id": "document", "name": f"{flight.operator}: {flight.name}", "version": "1.0", "clock": clock,
           "description": heights}  # fmt: skip
    for number, aircraft in enumerate(flight.aircraft):
        yield _aircraft(flight, aircraft)
        for part, stretch in enumerate(one for one in flight.stretches if one.aircraft == aircraft):
            yield _stretch(flight, stretch, f"{aircraft.id}/{part}", _COLOURS[number % len(_COLOURS)])


def _aircraft(flight: Flight, aircraft: Aircraft) -> dict[str, Any]:
    """With its gaps, which have no place: nobody knows where it was."""
    gaps = [
        {"from": iso(gap.from_us), "to": iso(gap.to_us), "reason": gap.reason.value, "count": gap.count,
         "counted": COUNTED[gap.reason]}
        for gap in flight.gaps_of(aircraft)
    ]  # fmt: skip
    return {"id": str(aircraft.id), "name": aircraft.known_as, "properties": {"link": aircraft.link, "gaps": gaps}}


def _stretch(flight: Flight, stretch: Stretch, name: str, colour: tuple[int, ...]) -> dict[str, Any]:
    rows, times_us = stretch.rows, flight.times_us[stretch.rows]
    epoch, seconds = iso(int(times_us[0])), ((times_us - times_us[0]) / 1e6).tolist()
    above = _above_ground(flight, stretch)
    heights = np.zeros(len(rows)) if above is None else above
    places = np.column_stack((seconds, flight.places[rows], heights))
    shown = {"color": {"rgba": list(colour)}}
    packet: dict[str, Any] = {
        "id": name,
        "parent": str(stretch.aircraft.id),
        "name": stretch.aircraft.known_as,
        "availability": f"{epoch}/{iso(int(times_us[-1]))}",
        "position": {"epoch": epoch, "cartographicDegrees": [float(value) for value in places.ravel()]},
        "point": shown | {"pixelSize": 8, "heightReference": "CLAMP_TO_GROUND" if above is None else "RELATIVE_TO_GROUND"},
        "properties": {"height": _CLAMPED if above is None else _RELATIVE} | _over_time(flight, rows, str(epoch), seconds),
    }
    if len(rows) > 1:  # its path, as a shadow on the ground
        flat = np.column_stack((flight.places[rows], np.zeros(len(rows)))).ravel().tolist()
        packet["polyline"] = {"positions": {"cartographicDegrees": flat}, "clampToGround": True, "width": 2,
                              "material": {"solidColor": shown}}  # fmt: skip
    return packet


def _above_ground(flight: Flight, stretch: Stretch) -> Any:
    """Heights above ground of each row, or None where one of them is not known or is one above take-off."""
    datums = set(flight.samples["height_judged_datum"].take(stretch.rows).to_pylist())
    return flight.numbers("height_judged_m")[stretch.rows] if datums == {"AGL"} else None


def _over_time(flight: Flight, rows: Any, epoch: str, seconds: list[float]) -> dict[str, Any]:
    """Values at the times at which they are known."""
    found = {}
    for name in _VALUES:
        values = flight.numbers(name)[rows].tolist()
        told = [item for second, value in zip(seconds, values, strict=True) if value == value for item in (second, value)]
        if told:
            found[name] = {"epoch": epoch, "number": told}
    return found
