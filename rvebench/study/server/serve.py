"""Runs the study's server until it is told to stop."""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import uvicorn

from rvebench.errors import DataError, UsageError
from rvebench.storage import exclusive_lock
from rvebench.study.folder import MEDIA_NAME, read_study
from rvebench.study.records import Media, Study
from rvebench.study.server.app import make_app
from rvebench.study.server.store import AnswerStore
from rvebench.study.tokens import read_tokens

__all__ = ["Serving", "check_media", "serve"]

_GRACE_S = 3
"""For requests in flight when the server is told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that takes requests now."""

    url: str
    """Where, without token."""
    needs_token: bool
    answers: int
    """Recorded before."""
    total: int
    """Answers when everybody is done."""
    torn_bytes: int
    """Cut off the end of answers.jsonl: what an interrupted write left."""


def serve(
    directory: Path,
    *,
    host: str,
    port: int,
    tokens: bool,
    url: str | None,
    on_ready: Callable[[Serving], None],
) -> int:
    """Serves a study until SIGINT or SIGTERM; returns how many answers are recorded then.

    Args:
        directory: the study folder.
        host: the address to listen on; any other than loopback needs tokens, and gets them.
        port: the port; 0: one that is free.
        tokens: ask for a rater's token on loopback too.
        url: what raters call the server when something stands before it, `https://study.example.org`.
        on_ready: called once the port is open.

    Raises:
        UsageError: not a study folder, or an address that cannot be listened on.
        LockedError: another server has this study.
        DataError: the study, its tokens, its answers or its clips are damaged.
    """
    study = read_study(directory)
    origin = _origin(url)
    secrets = read_tokens(directory, study)
    check_media(directory, study)
    with exclusive_lock(directory / ".serve.lock"), _listen(host, port) as listener:
        loopback = _is_loopback(listener)
        needs_token = tokens or not loopback or origin is not None
        bound = listener.getsockname()[1]
        with AnswerStore(directory, study) as store:
            app = make_app(
                directory,
                study,
                store,
                secrets,
                open_to_all=not needs_token,
                hosts=_hosts(host, bound, loopback, origin),
                origin=origin,
            )
            config = uvicorn.Config(
                app,
                access_log=False,  # paths name trials, and addresses are people's
                log_level="critical",  # tracebacks quote what was sent; the application tells its errors itself
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                ws="none",
                http="h11",
                loop="asyncio",
                timeout_graceful_shutdown=_GRACE_S,
            )
            on_ready(
                Serving(
                    url=origin or f"http://{_in_url(host)}:{bound}",
                    needs_token=needs_token,
                    answers=store.count,
                    total=len(study.trials),
                    torn_bytes=store.torn.size_bytes if store.torn else 0,
                )
            )
            _Server(config).run(sockets=[listener])
            return store.count


def check_media(directory: Path, study: Study) -> None:
    """Reads every clip once and compares it with the record.

    Raises:
        DataError: clips are missing or changed; the first is named, and how many there are.
    """
    folder = directory / MEDIA_NAME
    media = {one.name: one for sample in study.samples for one in (sample.source, *sample.entries.values())}
    faults = [fault for one in media.values() if (fault := _fault(folder / one.name, one))]
    if faults:
        more = f" ({len(faults)} of {len(media)} clips are missing or changed)" if len(faults) > 1 else ""
        raise DataError(
            f"{faults[0]}{more}", where=folder, hint="restore the folder from a copy, or create the study again"
        )


def _fault(path: Path, media: Media) -> str | None:
    if path.is_symlink() or not path.is_file():
        return f"the clip {media.name} is not there"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return None if digest.hexdigest() == media.sha256 else f"the clip {media.name} is not the one the study was made of"


class _Server(uvicorn.Server):
    """Stops at SIGINT and SIGTERM and returns; uvicorn would raise the signal again afterwards."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _origin(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
        parts = urlsplit("")
    if not whole or parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise UsageError(f"{url!r} is not an address of a server", hint="write it as https://study.example.org")
    return f"{parts.scheme}://{parts.netloc.lower()}"


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"this machine has no address {host!r}", hint="leave --host out for loopback") from None
    listener = socket.socket(family, kind, protocol)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(1024)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UsageError(
                    f"port {port} of {host} is taken", hint="choose another with --port, or 0 for any that is free"
                ) from None
            raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None
        yield listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _hosts(host: str, port: int, loopback: bool, origin: str | None) -> frozenset[str] | None:
    if origin is not None:
        return frozenset({urlsplit(origin).netloc, *_local_names(host, port)})
    return frozenset(_local_names(host, port)) if loopback else None


def _local_names(host: str, port: int) -> set[str]:
    names = {"localhost", "127.0.0.1", "[::1]", _in_url(host).lower()}
    return {f"{name}:{port}" for name in names} | (names if port == 80 else set())


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
