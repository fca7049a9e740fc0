"""On which side of a line a point lies, and whether two segments meet, as GEOS says it: fast where that is sure, else exact."""

from core.compiled import inner


@inner
def _two_sum(a: float, b: float) -> tuple[float, float]:
    """A sum and what rounding took from it (Knuth, TAOCP 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@inner
def _two_product(a: float, b: float) -> tuple[float, float]:
    """A product and what rounding took from it (Dekker 1971)."""
    product = a * b
    a_high = 134217729.0 * a
    a_high = a_high - (a_high - a)
    b_high = 134217729.0 * b
    b_high = b_high - (b_high - b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@inner
def _exact_product(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """(a - b) (c - d) as the sum of two numbers, right to 100 bits, and exactly where neither difference is rounded."""
    left, left_rest = _two_sum(a, -b)
    right, right_rest = _two_sum(c, -d)
    product, rest = _two_product(left, right)
    return _two_sum(product, rest + (left * right_rest + left_rest * right))


@inner
def side_of(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Above 0 if c surely lies left of the line from a to b, below 0 if right; 0 if rounding leaves it open.

    The error bound is Shewchuk's (Adaptive Precision Floating-Point Arithmetic, 1997, ccwerrboundA).
    """
    left, right = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    return left - right if abs(left - right) > 3.3306690738754716e-16 * (abs(left) + abs(right)) else 0.0


@inner
def turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """1 if c lies left of the line from a to b, -1 if right, 0 if on it. As GEOS: where side_of is not sure, in twice the
    precision."""
    side = side_of(ax, ay, bx, by, cx, cy)
    if side == 0.0:
        left, left_rest = _exact_product(bx, ax, cy, ay)
        right, right_rest = _exact_product(by, ay, cx, ax)
        side, rest = _two_sum(left, -right)
        side += rest + (left_rest - right_rest)
    return (side > 0.0) - (side < 0.0)


@inner
def meet(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    """Have the segments a-b and c-d a point in common."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    if turn(ax, ay, bx, by, cx, cy) * turn(ax, ay, bx, by, dx, dy) > 0:
        return False
    return turn(cx, cy, dx, dy, ax, ay) * turn(cx, cy, dx, dy, bx, by) <= 0
