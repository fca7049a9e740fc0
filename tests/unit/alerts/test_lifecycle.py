"""One condition, moment by moment."""

from alerts.lifecycle import Condition, end, on_the_ground, step
from core.colour import Level
from core.observed import Delays, Observed

S = 1_000_000
BREACH, WARNING, UNKNOWN = Level.BREACH, Level.WARNING, Level.UNKNOWN


def seen(*tiers: tuple[Level, float], version: int | None = None, delays: Delays = Delays()) -> Observed:  # noqa: B008
    return Observed("RULE", None, tiers, "what", "way", "zone", version, delays)


def out(metres: float) -> Observed:
    """So far beyond the limit of a breach; negative is inside."""
    return seen((BREACH, metres))


def live(*moments: tuple[float, Observed], alarmed: bool = True) -> tuple[Condition | None, list[str]]:
    held: Condition | None = None
    told = []
    for seconds, what in moments:
        held, steps = step(held, what, round(seconds * S), alarmed)
        told += [f"{seconds:g} {kind} {condition.level} {condition.n}" for kind, condition in steps]
    return held, told


def test_nothing_begins_inside_the_limit():
    assert live((0, out(-1.0))) == (None, [])


def test_the_limit_itself_is_within():
    assert live((0, out(0.0)), (5, out(0.0))) == (None, [])


def test_it_is_raised_when_it_has_held_for_its_delay():
    held, told = live((0, out(1.0)), (0.9, out(1.0)), (1, out(1.0)))
    assert told == ["1 raised breach 1"]
    assert held is not None and held.start_us == 0


def test_a_moment_inside_begins_the_delay_anew():
    held, told = live((0, out(1.0)), (0.5, out(-1.0)), (0.6, out(1.0)), (1.5, out(1.0)))
    assert told == [] and held is not None and held.start_us == 600_000


def test_a_pending_condition_not_seen_for_five_seconds_begins_anew():
    held, told = live((0, out(1.0)), (60, out(1.0)))
    assert told == [] and held is not None and held.start_us == 60 * S


def test_it_is_raised_at_the_worst_tier_that_has_held():
    _, told = live(
        (0, seen((WARNING, 1.0))), (0.8, seen((BREACH, 1.0), (WARNING, 9.0))), (1, seen((BREACH, 1.0), (WARNING, 9.0)))
    )
    assert told == ["1 raised warning 1"]


def test_a_worse_tier_worsens_it_after_its_own_delay():
    both = seen((BREACH, 1.0), (WARNING, 41.0))
    _, told = live((0, seen((WARNING, 1.0))), (1, seen((WARNING, 1.0))), (2, both), (2.9, both), (3, both))
    assert told == ["1 raised warning 1", "3 worsened breach 2"]


def test_twice_as_far_and_ten_metres_more_is_told_again():
    _, told = live(
        (0, out(8.0)),
        (1, out(8.0)),
        (2, out(17.0)),
        (3, out(18.0)),
        (4, out(35.0)),
    )
    assert told == ["1 raised breach 1", "3 worsened breach 2"]


def test_it_clears_well_inside_for_its_time_and_not_before():
    raised = [(0, out(1.0)), (1, out(1.0))]
    _, told = live(
        *raised,
        (2, out(-4.0)),
        (11, out(-2.0)),
        (12, out(-4.0)),
        (21.9, out(-4.0)),
        (22, out(-4.0)),
    )
    assert told == ["1 raised breach 1", "22 cleared breach 2"]


def test_a_breach_does_not_clear_because_its_evidence_went_missing():
    held, told = live((0, out(1.0)), (1, out(1.0)), (2, seen((UNKNOWN, 1.0))), (30, seen((UNKNOWN, 1.0))))
    assert told == ["1 raised breach 1"] and held is not None


def test_what_was_unknown_clears_when_it_is_known_to_be_well():
    _, told = live((0, seen((UNKNOWN, 1.0))), (1, seen((UNKNOWN, 1.0))), (2, out(-9.0)), (12, out(-9.0)))
    assert told == ["1 raised unknown 1", "12 cleared unknown 2"]


def test_on_the_bench_nothing_is_raised():
    assert live((0, out(9.0)), (9, out(9.0)), alarmed=False) == (None, [])


def test_what_stands_runs_out_on_the_ground():
    held, _ = live((0, out(9.0)), (1, out(9.0)))
    assert held is not None
    held, told = step(held, out(9.0), 2 * S, False)
    assert told == [] and held is not None
    held, told = on_the_ground(held, 12 * S)
    assert held is None and [kind for kind, _ in told] == ["cleared"]


def test_an_end_clears_at_once_what_was_told_and_nothing_else():
    pending, _ = live((0, out(9.0)))
    raised, _ = live((0, out(9.0)), (1, out(9.0)))
    assert pending is not None and raised is not None
    assert end(pending, "over") == []
    assert [(kind, held.what, held.way_back) for kind, held in end(raised, "over")] == [("cleared", "over; was what", None)]


def test_versions_are_named_in_the_order_in_which_they_judged():
    held, _ = live(*((i, seen((BREACH, 9.0), version=version)) for i, version in enumerate([3, 3, 4, 3])))
    assert held is not None and held.versions == [3, 4]


def test_what_was_cleared_says_how_bad_it_was():
    def at(metres: float) -> Observed:
        return Observed("RULE", None, ((BREACH, metres),), f"{metres:g} m", None)

    _, told = live((0, at(1)), (1, at(2)), (2, at(9)), (3, at(5)))
    held, _ = live((0, at(1)), (1, at(2)), (2, at(9)), (3, at(5)), (4, at(-4)))
    assert told == ["1 raised breach 1"] and held is not None
    _, steps = step(held, at(-6), 14 * S, True)
    assert [condition.what for _, condition in steps] == ["-6 m; was 9 m"]
