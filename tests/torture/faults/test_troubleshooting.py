"""The page on trouble quotes what the program says: each sentence on it is found in the code."""

import re

import pytest
from running import PROJECT

PAGE = (PROJECT / "docs" / "troubleshooting.md").read_text()
SOURCE = "".join(path.read_text() for path in sorted((PROJECT / "isone").rglob("*.py")))
SAID = re.sub(r'"\s*(?:\(\n\s*)?f?"', "", re.sub(r"\s*\n\s*", "", SOURCE))
# What other programs say: the operating system, the TLS library, Snakemake, HTTP.
FOREIGN = (
    *("No space left on device", "Error: Directory cannot be locked", "503 Service Unavailable"),
    *("could not determine the home", "Permission denied", ".cache/snakemake"),
    *("Config entries have to be", "No rule to produce", "Config file is not valid"),
    *("is not trusted (certificate", "(certificate is not", "is not trusted (self-signed"),
    *("(unable to get local", "is not trusted (Hostname", "waiting 10.7 s"),
)


def quotes() -> list[str]:
    """The sentences quoted in the first column of the tables.

    In one table that column has what a person types; what is said to it is tested with the slips.
    """
    before, typed, after = PAGE.partition("\n## What you type\n")
    assert typed
    page = before + "\n## " + after.partition("\n## ")[2]
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return [quote for cell in cells for quote in re.findall(r"`([^`]+)`", cell)]


def pieces(quote: str) -> list[str]:
    """The fixed words of a quotation, without what changes in it."""
    words = re.split(r"…|\d[\d-]*|\(reason\)|text/html|Too Many Requests", quote)
    return [piece.strip(" ,;()") for piece in words if len(piece.strip(" ,;()")) > 3]


@pytest.mark.parametrize(
    "quote", [quote for quote in quotes() if not quote.startswith(FOREIGN)], ids=lambda q: q[:40]
)
def test_a_sentence_on_the_page_is_one_that_the_program_says(quote: str) -> None:
    found = [piece for piece in pieces(quote) if piece not in SAID]
    assert not found


def test_there_are_many_sentences() -> None:
    assert len(quotes()) > 40
