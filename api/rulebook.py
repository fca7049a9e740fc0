"""REST: the rules in the air, and which of them are not checked here, in plain words."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from typing_extensions import TypedDict

from api.fleet import answer
from api.guard import require_token
from api.problems import responses
from geofence.rules import LIMITS, RULES

router = APIRouter(prefix="/api/v1/rules", tags=["rules"], dependencies=[Depends(require_token)])


class Limit(TypedDict):
    """A limit by which a rule judges: that stated for the aircraft, else for all of the operator's, else otherwise."""

    name: Annotated[str, Field(examples=["link_lost_s"], description="as facts state it")]
    unit: str
    low: Annotated[float, Field(description="the least that may be stated")]
    high: Annotated[float, Field(description="the most that may be stated")]
    otherwise: Annotated[float | None, Field(description="the rule's own; null: without a stated one it is not checked")]


class Rule(TypedDict):
    """One rule."""

    id: Annotated[str, Field(examples=["AU-101.085-HEIGHT"])]
    says: str
    checked: Annotated[bool, Field(description="false: it has no evidence here, no colour and no alert")]
    evidence: Annotated[str | None, Field(description="what it is checked on")]
    lacking: Annotated[str | None, Field(description="what is not checked or assumed, and why")]
    relaxed_to: Annotated[str | None, Field(description="the unit of the value that an authorisation may relax it to")]
    limits: Annotated[list[Limit], Field(description="what may be stated in the place of its own")]


class RuleList(TypedDict):
    rules: list[Rule]


def _limit(name: str) -> Limit:
    unit, low, high, otherwise = LIMITS[name]
    return {"name": name, "unit": unit, "low": low, "high": high, "otherwise": otherwise}


@router.get("", response_model=RuleList, responses=responses())
async def rules() -> Response:
    """Every rule that Wedgetail knows of, whether it is checked or not."""
    found: list[Rule] = [
        {
            "id": name, "says": rule.says, "checked": rule.checked is not None, "evidence": rule.checked,
            "lacking": rule.lacking or None, "relaxed_to": rule.value.unit if rule.value else None,
            "limits": [_limit(each) for each in rule.limits],
        }
        for name, rule in RULES.items()
    ]  # fmt: skip
    return answer({"rules": found})
