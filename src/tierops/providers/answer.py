"""An answer, read within bounds and told in a sentence, whatever it holds."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from tierops.model import Value
from tierops.text import jsontext

MEBIBYTE = 1024 * 1024
_SLOWEST = 4  # times the timeout, which counts from byte to byte, for a whole answer


def receive(http: httpx.Client, request: httpx.Request, most: int) -> httpx.Response:
    """Send a request and read the whole answer, of `most` bytes when unpacked.

    Raises `httpx.RequestError` where there is none, or one that is too large, or too slow as a whole.
    """
    end = time.perf_counter() + (request.extensions["timeout"]["read"] or 0) * _SLOWEST
    content = bytearray()
    answer = http.send(request, stream=True)
    try:
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > most:
                raise httpx.ReadError(f"the answer is larger than {most // MEBIBYTE} MiB", request=request)
            if time.perf_counter() > end:
                raise httpx.ReadTimeout("the answer comes too slowly", request=request)
    finally:
        answer.close()
    headers = [(k, v) for k, v in answer.headers.multi_items() if k not in {"content-encoding", "content-length"}]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=request)


def parsed(response: httpx.Response) -> Value:
    """The body as JSON, None where it is none."""
    try:
        return jsontext.loads(response.content)
    except ValueError:
        return None


def described(response: httpx.Response, explain: Callable[[Value], str]) -> str:
    """The status, with what `explain` makes of a refusal's JSON, or the beginning of what is no answer."""
    if response.has_redirect_location:
        return f"{response.status_code}, a redirect to {response.headers['Location']!r}: not followed"
    body = None if response.is_success else parsed(response)
    said = _beginning(response) if body is None else explain(body)
    return f"{response.status_code}: {said}" if said else str(response.status_code)


def reason(error: httpx.RequestError) -> str:
    """Why there is no answer."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"{error}. A certificate authority of your own is trusted with SSL_CERT_FILE=its.pem"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy of HTTPS_PROXY or ALL_PROXY answered {error}"
    return str(error) or type(error).__name__


def _beginning(response: httpx.Response) -> str:
    text = " ".join(response.text.split())
    kind = response.headers.get("Content-Type", "no content type")
    return f"{kind}, {text[:80]!r}" if text else "an empty body"
