"""The JSON schemas that editors read: in step with the types that the workflow reads by."""

from pathlib import Path
from typing import Any

import pytest

from isone.run import schemas
from isone.run.options import Config


@pytest.mark.parametrize("path", schemas.MODELS, ids=lambda path: path.name)
def test_a_schema_is_in_step_with_its_type(path: Path) -> None:
    written = path.read_text("utf-8")
    in_step = schemas.text(schemas.MODELS[path])
    assert written == in_step, "run python -m isone.run.schemas --write"


def test_the_table_in_the_readme_is_in_step_with_the_configuration() -> None:
    text = schemas.OPTIONS.read_text("utf-8")
    assert schemas.table() in text, "run python -m isone.run.schemas --write"
    assert schemas.with_table(text) == text


def test_every_key_of_the_configuration_has_a_description_and_a_default() -> None:
    properties: dict[str, dict[str, Any]] = schemas.schema(Config)["properties"]
    assert set(properties) == set(Config.__struct_fields__)
    for key, rule in properties.items():
        assert rule["description"].endswith("."), key
        assert "default" in rule, key
