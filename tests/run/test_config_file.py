"""A configuration file that cannot be read gets a sentence with its line."""

from pathlib import Path

import pytest

from isone.errors import UsageError
from isone.run import config_file, slips

TWO_SPACES = "this line is indented further than the one before"
NO_KEYS = "has no keys; write one `key: value` a line, with a space after the colon"
BROKEN = {
    "a tab": (
        "years: 2024\n\tsource: sandbox\n",
        "c.yaml, line 2: a tab is no indentation in YAML",
    ),
    "indented": ("years: 2024\n  source: sandbox\n", f"c.yaml, line 2: {TWO_SPACES}"),
    "a colon": ("years: 2024\nlog_dir: a: b\n", "c.yaml, line 2: this line is indented further"),
    "twice": ("years: 2024\nsource: auto\nyears: 2023\n", "c.yaml, line 3: 'years' is there twice"),
    "below": ("accepted_flaws:\n  - {day: 1, day: 2}\n", "c.yaml, line 2: 'day' is there twice"),
    "cut off": ("years: [2024\n", "c.yaml, line 2: a bracket or a quote is not closed"),
    "no space": ("years:2024\nsource:sandbox\n", f"c.yaml {NO_KEYS}"),
    "a list": ("- years: 2024\n", f"c.yaml {NO_KEYS}"),
    "no such day": ("through: 2024-02-30\n", "c.yaml is not valid YAML: day is out of range"),
    "Latin-1": (b"years: 2024 # M\xe4rz\n", "c.yaml is not UTF-8 text; save it as UTF-8"),
    "absent": (None, "cannot read c.yaml: No such file or directory"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("c.yaml")


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_said_with_the_line(
    here: Path, text: str | bytes | None, sentence: str
) -> None:
    if text is not None:
        here.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as error:
        config_file.read(here)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_what_can_be_read_is_a_mapping(here: Path) -> None:
    here.write_text("years: 2024\naccepted_flaws: [{day: 1}, {day: 2}]\n")
    assert config_file.read(here) == {"years": 2024, "accepted_flaws": [{"day": 1}, {"day": 2}]}
    here.write_text("# years: 2024\n")
    assert config_file.read(here) == {}
    config_file.require_readable([here])


@pytest.mark.parametrize("words", ["--configfile c.yaml", "--configfiles x=1 --configfile=c.yaml"])
def test_a_file_that_the_command_line_names_is_looked_at(here: Path, words: str) -> None:
    typed = ["snakemake", "-j1", *words.split(), "--config", "years=2024"]
    Path("x=1").write_text("a: 1\n")
    message = "Traceback\n  in load_configfile\nFileNotFoundError"
    assert slips.explained(message, typed).endswith("cannot read c.yaml: No such file or directory")
    here.write_text("years: 2024\n")
    assert slips.explained(message, typed) == ""
    Path("config.yaml").write_text("a: b: c\n")
    said = slips.explained("WorkflowError:\nConfig file is not valid JSON or YAML.", ["snakemake"])
    assert said.startswith("error: config.yaml, line 1: ")


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (
            b"\xf3\x28",
            "UnicodeDecodeError in file \"/p/Snakefile\", line 38:\n'utf-8' codec …\n  File …",
            "config.yaml is not UTF-8 text; save it as UTF-8",
        ),
        (
            b"# years: 2024\n",
            'WorkflowError in file "/p/Snakefile", line 38:\nConfig file must be given as JSON …',
            f"config.yaml {NO_KEYS}",
        ),
        (
            None,
            'IsADirectoryError in file "/p/Snakefile", line 38:\n[Errno 21] Is a directory: …',
            "cannot read config.yaml: Is a directory",
        ),
    ],
    ids=["no text", "comments alone", "a folder"],
)
def test_a_file_that_snakemake_cannot_take_is_named_and_not_its_own_lines(
    here: Path,  # noqa: ARG001 - the folder to be in
    content: bytes | None,
    words: str,
    sentence: str,
) -> None:
    path = Path("config.yaml")
    path.mkdir() if content is None else path.write_bytes(content)
    assert slips.explained(words, ["snakemake", "-j1"]) == f"error: {sentence}"
