import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from isone.errors import UsageError
from isone.load import layout, outputs
from isone.pack import outputs as pack_outputs
from isone.run import address, targets
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.store import markers
from isone.store.files import sha256, write_json, write_whole
from isone.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def job(year: int, dataset: str = "lmp_da_hourly") -> DatasetYear:
    return DatasetYear(dataset, year, dt.date(year, 1, 1), dt.date(year, 12, 31), (4000,))


def drop_stale(store: Store, *jobs: DatasetYear) -> None:
    outputs.drop_stale(read_settings({}), store, jobs)


def pack(store: Store, dataset: str, period: str, content: bytes = b"") -> Path:
    path = store.parquet_path(dataset, period)
    write_whole(path, content)
    facts = {"sha256": sha256(content), "bytes": len(content)}
    markers.write(store.packed_marker(dataset, period), {}, **facts)
    return path


def build(store: Store) -> Path:
    """A database and its marker; the answer is the marker."""
    write_whole(store.duckdb_path, b"database")
    marker = store.duckdb_marker
    markers.write(marker, outputs.made_from_of_duckdb(store), bytes=len(b"database"))
    return marker


@pytest.fixture(autouse=True)
def _no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("postgresql://me@db.example.org/prices", "postgres://you@DB.example.org:5432/prices"),
        ("postgresql://me@db.example.org/prices", "host=db.example.org dbname=prices user=you"),
        ("postgresql://me@/prices?host=/run/pg", "host=/run/pg dbname='prices'"),
        ("service=prices", "postgresql:///?service=prices"),
        ("postgresql://me@h/a%20b", r"host=h dbname='a b'"),
        ("postgresql://h/me", "host=h user=me"),
        ("host=a hostaddr=192.0.2.1 dbname=n", "host=b hostaddr=192.0.2.1 dbname=n"),
    ],
)
def test_a_database_has_one_digest_however_its_address_is_written(one: str, other: str) -> None:
    assert outputs.target_digest(one) == outputs.target_digest(other)


def test_different_databases_have_different_digests() -> None:
    addresses = [
        *("postgresql://h/a", "postgresql://h/b", "postgresql://g/a", "postgresql://h:5433/a"),
        *("service=a", "service=a dbname=b", "service=a host=h", "postgresql:///a"),
        *("postgresql://h/a?hostaddr=192.0.2.1", "postgresql://h/a?hostaddr=192.0.2.2"),
        *("postgresql://localhost/a", "postgresql://h,g/a", "postgresql://[::1]/a"),
        *(r"host=h dbname='a b'", r"host=h dbname='a c'", r"host=h dbname='a\'b'"),
    ]
    assert len({outputs.target_digest(address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"])
def test_what_an_address_leaves_open_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    digests = {outputs.target_digest("postgresql://")}
    for value in ("1", "2"):
        monkeypatch.setenv(name, value)
        digests.add(outputs.target_digest("postgresql://"))
    assert len(digests) == 3


def test_what_an_address_says_counts_for_more_than_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = "postgresql://me@h:5433/prices"
    before = outputs.target_digest(written)
    for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER"):
        monkeypatch.setenv(name, "9")
    assert outputs.target_digest(written) == before
    monkeypatch.setenv("PGUSER", "you")
    assert address.target("host=h") == "h:9/9"
    monkeypatch.delenv("PGDATABASE")
    assert address.target("host=h") == "h:9/you"
    monkeypatch.setenv("PGSERVICE", "other")
    assert address.target("postgresql:///prices") == "service=other dbname=prices"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql://me@h:1,[::1]:2,g/na%6De?hostaddr=192.0.2.1&user=you",
        "postgres://@:5433/n?host=%2Frun%2Fpg",
        "postgresql://h/n?host=",
        r"host = h  dbname='a \'quoted\' name'user=me",
        r"host=a\ b port= 1",
        "host= dbname=x",
        "host='' dbname = '\\\\'",
        "service=x\n",
        *("host='a", "host", "=a", "a b=c", "postgresql://h/n?host", "postgresql://h/n?host=a=b"),
        *("postgresql://h/%zz", "postgresql://h/%00", "postgresql://[::1/n"),
    ],
)
def test_an_address_means_what_libpq_makes_of_it(text: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    from psycopg.conninfo import conninfo_to_dict

    try:
        expected = conninfo_to_dict(text)
    except psycopg.Error:
        with pytest.raises(UsageError, match="is not the address of a PostgreSQL database"):
            address.parameters(text)
    else:
        assert address.parameters(text) == expected


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:canary-8@host/prices",
        "postgresql://me:can/ary-8@host/prices",
        "postgresql://me:canary-8#@host/prices",
        "postgresql://host/prices?user=me&password=canary-8",
        "postgresql://host/prices?pass%77ord=canary-8",
        "postgresql://host:canary-8/prices",
        "host=h dbname=prices password=canary-8",
        "host=h dbname=prices PASSWORD = 'canary-8'",
        "mysql://me:canary-8@host/prices",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="^database: ") as raised:
        read_settings({"database": address})
    assert "canary" not in str(raised.value)
    assert "ary-8" not in str(raised.value)


@pytest.mark.parametrize("address", ["prices", "mysql://host/prices", "postgresql:prices"])
def test_what_is_no_address_is_rejected_with_an_example(address: str) -> None:
    with pytest.raises(UsageError, match="postgresql://user@host/name or service=NAME"):
        read_settings({"database": address})


def test_what_all_years_share_is_no_target_where_there_is_none() -> None:
    assert targets.once("<data>/loaded/isone.duckdb.json", [job(2024)]) == [
        "<data>/loaded/isone.duckdb.json"
    ]
    assert targets.once("<data>/loaded/isone.duckdb.json", []) == []


def test_with_a_database_each_dataset_year_has_a_marker_where_the_rule_says(store: Store) -> None:
    address = "postgresql://me@h/prices"
    folder = outputs.folder_of(read_settings({"database": address}))
    path = f"{store.root}/loaded/{folder}/{{dataset}}/{{period}}.json"
    assert targets.each(path, [job(2023), job(2024)]) == [
        str(outputs.postgres_marker(store, address, "lmp_da_hourly", period))
        for period in ("2023", "2024")
    ]
    assert outputs.folder_of(read_settings({})) == outputs.NO_DATABASE


def test_the_duckdb_marker_holds_while_what_is_packed_is_what_it_was_built_from(
    store: Store,
) -> None:
    pack(store, "lmp_da_hourly", "2023")
    pack(store, "lmp_da_hourly", "2024")
    marker = build(store)
    for chosen in ([job(2023)], [job(2024)], [job(2023), job(2024)]):
        drop_stale(store, *chosen)
        assert marker.exists(), "choosing less builds nothing again"
    for file in store.root.rglob("*"):
        os.utime(file, (1, 1))
    drop_stale(store, job(2023))
    assert marker.exists(), "times tell nothing"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda store: pack(store, "lmp_da_hourly", "2022"), id="another year"),
        pytest.param(lambda store: pack(store, "lmp_da_hourly", "2023", b"x"), id="packed again"),
        pytest.param(lambda store: store.parquet_path("lmp_da_hourly", "2023").unlink(), id="gone"),
        pytest.param(lambda store: store.duckdb_path.unlink(), id="no database"),
        pytest.param(lambda store: store.duckdb_path.write_bytes(b"half"), id="another size"),
        pytest.param(lambda store: store.duckdb_marker.write_text("{"), id="half a marker"),
    ],
)
def test_a_change_of_what_the_duckdb_file_was_built_from_drops_its_marker(
    store: Store, change: Callable[[Store], object]
) -> None:
    pack(store, "lmp_da_hourly", "2023")
    pack(store, "lmp_da_hourly", "2024")
    marker = build(store)
    change(store)
    pack_outputs.drop_stale(read_settings({"data_dir": str(store.root)}), store, ())
    drop_stale(store, job(2024))
    assert not marker.exists()


def test_a_chosen_year_that_is_not_packed_yet_drops_the_duckdb_marker(store: Store) -> None:
    pack(store, "lmp_da_hourly", "2023")
    marker = build(store)
    drop_stale(store, job(2024))
    assert not marker.exists()


def test_a_table_that_has_a_marker_and_cannot_be_seen_is_not_passed_over(store: Store) -> None:
    pack(store, "lmp_da_hourly", "2023")
    write_json(store.packed_marker("lmp_da_hourly", "2024"), {})
    assert outputs.packed_names(store) == [("lmp_da_hourly", "2023"), ("lmp_da_hourly", "2024")]


def test_the_layout_has_one_digest() -> None:
    assert layout.digest() == layout.digest()
    assert len(layout.digest()) == 16
