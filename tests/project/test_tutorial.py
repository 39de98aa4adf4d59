"""The tutorial's code runs, and prints what the notebook shows.

`ISONE_REWRITE=1 pytest tests/project/test_tutorial.py` rewrites what it shows.
"""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from filled import fill
from running import PROJECT

from isone.store.store import Store

NOTEBOOK = PROJECT / "docs" / "tutorial.ipynb"
DATASETS = ["lmp_da_hourly", "lmp_rt_hourly"]


def test_every_cell_prints_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Store(tmp_path / "data" / "sandbox"), DATASETS, "2024-01-01", "2024-01-14")
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells, 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)  # noqa: S102
        if os.environ.get("ISONE_REWRITE"):
            lines = printed.getvalue().splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}]
        else:
            shown = "".join("".join(output["text"]) for output in cell["outputs"])
            assert printed.getvalue() == shown, f"cell {number}"
    if os.environ.get("ISONE_REWRITE"):
        content = json.dumps(notebook, indent=1, ensure_ascii=False)
        NOTEBOOK.write_text(f"{content}\n", "utf-8")
    assert len(cells) >= 5
