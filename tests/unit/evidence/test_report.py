"""The report can be drawn of anything, and says on each page what it belongs to."""

import base64
import re
import zlib
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from evidence.flight import Incident
from evidence.report import document, ink, unchecked
from evidence.report.charts import pieces, thinned, ticks
from tests.unit.evidence import record

ROOT = "0123456789abcdef" * 4


def pages(pdf: bytes) -> list[bytes]:
    """The drawing instructions of each page, read without the library that wrote them."""
    found = []
    for body in re.findall(rb"/ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        text = zlib.decompress(base64.a85decode(body.strip().removesuffix(b"~>")))
        if text.startswith(b"1 0 0 1 0 0 cm"):
            found.append(text)
    return found


def drawn(incident: Incident) -> bytes:
    return document.write(incident, record.MADE, ROOT, {"samples.csv": "ab" * 32})


def test_the_root_hash_stands_on_each_page() -> None:
    pdf = drawn(record.incident())
    assert pdf.startswith(b"%PDF-")
    found = pages(pdf)
    assert len(found) == len(re.findall(rb"/Type /Page\b", pdf)) >= 2
    assert all(ROOT.encode() in page for page in found)


@pytest.mark.parametrize(
    "changed",
    [
        {"alerts": ()},
        {"zones": (), "facts": (), "engines": ()},
        {"flight": record.flight_of([record.at(1, lon=None)])},
        {"flight": record.flight_of([record.at(1)])},
        {"flight": record.flight_of([record.at(1)]), "zones": ()},
        {"flight": record.flight_of([record.at(second, ground_amsl_mm=590_000) for second in range(9)])},
        {"alerts": (record.alert(),) * 150},
        {"zones": (record.zone(),) * 200},
    ],
)  # fmt: skip
def test_it_can_be_drawn_of(changed: dict[str, object]) -> None:
    assert pages(drawn(record.incident(**changed)))


def test_what_was_not_checked_and_what_was_assumed_is_said() -> None:
    told = " ".join(unchecked.of_the_record(record.incident()))
    assert "1 gap:" in told and "AU-VLOS was not checked" in told and "have no position" in told
    assert "Kite <1> é: over 250 g" not in told, "its weight is stated"
    assert f"{record.TWO.known_as}: over 250 g (assumed)" in told
    assert "AU-VMC" in [name for name, _, _ in unchecked.rules()]
    alone = " ".join(unchecked.of_the_record(record.incident(zones=(), engines=())))
    assert "No keep-in or keep-out zone was in force" in alone and "not in the record" in alone


def test_characters_that_the_font_lacks_are_named_by_their_number() -> None:
    assert ink.text("Field 中 é °") == "Field [U+4E2D] é °"


def test_thinned_lines_keep_their_peaks() -> None:
    points = np.column_stack((np.linspace(0, 10, 10_000), np.zeros(10_000)))
    points[[1_234, 7_777], 1] = 9, -9
    kept = thinned(points)
    assert len(kept) < 120 and kept[:, 1].max() == 9 and kept[:, 1].min() == -9
    assert (kept[[0, -1], 0] == points[[0, -1], 0]).all()


def test_lines_break_where_values_are_missing_for_long() -> None:
    times_us = np.array([0, 1, 2, 9, 10]) * 1_000_000
    values = np.array([1.0, np.nan, 3.0, 4.0, np.nan])
    assert [piece.tolist() for _, piece in pieces(times_us, values)] == [[1.0, 3.0], [4.0]]


@pytest.mark.parametrize(
    "seconds, step", [(5, 1), (60, 10), (1_377, 300), (3_600, 600), (86_400, 14_400), (40 * 86_400, 345_600)]
)
def test_times_below_the_charts_are_round_in_local_time(seconds: int, step: int) -> None:
    begin = datetime(2026, 7, 1, 10, 26, 43, tzinfo=ZoneInfo("Australia/Sydney"))
    found = ticks(begin, begin + timedelta(seconds=seconds))
    assert 1 <= len(found) <= 11
    assert {(later - at).total_seconds() for at, later in pairwise(found)} <= {step}
