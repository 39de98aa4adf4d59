"""What Snakemake says of slips becomes a sentence that says what to type."""

import re

import pytest
from running import PROJECT

from isone.errors import UsageError
from isone.run import slips

NO_PAIR = (
    'Traceback (most recent call last):\n\n  File "cli.py", line 309, in parse_config\n\n'
    "ValueError: Invalid config definition: Config entries have to be defined as name=value pairs. "
    "(Unparsable value: {!r})\n"
)
NO_KEY = "ValueError: Invalid config definition: Config entry must start with a valid identifier.\n"
NO_RULE = (
    "MissingRuleException:\nNo rule to produce {} (if you use input functions make sure that they "
    "don't raise unexpected exceptions)."
)
LOCKED = "LockException:\nError: Directory cannot be locked. Please make sure … --unlock argument."


@pytest.mark.parametrize(
    ("typed", "message", "sentence"),
    [
        pytest.param(
            "-j1 --config years=2025 2024",
            NO_PAIR.format("2024"),
            "'2024' after --config is not key=value; put several values in quotes: "
            "years='2025 2024'",
            id="several years",
        ),
        pytest.param(
            "-j1 --config source=sandbox markets=da rt rt-hourly years=2024",
            NO_PAIR.format("rt"),
            "'rt' after --config is not key=value; put several values in quotes: "
            "markets='da rt rt-hourly'",
            id="several markets, and another key after them",
        ),
        pytest.param(
            "--config years=2025 2024 verify -j1",
            NO_PAIR.format("2024"),
            "put several values in quotes: years='2025 2024'",
            id="several years and a target",
        ),
        pytest.param(
            "-j1 --config years=2024 source=sandbox all",
            NO_PAIR.format("all"),
            "'all' after --config is not key=value; write -- before a target: "
            "--config years=2024 source=sandbox -- all",
            id="a target without --",
        ),
        pytest.param(
            "-j1 --config years= 2024",
            NO_PAIR.format("2024"),
            "'2024' after --config is not key=value; write years=2024, without a space",
            id="a space behind the equals sign",
        ),
        pytest.param(
            "-j1 -C years=2024 verfy",
            NO_PAIR.format("verfy"),
            "write -- before a target: --config years=2024 -- verfy",
            id="a misspelt target without --",
        ),
        pytest.param(
            "-j1 --config 2024",
            NO_PAIR.format("2024"),
            "'2024' after --config is not key=value; write, for example, --config years=2024",
            id="no key",
        ),
        pytest.param(
            "-j1 --config years=2024 api.markets=da",
            NO_KEY,
            "unknown configuration key 'api.markets'; did you mean 'markets'?",
            id="a dotted key",
        ),
        pytest.param(
            "-j1 --config y=2024", NO_KEY, "unknown configuration key 'y'; known: years, ", id="y"
        ),
        pytest.param(
            "-j1 --config years=2024 -- verfy",
            NO_RULE.format("verfy"),
            "there is no target 'verfy'; did you mean 'verify'? Targets are all, download, pack, ",
            id="a misspelt target",
        ),
        pytest.param(
            "-j1 years=2024",
            NO_RULE.format("years=2024"),
            "years=2024 is taken for a target; write --config years=2024",
            id="--config forgotten",
        ),
        pytest.param(
            "--config years=2024",
            "Error: cores have to be specified for local execution (use --cores N with N being …)",
            "how many jobs may run at a time is not given; write snakemake -j1 --config …",
            id="-j1 forgotten",
        ),
        pytest.param(
            "-j1 --config years=2024",
            'WorkflowError in file "/a b/Snakefile", line 38:\nWorkflow defines configfile '
            "/a b/config.yaml but it is not present or accessible (full checked path: /a b/c).",
            "/a b/config.yaml is not found; `git checkout config.yaml` brings it back",
            id="config.yaml is gone",
        ),
        pytest.param(
            "-j1 --config years=2024",
            LOCKED,
            "this folder is locked, and no run that goes on here is known",
            id="a lock without a run",
        ),
    ],
)
def test_a_slip_gets_a_sentence_that_says_what_to_type(
    typed: str, message: str, sentence: str
) -> None:
    said = slips.explained(message, ["snakemake", *typed.split()])
    assert said.startswith("error: ")
    assert sentence in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "unrecognized arguments: --data-types lmp --source sandbox",
            "--data-types is no option of Snakemake's; write --config data_types=…",
        ),
        (
            "unrecognized arguments: years --configg",
            "--configg is no option of Snakemake's; did you mean '--config'?",
        ),
        ("argument --restart-times: invalid int value: 'x'", "--help lists all options"),
    ],
    ids=["a key as an option", "a misspelt option", "a wrong value"],
)
def test_a_wrong_option_gets_a_sentence_instead_of_a_page(message: str, sentence: str) -> None:
    said = slips.option(message, ["--configfile", "--config", "--cores"])
    assert said.startswith("error: ")
    assert sentence in said
    assert "\n" not in said


def test_no_run_begins_in_which_no_job_may_run() -> None:
    slips.require_jobs(1, None)
    slips.require_jobs(None, 2)
    for jobs in (0, -1):
        with pytest.raises(UsageError, match=f"-j{jobs} lets no job run; write snakemake -j1"):
            slips.require_jobs(jobs, None)


def test_a_run_that_goes_on_is_named_and_not_to_be_unlocked() -> None:
    other = "another run goes on here (process 7 on here, since noon): do not use --unlock"
    said = slips.explained(LOCKED, [], [other])
    assert said == f"error: this run does not start: {other}"


def test_what_is_not_known_stays_as_snakemake_says_it() -> None:
    assert slips.explained("WorkflowError:\nsomething else", ["snakemake", "-j1"]) == ""


@pytest.mark.parametrize(
    ("typed", "times"),
    [
        ("--config years=2024 source=sandbox", 0),
        ("--config years=2024 --config source=sandbox", 2),
        ("-C years=2024 -j1 --config source=sandbox -C markets=da", 3),
        ("--config years=2024 -- --config", 0),
    ],
)
def test_the_last_config_alone_counts_and_a_run_with_several_says_so(
    typed: str, times: int
) -> None:
    said = slips.remarks(["snakemake", *typed.split()])
    assert len(said) == (times > 0)
    assert not said or f"--config is given {times} times" in said[0]


def test_the_targets_are_the_rules_without_a_script() -> None:
    files = [PROJECT / "Snakefile", *(PROJECT / "rules").glob("*.smk")]
    rules = {
        match[1]: match[2]
        for path in files
        if path.stem != "deliver"
        for match in re.finditer(
            r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    }
    assert set(slips.TARGETS) == {name for name, body in rules.items() if "script:" not in body}
    assert all(body.lstrip().startswith('"""') for body in rules.values()), "each says what it does"
