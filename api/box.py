"""A box on the map: west, south, east, north in degrees. West above east crosses longitude 180."""

from api.problems import WrongField

Box = tuple[float, float, float, float]


def wrong(box: Box) -> str | None:
    """What is wrong with a box, in words."""
    west, south, east, north = box
    if not (abs(west) <= 180 and abs(east) <= 180 and abs(south) <= 90 and abs(north) <= 90):
        return "a box is west, south, east, north in degrees"
    return f"south {south:g} lies above north {north:g}" if south > north else None


def parameter_box(name: str, value: str | None) -> Box | None:
    """An optional box in a query. Raises WrongField."""
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError as error:
        raise WrongField(field=name, detail="four numbers are expected: west,south,east,north in degrees") from error
    problem = wrong((west, south, east, north))
    if problem is not None:
        raise WrongField(field=name, detail=problem)
    return west, south, east, north
