"""The errors that facetell raises.

    FacetellError
    ├── UsageError              a setting that makes no sense
    ├── InputError              this file cannot be analysed
    │   ├── InputNotFound       no such file
    │   ├── InputUnreadable     there, but may not be read
    │   ├── NotMedia            empty, not a video or picture, or without a picture stream
    │   ├── CorruptMedia        a video or picture whose frames cannot be decoded
    │   ├── MediaTooLarge       beyond one of the `Limits`
    │   ├── InputChanged        half-uploaded: it changed while it was read
    │   ├── SourceDenied        a bucket or server refuses: wrong or expired credentials
    │   ├── SourceUnreachable   a bucket or server does not answer
    │   └── WorkerLost          the process that analysed it was ended, time and again
    ├── ModelError              the model cannot be used
    │   ├── ModelNotFound       no model of that name or path
    │   ├── ModelAltered        its bytes are not those that its card names
    │   └── ModelMismatch       its card asks for what this version cannot do
    ├── ClusterError            a Ray cluster cannot be used
    ├── OutputError             a result cannot be written: disk full, no permission
    ├── Cancelled               the caller stopped the analysis
    └── MissingDependency       an optional package is needed and absent

Each class has a `code` for programs, an `exit_code` for the command line, and says by
`retryable` whether the same call may succeed later without a change of its input.
"""

from __future__ import annotations


class FacetellError(Exception):
    """Any failure that facetell foresees; its message says what to do."""

    code = "error"
    exit_code = 3
    retryable = False


class UsageError(FacetellError):
    """A setting that makes no sense."""

    code = "usage"
    exit_code = 2


class InputError(FacetellError):
    """This file cannot be analysed."""

    code = "input"


class InputNotFound(InputError):
    """There is no such file."""

    code = "not_found"


class InputUnreadable(InputError):
    """The file is there, but may not be read."""

    code = "unreadable"


class NotMedia(InputError):
    """Empty, no video or picture, or a file without a picture stream."""

    code = "not_media"


class CorruptMedia(InputError):
    """A video or picture whose frames cannot be decoded."""

    code = "corrupt"


class MediaTooLarge(InputError):
    """Beyond one of the `Limits` in `Options`."""

    code = "too_large"


class InputChanged(InputError):
    """The file changed while it was read, or only part of it came: it is still being uploaded."""

    code = "changed"
    retryable = True


class SourceDenied(InputError):
    """A bucket or server refuses: credentials are missing, wrong or expired."""

    code = "source_denied"


class SourceUnreachable(InputError):
    """A bucket or server does not answer, or is overloaded."""

    code = "source_unreachable"
    retryable = True


class WorkerLost(InputError):
    """The process that analysed the file was ended each time: out of memory, or too slow."""

    code = "worker_lost"


class ModelError(FacetellError):
    """The model cannot be used."""

    code = "model"


class ModelNotFound(ModelError):
    """No model of that name or path."""

    code = "model_not_found"


class ModelAltered(ModelError):
    """The model's bytes are not those that its card names."""

    code = "model_altered"


class ModelMismatch(ModelError):
    """The model's card asks for what this version cannot do."""

    code = "model_mismatch"


class ClusterError(FacetellError):
    """A Ray cluster cannot be used: it is not there, or of another version."""

    code = "cluster"


class OutputError(FacetellError):
    """A result cannot be written: the disk is full, or the folder may not be written."""

    code = "output"


class Cancelled(FacetellError):
    """The caller stopped the analysis.

    facetell never raises it: raise it in a callback of `Analyzer.analyze`, which lets go of the
    file and passes it on.
    """

    code = "cancelled"
    exit_code = 130  # as after Ctrl-C
    retryable = True


class MissingDependency(FacetellError):
    """An optional package is needed and absent."""

    code = "missing_dependency"
