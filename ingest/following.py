"""Messages to samples, compiled: `follow` knows what each vehicle last said, and makes a row of each position message.

Its tables' columns are said here, for it and for the Python around it (`ingest.fleet`, `ingest.links`, `ingest.samples`).
"""

import numpy as np
from numba import int8, int32, int64
from numpy.typing import NDArray

from core.compiled import given, kernel, part
from ingest.reading import (
    ALTITUDE,
    BATTERY_STATUS,
    COMPONENT,
    END,
    EXTENDED_SYS_STATE,
    FIELDS,
    GLOBAL_POSITION_INT,
    GOOD,
    GPS_RAW_INT,
    HEARTBEAT,
    KIND,
    LINK,
    MESSAGE,
    NO_LINK,
    NULL,
    OTHER,
    REASON,
    SEQUENCE,
    START,
    SYS_STATUS,
    SYSTEM,
    TERRAIN_REPORT,
    UNIT,
    Ints,
)

# What `follow` is given beside the messages. A row a datagram:
TIME_US, OF_LINK, SENDER = range(3)
# A row a link:
EPOCH, COUNTED, HEARD_US, SERVED = range(4)
# By link and system: what its autopilot's heartbeats have said, and the row of its vehicle.
UNHEARD, NO_VEHICLE, A_VEHICLE = range(3)
UNASKED, REFUSED = -1, -2
# A row a vehicle: what it last said and when; who says it.
LAST_SAMPLE, TYPE, ARMED, ARMED_US, AIRBORNE, AIRBORNE_US, MODE, MODE_US, PCT, PCT_US, MV, MV_US = range(12)
FIX, SATELLITES, HDOP, FIX_US, TERRAIN, TERRAIN_US, RANGE, RANGE_US = range(12, 20)
SAID = 20  # how many of these there are
LISTED, LAST_HEARD_US, LAST_SENDER, CONTESTED_US = range(20, 24)
NEW, TOLD = 1, 2  # LISTED: it has made a sample, and Python knows
SENDERS, MOST_SENDERS = 24, 8  # pairs of a sender and when it was heard
VEHICLE = SENDERS + 2 * MOST_SENDERS
# A row a sample: its vehicle's row, its mode (type, autopilot, base mode, custom mode), then columns of the block by type.
SLOT, MODE_WORD = range(2)
PLAIN = 2
ROW_NAMES = (
    "epoch", "seq", "event_time_us", "vehicle_time_ms",
    "lon_e7", "lat_e7", "amsl_mm", "takeoff_height_mm", "agl_mm", "agl_age_ms", "fix_age_ms", "battery_age_ms", "mode_age_ms",
    "velocity_north_cmps", "velocity_east_cmps", "velocity_down_cmps", "heading_cdeg", "hdop_e2", "battery_mv",
    "system_id", "kind", "vehicle_type", "no_position", "amsl_source", "takeoff_source", "agl_source", "fix_type", "satellites",
    "battery_pct", "frame_seq", "armed", "airborne", "ambiguous",
)  # fmt: skip
R_EPOCH, R_SEQ, R_TIME, R_BOOT = range(2, 6)
R_LON, R_LAT, R_AMSL, R_TAKEOFF, R_AGL, R_AGL_AGE, R_FIX_AGE, R_BATTERY_AGE, R_MODE_AGE = range(6, 15)
R_NORTH, R_EAST, R_DOWN, R_HEADING, R_HDOP, R_MV = range(15, 21)
R_SYSTEM, R_KIND, R_TYPE, R_NO_POSITION, R_AMSL_SOURCE, R_TAKEOFF_SOURCE, R_AGL_SOURCE, R_FIX, R_SATELLITES = range(21, 30)
R_PCT, R_FRAME_SEQ, R_ARMED, R_AIRBORNE, R_AMBIGUOUS = range(30, 35)
ROW = 35
# Counters. From REJECTED on they are many: those that have moved are listed.
FRAMES, BYTES, HEARTBEATS, USABLE, ZERO, IMPOSSIBLE = range(6)
REJECTED, DECODED, IGNORED, NO_AIRCRAFT = 6, 64, 1_088, 2_112  # plus reason, message, message, system << 8 | component
COUNTERS = NO_AIRCRAFT + 65_536
# What has come of a call.
ROWS, ARRIVALS, REFUSALS, MOVED = range(4)

TOO_MANY_AIRCRAFT = 7  # REASON
FRESH_US = 5_000_000  # stream.md: slow fields are null after this
TOGETHER_US = 5_000_000  # two senders heard in turn within this time are two at once
HEARTBEAT_SAMPLE_US = 1_000_000
_AUTOPILOT = 1  # the component
_NEVER = (0, 254, 255)  # broadcast, and what ground stations take: never an aircraft, whatever they say of themselves
_BY_HEARTBEAT = (51, 65)  # radios and trackers take these, but an aircraft has the same right: its heartbeat decides
# MAV_TYPE of what is no vehicle: antenna tracker, ground station, onboard controller, gimbal, ADS-B, camera, charging
# station, FLARM, servo, ODID, battery, parachute, log, OSD, IMU, GPS, winch, illuminator, gripper. Others are watched.
NOT_VEHICLES = (5, 6, 18, 26, 27, 30, 31, 32, 33, 34, 36, 37, 38, 39, 40, 41, 42, 44, 48)
_NO_AUTOPILOT = 8  # MAV_AUTOPILOT_INVALID
_USEFUL, _USELESS, _OF_NO_AIRCRAFT = range(3)


@part
def _weigh(message: Ints, evidence: NDArray[np.int8]) -> int:
    """Whether a good frame is an aircraft's, by what its autopilot component says.

    Until its first heartbeat an autopilot component is believed: its position is an aircraft's. After that the type decides,
    and a heartbeat of something else under the same id does not unmake an aircraft.
    """
    system = message[SYSTEM]
    if message[COMPONENT] != _AUTOPILOT:
        return _OF_NO_AIRCRAFT
    if message[KIND] == HEARTBEAT:
        kind, autopilot = message[FIELDS], message[FIELDS + 1]
        if system in _NEVER or kind in NOT_VEHICLES or autopilot == _NO_AUTOPILOT:
            if evidence[system] == UNHEARD:
                evidence[system] = NO_VEHICLE
            return _OF_NO_AIRCRAFT
        evidence[system] = A_VEHICLE
    if evidence[system] == NO_VEHICLE or (evidence[system] == UNHEARD and (system in _NEVER or system in _BY_HEARTBEAT)):
        return _OF_NO_AIRCRAFT
    return _USELESS if message[KIND] == OTHER else _USEFUL


@part
def _contested(vehicle: Ints, sender: int, time_us: int) -> bool:
    """Whether two senders are at work. A restarted one takes a new port and its old one falls silent; when an old one speaks
    again after the new one, there are two. Beyond the eighth at once nobody is remembered."""
    place = -1
    for at in range(SENDERS, VEHICLE, 2):
        if vehicle[at] == sender:
            place = at
    if sender != vehicle[LAST_SENDER]:
        if place >= 0 and abs(time_us - vehicle[place + 1]) <= TOGETHER_US:
            vehicle[CONTESTED_US] = time_us
        for at in range(SENDERS, VEHICLE, 2):
            if vehicle[at] != NULL and abs(time_us - vehicle[at + 1]) > TOGETHER_US:
                vehicle[at] = NULL
        vehicle[LAST_SENDER] = sender
        if place >= 0 and vehicle[place] == NULL:
            place = -1
    for at in range(SENDERS, VEHICLE, 2):
        if place < 0 and vehicle[at] == NULL:
            place = at
    if place >= 0:
        vehicle[place], vehicle[place + 1] = sender, time_us
    contested: bool = vehicle[CONTESTED_US] != NULL and abs(time_us - vehicle[CONTESTED_US]) <= TOGETHER_US
    return contested


@part
def _hear(vehicle: Ints, at: int, value: int, time_us: int) -> None:
    """Takes a known value; "unknown" leaves the last one to grow old."""
    if value != NULL:
        vehicle[at], vehicle[at + 1] = value, time_us


@part
def _age_ms(value: int, said_us: int, time_us: int) -> int:
    """NULL: there is no value, or it is too old. A log's clock may step back: what lies that far ahead is as strange as old."""
    if value == NULL or abs(time_us - said_us) > FRESH_US:
        return NULL
    return max(0, time_us - said_us) // 1000


@part
def _millimetres(height: int) -> int:
    height_m = np.int64(height).view(np.float64)
    if not np.isfinite(height_m) or not abs(height_m) * 1000 < 2**31 - 1:
        return NULL
    return np.int64(np.rint(height_m * 1000))  # type: ignore[return-value]


@part
def _update(vehicle: Ints, kind: int, fields: Ints, time_us: int) -> None:
    """What a message says beside a sample. Fields in the order of its definition."""
    if kind == HEARTBEAT:
        vehicle[TYPE] = fields[0]
        _hear(vehicle, ARMED, 1 if fields[2] & 128 else 0, time_us)
        _hear(vehicle, MODE, fields[0] | fields[1] << 8 | fields[2] << 16 | fields[3] << 24, time_us)
    elif kind == GPS_RAW_INT:
        vehicle[FIX], vehicle[FIX_US] = fields[1], time_us
        vehicle[SATELLITES] = NULL if fields[9] == 0xFF else fields[9]
        vehicle[HDOP] = NULL if fields[5] == 0xFFFF else fields[5]
    elif kind == SYS_STATUS:
        _hear(vehicle, PCT, fields[6] if 0 <= fields[6] <= 100 else NULL, time_us)
        _hear(vehicle, MV, NULL if fields[4] == 0xFFFF else fields[4], time_us)
    elif kind == BATTERY_STATUS and fields[0] == 0:  # the first battery stands for the aircraft, as in SYS_STATUS
        _hear(vehicle, PCT, fields[17] if 0 <= fields[17] <= 100 else NULL, time_us)
        cells, total = 0, 0
        for cell in fields[4:14]:
            if cell != 0xFFFF:
                cells, total = cells + 1, total + cell
        total += fields[20] + fields[21] + fields[22] + fields[23]
        _hear(vehicle, MV, total if cells and total < 0xFFFF else NULL, time_us)
    elif kind == TERRAIN_REPORT:
        _hear(vehicle, TERRAIN, _millimetres(fields[4]) if fields[2] else NULL, time_us)
    elif kind == ALTITUDE:  # a clearance below zero (or NaN): not available
        _hear(vehicle, RANGE, _millimetres(fields[6]) if np.int64(fields[6]).view(np.float64) >= 0 else NULL, time_us)
    elif kind == EXTENDED_SYS_STATE and 1 <= fields[1] <= 4:
        _hear(vehicle, AIRBORNE, 0 if fields[1] == 1 else 1, time_us)


@part
def _sample(vehicle: Ints, time_us: int, row: Ints) -> None:
    """What is known of a vehicle at this time."""
    row[:] = NULL
    row[R_TIME], row[R_TYPE] = time_us, vehicle[TYPE]
    if _age_ms(vehicle[ARMED], vehicle[ARMED_US], time_us) != NULL:
        row[R_ARMED] = vehicle[ARMED]
    if _age_ms(vehicle[AIRBORNE], vehicle[AIRBORNE_US], time_us) != NULL:
        row[R_AIRBORNE] = vehicle[AIRBORNE]
    elif row[R_ARMED] == 0:  # disarmed motors hold nothing in the air; armed ones may still stand on the ground
        row[R_AIRBORNE] = 0
    row[R_MODE_AGE] = _age_ms(vehicle[MODE], vehicle[MODE_US], time_us)
    if row[R_MODE_AGE] != NULL:
        row[MODE_WORD] = vehicle[MODE]
    row[R_FIX_AGE] = _age_ms(vehicle[FIX], vehicle[FIX_US], time_us)
    if row[R_FIX_AGE] != NULL:
        row[R_FIX], row[R_SATELLITES], row[R_HDOP] = vehicle[FIX], vehicle[SATELLITES], vehicle[HDOP]
    row[R_BATTERY_AGE] = _age_ms(vehicle[MV], vehicle[MV_US], time_us)
    if row[R_BATTERY_AGE] != NULL:
        row[R_MV] = vehicle[MV]
    percent_age_ms = _age_ms(vehicle[PCT], vehicle[PCT_US], time_us)
    if percent_age_ms != NULL:
        row[R_PCT], row[R_BATTERY_AGE] = vehicle[PCT], percent_age_ms
    row[R_AMSL_SOURCE] = row[R_TAKEOFF_SOURCE] = row[R_AGL_SOURCE] = 0  # HeightSource.NONE
    for at, source in ((RANGE, 3), (TERRAIN, 2)):  # HeightSource: RANGEFINDER, TERRAIN_REPORT, which counts before it
        age_ms = _age_ms(vehicle[at], vehicle[at + 1], time_us)
        if age_ms != NULL:
            row[R_AGL], row[R_AGL_SOURCE], row[R_AGL_AGE] = vehicle[at], source, age_ms


@part
def _position(fields: Ints, row: Ints) -> None:
    """A GLOBAL_POSITION_INT's own part of a sample."""
    row[R_KIND], row[R_NO_POSITION], row[R_BOOT] = 0, 0, fields[0]  # SampleKind.POSITION, NoPosition.PRESENT
    lat, lon = fields[1], fields[2]
    if lat == 0 and lon == 0:
        row[R_NO_POSITION] = 2
    elif abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
        row[R_NO_POSITION] = 3
    else:
        row[R_LON], row[R_LAT] = lon, lat
    row[R_AMSL], row[R_TAKEOFF] = fields[3], fields[4]
    row[R_AMSL_SOURCE] = row[R_TAKEOFF_SOURCE] = 1  # HeightSource.AUTOPILOT
    row[R_NORTH], row[R_EAST], row[R_DOWN] = fields[5], fields[6], fields[7]
    row[R_HEADING] = fields[8] if fields[8] <= 36_000 else NULL  # 65535: not known


@part
def _count(counter: int, tally: Ints, moved: Ints, progress: Ints) -> None:
    if tally[counter] == 0:
        moved[progress[MOVED]] = counter
        progress[MOVED] += 1
    tally[counter] += 1


@kernel(
    int64[:, ::1], int64, int64, given(int64, 2), int64[:, ::1], int8[:, ::1], int32[:, ::1], int64[:, ::1], int64[:, ::1],
    int64[::1], int64[::1], int64[::1],
)  # fmt: skip
def follow(
    table: Ints, first: int, count: int, units: Ints, links: Ints, evidence: NDArray[np.int8], slots: NDArray[np.int32],
    vehicles: Ints, rows: Ints, tally: Ints, moved: Ints, progress: Ints,
) -> int:  # fmt: skip
    """Takes table[first:count] in order: counts, keeps what vehicles say, appends their samples to rows.

    Stops before a message of a system about whose vehicle nobody was asked yet, and returns where. An aircraft refused is
    marked so in the table.
    """
    for i in range(first, count):
        message = table[i]
        unit, system = units[message[UNIT]], message[SYSTEM]
        time_us = unit[TIME_US]
        link = unit[OF_LINK] if message[LINK] == NO_LINK else message[LINK]
        weight = _weigh(message, evidence[link]) if message[REASON] == GOOD else _USELESS
        if weight == _USEFUL and slots[link, system] == UNASKED:
            return i
        links[link, COUNTED] += 1
        links[link, HEARD_US] = time_us
        tally[FRAMES] += 1
        tally[BYTES] += message[END] - message[START]
        if weight == _USEFUL and slots[link, system] == REFUSED:
            message[REASON] = TOO_MANY_AIRCRAFT
        if message[REASON] != GOOD:
            _count(REJECTED + message[REASON], tally, moved, progress)
            progress[REFUSALS] += 1
        elif weight == _OF_NO_AIRCRAFT:
            _count(NO_AIRCRAFT + (system << 8 | message[COMPONENT]), tally, moved, progress)
        elif weight == _USELESS:
            _count(IGNORED + message[MESSAGE], tally, moved, progress)
        else:
            _count(DECODED + message[MESSAGE], tally, moved, progress)
            vehicle, fields = vehicles[slots[link, system]], message[FIELDS:]
            vehicle[LAST_HEARD_US] = time_us
            contested = _contested(vehicle, unit[SENDER], time_us)
            _update(vehicle, message[KIND], fields, time_us)
            if message[KIND] == HEARTBEAT:
                last_us = vehicle[LAST_SAMPLE]
                if last_us != NULL and abs(time_us - last_us) < HEARTBEAT_SAMPLE_US:
                    continue
            elif message[KIND] != GLOBAL_POSITION_INT:
                continue
            row = rows[progress[ROWS]]
            progress[ROWS] += 1
            vehicle[LAST_SAMPLE] = time_us
            _sample(vehicle, time_us, row)
            row[SLOT], row[R_SYSTEM], row[R_AMBIGUOUS] = slots[link, system], system, contested
            row[R_EPOCH], row[R_SEQ], row[R_FRAME_SEQ] = links[link, EPOCH], links[link, COUNTED], message[SEQUENCE]
            if message[KIND] == HEARTBEAT:
                row[R_KIND], row[R_NO_POSITION] = 1, 1  # SampleKind.HEARTBEAT, NoPosition.NOT_SENT
                tally[HEARTBEATS] += 1
            else:
                _position(fields, row)
                tally[USABLE if row[R_NO_POSITION] == 0 else ZERO if row[R_NO_POSITION] == 2 else IMPOSSIBLE] += 1
            if not vehicle[LISTED]:
                vehicle[LISTED], links[link, SERVED] = NEW, 1
                progress[ARRIVALS] += 1
    return count
