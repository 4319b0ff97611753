"""Leaves out what needs the extra `train` where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = (
    []
    if find_spec("pyarrow") and find_spec("matplotlib")
    else ["test_commands.py", "test_heatmaps.py", "test_page.py"]
)
