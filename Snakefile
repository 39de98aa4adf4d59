# ISO New England's price history, year by year: snakemake -j1 --config years=2024
#
# rules/download.smk    responses as served, validated day by day; a marker for each complete year
# rules/pack.smk        a Parquet file for each complete year
# rules/load.smk        DuckDB, and PostgreSQL where `database` names one
# rules/report.smk      a page that shows what is there, and its figures
# rules/reconcile.smk   prices against ISO-NE's own figures: -- reconcile
# rules/recheck.smk     final days asked for again, for corrections: -- recheck
# rules/verify.smk      a deep check of all that is stored: -- verify

import os
from functools import partial

from snakemake.utils import min_version

from isone.errors import IsoneError
from isone.load import outputs as load_outputs
from isone.market.datasets import DATASETS
from isone.pack import outputs as pack_outputs
from isone.report import outputs as report_outputs
from isone.run import clusters, config_file, notify, settings, slips, status
from isone.run.console import announce, refuse
from isone.run.summary import header, summary
from isone.run.targets import Run, each, each_custom, once
from isone.store import periods
from isone.store.processes import end_at_once, introduce_user

min_version("9.27")  # a priority that is a function


report: "isone/report/captions/workflow.rst"


# This project's own, and over it that of the working folder, where it has one; a module is given
# its configuration, and reads neither.
if not workflow.modifier.skip_configfile:

    configfile: os.path.join(workflow.basedir, "config.yaml")

    if os.path.exists("config.yaml"):

        configfile: "config.yaml"


end_at_once()
if workflow.is_main_process:
    os.environ[status.VARIABLE] = status.new_id()
    introduce_user()

# Where this is a module with a `prefix`, Snakemake puts that before each path of a rule, and jobs
# have to find the folders there too.
prefix = workflow.modifier.path_modifier.prefix or ""
config = settings.below(prefix, config)

try:
    if not workflow.modifier.skip_configfile:
        config_file.require_readable(workflow.configfiles)
    RUN = Run.of(config, begins=workflow.is_main_process)
except IsoneError as error:
    refuse(error)
os.environ[status.ROOT] = str(RUN.store.root)


# What rules call <data> and <logs>.
pathvars:
    data=str(RUN.store.root).removeprefix(prefix),
    logs=str(RUN.settings.log_dir).removeprefix(prefix),


# Also where --resources replaces the profile's list: one request at a time, whatever -j says.
workflow.global_resources["isone_api"] = 1


include: "rules/download.smk"
include: "rules/pack.smk"
include: "rules/load.smk"
include: "rules/report.smk"
include: "rules/recheck.smk"
include: "rules/reconcile.smk"
include: "rules/verify.smk"


# A marker that no longer holds is removed; after that, which files there are decides what is done.
if workflow.is_main_process and not RUN.plan.is_empty:
    try:
        pack_outputs.drop_stale(RUN.settings, RUN.store, RUN.dataset_years)
        load_outputs.drop_stale(RUN.settings, RUN.store, RUN.dataset_years)
        report_outputs.drop_stale(RUN.settings, RUN.store)
    except IsoneError as error:
        refuse(error)
if workflow.is_main_process:
    hidden = {str(each) for each in workflow.output_settings.quiet or ()}
    announce(header(RUN.plan, quiet="all" in hidden))


rule all:
    """Everything of the chosen years: downloaded, packed, loaded and on the page."""
    default_target: True
    input:
        rules.download.input,
        rules.pack.input,
        rules.load.input,
        rules.report.input,


onstart:
    try:
        if workflow.non_local_exec:
            clusters.keep_secrets_here()
        else:
            # A limit for clusters, for which a run would end up to a second after its last job.
            workflow.scheduler.job_rate_limiter = None
        jobs = [job.rule.name for job in workflow.dag.needrun_jobs()]
        asked = workflow.resource_settings
        checks = [partial(slips.require_jobs, asked.cores, asked.nodes)]
        if "load_postgres" in jobs and not workflow.deployment_settings.deployment_method:
            checks.append(partial(load_outputs.require_database, RUN.settings))
        page = report_outputs.Outputs.of(RUN.settings).page
        announce(RUN.start(workflow.execution_settings.retries, jobs, str(page), checks))
    except IsoneError as error:
        notify.tell_refusal(RUN.plan, str(error))
        refuse(error)


onsuccess:
    announce(summary(RUN.store, ended=True))
    notify.tell_end(RUN.store)


onerror:
    announce(summary(RUN.store, ended=True))
    announce(report_outputs.how_by_hand(RUN.settings, RUN.store), whole=True)
    notify.tell_end(RUN.store)
