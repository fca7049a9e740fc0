import hashlib
import io
import struct
from pathlib import Path

import pytest
from jgo.maven import MavenContext

from wedgetail.local import jars
from wedgetail.local.errors import JarChanged, ServerDied
from wedgetail.local.kafka import _brokers
from wedgetail.local.process import tail


def test_the_lock_names_every_library_once_with_its_sum_and_no_address() -> None:
    found = jars.locked()
    assert len({(jar.group, jar.artifact) for jar in found}) == len(found) == 46
    assert all(len(jar.sha256) == 64 for jar in found)
    assert "http" not in jars.LOCK.read_text()


def test_a_library_that_differs_from_its_lock_is_removed_and_refused(tmp_path: Path) -> None:
    jar = jars.Jar("org.example", "thing", "1.0", hashlib.sha256(b"right").hexdigest())
    # A repository on disk stands in for the network: it serves another file under the locked name.
    served = tmp_path / "repository" / "org/example/thing/1.0" / "thing-1.0.jar"
    served.parent.mkdir(parents=True)
    served.write_bytes(b"wrong")
    maven = MavenContext(repo_cache=tmp_path / "cache", local_repos=[tmp_path / "repository"])
    with pytest.raises(JarChanged, match=r"thing-1\.0\.jar"):
        jars.checked(maven, jar)
    assert not served.exists()


def test_a_download_that_was_cut_short_is_fetched_again(tmp_path: Path) -> None:
    jar = jars.Jar("org.example", "thing", "1.0", hashlib.sha256(b"right").hexdigest())
    place = Path("org/example/thing/1.0/thing-1.0.jar")
    for root, content in (("repository", b"right"), ("cache", b"ri")):
        path = tmp_path / root / place
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    maven = MavenContext(repo_cache=tmp_path / "cache", local_repos=[tmp_path / "repository"])
    assert jars.checked(maven, jar).read_bytes() == b"right"


def test_the_end_of_a_log_is_its_last_lines_or_says_that_there_are_none(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log) == "  (nothing)"
    log.write_text("".join(f"line {n}\n\n" for n in range(20)))
    assert tail(log, lines=2) == "  line 18\n  line 19"


def test_a_dead_server_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    error = ServerDied(server="Kafka", code=1, log=tmp_path / "kafka.log", tail="  Address already in use")
    assert str(error).startswith("The embedded Kafka ended by itself (exit code 1).")
    assert str(error).endswith("  Address already in use")


def test_a_broker_that_is_not_serving_yet_counts_none() -> None:
    assert _brokers(io.BufferedReader(io.BytesIO(struct.pack(">iii", 8, 1, 0)))) == 0
