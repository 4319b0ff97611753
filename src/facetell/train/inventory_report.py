"""An inventory, or a store's clips, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from facetell.train.inventory import Inventory
from facetell.train.store import Store
from facetell.wording import printable

KINDS = ("dataset", "source", "manipulation", "method", "part")
SHOWN = 10
"""Names of each kind of trouble that the text shows; JSON has all."""


class Labelled(Protocol):
    """What is counted: media, or clips of a store."""

    @property
    def is_fake(self) -> bool:
        """Its label."""


Counts = dict[str, dict[str, dict[str, int]]]
"""Kind → name → {"real": n, "fake": n}."""


def count(items: Sequence[Labelled]) -> Counts:
    """Count real and fake items: all, and by each kind that they tell."""
    counts: Counts = {"all": {"": _classes(items)}}
    for kind in KINDS:
        names = sorted({str(getattr(item, kind, "")) for item in items} - {""})
        counts[kind] = {
            name: _classes([item for item in items if getattr(item, kind, "") == name])
            for name in names
        }
    return {kind: table for kind, table in counts.items() if table}


def inventory_record(inventory: Inventory) -> dict[str, Any]:
    """Return an inventory as plain values for JSON."""
    facts = [fact for fact in inventory.facts if not fact.problem]
    videos = [fact for fact in facts if fact.frames > 1]
    return {
        "counts": count([fact.media for fact in inventory.facts]),
        "groups": len({fact.media.group for fact in inventory.facts}),
        "videos": len(videos),
        "pictures": len(facts) - len(videos),
        "duration_s": _spread([fact.duration_s for fact in videos]),
        "frames": _spread([fact.frames for fact in videos]),
        "height_px": _spread([fact.height for fact in facts]),
        "corrupt": {f.media.file: f.problem for f in inventory.facts if f.problem},
        "equal_bytes": [list(files) for files in inventory.equal_bytes],
        "equal_pictures_in_several_groups": [list(f) for f in inventory.equal_pictures],
        "forged_in_sound_only": [f.media.file for f in inventory.facts if f.sound_only],
    }


def store_record(store: Store) -> dict[str, Any]:
    """Return what a store holds as plain values for JSON."""
    records = store.records
    return {
        "counts": count(records),
        "groups": len({record.group for record in records}),
        "files": len({(record.dataset, record.file) for record in records}),
        "clips": len(records),
        "frames": _spread([record.frames for record in records]),
        "quality": _spread([record.quality for record in records]),
        "margins": dict(Counter(f"{record.margin:.2f}" for record in records)),
        "with_landmarks": sum(record.has_points for record in records),
    }


def text_of(record: dict[str, Any]) -> str:
    """Return a record of either kind as text."""
    return "\n".join([*_table(record["counts"]), "", *_facts(record), *_troubles(record)])


def _table(counts: Counts) -> Iterator[str]:
    width = max(len(printable(name)) for table in counts.values() for name in table)
    yield f"{'':<12}  {'':<{width}}  {'real':>8}  {'fake':>8}"
    for kind, table in counts.items():
        for name, n in table.items():
            yield f"{kind:<12}  {printable(name):<{width}}  {n['real']:>8,}  {n['fake']:>8,}"
    real, fake = counts["all"][""].values()
    if real and fake:
        large, small = ("fakes", "real") if fake >= real else ("reals", "fake")
        yield f"balance: {max(real, fake) / min(real, fake):.2f} {large} for one {small}"


def _facts(record: dict[str, Any]) -> Iterator[str]:
    for key, value in record.items():
        if isinstance(value, int):
            yield f"{key.replace('_', ' ')}: {value:,}"
        elif isinstance(value, dict) and set(value) == {"mean", "least", "most"} and value["most"]:
            named = key.replace("_px", " in pixels").replace("_s", " in seconds")
            yield f"{named}: {value['mean']:,} ({value['least']:,} to {value['most']:,})"
        elif key == "margins":
            yield "margins: " + ", ".join(f"{m} ({n:,})" for m, n in sorted(value.items()))


def _troubles(record: dict[str, Any]) -> Iterator[str]:
    yield from _few("corrupt", [f"{f}: {r}" for f, r in record.get("corrupt", {}).items()])
    for key in ("equal_bytes", "equal_pictures_in_several_groups"):
        yield from _few(key, [" = ".join(files) for files in record.get(key, [])])
    yield from _few("forged_in_sound_only", record.get("forged_in_sound_only", []))


def _few(key: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{key.replace('_', ' ')}: {len(lines):,}"
        yield from (f"  {printable(line)}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"  and {len(lines) - SHOWN:,} more; --json names all"


def _classes(items: Iterable[Labelled]) -> dict[str, int]:
    fakes = Counter(item.is_fake for item in items)
    return {"real": fakes[False], "fake": fakes[True]}


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"mean": 0.0, "least": 0.0, "most": 0.0}
    mean = float(np.mean(values))
    return {"mean": round(mean, 2), "least": round(min(values), 2), "most": round(max(values), 2)}
