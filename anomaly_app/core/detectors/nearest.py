"""Compiled search for the nearest of many references, which are grouped into clusters."""

from typing import Any, NamedTuple

import numba
import numpy as np

from anomaly_app.core.arrays import Integers, Vector32
from anomaly_app.core.compiled import SINGLE_MATRIX, SINGLES, compiled
from anomaly_app.core.detectors.lanes import LANES, first_bit, which_are_nearer

SLACK = np.float32(1e-4)
"""Bound on the relative error of a single-precision distance, with thousands of features."""

INFINITY = np.int32(0x7F800000)
"""The bits of single-precision infinity. Non-negative numbers and their bits sort alike."""

LONGS = numba.types.Array(numba.int64, 1, "C", readonly=True)
SOME_SINGLES = numba.float32[::1]
SOME_LONGS = numba.int64[::1]


class Clusters(NamedTuple):
    """Clustered references, in the layout of `search_row`.

    Attributes
    ----------
    centres
        Centres of the clusters, laid out as one cluster by `lanes.in_groups`.
    reaches
        The largest distance of a cluster's references to its centre, padded with 0 to a multiple
        of `LANES`.
    starts
        The first group of each cluster, and the number of groups.
    inner, outer
        The smallest and the largest distance to the centre in each group; they increase within
        a cluster.
    values
        The references, laid out by `lanes.in_groups`.
    copies
        How often each reference was given; 0 for padding.
    """

    centres: Vector32
    reaches: Vector32
    starts: Integers
    inner: Vector32
    outer: Vector32
    values: Vector32
    copies: Integers


CLUSTERS = (SINGLES, SINGLES, LONGS, SINGLES, SINGLES, SINGLES, LONGS)
"""Types of the arrays in `Clusters`, for the signature of a compiled function."""


@compiled(numba.int64(numba.int64))
def scratch_size(reaches: Any) -> Any:
    """Return the scratch size in singles that `search_row` needs for ``reaches``."""
    return LANES + 2 * reaches + reaches // LANES


@compiled(numba.void(SINGLES, SINGLES, SINGLES, SOME_SINGLES, SOME_SINGLES), inlined=True)
def _measure(row: Any, centres: Any, reaches: Any, to_centres: Any, bounds: Any) -> None:
    """Compute distances to all centres, and lower bounds for the references of each."""
    for group in range(len(reaches) // LANES):
        which_are_nearer(row, centres, group, np.float32(np.inf), to_centres[group * LANES :])
    for c in range(len(reaches)):
        distance = np.sqrt(to_centres[c])
        to_centres[c] = distance
        bounds[c] = distance - reaches[c] - SLACK * (distance + reaches[c])


@compiled(numba.void(numba.int64, SINGLES, SINGLES, numba.float32, SOME_SINGLES), inlined=True)
def _look_again(of: Any, to_centres: Any, bounds: Any, farthest: Any, lowest: Any) -> None:
    """Find the nearest centre among sixteen clusters that may still hold a nearer reference."""
    # As integers, since LLVM vectorizes the minimum only for those.
    keys = to_centres[of * LANES : of * LANES + LANES].view(np.int32)
    limits = bounds[of * LANES : of * LANES + LANES]
    least = INFINITY
    for c in range(LANES):
        least = min(least, keys[c] if limits[c] <= farthest else INFINITY)
    lowest.view(np.int32)[of] = least


@compiled(numba.void(numba.float32, numba.int64, SOME_SINGLES, SOME_LONGS), inlined=True)
def _insert(distance: Any, slot: Any, squared: Any, slots: Any) -> None:
    i = len(squared) - 1
    while i > 0 and squared[i - 1] > distance:
        squared[i] = squared[i - 1]
        slots[i] = slots[i - 1]
        i -= 1
    squared[i] = distance
    slots[i] = slot


@compiled(
    numba.int64(
        SINGLES, *CLUSTERS[2:], numba.int64, numba.float32, numba.int64, SOME_SINGLES, SOME_LONGS,
        SOME_SINGLES,
    ),
    inlined=True,
)  # fmt: skip
def _visit(
    row: Any, starts: Any, inner: Any, outer: Any, values: Any, copies: Any, cluster: Any,
    to_centre: Any, budget: Any, squared: Any, slots: Any, scratch: Any,
) -> Any:  # fmt: skip
    """Compare a row with references of one cluster; return how many, in whole groups."""
    k = len(squared)
    compared = 0
    farthest = np.sqrt(squared[k - 1])
    for group in range(starts[cluster], starts[cluster + 1]):
        reach = farthest + SLACK * (to_centre + outer[group])
        if outer[group] < to_centre - reach:
            continue
        if inner[group] > to_centre + reach or (compared >= budget and farthest < np.inf):
            break
        compared += LANES
        nearer = which_are_nearer(row, values, group, squared[k - 1], scratch)
        if nearer != 0:
            while nearer != 0:
                lane = first_bit(nearer)
                nearer &= nearer - 1
                slot = group * LANES + lane
                copies_left = copies[slot]
                while scratch[lane] < squared[k - 1] and copies_left > 0:
                    _insert(scratch[lane], slot, squared, slots)
                    copies_left -= 1
            farthest = np.sqrt(squared[k - 1])
    return compared


@compiled(numba.int64(SINGLES, *CLUSTERS, numba.int64, SOME_SINGLES, SOME_LONGS, SOME_SINGLES))
def search_row(
    row: Any, centres: Any, reaches: Any, starts: Any, inner: Any, outer: Any, values: Any,
    copies: Any, budget: Any, squared: Any, slots: Any, scratch: Any,
) -> Any:  # fmt: skip
    """Find the nearest references of one row; a compiled function can call it.

    Parameters
    ----------
    row
        ``features``, finite.
    centres, reaches, starts, inner, outer, values, copies
        The fields of `Clusters`.
    budget
        Number of references after which no further group is visited, once enough are found.
    squared
        Output of the length k of wanted references, at most all of them: their squared
        distances, increasing.
    slots
        Output of the same length: their slots in the groups.
    scratch
        Working memory of size `scratch_size`.

    Returns
    -------
    int
        Number of references that the row was compared with, in whole groups.
    """
    clusters = len(reaches)
    to_centres = scratch[LANES : LANES + clusters]
    bounds = scratch[LANES + clusters : LANES + 2 * clusters]
    lowest = scratch[LANES + 2 * clusters :]
    squared[:] = np.float32(np.inf)
    slots[:] = 0
    _measure(row, centres, reaches, to_centres, bounds)
    farthest = np.float32(np.inf)
    for of in range(len(lowest)):
        _look_again(of, to_centres, bounds, farthest, lowest)
    compared = 0
    while compared < budget or farthest == np.inf:
        nearest = np.argmin(lowest)
        to_centre = lowest[nearest]
        if to_centre == np.inf:
            break
        cluster = nearest * LANES
        while to_centres[cluster] != to_centre:
            cluster += 1
        to_centres[cluster] = np.inf
        if bounds[cluster] <= farthest:
            compared += _visit(
                row, starts, inner, outer, values, copies, cluster,
                to_centre, budget - compared, squared, slots, scratch,
            )  # fmt: skip
            farthest = np.sqrt(squared[-1])
        _look_again(nearest, to_centres, bounds, farthest, lowest)
    return compared


@compiled(
    numba.int64(SINGLE_MATRIX, *CLUSTERS, numba.int64, numba.float32[:, ::1], numba.int64[:, ::1])
)
def search_rows(
    rows: Any, centres: Any, reaches: Any, starts: Any, inner: Any, outer: Any, values: Any,
    copies: Any, budget: Any, squared: Any, slots: Any,
) -> Any:  # fmt: skip
    """Run `search_row` for each row; return the largest number of comparisons of a row."""
    scratch = np.empty(scratch_size(len(reaches)), np.float32)
    most = 0
    for i in range(len(rows)):
        compared = search_row(
            rows[i], centres, reaches, starts, inner, outer, values, copies, budget,
            squared[i], slots[i], scratch,
        )  # fmt: skip
        most = max(most, compared)
    return most
