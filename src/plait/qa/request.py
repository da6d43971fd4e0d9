"""A request to an API, and what must come back."""

from __future__ import annotations

from plait.qa.order import Order
from plait.qa.outcome import Outcome, failed, passed, write

MOST_BODY = 1 << 20
ANSWER = "answer.txt"
_BAD = 400
_SHOWN = 2000


def try_request(order: Order) -> Outcome:
    """Send it; look at the status and the body."""
    import httpx

    what = order.what
    url = order.url.rstrip("/") + (what.path if what.path.startswith("/") else f"/{what.path}")
    sent = f"{what.method} {url}"
    try:
        with (
            httpx.Client(timeout=order.timeout_s, trust_env=False) as client,
            client.stream(
                what.method, url, headers=dict(what.headers), content=what.body or None
            ) as answer,
        ):
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MOST_BODY:
                    reason = f"it answered with more than {MOST_BODY >> 20} MiB"
                    return failed(reason, details=sent, target=sent)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return failed(f"it was not answered: {error}", details=sent, target=sent)
    text = body.decode(answer.encoding or "utf-8", "replace")
    told = f"{sent}\n{what.body}\n\n{answer.status_code} {answer.reason_phrase}\n{text[:_SHOWN]}"
    seen = (write(order, ANSWER, told),)
    wrong = _wrong(order, answer.status_code, text)
    if wrong:
        return failed(wrong, details=told, target=sent, evidence=seen)
    return passed(target=sent, evidence=seen)


def _wrong(order: Order, status: int, text: str) -> str:
    wanted = order.what.status
    if wanted is not None and status != wanted:
        return f"it answered {status}, expected {wanted}"
    if wanted is None and status >= _BAD:
        return f"it answered {status}"
    unseen = [each for each in order.what.text if each not in text]
    return f"its answer lacks {unseen[0]!r}" if unseen else ""
