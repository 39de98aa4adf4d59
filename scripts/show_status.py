"""Show what has become of the newest run, or of all that go on, from their files."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.run import journal, settings, status, summary  # noqa: E402 - found only now

parser = argparse.ArgumentParser(description=__doc__, prog="python scripts/show_status.py")
parser.add_argument("--data-dir", metavar="FOLDER", help="by default the one of config.yaml")
options = parser.parse_args()

with journal.sentences():
    config = settings.config_of_this_folder()
    if options.data_dir:
        config["data_dir"] = options.data_dir
    store = status.newest_store(settings.read_settings(config))
    for each in status.going_on(store) or [status.shown_id(store)]:
        print(summary.summary(store, run=each))
