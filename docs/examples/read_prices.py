"""Price spreads for storage: how far the most expensive hours of a day are above the cheapest.

    python docs/examples/read_prices.py --data-dir data/sandbox --location .H.INTERNAL_HUB

Reads day-ahead prices of one location. Prints for each month the mean price, and the mean
difference between the four most expensive and the four cheapest hours of a day. Needs only Arrow.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import isone

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--data-dir", default="data", metavar="FOLDER")
parser.add_argument("--location", default=".H.INTERNAL_HUB", metavar="ID_OR_NAME")
options = parser.parse_args()

prices = isone.read(
    "lmp_da_hourly",
    locations=options.location,
    columns=["operating_day", "lmp"],
    data_dir=options.data_dir,
)
if prices.schema.metadata.get(b"isone.synthetic_prices") == b"true":
    print("These prices are synthetic; they come from the sandbox.")

hours_of = defaultdict(list)
for day, lmp in zip(*(column.to_pylist() for column in prices.columns), strict=True):
    hours_of[day].append(lmp)

means, spreads = defaultdict(list), defaultdict(list)
for day, hours in hours_of.items():
    ranked = sorted(hours)
    means[f"{day:%Y-%m}"].append(fmean(hours))
    spreads[f"{day:%Y-%m}"].append(fmean(ranked[-4:]) - fmean(ranked[:4]))

print(f"{options.location}, $/MWh\nmonth      mean  spread of 4 hours")
for month, daily in means.items():
    print(f"{month} {fmean(daily):8.2f} {fmean(spreads[month]):18.2f}")
