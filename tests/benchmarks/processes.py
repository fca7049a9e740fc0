"""How much processor each process takes, from /proc: a number that other work on the machine hardly changes."""

import os
from contextlib import suppress
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12  # places in /proc/PID/stat behind the name


def children(pid: int) -> list[int]:
    """Processes that this one started."""
    return [child for child in _all() if (facts := _facts(child)) and int(facts[_PARENT]) == pid]


def name(pid: int) -> str:
    """A part of ours by its command (`python -m wedgetail ingest`), another program by its own name."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return "ended"
    if command[1:3] == ["-m", "wedgetail"]:
        return command[3]
    program = Path(command[0]).name
    return "Kafka" if program == "java" else "PostgreSQL" if program == "postgres" else program


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and all below it so far; 0 where it has ended."""
    facts = {one: found for one in _all() if (found := _facts(one))}
    below = _family(pid, facts)
    return sum(int(facts[one][_USER]) + int(facts[one][_SYSTEM]) for one in below if one in facts) / _TICKS_PER_S


def _family(pid: int, facts: dict[int, list[str]]) -> set[int]:
    below, size = {pid}, 0
    while len(below) > size:
        size = len(below)
        below |= {one for one, found in facts.items() if int(found[_PARENT]) in below}
    return below


def memory_mb(pid: int) -> tuple[float, float]:
    """Of a process and all below it, MB: what is resident, and the same with what is shared divided by who shares it."""
    facts = {one: found for one in _all() if (found := _facts(one))}
    resident = shared_out = 0
    for one in _family(pid, facts):
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                name, _, size = line.partition(":")
                resident += int(size.split()[0]) if name == "Rss" else 0
                shared_out += int(size.split()[0]) if name == "Pss" else 0
    return resident / 1024, shared_out / 1024


def busy_s() -> float:
    """Processor seconds of the whole machine so far, over all its cores, idling and waiting left out."""
    user, nice, system, _idle, _wait, interrupts, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + interrupts + soft) / _TICKS_PER_S


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _facts(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
