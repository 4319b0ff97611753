"""facetell tells whether the faces in a video are real.

>>> import facetell
>>> facetell.Options(frames=20).frames
20

`facetell.analyze(path)` answers with a `Verdict`; an `Analyzer` keeps the models for many files.
Nothing heavy is loaded before the first of them is used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facetell.errors import (
        Cancelled,
        ClusterError,
        CorruptMedia,
        FacetellError,
        InputChanged,
        InputError,
        InputNotFound,
        InputUnreadable,
        MediaTooLarge,
        MissingDependency,
        ModelAltered,
        ModelError,
        ModelMismatch,
        ModelNotFound,
        NotMedia,
        OutputError,
        SourceDenied,
        SourceUnreachable,
        UsageError,
        WorkerLost,
    )
    from facetell.options import Limits, Options
    from facetell.pipeline import Analyzer, analyze
    from facetell.verdict import Verdict

# ONNX Runtime's official builds tell Microsoft about each session, and keep a number of the machine
# in the user's cache folder. Only this variable stops all of it, and it is read once, when the
# runtime is loaded: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = [
    "Analyzer",
    "Cancelled",
    "ClusterError",
    "CorruptMedia",
    "FacetellError",
    "InputChanged",
    "InputError",
    "InputNotFound",
    "InputUnreadable",
    "Limits",
    "MediaTooLarge",
    "MissingDependency",
    "ModelAltered",
    "ModelError",
    "ModelMismatch",
    "ModelNotFound",
    "NotMedia",
    "Options",
    "OutputError",
    "SourceDenied",
    "SourceUnreachable",
    "UsageError",
    "Verdict",
    "WorkerLost",
    "__version__",
    "analyze",
]

_HOMES = {
    "Analyzer": "facetell.pipeline",
    "Limits": "facetell.options",
    "Options": "facetell.options",
    "Verdict": "facetell.verdict",
    "analyze": "facetell.pipeline",
}


if not TYPE_CHECKING:  # type checkers know the names from above, and no others

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module 'facetell' has no attribute {name!r}")
        value = getattr(import_module(_HOMES.get(name, "facetell.errors")), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__
