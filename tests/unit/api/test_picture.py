"""The picture, fed by hand: no stream, no database, and a clock that is an argument."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from alerts.handling import Acknowledgement
from api.picture import Picture
from core import block
from core.colour import Level
from core.identity import aircraft_id, alert_id, operator_id, partition_of
from core.records import AlertEvent, Condition, Guidance, Judged
from core.sample import HeightSource, NoPosition, Sample, SampleKind

OPERATOR = operator_id("demo")
LINK = "udp:14550/127.0.0.1"
NOW = 1_782_874_800_000_000
SECOND = 1_000_000


def craft(system_id: int = 1) -> UUID:
    return aircraft_id(OPERATOR, LINK, system_id)


def sample(system_id: int = 1, **facts: Any) -> Sample:
    told = {"event_time_us": NOW, "seq": 1, "lon_e7": 1_491_000_000, "lat_e7": -353_000_000, "armed": True} | facts
    return Sample(OPERATOR, craft(system_id), LINK, system_id, 1, **told)


def heartbeat(**facts: Any) -> Sample:
    return sample(kind=SampleKind.HEARTBEAT, no_position=NoPosition.NOT_SENT, lon_e7=None, lat_e7=None, **facts)


def event(n: int = 1, system_id: int = 1, **facts: Any) -> AlertEvent:
    told = {
        "level": Level.BREACH, "condition": Condition.RAISED if n == 1 else Condition.WORSENED, "what": f"step {n}",
        "at_us": NOW + n * SECOND, "rule": "AU-101.085-HEIGHT",
    } | facts  # fmt: skip
    return AlertEvent(
        alert_id=alert_id(OPERATOR, craft(system_id), str(told["rule"]), None, NOW), n=n, operator_id=OPERATOR,
        aircraft_id=craft(system_id), link=LINK, system_id=system_id, zone_id=None, zone_name=None, zone_versions=(),
        start_us=NOW, way_back=None, beyond_m=12.0, height_m=132.0, height_datum="AGL", height_source="terrain report",
        lon_deg=149.1, lat_deg=-35.3, world=0, engine="1", partition=partition_of(craft(system_id), 16), offset=0, row=0,
        **told,
    )  # fmt: skip


def judged(partition: int, append_time_us: int, **facts: Any) -> Judged:
    return Judged("telemetry", partition, 1, append_time_us, 0, "worker", **facts)


@pytest.fixture
def picture() -> Picture:
    picture = Picture(OPERATOR, 16, NOW)
    for partition in range(16):
        picture.apply_judged(judged(partition, NOW))
    return picture


def feed(picture: Picture, *samples: Sample, append_time_us: int = NOW) -> set[UUID]:
    picture.apply_block(block.from_samples(samples), append_time_us)
    return picture.changes().aircraft


def told(picture: Picture, system_id: int = 1) -> Any:
    found = picture.aircraft(craft(system_id))
    assert found is not None
    return found


def test_of_a_block_the_last_sample_of_each_aircraft_counts(picture: Picture) -> None:
    rows = [sample(1, event_time_us=NOW + n, lat_e7=-n) for n in range(5)] + [sample(2, lat_e7=7)]
    assert feed(picture, *rows) == {craft(1), craft(2)}
    assert (told(picture, 1)["lat"], told(picture, 2)["lat"]) == (-4e-7, 7e-7)


def test_a_late_sample_does_not_move_an_aircraft_back(picture: Picture) -> None:
    feed(picture, sample(lat_e7=2))
    assert feed(picture, sample(lat_e7=1, event_time_us=NOW - 1)) == set()
    assert feed(picture, sample(lat_e7=3), sample(lat_e7=1, event_time_us=NOW - 1)) == {craft()}
    assert told(picture)["lat"] == 3e-7


def test_a_sample_ahead_of_the_brokers_time_is_not_shown_and_bars_no_other(picture: Picture) -> None:
    assert feed(picture, sample(event_time_us=NOW + 5 * SECOND + 1)) == set()
    feed(picture, sample(lat_e7=1), sample(lat_e7=2, event_time_us=NOW + 60 * SECOND))
    assert told(picture)["lat"] == 1e-7


def test_an_aircraft_without_a_fix_keeps_its_last_position_and_says_why_it_has_none_now(picture: Picture) -> None:
    feed(picture, sample())
    later = NOW + SECOND
    feed(picture, sample(event_time_us=later, lon_e7=None, lat_e7=None, no_position=NoPosition.ZERO), append_time_us=later)
    one = told(picture)
    assert (one["lon"], one["no_position"]) == (149.1, "zero")
    assert (one["position_time"], one["event_time"]) == ("2026-07-01T03:00:00.000000Z", "2026-07-01T03:00:01.000000Z")


def test_one_that_never_had_a_position_is_seen_all_the_same(picture: Picture) -> None:
    feed(picture, heartbeat())
    one = told(picture)
    assert (one["lon"], one["lat"], one["position_time"], one["no_position"]) == (None, None, None, "not sent")


def test_a_heartbeat_leaves_the_word_on_the_position_message_as_it_was(picture: Picture) -> None:
    feed(picture, sample(lon_e7=None, lat_e7=None, no_position=NoPosition.IMPOSSIBLE))
    feed(picture, heartbeat(event_time_us=NOW + SECOND))
    assert told(picture)["no_position"] == "impossible"


def test_units_are_those_of_the_names(picture: Picture) -> None:
    feed(picture, sample(
        amsl_mm=612_345, amsl_source=1, takeoff_height_mm=50_000, takeoff_source=1, agl_mm=48_200,
        agl_source=HeightSource.TERRAIN_REPORT, velocity_north_cmps=300, velocity_east_cmps=-400, velocity_down_cmps=-150,
        heading_cdeg=27_050, battery_pct=81, battery_age_ms=1_500, mode="AUTO", mode_age_ms=200, fix_type=3, satellites=11,
    ))  # fmt: skip
    one = told(picture)
    assert (one["amsl_m"], one["takeoff_height_m"], one["agl_m"], one["agl_source"]) == (612.345, 50.0, 48.2, "terrain report")
    assert (one["speed_mps"], one["climb_mps"], one["heading_deg"]) == (5.0, 1.5, 270.5)
    assert (one["battery_age_s"], one["mode_age_s"]) == (1.5, 0.2)
    assert one["height"] == {"m": 48.2, "datum": "AGL", "source": "terrain report", "margin_m": 0.0}


@pytest.mark.parametrize(
    ("facts", "height"),
    [
        ({"takeoff_height_mm": 50_000}, {"m": 50.0, "datum": "above take-off", "source": "autopilot", "margin_m": 40.0}),
        ({"amsl_mm": 600_000}, {"m": 600.0, "datum": "AMSL", "source": "autopilot", "margin_m": None}),
        (
            {"amsl_mm": 708_000, "ground_amsl_mm": 590_000, "takeoff_height_mm": 90_000},
            {"m": 118.0, "datum": "AGL", "source": "terrain model", "margin_m": 15.0},
        ),
        # a height above ground that cannot be is no height: the next source serves
        (
            {"amsl_mm": 1_000, "ground_amsl_mm": 590_000, "takeoff_height_mm": 10_000},
            {"m": 10.0, "datum": "above take-off", "source": "autopilot", "margin_m": 40.0},
        ),
        (
            {"agl_mm": -589_000, "agl_source": 4, "takeoff_height_mm": 10_000},
            {"m": 10.0, "datum": "above take-off", "source": "autopilot", "margin_m": 40.0},
        ),
        ({}, None),
    ],
)
def test_the_best_height_at_hand_says_its_datum_and_its_source(picture: Picture, facts: dict[str, int], height: Any) -> None:
    feed(picture, sample(**facts))
    assert told(picture)["height"] == height


def test_the_speed_of_long_ago_is_not_the_speed_of_now(picture: Picture) -> None:
    feed(picture, sample(velocity_north_cmps=500, velocity_east_cmps=0, takeoff_height_mm=1_000))
    late = NOW + 6 * SECOND
    feed(picture, heartbeat(event_time_us=late), append_time_us=late)
    one = told(picture)
    assert (one["speed_mps"], one["height"], one["lon"]) == (None, None, 149.1)


def test_the_colour_is_that_of_the_worst_open_condition_with_every_reason(picture: Picture) -> None:
    feed(picture, sample())
    picture.apply_alert(event(rule="AU-B", level=Level.UNKNOWN, what="evidence is missing"), NOW)
    picture.apply_alert(event(rule="AU-A", level=Level.WARNING, what="8 s to the limit"), NOW)
    one = told(picture)
    assert one["level"] == "warning"
    assert [(reason["rule"], reason["level"]) for reason in one["reasons"]] == [("AU-A", "warning"), ("AU-B", "unknown")]
    picture.apply_alert(event(n=2, rule="AU-A", level=Level.BREACH), NOW)
    assert told(picture)["level"] == "breach"
    picture.apply_alert(event(n=3, rule="AU-A", condition=Condition.CLEARED), NOW)
    assert told(picture)["level"] == "unknown"


def test_each_event_is_told_as_it_stood_then_and_old_news_is_none(picture: Picture) -> None:
    news = [picture.apply_alert(event(n), NOW + n) for n in (1, 2, 2, 1, 3)]
    assert news == [True, True, False, False, True]
    assert [(one["n"], one["what"]) for one in picture.changes().alerts] == [(1, "step 1"), (2, "step 2"), (3, "step 3")]


def test_an_acknowledged_alert_that_stands_still_colours(picture: Picture) -> None:
    feed(picture, sample())
    picture.apply_alert(event(), NOW)
    assert picture.apply_acknowledgement(seen(1))
    assert not picture.apply_acknowledgement(seen(1))
    assert told(picture)["level"] == "breach"
    assert [one["state"] for one in picture.standing()] == ["acknowledged"]


def test_an_acknowledgement_heard_of_before_its_alert_waits_for_it(picture: Picture) -> None:
    feed(picture, sample())
    assert not picture.apply_acknowledgement(seen(1))
    picture.apply_alert(event(), NOW)
    assert [one["state"] for one in picture.standing()] == ["acknowledged"]


def seen(n: int) -> Acknowledgement:
    return Acknowledgement(OPERATOR, event().alert_id, UUID(int=n), n, "north", NOW)


def test_a_closed_alert_stays_until_it_is_seen_and_then_leaves(picture: Picture) -> None:
    picture.apply_alert(event(), NOW)
    picture.apply_alert(event(n=2, condition=Condition.CLEARED), NOW)
    assert [one["state"] for one in picture.standing()] == ["cleared_unacknowledged"]
    picture.apply_acknowledgement(seen(2))
    assert picture.standing() == []
    assert picture.alert(event().alert_id) is not None  # answered until the recorder has surely caught up
    picture.tick(NOW + 601 * SECOND)
    assert picture.alert(event().alert_id) is None


def test_guidance_moves_an_open_alert_and_an_older_word_does_not(picture: Picture) -> None:
    picture.apply_alert(event(), NOW)
    for at_us, beyond_m in ((NOW + 3 * SECOND, 20.0), (NOW + 2 * SECOND, 15.0)):
        word = Guidance(event().alert_id, at_us, f"{beyond_m:g} m above", "DESCEND", beyond_m)
        picture.apply_judged(judged(event().partition, NOW + at_us - NOW, guidance=(word,)))
    [(_, moved)] = picture.guidance()
    assert (moved["beyond_m"], moved["what"]) == (20.0, "20 m above")
    assert picture.guidance() == []
    picture.apply_alert(event(n=2), NOW)
    assert [one["what"] for one in picture.standing()] == ["step 2"]


def test_guidance_of_the_events_own_moment_says_more_than_the_event_and_is_forgotten_with_the_next(picture: Picture) -> None:
    assert picture.apply_alert(event(), NOW)
    word = Guidance(event().alert_id, event().at_us, "enters keep-out in 8 s", None, None, 8.4)
    picture.apply_judged(judged(event().partition, NOW, guidance=(word,)))
    assert [(one["what"], one["ahead_s"]) for one in picture.standing()] == [("enters keep-out in 8 s", 8.4)]
    picture.apply_alert(event(n=2), NOW)
    assert [one["ahead_s"] for one in picture.standing()] == [None]


def test_a_partition_judged_five_seconds_ago_is_not_running_and_its_aircraft_are_unknown(picture: Picture) -> None:
    feed(picture, sample(1), sample(2))
    lost, other = partition_of(craft(1), 16), partition_of(craft(2), 16)
    assert lost != other
    later = NOW + 5 * SECOND
    for partition in range(16):
        if partition != lost:
            picture.apply_judged(judged(partition, later))
    picture.tick(later - 1)
    assert picture.rules(later - 1)["running"]
    picture.changes()
    picture.tick(later)
    assert picture.changes().aircraft == {craft(1)}
    assert (told(picture, 1)["level"], told(picture, 2)["level"]) == ("unknown", "clear")
    assert told(picture, 1)["reasons"][0]["what"] == "rules not running since 03:00:00 UTC"
    assert picture.rules(later) == {
        "judged_up_to": "2026-07-01T03:00:00.000000Z", "running": False, "since": "2026-07-01T03:00:00.000000Z",
    }  # fmt: skip
    picture.apply_judged(judged(lost, later))
    picture.tick(later)
    assert picture.changes().aircraft == {craft(1)}
    assert told(picture, 1)["level"] == "clear"


def test_a_standing_breach_stays_when_the_rules_stop(picture: Picture) -> None:
    feed(picture, sample())
    picture.apply_alert(event(), NOW)
    picture.tick(NOW + 10 * SECOND)
    assert told(picture)["level"] == "breach"
    assert [reason["rule"] for reason in told(picture)["reasons"]] == ["AU-101.085-HEIGHT", "rules"]


def test_nobody_has_ever_judged_is_not_running_after_five_seconds() -> None:
    picture = Picture(OPERATOR, 16, NOW)
    feed(picture, sample())
    picture.tick(NOW + SECOND)
    assert told(picture)["level"] == "clear"
    assert not picture.rules(NOW + SECOND)["running"]
    picture.tick(NOW + 5 * SECOND)
    assert (told(picture)["level"], told(picture)["reasons"][0]["what"]) == ("unknown", "rules not running")
    assert picture.rules(NOW)["since"] is None


def test_a_stopped_partition_leaves_its_alerts_unconfirmed_and_its_aircraft_not_judged(picture: Picture) -> None:
    feed(picture, sample())
    picture.apply_alert(event(), NOW)
    picture.changes()
    picture.apply_judged(judged(event().partition, NOW + SECOND, stopped="offsets 3 to 9 are gone"))
    changes = picture.changes()
    assert [one["confirmed"] for one in changes.alerts] == [False]
    assert told(picture)["reasons"][1]["what"] == "not judged: offsets 3 to 9 are gone"
    picture.apply_judged(judged(event().partition, NOW + 2 * SECOND))
    assert [one["confirmed"] for one in picture.changes().alerts] == [True]


def test_progress_of_imports_does_not_stand_for_live_traffic(picture: Picture) -> None:
    picture.apply_judged(Judged("telemetry-import", 0, 1, NOW + 60 * SECOND, 0, "worker"))
    assert picture.rules(NOW)["judged_up_to"] == "2026-07-01T03:00:00.000000Z"


@pytest.mark.parametrize(
    ("armed", "airborne", "ended"),
    [(False, False, True), (True, False, True), (None, False, True), (False, None, True), (True, True, False),
     (True, None, False), (None, None, False)],
)  # fmt: skip
def test_a_silent_aircraft_has_ended_if_it_was_last_heard_at_rest(
    picture: Picture, armed: bool | None, airborne: bool | None, ended: bool
) -> None:
    feed(picture, sample(armed=armed, airborne=airborne))
    picture.tick(NOW + 4 * SECOND)
    assert told(picture)["ended"] is False
    picture.tick(NOW + 5 * SECOND)
    assert told(picture)["ended"] is ended
    feed(picture, sample(event_time_us=NOW + 6 * SECOND), append_time_us=NOW + 6 * SECOND)
    assert told(picture)["ended"] is False


def test_what_has_ended_is_not_unknown_when_the_rules_stop(picture: Picture) -> None:
    feed(picture, sample(armed=False, airborne=False))
    picture.tick(NOW + 60 * SECOND)
    assert told(picture)["level"] == "clear"


def test_a_block_that_could_not_be_judged_marks_its_aircraft_until_later_ones_come(picture: Picture) -> None:
    feed(picture, sample())
    picture.apply_unjudged([craft()], NOW, "its block cannot be read")
    assert told(picture)["level"] == "unknown"
    feed(picture, sample(event_time_us=NOW + SECOND), append_time_us=NOW + SECOND)
    assert told(picture)["level"] == "unknown"
    feed(picture, sample(event_time_us=NOW + 6 * SECOND), append_time_us=NOW + 6 * SECOND)
    assert told(picture)["level"] == "clear"


def test_state_leaves_after_a_day_of_silence_unless_an_alert_stands(picture: Picture) -> None:
    feed(picture, sample(1), sample(2))
    picture.apply_alert(event(system_id=2), NOW)
    picture.changes()
    picture.tick(NOW + 24 * 3600 * SECOND)
    assert picture.changes().gone == {craft(1)}
    assert picture.ids() == [craft(2)]


def test_an_aircraft_that_has_gone_silent_says_the_same_as_before(picture: Picture) -> None:
    feed(picture, *(sample(n, takeoff_height_mm=n * 1_000, event_time_us=NOW + n) for n in range(1, 50)))
    before = told(picture, 7) | {"reasons": []}
    for partition in range(16):
        picture.apply_judged(judged(partition, NOW + 4 * SECOND))
    picture.tick(NOW + 4 * SECOND)
    assert told(picture, 7) == before


def test_another_operators_traffic_is_not_shown(picture: Picture) -> None:
    foreign = operator_id("other")
    one = Sample(foreign, aircraft_id(foreign, LINK, 1), LINK, 1, 1, seq=1, event_time_us=NOW)
    assert feed(picture, one, sample()) == {craft()}
    assert not picture.apply_alert(msgspec.structs.replace(event(), operator_id=foreign), NOW)


def test_a_name_of_the_register_is_a_change(picture: Picture) -> None:
    feed(picture, sample())
    assert told(picture)["name"] is None
    picture.rename({craft(): "Survey 1"})
    assert picture.changes().aircraft == {craft()}
    assert told(picture)["name"] == "Survey 1"


def test_an_aircraft_is_encoded_once_however_many_look(picture: Picture) -> None:
    feed(picture, sample())
    assert picture.encoded(craft()) is picture.encoded(craft())
    feed(picture, sample(lat_e7=1))
    raw = picture.encoded(craft())
    assert raw is not None
    assert msgspec.json.decode(raw) == told(picture)
