"""The page's own script: put together as one, and its modules' own tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from isone.report import scripts

TESTS = Path(__file__).with_name("script.test.mjs")


def test_each_module_comes_after_those_that_it_imports_and_once() -> None:
    text = scripts.script()
    names = [path.stem for path in scripts.FOLDER.glob("*.js") if path.stem != "start"]
    for name in names:
        assert text.count(f"const {name}_module = (") == 1
        first_use = text.find(f"= {name}_module;")
        assert 0 <= text.index(f"const {name}_module = (") < first_use
    assert "import {" not in text
    assert "export " not in text


def test_a_script_cannot_end_the_element_around_it() -> None:
    assert "</script" not in scripts.fit("x = '</script>'; y = '<!--';")
    assert "<!--" not in scripts.fit("x = '</script>'; y = '<!--';")


def test_what_is_bundled_has_its_licence() -> None:
    bundled = scripts.uplot()[:2000]
    assert "The MIT License" in bundled
    assert "uPlot (v1.6.32)" in bundled


def test_the_modules_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        sentence = "node, which runs the script's tests, is not installed"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    done = subprocess.run([node, "--test", TESTS], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-3000:]
