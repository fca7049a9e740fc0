"""Delays keep jitter quiet, and never hide a breach that lasts longer than they do."""

from hypothesis import example, given
from hypothesis import strategies as st

from alerts import lifecycle
from core.colour import Level
from core.observed import Delays, Observed
from core.units import US_PER_S

SAMPLES = st.lists(
    st.tuples(st.floats(0.05, 4.0), st.floats(-50.0, 50.0), st.booleans()),  # seconds, metres beyond, a warning too
    min_size=1,
    max_size=60,
)
DELAYS = st.builds(
    Delays,
    raise_beyond_m=st.sampled_from((0.0, 5.0)),
    raise_after_us=st.sampled_from((0, US_PER_S, 3 * US_PER_S)),
    clear_inside_m=st.sampled_from((0.0, 3.0)),
    clear_after_us=st.sampled_from((0, 10 * US_PER_S)),
)


@given(samples=SAMPLES, delays=DELAYS)
@example(  # a warning that clears while a breach is waiting
    samples=[(1.0, 0.0, True), (2.0, 1.0, True), (1.0, 1.0, True), (1.0, 1.0, False), (1.0, 1.0, False)],
    delays=Delays(raise_beyond_m=0.0, raise_after_us=3 * US_PER_S, clear_inside_m=0.0, clear_after_us=0),
)
def test_a_breach_that_lasts_longer_than_its_delay_is_told_by_then(
    samples: list[tuple[float, float, bool]], delays: Delays
) -> None:
    held, time_us, since_us = None, 0, None
    for seconds, beyond, warns in samples:
        time_us += round(seconds * US_PER_S)
        tiers: tuple[tuple[Level, float], ...] = ((Level.BREACH, beyond),)
        if warns:
            tiers += ((Level.WARNING, beyond + 20.0),)
        held, _ = lifecycle.step(held, Observed("R", None, tiers, "what", delays=delays), time_us, alarmed=True)
        if beyond <= delays.raise_beyond_m:
            since_us = None
            continue
        since_us = time_us if since_us is None else since_us
        if time_us - since_us >= delays.raise_after_us:
            assert held is not None
            assert held.n > 0
            assert held.level is Level.BREACH
