"""Who applies together: measures of a network of co-applicants.

An edge is a pair that has applied together; its weight is the number of joint patents. A patent of
k applicants makes k(k-1)/2 edges, each of weight 1, or 1/(k-1) when it is counted by fractions.
Everything is undirected. Betweenness, closeness and the others are those of Freeman (1979); the
constraint and the effective size are Burt's (1992), and an isolate has none.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Neighbours = Mapping[str, float]
Graph = Mapping[str, Neighbours]

TRIANGLE = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one applicant stands in the network."""

    applicant: str
    degree: float
    betweenness: float
    closeness: float
    constraint: float | None
    weighted_constraint: float | None
    effective_size: float | None


@dataclass(frozen=True, slots=True)
class Network:
    applicants: int
    edges: int
    density: float | None
    centralisation: float | None
    standings: Sequence[Standing]


def graph_of(patents: Iterable[Sequence[str]], *, fractional: bool = False) -> Graph:
    """The network of patents, each given by its applicants; who is named twice counts once."""
    graph: dict[str, dict[str, float]] = {}
    for named in patents:
        applicants = sorted(dict.fromkeys(named))
        for one in applicants:
            graph.setdefault(one, {})
        weight = 1 / (len(applicants) - 1) if fractional and len(applicants) > 1 else 1.0
        for one, other in combinations(applicants, 2):
            graph[one][other] = graph[one].get(other, 0) + weight
            graph[other][one] = graph[one][other]
    return graph


def measure(graph: Graph) -> Network:
    """All measures; the time grows with applicants times edges."""
    count = len(graph)
    edges = sum(len(near) for near in graph.values()) // 2
    between = betweenness(graph)
    standings = [
        Standing(
            applicant=one,
            degree=len(graph[one]) / (count - 1) if count > 1 else 0.0,
            betweenness=between[one],
            closeness=closeness(graph, one),
            constraint=constraint(graph, one, weighted=False),
            weighted_constraint=constraint(graph, one, weighted=True),
            effective_size=effective_size(graph, one),
        )
        for one in sorted(graph)
    ]
    return Network(count, edges, density(graph), centralisation(graph), standings)


def density(graph: Graph) -> float | None:
    """Edges that there are, of those that there could be."""
    count = len(graph)
    if count <= 1:
        return None
    return sum(len(near) for near in graph.values()) / (count * (count - 1))


def centralisation(graph: Graph) -> float | None:
    """Freeman's, of degrees: 1 for a star, 0 where all have as many neighbours."""
    count = len(graph)
    if count < TRIANGLE:
        return None
    degrees = [len(near) for near in graph.values()]
    return sum(max(degrees) - degree for degree in degrees) / ((count - 1) * (count - 2))


def closeness(graph: Graph, start: str) -> float:
    """One over the mean distance; in a part of the network, times the share it reaches."""
    distances = _distances(graph, start)
    reached, far = len(distances) - 1, sum(distances.values())
    if not far:
        return 0.0
    return reached / far * (reached / (len(graph) - 1))


def _distances(graph: Graph, start: str) -> dict[str, int]:
    found, waiting = {start: 0}, deque([start])
    while waiting:
        one = waiting.popleft()
        for other in graph[one]:
            if other not in found:
                found[other] = found[one] + 1
                waiting.append(other)
    return found


def betweenness(graph: Graph) -> dict[str, float]:
    """The share of shortest paths that lead over each (Brandes 2001), of (n-1)(n-2)/2 pairs."""
    sums = dict.fromkeys(graph, 0.0)
    for start in graph:
        _add_dependencies(graph, start, sums)
    count = len(graph)
    pairs = (count - 1) * (count - 2)
    return {one: value / pairs if pairs > 0 else 0.0 for one, value in sums.items()}


def _add_dependencies(graph: Graph, start: str, sums: dict[str, float]) -> None:
    distance, paths = {start: 0}, dict.fromkeys(graph, 0.0) | {start: 1.0}
    before: dict[str, list[str]] = {one: [] for one in graph}
    order, waiting = [], deque([start])
    while waiting:
        one = waiting.popleft()
        order.append(one)
        for other in graph[one]:
            if other not in distance:
                distance[other] = distance[one] + 1
                waiting.append(other)
            if distance[other] == distance[one] + 1:
                paths[other] += paths[one]
                before[other].append(one)
    depending = dict.fromkeys(graph, 0.0)
    for other in reversed(order):
        for one in before[other]:
            depending[one] += paths[one] / paths[other] * (1 + depending[other])
        if other != start:
            sums[other] += depending[other]


def constraint(graph: Graph, one: str, *, weighted: bool) -> float | None:
    """Burt's: how far an applicant's ties lead back to each other. None for an isolate."""
    if not graph[one]:
        return None

    def share(start: str, end: str) -> float:
        near = graph[start]
        if end not in near:
            return 0.0
        return near[end] / sum(near.values()) if weighted else 1 / len(near)

    near = graph[one]
    return sum(
        (share(one, end) + sum(share(one, q) * share(q, end) for q in near if q != end)) ** 2
        for end in near
    )


def effective_size(graph: Graph, one: str) -> float | None:
    """Neighbours less the mean number of ties among them. None for an isolate."""
    near = graph[one]
    if not near:
        return None
    ties = sum(other in graph[each] for each, other in combinations(near, 2))
    return len(near) - 2 * ties / len(near)
