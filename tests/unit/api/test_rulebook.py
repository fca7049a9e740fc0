"""The rulebook as the door tells it."""

import json

from pydantic import TypeAdapter

from api.rulebook import Rule, RuleList, rules


async def told() -> dict[str, Rule]:
    found = TypeAdapter(RuleList).validate_python(json.loads(bytes((await rules()).body)), strict=False)
    return {rule["id"]: rule for rule in found["rules"]}


async def test_a_rule_says_by_which_limits_it_judges_and_what_holds_where_none_is_stated() -> None:
    book = await told()
    assert book["LINK-LOST"]["limits"] == [{"name": "link_lost_s", "unit": "s", "low": 3, "high": 60, "otherwise": 5}]
    assert [limit["name"] for limit in book["BATTERY"]["limits"]] == ["battery_warn_pct", "battery_breach_pct"]
    assert book["AU-VLOS"]["limits"][0]["otherwise"] is None
    assert book["AU-DAY"]["limits"] == []
