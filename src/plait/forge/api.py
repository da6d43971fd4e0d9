"""One forge's web API: JSON there and back, and what goes wrong told in the same codes for all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from plait import __version__
from plait.core.remote import Site
from plait.errors import EnvironmentLack
from plait.forge.token import AccessToken

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 30.0
_LONGEST = 300  # characters of what a forge says of an error
_REFUSED = {400, 405, 409, 410, 412, 413, 422, 423}


class Api:
    """A session with one API. The token goes to its host alone, and no redirect is followed."""

    def __init__(self, root: str, *, site: Site, token: AccessToken, needs: str) -> None:
        self.site = site
        self._root = root
        self._token = token
        self._needs = needs
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        import httpx

        try:
            self._client = httpx.AsyncClient(
                headers={
                    "Authorization": f"Bearer {self._token.text}",
                    "Accept": "application/json",
                    "User-Agent": f"plait/{__version__}",
                },
                timeout=_TIMEOUT_S,
            )
        except (ValueError, OSError, UnicodeError):  # a token with odd signs; a broken proxy
            raise EnvironmentLack(
                f"no request to {self.site.host} can be made",
                code="FORGE_UNREACHABLE",
                hint=f"see that {self._token.source}, and the settings of the proxy, are right",
            ) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What it answers, as JSON values.

        Raises:
            EnvironmentLack: As `Forge` says.
        """
        import httpx

        assert self._client is not None  # noqa: S101 - it is a context manager
        try:
            answer = await self._client.request(
                method,
                f"{self._root}{path}",
                params=query,
                json=body,
                headers=headers,
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = self._without_token(str(error)) or type(error).__name__
            raise EnvironmentLack(
                f"{self.site.host} cannot be reached: {why}",
                code="FORGE_UNREACHABLE",
                hint="see that the network is there and the address is right, then try again",
            ) from None
        if not answer.is_success:
            raise self._refusal(answer)
        try:
            return answer.json()
        except ValueError:
            raise self.nonsense() from None

    def nonsense(self) -> EnvironmentLack:
        """The error for an answer that is not what the API promises."""
        return EnvironmentLack(
            f"{self.site.host} answered with something that its API does not",
            code="FORGE_FAILED",
            hint="see that `[forge] kind` and `[forge] address` in plait.toml are right",
        )

    def _refusal(self, answer: httpx.Response) -> EnvironmentLack:
        status = answer.status_code
        words = self._without_token(_words(answer))
        told = f"{self.site.host} says {status}" + (f": {words}" if words else "")
        wait = _wait(answer, words)
        repository = self.site.repository
        if wait is not None:
            return EnvironmentLack(
                told, code="FORGE_RATE_LIMITED", hint=f"too much was asked of it{wait}; then again"
            )
        if status == 401:  # noqa: PLR2004
            return EnvironmentLack(
                f"{told}: the token of {self._token.source} is not valid",
                code="FORGE_TOKEN_REFUSED",
                hint=f"renew it; it needs {self._needs}",
            )
        if status == 403:  # noqa: PLR2004
            return EnvironmentLack(
                told,
                code="FORGE_FORBIDDEN",
                hint=f"the token of {self._token.source} needs {self._needs} for {repository}",
            )
        if status == 404:  # noqa: PLR2004
            return EnvironmentLack(
                f"{told}: there is no {repository}, or the token of {self._token.source} may "
                "not see it",
                code="FORGE_NOT_FOUND",
                hint=f"see the remote's address; the token needs {self._needs}",
            )
        if answer.is_redirect:
            return EnvironmentLack(
                f"{repository} is no longer at {self.site.web}",
                code="FORGE_MOVED",
                hint="set the remote to its new address: git remote set-url",
            )
        if status in _REFUSED:
            return EnvironmentLack(
                told, code="FORGE_REFUSED", hint="mend what it says, then try again"
            )
        return EnvironmentLack(
            told, code="FORGE_FAILED", hint="try again later; its status page may tell more"
        )

    def _without_token(self, text: str) -> str:
        return text.replace(self._token.text, "***")


def _words(answer: httpx.Response) -> str:
    """What the answer says of the matter, on one line."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    found: list[str] = []
    _collect(told, found)
    text = " ".join("; ".join(dict.fromkeys(found)).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _collect(told: Any, found: list[str]) -> None:
    """The messages in an answer: the three forges nest them in different ways."""
    match told:
        case str():
            found.append(told)
        case list():
            for each in told:
                _collect(each, found)
        case dict():
            for key in ("message", "error", "error_description", "errors"):
                _collect(told.get(key), found)
            if not found:
                _collect([f"{key}: {value}" for key, value in told.items()], found)
        case _:
            pass


def _wait(answer: httpx.Response, words: str) -> str | None:
    """How long to wait, in words, where it was asked too much; None where that is not so."""
    headers = answer.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    limited = "rate limit" in words.lower() or "retry-after" in headers
    if answer.status_code != 429 and not (answer.status_code == 403 and (spent or limited)):  # noqa: PLR2004
        return None
    after = headers.get("retry-after", "")
    until = headers.get("x-ratelimit-reset", "") or headers.get("ratelimit-reset", "")
    if after.isdecimal() and len(after) < 8:  # noqa: PLR2004
        return f"; wait {after} s"
    if until.isdecimal() and len(until) < 12 and int(until) > time.time():  # noqa: PLR2004
        return f"; wait until {datetime.fromtimestamp(int(until), UTC):%H:%M:%S} UTC"
    return "; wait some minutes"
