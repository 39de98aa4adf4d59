"""The files that a run is to leave, from the paths that the rules say."""

from collections.abc import Sequence

from isone.run.custom import CustomDownload
from isone.run.selection import DatasetYear


def each(path: str, dataset_years: Sequence[DatasetYear]) -> list[str]:
    """The path of each dataset-year: `<data>/packed/{dataset}/{period}.json` has two places."""
    return [path.format(dataset=each.dataset, period=each.period) for each in dataset_years]


def once(path: str, dataset_years: Sequence[DatasetYear]) -> list[str]:
    """The path of what all dataset-years share; none where there are only custom downloads."""
    return [path] if dataset_years else []


def custom(path: str, downloads: Sequence[CustomDownload]) -> list[str]:
    """The path of each custom download, which has its `{name}` in it."""
    return [path.format(name=download.name) for download in downloads]
