"""A webhook: a JSON document is posted, signed if there is a secret."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import anyio

from plait import __version__
from plait.announce.order import Order
from plait.core.announcement import Outcome, Reply

if TYPE_CHECKING:
    import httpx

SIGNATURE = "X-Plait-Signature-256"
DELIVERY = "X-Plait-Delivery"
_MOST_BYTES = 1 << 16  # of an answer, read so that the connection can be used again
_READ_S = 1.0
_LATER = {401, 403, 404, 408, 409, 425, 429}  # beside all above 499: somebody may mend it
_LONGEST_WAIT_S = 3600.0


class Webhook:
    """One address. No redirect is followed, and of an answer only the status counts."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        import httpx

        self._client = httpx.AsyncClient(
            timeout=self._order.timeout_s, follow_redirects=False, headers=self._headers()
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def tell(self, call: Mapping[str, Any]) -> Reply:
        """Post one document."""
        import httpx

        if call.get("probe"):
            return Reply(outcome=Outcome.ACCEPTED, reason="nothing is posted to try it")
        assert self._client is not None  # noqa: S101 - it is a context manager
        content = json.dumps(call["body"], ensure_ascii=False).encode("utf-8", "replace")
        headers = {DELIVERY: call["key"], "Idempotency-Key": call["key"]}
        if self._order.secret:
            headers[SIGNATURE] = signature(self._order.secret, content)
        try:
            async with self._client.stream(
                "POST", self._order.url, content=content, headers=headers
            ) as answer:
                await _read_little(answer)
                return _judged(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            told = f"it cannot be reached: {str(error) or type(error).__name__}"
            return Reply(outcome=Outcome.FAILED, reason=told)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"plait/{__version__}",
            "X-Plait-Event": "progress",
        }
        if self._order.token:
            headers["Authorization"] = f"Bearer {self._order.token}"
        return headers


def signature(secret: str, content: bytes) -> str:
    """The value of the header by which a receiver knows that a document is Plait's."""
    return "sha256=" + hmac.new(secret.encode(), content, sha256).hexdigest()


async def _read_little(answer: httpx.Response) -> None:
    """Read an answer, if it is short and comes at once; as it came, never unpacked."""
    size = 0
    with anyio.move_on_after(_READ_S):
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > _MOST_BYTES:
                return


def _judged(answer: httpx.Response) -> Reply:
    status = answer.status_code
    if answer.is_success:
        return Reply(outcome=Outcome.ACCEPTED)
    told = f"it answered {status}"
    if answer.has_redirect_location:
        host = urlsplit(answer.headers["location"]).hostname or "another path"
        told += f", a redirect to {host}, which is not followed"
        return Reply(outcome=Outcome.FAILED, reason=told)
    again = status in _LATER or status >= 500  # noqa: PLR2004
    return Reply(
        outcome=Outcome.FAILED if again else Outcome.REFUSED,
        reason=told,
        wait_s=_wait_s(answer.headers.get("retry-after", "")),
    )


def _wait_s(told: str) -> float:
    """Seconds that an answer asks to be left alone; 0 where it says none."""
    return min(float(told), _LONGEST_WAIT_S) if told.isascii() and told.isdecimal() else 0.0
