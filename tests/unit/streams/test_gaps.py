"""What is missing, as facts: which interval, how many frames, told once."""

from typing import Any
from uuid import UUID

import numpy as np

from core import block
from core.identity import aircraft_id
from core.records import Gap, GapReason, LinkListened, Listened
from core.sample import Sample
from streams import gaps
from streams.gaps import Follow
from streams.laid import lay

OPERATOR, LINK = UUID(int=1), "udp:14550/10.0.0.1"
T0, S = 1_780_000_000_000_000, 1_000_000


def who(system: int = 1) -> UUID:
    return aircraft_id(OPERATOR, LINK, system)


def at(second: float) -> int:
    return T0 + round(second * S)


class Stream:
    """A partition's records, as the recorder hands them on. Each frame takes the next number of its link."""

    def __init__(self) -> None:
        self.follow = Follow()
        self.seq = 0
        self.epoch = T0

    def sample(self, second: float, frame: int | None = None, system: int = 1, armed: bool | None = True) -> Sample:
        self.seq += 1
        return Sample(
            OPERATOR, who(system), LINK, system, self.epoch, self.seq, at(second),
            frame_seq=None if frame is None else frame % 256, armed=armed,
        )  # fmt: skip

    def heard(self, *samples: Sample) -> list[Gap]:
        batch = block.from_samples(list(samples))
        return [gap for _, gap in gaps.heard(self.follow, lay([batch]), np.arange(len(batch)))]

    def listened(self, second: float, *told: Gap, closed: bool = False) -> list[Gap]:
        said = LinkListened(OPERATOR, LINK, self.epoch, at(second), closed)
        return gaps.listened(self.follow, Listened((said,), told))

    def restarted(self, second: float) -> None:
        self.epoch, self.seq = at(second), 0

    def flown(self, until: int = 10, per_s: int = 5) -> None:
        """Every frame is a sample, five a second, for some seconds: frame numbers count on from 0."""
        for number in range(until * per_s):
            assert self.heard(self.sample(number / per_s, number)) == []
            if number % per_s == 0:
                assert self.listened(number / per_s + 0.1) == []


def test_an_aircraft_in_the_air_of_which_nothing_came_is_a_gap_with_its_missing_frames() -> None:
    stream = Stream()
    stream.flown()
    (gap,) = stream.heard(stream.sample(19.8, 99))
    # Frame 49 came at 9.8 s and frame 99 at 19.8 s: 49 between them did not.
    assert gap == Gap(OPERATOR, LINK, who(), at(9.8), at(19.8), 49, GapReason.NOTHING_CAME)
    assert stream.heard(stream.sample(20, 100)) == []


def test_where_the_8_bit_number_may_have_wrapped_nobody_knows_how_many() -> None:
    stream = Stream()
    stream.flown()
    (gap,) = stream.heard(stream.sample(9.8 + 60, 49 + 300))
    assert (gap.from_us, gap.to_us, gap.count) == (at(9.8), at(69.8), None)


def test_an_old_ingest_whose_frames_had_no_number_gives_gaps_without_a_count() -> None:
    stream = Stream()
    stream.heard(*[stream.sample(number / 5) for number in range(20)])
    assert [gap.count for gap in stream.heard(stream.sample(10))] == [None]


def test_frames_of_others_on_the_link_are_not_taken_for_this_ones() -> None:
    stream = Stream()
    stream.flown()
    stream.seq += 40  # a radio and a ground station went on talking
    (gap,) = stream.heard(stream.sample(19.8, 99))
    assert gap.count == 9, "at least: 49 are missing, but 40 frames of the link may have been of this one"
    stream.seq += 400
    assert [gap.count for gap in stream.heard(stream.sample(29.8, 110))] == [None]


def test_who_is_on_the_ground_has_no_gap_and_heartbeats_each_two_seconds_are_none() -> None:
    stream = Stream()
    stream.heard(stream.sample(0, armed=False))
    assert stream.heard(stream.sample(100, armed=True)) == []
    assert stream.heard(*[stream.sample(100 + 2 * n) for n in range(5)]) == []
    assert len(stream.heard(stream.sample(112))) == 1


def test_gaps_within_a_block_are_found_as_between_blocks() -> None:
    together, apart = Stream(), Stream()
    times = [0, 1, 2, 8, 9, 20, 21]
    whole = together.heard(*[together.sample(t, 3 * n, system) for n, t in enumerate(times) for system in (1, 2)])
    single = [gap for n, t in enumerate(times) for system in (1, 2) for gap in apart.heard(apart.sample(t, 3 * n, system))]
    key = lambda gap: (gap.from_us, gap.aircraft_id)  # noqa: E731
    assert sorted(whole, key=key) == sorted(single, key=key) and len(whole) == 4
    assert together.follow.aircraft == apart.follow.aircraft


def test_a_killed_ingest_is_a_gap_from_its_last_word_to_the_start_of_the_next() -> None:
    stream = Stream()
    stream.flown()
    stream.listened(10.0)
    stream.restarted(13)
    assert stream.listened(14) == []
    (gap,) = stream.heard(stream.sample(14.2, 71))
    # The last stored frame was number 49 at 9.8 s; of what was sent up to 14.2 s (number 71) 21 frames are not there.
    assert gap == Gap(OPERATOR, LINK, who(), at(10), at(13), 21, GapReason.NOT_LISTENING)
    assert stream.heard(stream.sample(14.4, 72)) == [] and stream.listened(30) == []


def test_the_first_sample_may_come_before_the_first_word_of_the_new_ingest() -> None:
    stream = Stream()
    stream.flown()
    stream.restarted(13)
    (gap,) = stream.heard(stream.sample(13.2, 66))
    assert (gap.from_us, gap.to_us, gap.count) == (at(9.8), at(13), 16)


def test_an_old_and_a_new_epoch_may_stand_in_one_block() -> None:
    stream = Stream()
    before = [stream.sample(number / 5, number) for number in range(20)]
    stream.restarted(5)
    found = stream.heard(*before, stream.sample(5.2, 26), stream.sample(5.4, 27))
    assert [(gap.from_us, gap.to_us, gap.count, gap.reason) for gap in found] == [(at(3.8), at(5), 6, GapReason.NOT_LISTENING)]


def test_who_does_not_come_back_after_a_break_has_it_too_if_it_was_in_the_air_or_spoke_just_before() -> None:
    stream = Stream()
    stream.heard(stream.sample(0), stream.sample(0, system=2, armed=False))
    stream.listened(7)
    stream.heard(stream.sample(7.1, system=3, armed=False))  # what it said last may be what was lost
    stream.restarted(9)
    assert stream.listened(10) == []
    told = stream.listened(15)
    assert [(gap.aircraft_id, gap.to_us, gap.count, gap.reason) for gap in told] == [
        (who(system), at(9), None, GapReason.NOT_LISTENING) for system in (1, 3)
    ]
    assert [gap.from_us for gap in told] == [at(7), at(7.1)]
    assert stream.listened(16) == []
    (late,) = stream.heard(stream.sample(30))
    assert (late.from_us, late.to_us, late.reason) == (at(9), at(30), GapReason.NOTHING_CAME)


def test_two_restarts_in_a_row_are_one_gap() -> None:
    stream = Stream()
    stream.flown()
    stream.listened(10)
    stream.restarted(12)
    stream.listened(13)
    stream.restarted(15)
    (gap,) = stream.heard(stream.sample(15.2, 76))
    assert (gap.from_us, gap.to_us) == (at(10), at(15))


def test_a_clock_that_was_set_back_gives_a_gap_without_length() -> None:
    stream = Stream()
    stream.flown()
    stream.restarted(5)
    stream.epoch = at(0) + 1
    (gap,) = stream.heard(stream.sample(10, 60))
    assert gap.from_us == gap.to_us == at(9.8)


def test_what_ingest_tells_is_taken_once_and_explains_the_silence() -> None:
    stream = Stream()
    stream.flown()
    told = Gap(OPERATOR, LINK, who(), at(10), at(39.8), 150, GapReason.DROPPED)
    assert stream.listened(10, told) == [told]
    assert stream.listened(11, told) == [], "sent again"
    assert stream.heard(stream.sample(40, 200)) == []
    assert len(stream.heard(stream.sample(50, 250))) == 1


def test_what_a_whole_listener_lost_explains_the_silence_of_its_links() -> None:
    stream = Stream()
    stream.flown()
    told = Gap(OPERATOR, "udp:14550", None, at(9), at(20), 1000, GapReason.NO_ROOM)
    assert stream.listened(20, told) == [told]
    assert stream.heard(stream.sample(20.5, 200)) == []


def test_a_file_that_is_closed_leaves_nothing_behind() -> None:
    stream = Stream()
    stream.flown()
    stream.listened(10, closed=True)
    assert (stream.follow.links, stream.follow.aircraft) == ({}, {})


def test_what_is_known_survives_a_restart_of_the_recorder() -> None:
    stream: Any = Stream()
    stream.flown()
    stream.restarted(12)
    stream.listened(13)
    stream.follow = Follow.load(stream.follow.dump())
    (gap,) = stream.heard(stream.sample(13.2, 66))
    assert gap.count == 16
