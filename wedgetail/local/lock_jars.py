"""`make lock`: resolves Apache Kafka with everything it needs and writes names, versions and sums, no addresses."""

import tempfile
from pathlib import Path

import jgo
from jgo.maven import MavenContext

from wedgetail.local.jars import LOCK, Jar, sha256_of

ENDPOINT = "org.apache.kafka:kafka_2.13:4.1.0+org.slf4j:slf4j-simple:1.7.36"

_HEAD = f"""\
# Apache Kafka and the libraries it needs, in classpath order. Made by `make lock` from
# {ENDPOINT}
"""


def main() -> None:
    """Writes the lock beside this file."""
    with tempfile.TemporaryDirectory() as directory:
        maven = MavenContext(repo_cache=Path(directory), timeout=60)
        jars = [
            Jar(
                found.groupId,
                found.artifactId,
                found.version,
                sha256_of(maven.project(found.groupId, found.artifactId).at_version(found.version).artifact().resolve()),
            )
            for found in jgo.resolve(ENDPOINT)
            if found.packaging == "jar"
        ]
    LOCK.write_text(_HEAD + "".join(_entry(jar) for jar in jars))
    print(f"{LOCK}: {len(jars)} libraries")


def _entry(jar: Jar) -> str:
    return (
        f'\n[[jar]]\ngroup = "{jar.group}"\nartifact = "{jar.artifact}"\nversion = "{jar.version}"\nsha256 = "{jar.sha256}"\n'
    )


if __name__ == "__main__":
    main()
