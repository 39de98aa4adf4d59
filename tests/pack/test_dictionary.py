from isone.market.datasets import DATASETS
from isone.pack import dictionary


def test_the_data_dictionary_is_in_step_with_the_datasets() -> None:
    written = dictionary.PATH.read_text("utf-8")
    assert written == dictionary.data_dictionary(), "run python -m isone.pack.dictionary --write"


def test_the_data_dictionary_has_every_column_of_every_dataset() -> None:
    page = dictionary.data_dictionary()
    for dataset in DATASETS.values():
        section = page.split(f"## `{dataset.name}`")[1].split("\n## ")[0]
        for column in dataset.columns:
            assert f"| `{column.name}` |" in section and f"| `{column.field}` |" in section
