"""The compiled way from messages to samples, held to the plain one, on anything that vehicles may say in any order."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core import identity
from core.records import Rejection
from core.sample import Sample
from ingest import following
from ingest.counts import Counts
from ingest.mavlink import scan
from ingest.messages import KINDS
from tests.unit.ingest import reference
from tests.unit.ingest.told import LINK, OPERATOR, T0, Told

_ATTITUDE = 30
_STEPS_US = (0, 1, 200_000, 999_999, 1_000_000, 4_999_999, 5_000_000, 5_000_001, -700_000, -5_000_001)
_FLOATS = (0.0, -1.0, 3.25, 12.3456, 0.0005, 0.0015, 2_147_483.5, 2_147_484.0, 1e30, math.nan, math.inf, -math.inf, -589.0)
_RANGES = {"b": (-128, 127), "B": (0, 255), "h": (-(2**15), 2**15 - 1), "H": (0, 2**16 - 1), "i": (-(2**31), 2**31 - 1),
           "I": (0, 2**32 - 1), "Q": (0, 2**64 - 1)}  # fmt: skip
_LIKELY = {
    "type": (0, 2, 6, 12, 27, 30, 99), "autopilot": (3, 8, 12), "base_mode": (1, 81, 209), "custom_mode": (0, 5, 50_593_792),
    "lat": (0, -353_623_302, 900_000_001), "lon": (0, 1_491_657_510, -1_800_000_001), "hdg": (0, 36_000, 36_001, 65_535),
    "id": (0, 1), "landed_state": (0, 1, 2, 3, 4, 5), "spacing": (0, 30), "voltages": (4_000, 65_535),
    "voltages_ext": (0, 4_000), "battery_remaining": (-1, 0, 100, 101), "voltage_battery": (12_388, 65_535),
    "eph": (121, 65_535), "satellites_visible": (12, 255),
}  # fmt: skip


def _number(name: str, code: str) -> st.SearchStrategy[Any]:
    if code == "f":
        return st.sampled_from(_FLOATS)
    any_value = st.integers(*_RANGES[code])
    return st.one_of(st.sampled_from(_LIKELY[name]), any_value) if name in _LIKELY else any_value


def _message(message_id: int) -> st.SearchStrategy[Any]:
    kind = dialect.mavlink_map[message_id]
    codes = dict(zip(kind.ordered_fieldnames, bytes(kind.native_format).decode()[1:], strict=True))
    lengths = dict(zip(kind.ordered_fieldnames, kind.array_lengths, strict=True))
    fields = [
        st.lists(_number(name, codes[name]), min_size=lengths[name], max_size=lengths[name])
        if lengths[name]
        else _number(name, codes[name])
        for name in kind.fieldnames
    ]
    return st.tuples(*fields).map(lambda values: kind(*values))


_heard = st.tuples(
    st.one_of(*(_message(message_id) for message_id in (*KINDS, dialect.MAVLINK_MSG_ID_HEARTBEAT, 33, _ATTITUDE))),
    st.sampled_from([1, 1, 1, 1, 2, 0, 51, 65, 254, 255]),  # system
    st.sampled_from([1, 1, 1, 1, 1, 190]),  # component
    st.sampled_from([1, 1, 1, 2, 3]),  # port
    st.sampled_from(_STEPS_US),
)


@settings(max_examples=300, deadline=None)
@given(heard=st.lists(_heard, max_size=40), batches=st.integers(1, 5), admitted=st.sets(st.sampled_from([1, 2, 51])))
def test_samples_counts_and_rejections_are_those_of_the_plain_way(
    heard: list[tuple[Any, int, int, int, int]], batches: int, admitted: set[int]
) -> None:
    ids = {identity.aircraft_id(OPERATOR, LINK, system) for system in admitted}
    told = Told(admit=ids.__contains__)
    counts = Counts()
    link = reference.Link(OPERATOR, LINK, 5, counts, ids.__contains__)
    sender = dialect.MAVLink(None)
    samples: list[Sample] = []
    rejections: list[Rejection] = []
    batch: list[tuple[bytes, float, int]] = []
    time_us = T0
    for number, (message, system, component, port, step_us) in enumerate(heard):
        sender.srcSystem, sender.srcComponent, sender.seq = system, component, number
        data = bytes(message.pack(sender)) + (b"rubbish" if number % 7 == 3 else b"")
        time_us += step_us
        for item in scan(data):
            outcome = link.take(item, data, time_us, port)
            if isinstance(outcome, Sample):
                samples.append(outcome)
            elif outcome is not None:
                rejections.append(outcome)
        batch.append((data, (time_us - T0) / 1e6, port))
        if number % batches == 0:
            told.hear_all(batch)
            batch = []
    if batch:
        told.hear_all(batch)
    assert told.samples == samples
    assert told.rejections == rejections
    assert told.counts == counts


def test_what_is_no_vehicle_is_numbered_as_the_dialect_numbers_it() -> None:
    names = (
        "ANTENNA_TRACKER GCS ONBOARD_CONTROLLER GIMBAL ADSB CAMERA CHARGING_STATION FLARM SERVO ODID BATTERY PARACHUTE LOG OSD "
        "IMU GPS WINCH ILLUMINATOR GRIPPER"
    )
    assert tuple(getattr(dialect, f"MAV_TYPE_{name}") for name in names.split()) == following.NOT_VEHICLES
