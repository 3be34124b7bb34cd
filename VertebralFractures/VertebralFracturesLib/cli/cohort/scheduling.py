"""Who analyzes the cases: one worker after the other, a local cluster of Dask, or a cluster that exists."""

import importlib.util
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import UnusableInput
from ..arguments import say
from .cases import Case
from .settings import Settings
from .slots import analyze_in_worker, close_workers, open_workers
from .store import FAILED, Record, Store

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_LOOPBACK = "127.0.0.1"
"""Address of this machine that no other one reaches."""

_CONNECT = "30s"
"""How long a scheduler may take to answer; chosen, that of Dask itself."""


def analyze_cases(
    cases: Sequence[Case], settings: Settings, workers: int, scheduler: str | None = None, dashboard: str | None = None
) -> Generator[Record, None, None]:
    """Analyze cases, each in a process of a worker, and tell of each when it has ended, in any order.

    :param cases: those that have not ended yet.
    :param settings: what is the same for all.
    :param workers: how many work at once on this machine.
    :param scheduler: address of a Dask scheduler whose workers are used instead.
    :param dashboard: address at which Dask shows what it does; none by default.
    :raises UnusableInput: the scheduler does not answer, or no worker can work.
    """
    open_workers()
    try:
        if scheduler is None and workers == 1:
            for case in cases:
                yield analyze_in_worker(case, settings)
            return
        with _client(workers, scheduler, dashboard) as client:
            yield from _by_dask(client, cases, settings)
    finally:
        close_workers()


ONE_WORKER = "Dask is not installed: cases are analyzed one after the other"
"""What is said where no number of workers was asked for and several would fit."""


def has_dask() -> bool:
    """Whether Dask is installed, which several workers need."""
    return importlib.util.find_spec("distributed") is not None


def check_dask(workers: int, scheduler: str | None, dashboard: str | None) -> None:
    """Refuse in time what needs packages that are not installed.

    :param workers: how many work at once on this machine.
    :param scheduler: address of a Dask scheduler; None without one.
    :param dashboard: address of Dask's dashboard; None without one.
    :raises UnusableInput: a package is missing.
    """
    if scheduler is None and workers == 1:
        return
    if not has_dask():
        instead = "" if scheduler else ", or use --workers 1"
        raise UnusableInput(
            f'several workers need Dask, which is not installed: pip install "vertebral-fractures[cohort]"{instead}'
        )
    if dashboard and importlib.util.find_spec("bokeh") is None:
        raise UnusableInput("the dashboard needs the package bokeh: pip install bokeh")


@contextmanager
def _client(workers: int, scheduler: str | None, dashboard: str | None) -> Iterator["Client"]:
    """A client of the scheduler, or of a new local cluster.

    The workers of a local cluster are threads, since each has a process for its cases, which Dask need not watch.
    """
    from distributed import Client

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_CONNECT)
        except (OSError, ValueError) as error:
            raise UnusableInput(f"no Dask scheduler answers at {scheduler} ({error})") from error
        with client:
            _check_versions(client)
            try:
                yield client
            finally:
                client.run(close_workers)
        return
    with _local_cluster(workers, dashboard) as cluster, Client(cluster) as client:
        try:
            yield client
        finally:
            close_workers()


@contextmanager
def _local_cluster(workers: int, dashboard: str | None) -> Iterator["LocalCluster"]:
    """Workers in this process. Nothing listens to the network, unless a dashboard is asked for."""
    import dask
    from distributed import LocalCluster
    from distributed.comm import inproc

    inproc.global_manager._ip = _LOOPBACK  # Dask would open a socket towards the internet to learn its own address
    pages: dict[str, list[str]] = {} if dashboard else {"distributed.scheduler.http.routes": []}
    with (
        dask.config.set(pages),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            memory_limit=0,
            dashboard_address=dashboard or f"{_LOOPBACK}:0",
            scheduler_kwargs={"dashboard": bool(dashboard)},
        ) as cluster,
    ):
        if dashboard:
            say(f"dashboard: {cluster.dashboard_link}")
        yield cluster


def _check_versions(client: "Client") -> None:
    """Refuse a cluster whose workers would give other results.

    :raises UnusableInput: it has no worker, or workers with another version or without one.
    """
    try:
        versions = client.run(library_version)
    except ModuleNotFoundError as error:
        raise UnusableInput("the workers of the scheduler have no VertebralFractures: install it there") from error
    if not versions:
        raise UnusableInput("the scheduler has no workers")
    others = sorted({version for version in versions.values() if version != __version__})
    if others:
        raise UnusableInput(f"workers have version {', '.join(others)} and this program has {__version__}")
    client.run(open_workers)


def library_version() -> str:
    """Version of the library where this is called."""
    return __version__


def _by_dask(client: "Client", cases: Sequence[Case], settings: Settings) -> Iterator[Record]:
    """The records as they come; a case on which Dask gives up, since its workers died, has failed."""
    from distributed import as_completed

    futures = client.map(analyze_in_worker, cases, settings=settings, pure=False)
    cases_of = {future.key: case for future, case in zip(futures, cases, strict=True)}
    try:
        for future in as_completed(futures):
            error: Any = future.exception()
            if error is None:
                yield future.result()
            elif isinstance(error, UnusableInput):
                raise error
            else:
                case = cases_of[future.key]
                yield Store(settings.folder).keep_failure(case, FAILED, f"{type(error).__name__}: {error}")
            future.release()
    finally:
        client.cancel(futures)
