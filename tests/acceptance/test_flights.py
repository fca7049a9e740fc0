"""Real flights, from the log file to the database, through the whole running system, and again from the database alone."""

import asyncio
import hashlib
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from core.sample import NoPosition, SampleKind
from core.topics import TELEMETRY_IMPORT
from core.units import to_us
from storage.pool import connect
from streams.rerun import Rerun, rerun
from tests.acceptance.conftest import House

# (lon, lat) of the four-point fence in shared/data/README.md
FENCE = [
    [149.165070, -35.358738], [149.154434, -35.359295], [149.157135, -35.372292],
    [149.166809, -35.368290], [149.165070, -35.358738],
]  # fmt: skip
KEEP_IN = {
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [FENCE]},
    "properties": {"name": "Model field", "kind": "keep_in", "valid_from": "2015-01-01T00:00:00Z"},
}


def link_of(file: Path) -> str:
    return "file:" + hashlib.sha256(file.read_bytes()).hexdigest()


def run_again(house: House, file: Path) -> Rerun:
    async def again() -> Rerun:
        async with await connect(house.settings.database.url, name="test") as conn:
            return await rerun(conn, link_of(file))

    return asyncio.run(again())


def publish(house: House, feature: dict[str, Any]) -> None:
    with house.door() as door:
        assert door.post("zones", json=feature).status_code == 201


def imported_alerts(house: House) -> list[dict[str, Any]]:
    with house.door() as door:
        answer = door.get("alerts", params={"state": "all", "imported": "true"})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["alerts"]
        return found


@pytest.fixture
def copter(shared_data: Path) -> Path:
    return shared_data / "logs" / "copter-canberra.tlog"


def test_the_canberra_flight_is_in_history_whole_and_its_alerts_are_those_of_the_reference(house: House, copter: Path) -> None:
    publish(house, KEEP_IN)
    first = house.command("import", str(copter))
    second = house.command("import", str(copter))
    assert "76,792  frames" in first and "76,792  frames" in second
    with house.database() as database:
        samples = database.execute(
            "SELECT event_time, kind, no_position, lon_e7, lat_e7, armed, late FROM telemetry WHERE imported"
        ).fetchall()
        live_rows = database.execute("SELECT count(*) FROM telemetry_live").fetchone()
        events = database.execute("SELECT alert_id, condition, start, at, rule FROM alert_event ORDER BY at").fetchall()
    assert live_rows == (0,)
    positions = [s for s in samples if s[1] == SampleKind.POSITION]
    usable = [s for s in positions if s[2] == NoPosition.PRESENT]
    zero = [s for s in positions if s[2] == NoPosition.ZERO]
    assert (len(positions), len(usable), len(zero)) == (2_833, 2_684, 149)
    assert all(s[3] is None and s[4] is None for s in zero)

    fence = shapely.Polygon(FENCE)
    outside = [s for s in usable if not shapely.intersects_xy(fence, s[3] / 1e7, s[4] / 1e7)]
    armed = [s for s in outside if s[5]]
    assert 1_715 <= len(outside) <= 1_735
    assert 640 <= len(armed) <= 652

    rules = {event[4] for event in events}
    assert rules == {"GEOFENCE-KEEP-IN", "BATTERY"}, "it ended: no lost link; and its battery did get low"
    spans = {}
    every_event, events = events, [event for event in events if event[4] == "GEOFENCE-KEEP-IN"]
    for alert_id, condition, start, at, _ in events:
        spans.setdefault(alert_id, [start, None])
        if condition == "cleared":
            spans[alert_id][1] = at
    assert 4 <= len(spans) <= 6
    assert all(end is not None for _, end in spans.values())
    covered = [s for s in armed if any(start <= s[0] <= end for start, end in spans.values())]
    assert len(covered) >= 635
    began = sorted(round((to_us(start) - 1_436_056_003_484_195) / 1e6) for start, _ in spans.values())
    ahead = [breach - start for breach, start in zip([488, 592, 771, 938, 974], began, strict=True)]
    assert all(0 <= seconds <= 4 for seconds in ahead) and sum(ahead) >= 4, f"some were told before they came: {ahead}"

    alerts = [alert for alert in imported_alerts(house) if alert["rule"] == "GEOFENCE-KEEP-IN"]
    assert {alert["id"] for alert in alerts} == {str(alert_id) for alert_id in spans}
    assert max(alert["beyond_m"] for alert in alerts) <= 24.7
    again = run_again(house, copter)
    assert again.same and len(again.again) == len(every_event) > 0


def test_the_same_log_cut_while_armed_is_a_lost_link(house: House, copter: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tlog"
    cut.write_bytes(until(copter.read_bytes(), seconds=1_000))
    publish(house, KEEP_IN)
    house.command("import", str(cut))
    lost = [alert for alert in imported_alerts(house) if alert["rule"] == "LINK-LOST"]
    assert [(alert["level"], alert["state"]) for alert in lost] == [("lost", "unacknowledged")]
    assert run_again(house, cut).same


def test_the_rov_is_one_aircraft_and_runs_again_to_the_same_alerts(house: House, shared_data: Path) -> None:
    log = shared_data / "logs" / "rov-portangeles.tlog"
    publish(house, KEEP_IN | {"properties": KEEP_IN["properties"] | {"name": "Far from Port Angeles"}})  # type: ignore[operator]
    house.command("import", str(log))
    with house.database() as database:
        aircraft = database.execute("SELECT system_id FROM aircraft").fetchall()
        rows = database.execute("SELECT count(*) FROM telemetry WHERE imported AND kind = 0").fetchone()
    assert aircraft == [(1,)]
    assert rows == (792,)
    again = run_again(house, log)
    assert again.same and again.again, "armed for 16 s, and far outside that zone"
    assert "byte for byte the same" in house.command("rerun", str(log))
    with house.started("rerun", str(log), "--without", "Far from Port Angeles") as asking:
        assert asking.wait(60) == 1, "the alert was only then"
    with house.started("rerun", str(log), "--without", "No such zone") as asking:
        assert asking.wait(60) == 2


def test_an_import_killed_in_the_middle_and_begun_again_is_there_once(house: House, copter: Path) -> None:
    publish(house, KEEP_IN)
    with house.started("import", str(copter)) as importing:
        house.first_record(TELEMETRY_IMPORT)
        importing.kill()
        assert importing.wait(30) == -signal.SIGKILL, "it was over before it could be killed"
    house.command("import", str(copter))
    with house.database() as database:
        rows = database.execute("SELECT count(*), count(DISTINCT seq) FROM telemetry WHERE imported").fetchone()
    assert rows == (2_842, 2_842)
    assert len({alert["id"] for alert in imported_alerts(house) if alert["rule"] == "GEOFENCE-KEEP-IN"}) == 5
    assert run_again(house, copter).same


def test_a_replay_flies_now_raises_live_alerts_and_is_marked(house: House, copter: Path) -> None:
    publish(house, KEEP_IN)
    with (
        house.started("replay", str(copter), "--start", "2015-07-05T00:34:48", "--speed", "2") as playing,
        house.door() as door,
    ):
        alert = house.until(
            lambda: next((a for a in door.get("alerts", params={"state": "open"}).json()["alerts"]), None), playing
        )
        (aircraft,) = door.get("aircraft").json()["aircraft"]
        playing.send_signal(signal.SIGINT)
        assert playing.wait(30) == 0
    assert (alert["rule"], alert["level"], alert["imported"]) == ("GEOFENCE-KEEP-IN", "breach", False)
    assert alert["link_name"].startswith("replay ")
    assert aircraft["replay"] is True
    ago = datetime.now(UTC) - datetime.fromisoformat(alert["start"])
    assert timedelta(0) < ago < timedelta(minutes=2), "its times are of now"


def until(log: bytes, seconds: float) -> bytes:
    """The records of a tlog up to so many seconds after its first."""
    at, first = 0, int.from_bytes(log[:8], "big")
    while int.from_bytes(log[at : at + 8], "big") - first <= seconds * 1e6:
        at += 8 + log[at + 9] + 8  # stamp, MAVLink 1 frame
    return log[:at]
