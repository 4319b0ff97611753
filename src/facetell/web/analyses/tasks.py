"""The one task that the engine calls; what it does is in `run`."""

from __future__ import annotations

from django_tasks import task


@task()
def analyze(analysis_id: str) -> None:
    """Do an analysis, unless somebody else has it or it has ended."""
    # loads OpenCV and ONNX Runtime, which no web server needs
    from facetell.web.analyses.run import run

    run(analysis_id)
