from marketplace.documents.files.errors import UploadSupersededError
from marketplace.kernel.errors import (
    ConflictError,
    TooLargeError,
    UnavailableError,
    UnprocessableError,
)


class VideoTooLargeError(TooLargeError):
    code = "video_too_large"
    title = "A video is not larger than this service takes"


class VideoUnreadableError(UnprocessableError):
    code = "video_unreadable"
    title = "This cannot be read as an MP4 or WebM video; nothing of it was kept"


class VideoFormatError(UnprocessableError):
    code = "video_format"
    title = "The video is of a form that browsers do not all play; nothing of it was kept"


class VideoTooLongError(UnprocessableError):
    code = "video_too_long"
    title = "A video pitch lasts six minutes at most; nothing of it was kept"


class ProbeMissingError(UnavailableError):
    code = "ffprobe_missing"
    title = "Videos cannot be checked here: install ffmpeg, which has ffprobe, or set its path"


class SubtitlesMalformedError(UnprocessableError):
    code = "subtitles_malformed"
    title = "The subtitles are no WebVTT of the kind that is taken"


class SubtitlesLimitError(ConflictError):
    code = "subtitles_limit"
    title = "A video has no subtitles in more languages than this"


CONSTRAINT_ERRORS = {
    "listing_video_one_shown_unique": UploadSupersededError,
    "listing_video_one_unfinished_unique": UploadSupersededError,
}
