"""An incident written down for tests: 20 s at 1 Hz, a gap in the middle, a second aircraft, an alert that somebody saw."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pyarrow as pa

from alerts.handling import Acknowledgement
from core.colour import Level
from core.identity import aircraft_id, alert_id
from core.records import AlertEvent, Condition, Gap, GapReason
from core.sample import Sample
from core.units import utc
from evidence import columns
from evidence.flight import Aircraft, Alert, Flight, Incident, InForce, Step
from evidence.made import Made
from geofence.facts import AircraftFact, FactVersion, fact_id
from geofence.zone import ZoneKind, ZoneVersion
from tests.unit.streams import flight as moments
from tests.unit.streams.flight import LINK, OPERATOR, T0, S

ONE, TWO = (
    Aircraft(aircraft_id(OPERATOR, LINK, system), LINK, system, name) for system, name in ((1, "Kite <1> é"), (2, None))
)
GAP = Gap(OPERATOR, LINK, ONE.id, T0 + 9 * S, T0 + 15 * S, 11, GapReason.NOTHING_CAME)
MADE = Made(T0 + 3600 * S, "A. Officer", "0.1.0", "3")
LATER = Made(T0 + 7200 * S, "B. Officer", "0.1.0", "3")


def raw(samples: Sequence[Sample], late: bool = False) -> pa.Table:
    """As the database has them, one record each."""
    values: dict[str, list[Any]] = {name: [] for name in columns.RAW}
    for offset, sample in enumerate(samples):
        time = utc(sample.event_time_us)
        told = {"event_time": time, "append_time": time, "partition": 0, "offset": offset, "row": 0, "late": late,
                "aircraft_id": str(sample.aircraft_id)}  # fmt: skip
        for name, column in values.items():
            column.append(told[name] if name in told else getattr(sample, name))
    return pa.table({name: pa.array(values[name], kind) for name, kind in columns.RAW.items()})


def at(seconds: float, system: int = 1, **more: Any) -> Sample:
    given: dict[str, Any] = {
        "lon": 149.1 + seconds * 1e-4, "agl_m": 100 + seconds, "amsl_mm": 700_000, "amsl_source": 1, "takeoff_source": 1,
        "velocity_north_cmps": 300, "velocity_east_cmps": -400, "velocity_down_cmps": 50, "heading_cdeg": 27_000,
        "battery_pct": 80, "battery_mv": 15_200, "mode": "AUTO", "seq": round(seconds * 1_000) + system,
    }  # fmt: skip
    return moments.at(seconds, system=system, **given | more)


def flight_of(samples: Sequence[Sample], gaps: Sequence[Gap] = (), **more: Any) -> Flight:
    given: dict[str, Any] = {
        "name": LINK, "operator_id": OPERATOR, "operator": "Test & Sons", "timezone": "Australia/Sydney",
        "aircraft": (ONE, TWO), "imported": False, "from_us": T0, "to_us": T0 + 30 * S,
    }  # fmt: skip
    return Flight(**given | more, raw=raw(samples), gaps=tuple(gaps))


def incident(**more: Any) -> Incident:
    mine = [at(second) for second in range(10)] + [at(second, lon=None) for second in (15,)] + [at(s) for s in range(16, 30)]
    other = [at(second, system=2, lat=-35.301, agl_m=None, takeoff_m=None) for second in range(20)]
    given: dict[str, Any] = {
        "flight": flight_of(mine + other, [GAP]), "alerts": (alert(),), "zones": (zone(),), "facts": (fact(),),
        "worlds": (1, 2), "engines": ("3",),
    }  # fmt: skip
    return Incident(**given | more)


def alert() -> Alert:
    start = T0 + 21 * S
    known = alert_id(OPERATOR, ONE.id, "AU-101.085-HEIGHT", None, start)
    raised = AlertEvent(
        known, 1, OPERATOR, ONE.id, LINK, 1, "AU-101.085-HEIGHT", None, None, (), Level.BREACH, Condition.RAISED, start,
        start + S, "2.0 m above the 120 m limit", "DESCEND 2 m", 2.0, 122.0, "AGL", "terrain report", 149.1022, -35.3, 2, "3",
        0, 22, 0,
    )  # fmt: skip
    cleared = msgspec.structs.replace(raised, n=2, condition=Condition.CLEARED, at_us=start + 12 * S)
    seen = Acknowledgement(OPERATOR, known, UUID(int=7), 1, "Dispatch 1", start + 4 * S)
    return Alert((Step(raised, start + S + 40_000), Step(cleared, start + 12 * S + 40_000)), (seen,))


def zone() -> InForce[ZoneVersion]:
    known = moments.zone(ZoneKind.KEEP_IN, name="Field 中", ceiling_m=150.0, ceiling_datum="AGL")
    return InForce(known, datetime(2023, 11, 1, tzinfo=UTC), T0 - 100 * S, None)


def fact() -> InForce[FactVersion]:
    stated = AircraftFact(aircraft_id=ONE.id, weight_g=1_500)
    version = FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, stated), version=1, world=2, fact=stated)
    return InForce(version, datetime(2023, 11, 1, tzinfo=UTC), None, None)
