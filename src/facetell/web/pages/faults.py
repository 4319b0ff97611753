"""Pages for what goes wrong; none tells whether something exists."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext

from facetell.web.pages.refusals import refusal, wants_json


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request cannot be understood, or is too large."""
    if isinstance(exception, RequestDataTooBig):
        return _page(
            request,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            gettext("Too large"),
            gettext("That was more than this server accepts. Send a shorter stretch of the video."),
        )
    if isinstance(exception, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return _page(
            request,
            HTTPStatus.BAD_REQUEST,
            gettext("Too many files"),
            gettext("At most %(most)d files can be sent at once.") % {"most": most},
        )
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        gettext("Not understood"),
        gettext("The server could not read this request. Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Somebody may not do this."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        gettext("Not allowed"),
        gettext("You may not do this here."),
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form came without its token: too old, or from another site."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        gettext("This form is too old"),
        gettext(
            "Nothing was changed. Go back, load the page again and send the form once more; "
            "cookies must be allowed for this site."
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Nothing is here, or nothing that this person may see: the same for both."""
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        gettext("Nothing here"),
        gettext("The address may be mistyped, or what was here has been deleted."),
    )


def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """An error of ours; what failed may be what a whole page needs, so it is made without."""
    return _page(
        None,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        gettext("Something broke"),
        gettext("That is an error in this program; its log says more. Try again in a minute."),
    )


def _page(request: HttpRequest | None, status: HTTPStatus, title: str, advice: str) -> HttpResponse:
    if request is not None and wants_json(request):
        return refusal(status.name.lower(), advice, status)
    context = {"status": int(status), "title": title, "advice": advice}
    page = loader.render_to_string("facetell/fault.html", context, request)
    return HttpResponse(page, status=status)
