"""What stands before the page: a token where one is set, and what a browser may load and send."""

from __future__ import annotations

import secrets
import urllib.parse

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "tfx_ocr_token"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """The outermost application: refuses requests of other sites and those without the token, and adds `HEADERS`.

    The token comes as `Authorization: Bearer TOKEN`, or once as `/?token=TOKEN`, which sets a cookie.
    """

    def __init__(self, app: ASGIApp, token: str = ""):
        """Wrap an application.

        Args:
            app: answers what is let through.
            token: that requests must bring; "" for none.
        """
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await (self._refuse(Request(scope)) or self._app)(scope, receive, send_with_headers)

    def _refuse(self, request: Request) -> Response | None:
        """Return the answer to a request that is not let through; None where it is."""
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method not in ("GET", "HEAD"):
            return JSONResponse({"error": "Requests from pages of other sites are refused"}, 403)
        if not self._token:
            return None
        given = request.query_params.get("token", "")
        if request.url.path == "/" and self._is_token(given):
            response = RedirectResponse("/", 303)
            response.set_cookie(COOKIE, urllib.parse.quote(given), httponly=True, samesite="strict")
            return response
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._is_token(bearer) or self._is_token(urllib.parse.unquote(request.cookies.get(COOKIE, ""))):
            return None
        message = "A token is needed: open the address with ?token=TOKEN, or send Authorization: Bearer TOKEN"
        return JSONResponse({"error": message}, 401)

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())
