"""The command line: find the command, run it, turn what happens into an exit status.

Nothing but the standard library is imported here, and a command's module only when that
command is asked for: `facetell --help` answers in a blink. To add a command, add a line to
`COMMANDS`; its module needs a function `main(arguments: list[str]) -> int`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from facetell import __version__
from facetell.errors import FacetellError, MissingDependency

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_FAILED_INPUT = 3
EXIT_FAIL_ON = 10
# What shells report for a program that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


@dataclass(frozen=True, slots=True)
class Command:
    """A word after `facetell`, and the module that answers it."""

    name: str
    summary: str
    module: str
    function: str = "main"


TRAIN = "facetell.train.commands"
EXPORT = "facetell.train.export_command"
DATA = "facetell.train.data_commands"
EVALUATION = "facetell.evaluation.commands"
GATES = "facetell.evaluation.gate_commands"

EXTRA = ("facetell.train.", "facetell.evaluation.")
"""Packages that need more than inference does."""

COMMANDS = (
    Command("scan", "tell whether the faces in videos and pictures are real", "facetell.cli.scan"),
    Command("batch", "analyse any number of videos into Parquet files", "facetell.cli.batch"),
    Command("models", "list the models that are here, with their numbers", "facetell.cli.models"),
    Command("doctor", "check this installation: versions, what is missing", "facetell.cli.doctor"),
    Command("watch", "judge a camera, a stream or a screen while it runs", "facetell.cli.watch"),
    Command("serve", "serve the web pages and the REST API", "facetell.cli.serve"),
    Command("dataset", "count a data set, find what is broken or twice", DATA, "dataset_main"),
    Command("prepare", "make training crops of data sets", DATA, "prepare_main"),
    Command("autoencode", "add fakes made of a store's reals", DATA, "autoencode_main"),
    Command(
        "split",
        "divide a store by person or source, and check that nothing leaks",
        "facetell.train.split_command",
    ),
    Command("train", "train a detector by a TOML file", TRAIN, "train_main"),
    Command("export", "write a trained detector as ONNX", EXPORT, "export_main"),
    Command("evaluate", "measure a model on labelled media", EVALUATION, "evaluate_main"),
    Command("gates", "check what a model must pass to ship", GATES, "gates_main"),
    Command("compare", "put two evaluations side by side", EVALUATION, "compare_main"),
    Command("calibrate", "fit a model's card to labelled media", EVALUATION, "calibrate_main"),
    Command(
        "init-weights",
        "get an encoder's public ImageNet weights",
        "facetell.train.weights_command",
    ),
    Command(
        "import",
        "convert a checkpoint of a ResNeXt + LSTM project",
        "facetell.train.checkpoint_import",
        "import_main",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _never_fail_to_print()
    try:
        status = _run(words)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse ends this way: 0 after --help, 2 after wrong usage
        status = _finish(stop)
    except KeyboardInterrupt:
        print_error("stopped")
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        status = _reader_is_gone()
    except FacetellError as error:
        print_error(str(error))
        status = error.exit_code
    return status


def print_error(message: str) -> None:
    """Write one line to standard error, in the form `facetell: message`."""
    from facetell.wording import printable

    # A reader that is gone must not turn an error into another error.
    with contextlib.suppress(OSError):
        print(f"facetell: {printable(message)}", file=sys.stderr, flush=True)


def _run(words: list[str]) -> int:
    command = next((known for known in COMMANDS if words and words[0] == known.name), None)
    if command is not None:
        status: int = getattr(_module(command), command.function)(words[1:])
        return status
    return _answer_without_command(words)


def _module(command: Command) -> ModuleType:
    """Import what answers a command, or say which extra it needs."""
    try:
        return importlib.import_module(command.module)
    except ModuleNotFoundError as error:
        if not command.module.startswith(EXTRA) or str(error.name).startswith("facetell"):
            raise
        raise MissingDependency(
            f"{command.name} needs {error.name}: pip install 'facetell[train]'"
        ) from error


def _answer_without_command(words: list[str]) -> int:
    """Show help or version, or say what would have been right."""
    word = words[0] if words else "--help"
    if word in ("-h", "--help", "help"):
        print(_help())
        return EXIT_OK
    if word in ("-V", "--version", "version"):
        print(f"facetell {__version__}")
        return EXIT_OK
    print_error(_what_instead(word))
    return EXIT_USAGE


def _what_instead(word: str) -> str:
    if os.path.exists(word):  # noqa: PTH110 - pathlib alone doubles the start-up time
        return f"to analyse a file, write: facetell scan {word}"
    names = ", ".join(command.name for command in COMMANDS)
    kind = "option" if word.startswith("-") else "command"
    return f"unknown {kind} {word!r}: the commands are {names}; see facetell --help"


def _help() -> str:
    commands = "\n".join(f"  {command.name:<12}  {command.summary}" for command in COMMANDS)
    return f"""\
usage: facetell COMMAND ...

Tells whether the faces in a video or picture are real.

commands:
{commands}

options:
  -h, --help     show this help; `facetell scan --help` tells about one command
  -V, --version  show the version

examples:
  facetell scan clip.mp4                      one verdict, readable
  facetell scan footage/ --output report      a folder, with a report for each video
  facetell scan *.mp4 --json | jq .label      one JSON object a line, for programs
  facetell evaluate labelled/ --out results   how good a model is on videos of your own

facetell's answer is a statistical estimate, not a proof."""


def _never_fail_to_print() -> None:
    """Let a terminal of a narrow encoding show escapes instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _finish(stop: SystemExit) -> int:
    return stop.code if isinstance(stop.code, int) else EXIT_USAGE if stop.code else EXIT_OK


def _reader_is_gone() -> int:
    """Leave quietly after `| head`: the interpreter's last flush must not fail as well."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE
