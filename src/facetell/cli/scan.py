"""`facetell scan`: analyse files one after the other and report each as it is done."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facetell.cli import EXIT_FAIL_ON, EXIT_FAILED_INPUT, EXIT_OK, print_error
from facetell.cli.inputs import Input, expand
from facetell.cli.progress import ProgressLine
from facetell.cli.scan_arguments import parse
from facetell.errors import FacetellError, UsageError
from facetell.options import Limits, Options

if TYPE_CHECKING:
    from facetell.pipeline import Analyzer
    from facetell.report.folder import ReportFolder
    from facetell.report.text import Counts
    from facetell.verdict import Verdict

# Which verdicts each value of --fail-on alarms at.
_ALARMS = {"fake": ("fake",), "inconclusive": ("fake", "inconclusive")}


def main(arguments: Sequence[str]) -> int:
    """Parse, analyse, print; return the exit status."""
    chosen = parse(arguments)
    inputs = list(expand(chosen.paths, excluded=chosen.output))
    if not inputs:
        raise UsageError("nothing to analyse: standard input names no file")
    scan = _prepare(chosen, inputs)
    try:
        for item in inputs:
            scan.one(item)
    finally:
        # After Ctrl-C too: what is done keeps its overview and its counts.
        scan.finish()
    return scan.status()


def _prepare(chosen: argparse.Namespace, inputs: Sequence[Input]) -> _Scan:
    """Check all that can be wrong before the first file costs time."""
    options = Options(
        frames=chosen.frames,
        model=chosen.model,
        runtime=chosen.runtime,
        threads=chosen.threads,
        keep_features=chosen.features is not None,
        start_s=chosen.start,
        end_s=chosen.end,
        face=chosen.face,
        limits=replace(Limits(), **dict(chosen.limit)),
        isolate=not chosen.in_process,
    )
    several = len(inputs) > 1
    if several and chosen.face:
        raise UsageError("--face: several inputs; a face is a place in one of them")
    _check_features(chosen.features, several)
    folder = _open_folder(chosen.output, several, _pdf_options(chosen, options))
    return _Scan(chosen, _load_analyzer(options), inputs, folder)


def _load_analyzer(options: Options) -> Analyzer:
    # Imported here: cv2 and onnxruntime load slowly, and `--help` and mistakes need neither.
    from facetell.pipeline import Analyzer

    return Analyzer(options)


def _check_features(target: Path | None, several: bool) -> None:
    if target is None:
        return
    if several and target.suffix == ".npz":
        raise UsageError(f"--features {target}: several inputs; give a folder, not an .npz file")
    folder = target if several else target.parent
    _make_folder("--features", folder)


def _pdf_options(chosen: argparse.Namespace, options: Options) -> Options | None:
    """What a PDF report tells of the settings; None where none is wanted."""
    if not chosen.pdf:
        return None
    if chosen.output is None:
        raise UsageError("--pdf: say into which folder with --output")
    from facetell.report.pdf import require_pdf

    require_pdf()
    return options


def _open_folder(
    root: Path | None, several: bool, pdf_options: Options | None
) -> ReportFolder | None:
    if root is None:
        return None
    from facetell.report.folder import ReportFolder

    _make_folder("--output", root)
    try:
        return ReportFolder(root, several, pdf_options)
    except OSError as error:
        raise UsageError(f"--output {root}: cannot write here: {error.strerror}") from error


def _make_folder(option: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {folder}: cannot make this folder: {error.strerror}") from error


def _new_counts() -> Counts:
    from facetell.report.text import Counts

    return Counts()


@dataclass(slots=True)
class _Scan:
    """The work and what came of it so far."""

    chosen: argparse.Namespace
    analyzer: Analyzer
    inputs: Sequence[Input]
    folder: ReportFolder | None
    counts: Counts = field(default_factory=_new_counts)
    unwritten: int = 0
    taken: set[str] = field(default_factory=set)
    progress: ProgressLine = field(init=False)

    def __post_init__(self) -> None:
        self.progress = ProgressLine(len(self.inputs), shown=not self.chosen.quiet)
        if self._table:
            from facetell.report.text import header

            print(header(), flush=True)

    @property
    def _table(self) -> bool:
        return not (self.chosen.json or self.chosen.quiet)

    def one(self, item: Input) -> None:
        """Analyse one file; whatever goes wrong with it is its verdict, and work goes on."""
        self.progress.start(item.path.name)
        started_s = time.perf_counter()
        try:
            verdict = self._analyze(item)
        except Exception as error:
            verdict = self._failed(item, error, time.perf_counter() - started_s)
        finally:
            self.progress.clear()
        self._report(verdict)

    def _analyze(self, item: Input) -> Verdict:
        if item.error is not None:
            raise item.error
        return self.analyzer.analyze(item.path, progress=self.progress.update)

    def _failed(self, item: Input, error: Exception, elapsed_s: float) -> Verdict:
        from facetell.verdict import ModelReference, error_verdict

        if self.chosen.verbose and not isinstance(error, FacetellError):
            import traceback

            traceback.print_exception(error)
        return error_verdict(
            item.path,
            error,
            sha256=_sha256_if_file(item.path),
            model=ModelReference.of(self.analyzer.card),
            elapsed_s=elapsed_s,
        )

    def _report(self, verdict: Verdict) -> None:
        self.counts.add(verdict)
        if self.folder is not None:
            self._write(partial(self.folder.add, verdict, self.analyzer.card))
        if self.chosen.features is not None:
            self._write(partial(self._write_features, verdict))
        self._print(verdict)

    def _print(self, verdict: Verdict) -> None:
        if self.chosen.json:
            from facetell.report.json_report import to_line

            print(to_line(verdict), flush=True)
        elif self._table:
            from facetell.report.text import details, row

            print(row(verdict, colour=_colour_wanted()))
            for line in details(verdict, self.chosen.verbose):
                print(line)
            sys.stdout.flush()
        elif verdict.error is not None:
            print_error(verdict.error.message)

    def _write_features(self, verdict: Verdict) -> None:
        if verdict.features is None:
            return
        from facetell.report.features import write_features
        from facetell.report.folder import distinct_name

        target: Path = self.chosen.features
        if len(self.inputs) > 1:
            target = target / f"{distinct_name(verdict.path, self.taken)}.npz"
        write_features(target, verdict.features)

    def _write(self, writing: Callable[[], object]) -> None:
        """A full disk must not lose the verdict, which is printed all the same."""
        try:
            writing()
        except OSError as error:
            self.unwritten += 1
            print_error(f"cannot write {error.filename or 'a report'}: {error.strerror}")

    def finish(self) -> None:
        """Write the overview and print the counts."""
        if self.folder is not None:
            self._write(self.folder.finish)
        if self._table and len(self.inputs) > 1:
            left = len(self.inputs) - self.counts.total
            print(f"\n{self.counts.line()}{f'; {left} not analysed' if left else ''}")
        if self.folder is not None and self._table:
            print(f"report: {self.folder.start_page}")

    def status(self) -> int:
        """The exit status; an alarm goes before a failed input."""
        labels = self.counts.labels
        if any(labels[label] for label in _ALARMS.get(self.chosen.fail_on, ())):
            return EXIT_FAIL_ON
        return EXIT_FAILED_INPUT if labels["error"] or self.unwritten else EXIT_OK


def _sha256_if_file(path: Path) -> str | None:
    """The hash of a file that could be read though not analysed; devices never end."""
    from facetell.pipeline import sha256_of

    try:
        return sha256_of(path) if path.is_file() else None
    except (OSError, ValueError, FacetellError):
        return None


def _colour_wanted() -> bool:
    import os

    # https://no-color.org: any value but the empty one turns colours off.
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
