import shutil
from pathlib import Path

import pytest
from filled import CLOCKS_BACK, build_duckdb, fill

from isone.market.datasets import DATASETS
from isone.store.store import Store


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every dataset around a change of clocks, packed and in DuckDB; not to be changed."""
    store = Store(tmp_path_factory.mktemp("sound") / "sandbox")
    fill(store, DATASETS, *CLOCKS_BACK)
    build_duckdb(store)
    return store


@pytest.fixture
def store(sound: Store, tmp_path: Path) -> Store:
    """The same to damage."""
    return Store(Path(shutil.copytree(sound.root, tmp_path / "sandbox")))
