"""What the door says about re-runs and imports, field by field."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.shapes import Id, LevelWord, Time

StateWord = Annotated[
    Literal["waiting", "running", "done", "failed", "stopped"],
    Field(description="waiting: for another to end; failed: problem says why; stopped: by a person, or with the door"),
]


class JobProblem(TypedDict):
    """Why it failed."""

    type: Annotated[str, Field(examples=["urn:wedgetail:not-mavlink"])]
    title: str
    detail: str


class RerunProgress(TypedDict):
    """Records of the stream judged again, and of how many, as far as that is known yet."""

    records: int
    of: int


class RerunStep(TypedDict):
    condition: Literal["raised", "worsened", "cleared"]
    level: LevelWord
    at: Time
    what: str


class RerunAlert(TypedDict):
    """An alert of one side."""

    id: Id
    aircraft_id: Id
    rule: str
    zone_id: Id | None
    zone_name: str | None
    level: Annotated[LevelWord, Field(description="its worst")]
    start: Time
    end: Annotated[Time | None, Field(description="null: it stood open at the end of the run")]
    beyond_m: Annotated[float | None, Field(description="the greatest excess that was told, metres; null: it has none")]
    what: Annotated[str, Field(description="the words of its worst step")]
    steps: list[RerunStep]


class RerunPair(TypedDict):
    """An alert on both sides, or on one. differs: what of it, in words; empty: nothing that is told."""

    differs: Annotated[list[str], Field(examples=[["its beginning", "how far"]])]
    then: RerunAlert | None
    now: RerunAlert | None


class RerunResult(TypedDict):
    """then: what was told at the time; of a what-if, what this program tells with the zones and limits of that time.

    same: run again, byte for byte; what if, no alert differs.
    """

    what_if: bool
    same: bool
    engines_then: Annotated[list[str], Field(description="which engines judged then, as far as the record says so")]
    engine_now: str
    reasons: Annotated[list[str], Field(description="why some of it may differ, or is missing")]
    alerts_then: int
    alerts_now: int
    differing: Annotated[int, Field(description="how many alerts differ")]
    differing_rules: list[str]
    alerts: Annotated[list[RerunPair], Field(description="in the order in which they began")]
    truncated: Annotated[bool, Field(description="more than 2,000: only those that differ are listed, so many of them")]


Rerun = TypedDict(
    "Rerun",
    {
        "id": Id, "state": StateWord, "aircraft_ids": list[Id], "from": Time | None, "to": Time | None, "what_if": bool,
        "progress": RerunProgress | None, "result": RerunResult | None, "problem": JobProblem | None,
    },
)  # fmt: skip
Rerun.__doc__ = "A run of stored flights through the rules again."


class ImportProgress(TypedDict):
    """stage: reading the file, or waiting until what was read is judged and stored."""

    stage: Literal["reading", "storing"]
    bytes_read: int
    bytes: int
    samples: int
    rejected: Annotated[int, Field(description="frames and stretches of the file that are not usable")]
    waits_for: Annotated[str | None, Field(description="where it takes longer than 5 s: for whom")]


ImportedAircraft = TypedDict(
    "ImportedAircraft",
    {"aircraft_id": Id, "system_id": int, "samples": int, "alerts": int, "from": Time, "to": Time},
)
ImportedAircraft.__doc__ = "What the database has of one aircraft of the log."

ImportResult = TypedDict(
    "ImportResult",
    {
        "name": str,
        "link": Annotated[str, Field(description="what the log is known as: file: and its SHA-256")],
        "bytes": int,
        "frames": int,
        "decoded": int,
        "ignored": int,
        "rejected": int,
        "rejected_for": Annotated[dict[str, int], Field(description="how many for which reason")],
        "samples": int,
        "with_position": int,
        "stored": Annotated[int, Field(description="samples in the database now")],
        "added": Annotated[int, Field(description="by this import")],
        "known_before": Annotated[bool, Field(description="it was there already, and nothing changed")],
        "from": Time | None,
        "to": Time | None,
        "aircraft": list[ImportedAircraft],
    },
)
ImportResult.__doc__ = "frames = decoded + ignored + rejected. from, to: the first and the last sample; null: there is none."


class Import(TypedDict):
    """A recorded log on its way into history."""

    id: Id
    state: StateWord
    name: str
    progress: ImportProgress | None
    result: ImportResult | None
    problem: JobProblem | None


class ImportList(TypedDict):
    """most_bytes: the largest file that is taken."""

    most_bytes: int
    imports: list[Import]
