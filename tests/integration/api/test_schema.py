"""Whatever the OpenAPI document allows, and much that it does not: no fault of the program, only answers that it documents.

Schemathesis makes the requests up. WEDGETAIL_EXAMPLES: how many of each kind for each operation; a few unless it is set.
"""

import asyncio
import os

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.api.hand import Door

EXAMPLES = int(os.environ.get("WEDGETAIL_EXAMPLES", "10"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def hammer(address: str, token: str) -> int:
    """Every operation with right and with wrong requests; returns how many there are."""
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:
        for mode in GenerationMode:

            @settings(
                max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
            )
            @given(operation.as_strategy(generation_mode=mode))
            def attack(case: Case) -> None:
                case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

            try:
                attack()
            except Unsatisfiable:  # there is nothing to do wrong where nothing is asked for
                assert mode is GenerationMode.NEGATIVE, operation.label
    return len(operations)


async def test_every_operation_answers_as_documented(door: Door) -> None:
    operations = await asyncio.to_thread(hammer, str(door.http.base_url), door.settings.api.token)
    documented = (await door.http.get("/api/v1/openapi.json")).json()["paths"]
    assert operations == sum(len(path) for path in documented.values())
