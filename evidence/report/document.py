"""The report: what a safety officer reads first, and may print. Times in the operator's zone and in UTC."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from core.colour import Level
from core.identity import link_name
from core.records import Condition
from core.units import utc
from evidence.columns import COUNTED
from evidence.flight import Alert, Incident, aircraft_named
from evidence.made import Made
from evidence.report import ink, unchecked
from evidence.report.charts import Charts
from evidence.report.map import LEGEND, Map
from geofence.formats import limits

_MARGIN, _FOOT = 42.0, 54.0
_WIDTH = A4[0] - 2 * _MARGIN
_MAP = 330.0
_MANY = 60  # rows of a table; all are in the data
_BODY = ParagraphStyle("body", fontName=ink.PLAIN, fontSize=8, leading=11, textColor=ink.BLACK)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=6.8, leading=8.8)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName=ink.BOLD)
_NOTE = ParagraphStyle("note", parent=_BODY, fontSize=6.8, leading=9, textColor=ink.GREY)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName=ink.BOLD, fontSize=17, leading=21)
_SECTION = ParagraphStyle("section", parent=_BODY, fontName=ink.BOLD, fontSize=11, leading=14, spaceBefore=10, spaceAfter=4)
_MONO = ParagraphStyle("mono", parent=_CELL, fontName=ink.MONO)


def write(incident: Incident, made: Made, root_hash: str, sums: dict[str, str]) -> bytes:
    """A PDF. root_hash: of the manifest; sums: SHA-256 of the files that it names."""
    ink.fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_FOOT + 12, invariant=1,
        title=f"Flight record {root_hash[:12]}", author=made.by, subject=incident.flight.operator, creator=made.program,
    )  # fmt: skip
    document.build(list(_Report(incident, made, root_hash, sums).parts()), canvasmaker=_paged(root_hash))
    return buffer.getvalue()


class _Report:
    def __init__(self, incident: Incident, made: Made, root_hash: str, sums: dict[str, str]) -> None:
        self._incident, self._flight, self._made = incident, incident.flight, made
        self._root_hash, self._sums = root_hash, sums
        self._zone = ZoneInfo(incident.flight.timezone)

    def parts(self) -> Iterator[Flowable]:
        yield from self._front()
        drawn = Map(self._incident, _WIDTH, _MAP)
        yield KeepTogether([_section("Where"), drawn, Spacer(0, 3), _paragraph(LEGEND, _NOTE)])
        for aircraft in self._flight.aircraft:
            charts = Charts(self._incident, aircraft, _WIDTH)
            told = (
                f"Times: {self._flight.timezone}. Grey bands are gaps, pale red is while a breach stood; where a line ends "
                "nobody knows how it went on."
            )
            yield KeepTogether([_section(f"When: {aircraft.known_as}"), charts, _paragraph(told, _NOTE)])
        yield from self._alerts()
        yield from self._gaps()
        yield from self._unchecked()
        yield from self._zones(drawn)
        yield from self._files()

    def _front(self) -> Iterator[Flowable]:
        flight, incident, made = self._flight, self._incident, self._made
        yield Paragraph("Flight record", _TITLE)
        who = "; ".join(f"{one.known_as} (MAVLink system {one.system_id}, {one.link})" for one in flight.aircraft)
        begin, end = utc(flight.from_us).astimezone(self._zone), utc(flight.to_us).astimezone(self._zone)
        kind = "imported from a log" if flight.imported else "received live"
        engines = ", ".join(incident.engines) or "not known"
        first, last = incident.worlds
        worlds = f"{first}" if first == last else f"{first} to {last}"
        yield _table(
            [
                ("Operator", flight.operator),
                ("Aircraft", who),
                ("Window", f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} {end:%Z} ({flight.timezone}); "
                           f"{utc(flight.from_us):%Y-%m-%d %H:%M:%S} to {utc(flight.to_us):%H:%M:%S} UTC"),
                ("Record", f"{len(flight.samples):,} samples, {kind}; {len(flight.gaps):,} gaps"),
                ("Judged by", f"engine {engines}; zones and facts of world {worlds}"),
                ("Made", f"{self._time(made.at_us)} by {made.by} (as claimed), Wedgetail {made.program}, engine {made.engine}"),
                ("Root hash", self._root_hash),
            ],
            (62, _WIDTH - 62), head=False,
        )  # fmt: skip
        yield Spacer(0, 5)
        yield _paragraph(self._summary(), _BODY)
        yield Spacer(0, 3)
        yield _paragraph(
            "The root hash is the SHA-256 of manifest.json, which holds the sums of all files of the bundle but this report, "
            "because this report shows it. The report's own sum stands beside it in SHA256SUMS and in the operator's database. "
            "`wedgetail verify` tells whether files are unchanged since they were made; whether they are the operator's tells "
            "the root hash, compared with the one that the operator keeps.", _NOTE,
        )  # fmt: skip

    def _summary(self) -> str:
        alerts = self._incident.alerts
        if not alerts:
            return "No alert stood in this time. That is no finding that all was well: see what was not checked."
        counted = [f"{sum(alert.level is level for alert in alerts)} {level.value}" for level in Level]
        told = ", ".join(words for words in counted if not words.startswith("0 "))
        unseen = sum("unacknowledged" in alert.state.value for alert in alerts)
        acknowledged = "all acknowledged" if not unseen else f"{unseen} not acknowledged"
        return f"{_count(len(alerts), 'alert')} ({told}), {acknowledged}."

    def _alerts(self) -> Iterator[Flowable]:
        yield _section("Alerts")
        times = f"Began and ended ({self._flight.timezone}, UTC)"
        rows: list[Sequence[Any]] = [("No.", "Level, rule", "What", times, "Acknowledged")]
        for number, alert in enumerate(self._incident.alerts, 1):
            mark = _Mark(alert.level, number)
            rows.append((mark, self._rule(alert), self._what(alert), self._times(alert), self._seen(alert)))
        if len(rows) == 1:
            yield _paragraph("None.", _BODY)
            return
        yield _table(rows, (24, 96, 136, 176, _WIDTH - 432))

    def _rule(self, alert: Alert) -> str:
        aircraft = aircraft_named(self._flight.aircraft, alert.first.aircraft_id) if len(self._flight.aircraft) > 1 else ""
        return "\n".join(filter(None, (alert.level.value.upper(), alert.first.rule, aircraft)))

    def _what(self, alert: Alert) -> str:
        place = alert.worst
        where = "" if place.lon_deg is None or place.lat_deg is None else f"\nat {place.lat_deg:.6f}°, {place.lon_deg:.6f}°"
        return f"{place.what}{where}"

    def _times(self, alert: Alert) -> str:
        told = [f"began {self._time(alert.first.start_us)}", f"raised {self._time(alert.first.at_us)}"]
        worse = sum(step.event.condition is Condition.WORSENED for step in alert.steps)
        if worse:
            told.append("grew worse once" if worse == 1 else f"grew worse {worse} times")
        told.append("did not end" if alert.cleared_us is None else f"ended {self._time(alert.cleared_us)}")
        return "\n".join(told)

    def _seen(self, alert: Alert) -> str:
        seen = [f"{one.station}, {self._time(one.at_us)}, step {one.n}" for one in alert.handling]
        missing = ["not acknowledged"] if "unacknowledged" in alert.state.value else []
        return "\n".join(seen + missing)

    def _gaps(self) -> Iterator[Flowable]:
        if not self._flight.gaps:
            return
        yield _section("Gaps")
        rows: list[Sequence[Any]] = [("From", "To", "Of", "Why", "Missing")]
        for gap in self._flight.gaps[:_MANY]:
            whose = link_name(gap.link) if gap.aircraft_id is None else aircraft_named(self._flight.aircraft, gap.aircraft_id)
            missing = "nobody can tell" if gap.count is None else f"{gap.count} {COUNTED[gap.reason]}"
            rows.append((self._time(gap.from_us), self._time(gap.to_us), whose, gap.reason.replace("_", " "), missing))
        yield _table(rows, (112, 112, 120, 75, _WIDTH - 419))
        yield from _more(len(self._flight.gaps), "samples.csv")

    def _unchecked(self) -> Iterator[Flowable]:
        yield _section("What was not checked, and why")
        for sentence in unchecked.of_the_record(self._incident):
            yield _paragraph(f"• {sentence}", _BODY)
        yield Spacer(0, 4)
        rows = [("Rule not checked", "What it asks", "Why not"), *unchecked.rules()]
        yield _table(rows, (120, 215, _WIDTH - 335))
        yield Spacer(0, 6)
        yield _table([("Rule checked", "Except"), *unchecked.limits()], (120, _WIDTH - 120))

    def _zones(self, drawn: Map) -> Iterator[Flowable]:
        shown, total = drawn.shown(), len(self._incident.zones)
        yield _section("Zones in force on the map")
        if not shown:
            yield _paragraph(f"None, of {total:,} that were in force. All are in zones.geojson.", _BODY)
            return
        decided = {(one.version.zone_id, one.version.version): one for one in self._incident.zones}
        rows: list[Sequence[Any]] = [("Zone", "Kind", "Limits", "In force", "Source")]
        for zone in shown[:_MANY]:
            one = decided[zone.zone_id, zone.version]
            since = "always" if one.from_us is None else self._time(one.from_us)
            until = "" if one.to_us is None else f"\nto {self._time(one.to_us)}"
            name = f"{zone.name}\nversion {zone.version} of world {zone.world}"
            rows.append((name, zone.kind.replace("_", "-"), limits.words(zone), f"{since}{until}", zone.source or "drawn here"))
        yield _table(rows, (150, 62, 110, 112, _WIDTH - 434))
        yield from _more(len(shown), "zones.geojson")
        yield _paragraph(f"{total:,} zones were in force in all; zones.geojson has them.", _NOTE)

    def _files(self) -> Iterator[Flowable]:
        yield _section("Files of the bundle")
        rows: list[Sequence[Any]] = [("File", "SHA-256")]
        rows += [(name, Paragraph(hashed, _MONO)) for name, hashed in sorted(self._sums.items())]
        yield KeepTogether([_table(rows, (110, _WIDTH - 110))])

    def _time(self, time_us: int) -> str:
        """2015-07-05 10:34:51 AEST, 00:34:51 UTC; with the UTC date where that is another."""
        at = utc(time_us)
        local = at.astimezone(self._zone)
        return f"{local:%Y-%m-%d %H:%M:%S %Z}, {_other_day(at, local)}{at:%H:%M:%S} UTC"


class _Mark(Flowable):  # type: ignore[misc]
    """An alert's shape and number in a table, as on the map."""

    def __init__(self, level: Level, number: int) -> None:
        super().__init__()
        self._level, self._number, self.width, self.height = level, number, 16, 14

    def draw(self) -> None:
        ink.mark(self.canv, self._level, 8, 6, self._number)


def _other_day(at: datetime, local: datetime) -> str:
    return "" if at.date() == local.date() else f"{at:%Y-%m-%d} "


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _more(total: int, file: str) -> Iterable[Flowable]:
    if total > _MANY:
        yield _paragraph(f"{total - _MANY:,} more are in {file}.", _NOTE)


def _section(words: str) -> Flowable:
    return Paragraph(_escaped(words), _SECTION)


def _paragraph(words: str, style: ParagraphStyle) -> Flowable:
    return Paragraph(_escaped(words), style)


def _escaped(words: str) -> str:
    return "<br/>".join(escape(ink.text(line)) for line in words.split("\n"))


def _table(rows: Sequence[Sequence[Any]], widths: Sequence[float], head: bool = True) -> Flowable:
    """Cells are words, or something drawn. With a head its first row stands on each page again."""
    cells = [
        [_paragraph(cell, _HEAD if (head and not at) or (not head and not column) else _CELL) if isinstance(cell, str) else cell
         for column, cell in enumerate(row)]
        for at, row in enumerate(rows)
    ]  # fmt: skip
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, ink.PALE),
    ]  # fmt: skip
    if head:
        style += [("LINEBELOW", (0, 0), (-1, 0), 0.8, ink.GREY)]
    return Table(cells, colWidths=list(widths), repeatRows=1 if head else 0, style=style)


def _paged(root_hash: str) -> type[Canvas]:
    """A canvas that writes root hash and page number at the foot of each page, when it knows how many there are."""

    class Paged(Canvas):  # type: ignore[misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self._foot(number)
                super().showPage()
            super().save()

        def _foot(self, number: int) -> None:
            self.setStrokeColor(ink.PALE)
            self.line(_MARGIN, _FOOT, A4[0] - _MARGIN, _FOOT)
            self.setFillColor(ink.BLACK)
            self.setFont(ink.PLAIN, 6.5)
            self.drawString(_MARGIN, _FOOT - 11, "Root hash")
            self.drawRightString(A4[0] - _MARGIN, _FOOT - 11, f"page {number} of {len(self._pages)}")
            self.setFont(ink.MONO, 7.5)
            self.drawString(_MARGIN + 38, _FOOT - 11, root_hash)
            self.setFillColor(ink.GREY)
            self.setFont(ink.PLAIN, 6)
            self.drawString(
                _MARGIN, _FOOT - 20, "Unchanged if `wedgetail verify` says so; compare the root hash with the operator's."
            )

    return Paged
