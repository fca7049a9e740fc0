"""REST: the rules in the air, and which of them are not checked here, in plain words."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from typing_extensions import TypedDict

from api.fleet import answer
from api.guard import require_token
from api.problems import responses
from geofence.rules import RULES

router = APIRouter(prefix="/api/v1/rules", tags=["rules"], dependencies=[Depends(require_token)])


class Rule(TypedDict):
    """One rule."""

    id: Annotated[str, Field(examples=["AU-101.085-HEIGHT"])]
    says: str
    checked: Annotated[bool, Field(description="false: it has no evidence here, no colour and no alert")]
    evidence: Annotated[str | None, Field(description="what it is checked on")]
    lacking: Annotated[str | None, Field(description="what is not checked or assumed, and why")]
    relaxed_to: Annotated[str | None, Field(description="the unit of the value that an authorisation may relax it to")]


class RuleList(TypedDict):
    rules: list[Rule]


@router.get("", response_model=RuleList, responses=responses())
async def rules() -> Response:
    """Every rule that Wedgetail knows of, whether it is checked or not."""
    found: list[Rule] = [
        {
            "id": name, "says": rule.says, "checked": rule.checked is not None, "evidence": rule.checked,
            "lacking": rule.lacking or None, "relaxed_to": rule.value.unit if rule.value else None,
        }
        for name, rule in RULES.items()
    ]  # fmt: skip
    return answer({"rules": found})
