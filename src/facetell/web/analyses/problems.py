"""What can be wrong with a request, each with the status that HTTP has for it.

    Problem
    ├── EmptyUpload        nothing in it
    ├── WrongType          its ending is none of a video's or picture's
    ├── UploadTooLarge     more bytes than are accepted
    ├── DiskFull           nowhere to put it
    ├── QueueFull          too much is waiting already
    ├── UnknownModel       no such model here
    ├── UnknownSetting     a setting that makes no sense
    ├── AddressRefused     this server may not call that address
    ├── FetchFailed        the address was called, and no video came
    ├── VideoDeleted       the video is gone, only its verdict is left
    └── NotEnded           asked for what exists only afterwards

Pages and API show the same sentences.
"""

from __future__ import annotations


class Problem(Exception):
    """A request that cannot be met; its message says what to do."""

    code = "problem"
    status = 400


class EmptyUpload(Problem):
    """The file is empty, or did not arrive whole."""

    code = "empty_upload"


class WrongType(Problem):
    """The file's ending says that it is no video or picture."""

    code = "wrong_type"
    status = 415


class UploadTooLarge(Problem):
    """The file is larger than this server accepts."""

    code = "upload_too_large"
    status = 413


class DiskFull(Problem):
    """The server has no room for the file."""

    code = "disk_full"
    status = 507


class QueueFull(Problem):
    """Too many analyses are waiting."""

    code = "queue_full"
    status = 503


class UnknownModel(Problem):
    """This server has no model of that name."""

    code = "unknown_model"


class UnknownSetting(Problem):
    """A setting of the analysis that makes no sense."""

    code = "unknown_setting"


class AddressRefused(Problem):
    """This server may not call the address, or it is none."""

    code = "url_refused"


class FetchFailed(Problem):
    """No whole video came from the address."""

    code = "fetch_failed"
    status = 502


class VideoDeleted(Problem):
    """The video was deleted; send it again."""

    code = "video_deleted"
    status = 410


class NotEnded(Problem):
    """The analysis has not ended yet."""

    code = "not_ended"
    status = 409
