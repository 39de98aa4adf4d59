import datetime as dt
from collections.abc import Sequence
from typing import Any

import psycopg
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_server import Server

from isone.load import binary_copy, sql
from isone.market.schema import TableColumn

COLUMNS = (
    TableColumn("interval_start_utc", "timestamp", "UTC", ""),
    TableColumn("operating_day", "date", "", "", nullable=True),
    TableColumn("location_id", "integer", "", "", nullable=True),
    TableColumn("lmp", "double", "", "", nullable=True),
    TableColumn("location", "string", "", "", nullable=True),
    TableColumn("hour_end", "string", "", "", nullable=True),
)
SCHEMA = pa.schema(
    [
        ("interval_start_utc", pa.timestamp("us", tz="UTC")),
        ("operating_day", pa.date32()),
        ("location_id", pa.int32()),
        ("lmp", pa.float64()),
        ("location", pa.string()),
        ("hour_end", pa.string()),
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC)),
        st.none() | st.dates(dt.date(1990, 1, 1), dt.date(2040, 1, 1)),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.floats(allow_nan=False),
        st.none() | TEXT,
        st.none() | st.sampled_from(["01", "02", "02X", "24"]),
    ),
    max_size=80,
)


def through_the_server(address: str, batches: Sequence[pa.RecordBatch]) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, options="-c timezone=UTC") as connection:
        connection.execute(f"CREATE TEMP TABLE rows ({sql.definition(COLUMNS)})".encode())
        with connection.cursor().copy("COPY rows FROM STDIN (FORMAT binary)") as copy:
            copy.write(binary_copy.HEADER)
            for batch in batches:
                for piece in binary_copy.encode(batch, COLUMNS):
                    copy.write(piece)
            copy.write(binary_copy.TRAILER)
        return connection.execute("SELECT * FROM rows").fetchall()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, cut=st.integers(0, 20))
def test_whatever_rows_go_in_the_server_has_the_same(
    server: Server, rows: list[tuple[Any, ...]], cut: int
) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA)
    # slices begin in the midst of Arrow's buffers and bitmaps
    batches = table.slice(0, cut).to_batches() + table.slice(cut).to_batches()
    found = through_the_server(server.address("postgres"), batches)
    sent = [(row[0].replace(fold=0), *row[1:]) for row in rows]
    assert sorted(map(repr, found)) == sorted(map(repr, sent))


def test_texts_that_come_as_categories_arrive_as_texts(server: Server) -> None:
    at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    words = pa.array([".Z.MAINE", None, ".H.INTERNAL_HUB"]).dictionary_encode()
    nothing = [pa.nulls(3, SCHEMA.field(place).type) for place in (1, 2, 3, 5)]
    batch = pa.record_batch(
        [pa.array([at] * 3, SCHEMA.field(0).type), *nothing[:3], words, nothing[3]],
        names=SCHEMA.names,
    )
    found = through_the_server(server.address("postgres"), [batch])
    assert {row[4] for row in found} == {".Z.MAINE", None, ".H.INTERNAL_HUB"}
