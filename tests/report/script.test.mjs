// The page's own script, module by module, without a browser: `node --test tests/report`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Curves } from "../../isone/report/script/curves.js";
import { choiceOf, hashOf } from "../../isone/report/script/choice.js";
import { Clock, monthOf, monthStart } from "../../isone/report/script/clock.js";
import { FIVE, LEVELS, daysOf, groupsOf, levelOf, placesOf } from "../../isone/report/script/levels.js";
import { decimalsOf, inFigures, placeOf, quantile, robustRange, statistics, together } from "../../isone/report/script/numbers.js";
import { csvOf, rowsOf } from "../../isone/report/script/tables.js";
import { ticksOf } from "../../isone/report/script/ticks.js";
import { series } from "../../isone/report/script/unpack.js";
import { sparkPath } from "../../isone/report/script/tiles.js";
import { fillOf } from "../../isone/report/script/zone_map.js";

const HOUR = 3600000;
const at = (text) => Date.parse(text) / HOUR;
// New England's clock in 2024: summer time from 10 March to 3 November.
const clock = new Clock([[at("2024-01-01T05:00Z"), -5], [at("2024-03-10T07:00Z"), -4], [at("2024-11-03T06:00Z"), -5]]);

test("market time has an hour twice in autumn, and none of it in spring", () => {
  assert.equal(clock.text(at("2024-11-03T05:00Z")), "2024-11-03 01:00");
  assert.equal(clock.text(at("2024-11-03T06:00Z")), "2024-11-03 01:00");
  assert.equal(clock.iso(at("2024-11-03T05:00Z")), "2024-11-03T01:00:00-04:00");
  assert.equal(clock.iso(at("2024-11-03T06:00Z")), "2024-11-03T01:00:00-05:00");
  assert.equal(clock.text(at("2024-03-10T06:00Z")), "2024-03-10 01:00");
  assert.equal(clock.text(at("2024-03-10T07:00Z")), "2024-03-10 03:00");
  for (const text of ["2024-03-10T07:00Z", "2024-07-01T12:00Z", "2024-11-03T12:00Z"]) {
    assert.equal(clock.utc(clock.local(at(text))), at(text));
  }
});

test("months follow one another whatever their length", () => {
  for (const months of [0, 1, 25, 649, 650]) assert.equal(monthOf(monthStart(months)), months);
  assert.equal(monthOf(monthStart(650) - 1), 649);
});

test("numbers have true minus signs, and none before what rounds to zero", () => {
  assert.equal(inFigures(-1234.5), "\u22121,234.50");
  assert.equal(inFigures(-0.001), "0.00");
  assert.equal(inFigures(3, 1, true), "+3.0");
  assert.equal(inFigures(-3, 1, true), "\u22123.0");
  assert.equal(inFigures(NaN), "–");
});

test("labels have the decimals that their step needs, so that no two are equal", () => {
  assert.deepEqual([20, 5, 2.5, 1, 0.5, 0.25, 0.1, 0.05, 0.025, 7.5 - 5.000000001].map(decimalsOf), [0, 0, 1, 0, 1, 2, 1, 2, 3, 1]);
});

test("quantiles, places and statistics are those of the numbers", () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(placeOf([1, 3, 5], 3), 1);
  assert.equal(placeOf([1, 3, 5], 6), 3);
  const values = [5, NaN, -1, 7, 100];
  assert.deepEqual(statistics(values, 0, 4, (i) => i !== 3), { count: 2, sum: 4, mean: 2, low: -1, high: 5, highAt: 0, negative: 1 });
  assert.equal(statistics(values, 1, 2, () => true), null);
  const all = () => true;
  const parts = [[0, 2], [2, 3], [1, 2], [3, 5]].map(([first, end]) => statistics(values, first, end, all));
  assert.deepEqual(together(parts), statistics(values, 0, 5, all));
  assert.equal(together([null, null]), null);
});

test("one spike does not set the axis, and says that it lies beyond", () => {
  const usual = Array.from({ length: 999 }, (_, i) => 20 + (i % 50));
  const range = robustRange([...usual, 2000], 20, 2000);
  assert.ok(range.clipped && range.high < 120, String(range.high));
  const whole = robustRange(usual, 20, 69);
  assert.ok(!whole.clipped && whole.low < 20 && whole.high > 69);
});

test("a choice makes its way through the address, and nonsense does not", () => {
  const usual = { location: 4000, year: 0, zone: 7000, peak: "all", show: ["da", "rt"] };
  const allowed = { locations: [4000, 4001, 4004], years: [0, 2023, 2024], zones: [7000, 7001] };
  const plain = choiceOf("", usual, allowed);
  assert.equal(hashOf(plain, usual), "");
  const chosen = { ...plain, location: 4004, compare: [4000, 4001], year: 2024, peak: "on", show: ["rt", "spread"], basis: true, whole: true, from: 473357.25, to: 473400, section: "zones" };
  assert.deepEqual(choiceOf(hashOf(chosen, usual), usual, allowed), chosen);
  const odd = choiceOf("#location=9&with=4000,9,4001&year=1999&peak=x&show=&from=5&to=4&zone=<b>", usual, allowed);
  assert.deepEqual(odd, { ...plain, compare: [4001] });
  assert.equal(choiceOf("#coverage", usual, allowed).section, "coverage");
});

test("the finest level that fits is taken, five minutes only where they are", () => {
  assert.equal(levelOf(0, 24, true), FIVE);
  assert.deepEqual([24, 24 * 100, 24 * 365 * 7, 24 * 365 * 20].map((hours) => levelOf(0, hours, false).name), ["hour", "day", "week", "month"]);
});

test("days of 23 and 25 hours are days, weeks and months are of whole days", () => {
  const hours = Int32Array.from({ length: 24 * 3 }, (_, i) => at("2024-11-02T04:00Z") + i);
  const days = daysOf(hours, clock);
  assert.deepEqual(days.begins, [0, 24, 49, 72]);
  assert.deepEqual(days.at.map((each) => each - hours[0]), [12, 36.5, 60.5]);
  const weeks = groupsOf({ name: "week" }, hours, days); // Saturday and Sunday, Monday
  assert.deepEqual([weeks.begins, weeks.at.map((each) => each - hours[0])], [[0, 2, 3], [24.5, 60.5]]);
  assert.deepEqual(groupsOf({ name: "month" }, hours, days).begins, [0, 3]);
});

test("nothing is drawn over a hole, and a line goes on over what is none by definition", () => {
  const keys = [1, 2, 5, 6, 9];
  assert.deepEqual(placesOf(keys, 0, 5), [0, 1, null, 2, 3, null, 4]);
  assert.deepEqual(placesOf(keys, 1, 3), [1, null, 2]);
  assert.deepEqual(placesOf(keys, 0, 5, (key) => [3, 4, 6].includes(key)), [0, 1, 2, null, 4]);
});

// Hours of the Hub from Friday, 2024-06-28 on, but not those of Tuesday; each costs its place.
function curvesOfTwoWeeks() {
  const hours = Int32Array.from({ length: 24 * 14 }, (_, i) => at("2024-06-28T04:00Z") + i).filter((hour) => clock.day(hour) !== 19906);
  const onPeak = Int32Array.from(hours, (hour) => {
    const [day, time] = [new Date(clock.local(hour) * HOUR).getUTCDay(), ((clock.local(hour) % 24) + 24) % 24];
    return Number(day > 0 && day < 6 && time >= 7 && time <= 22 && clock.day(hour) !== 19908);
  });
  const lmp = Float64Array.from(hours, (_, i) => i);
  const stored = { hours, onPeak, has: (market) => market === "da", of: () => ({ lmp }) };
  return new Curves(stored, { covers: () => false }, clock, { locations: [{ id: 4000, name: "Hub" }], reference: 4000, holidays: [19908] });
}

test("a daily line of on-peak hours breaks where a day is missing, not at weekends and holidays", async () => {
  const curves = curvesOfTwoWeeks();
  const choice = { location: 4000, compare: [], show: ["da"], basis: false, peak: "on" };
  curves.level = () => LEVELS.find(({ name }) => name === "day"); // of so few hours it is the hour
  const found = await curves.numbers(choice, curves.first, curves.end);
  const shown = found.at.map((hour, n) => (found.columns[0].mean[n] === null ? "-" : clock.text(hour).slice(8, 10)));
  assert.deepEqual(shown, ["28", "01", "-", "03", "05", "08", "09", "10", "11"]);
  const all = await curves.numbers({ ...choice, peak: "all" }, curves.first, curves.end);
  assert.equal(all.columns[0].mean.filter((each) => each === null).length, 1);
});

test("the statistics of a stretch are those of its hours, wherever it begins and ends", () => {
  const curves = curvesOfTwoWeeks();
  const [curve, { hours }] = [{ market: "da", location: 4000 }, curves.hours];
  const { lmp } = curves.hours.of();
  for (const peak of ["all", "on", "off"]) {
    const choice = { basis: false, peak };
    for (const [from, to] of [[0, 336], [5, 300], [24, 48], [30, 31], [20, 30], [24, 96], [3, 100]]) {
      const [first, end] = [from, to].map((by) => placeOf(hours, hours[0] + by));
      assert.deepEqual(curves.between(curve, choice, hours[0] + from, hours[0] + to), statistics(lmp, first, end, curves.isChosen(choice)), `${peak} ${from} ${to}`);
    }
  }
});

test("ticks are round places of market time, as many as there is room for", () => {
  const labels = (from, to, most) => ticksOf(at(from), at(to), most, clock).map(({ label }) => label);
  const quarter = labels("2024-01-01T05:00Z", "2024-04-01T04:00Z", 14);
  assert.ok(quarter.length > 5 && quarter.length <= 14 && quarter.every((label) => /^\d+ (Jan|Feb|Mar)(\n2024)?$/.test(label)), quarter.join());
  assert.deepEqual(labels("2024-01-01T05:00Z", "2025-01-01T05:00Z", 13), ["Jan\n2024", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan\n2025"]);
  assert.deepEqual(labels("2004-01-01T05:00Z", "2024-01-01T05:00Z", 12), ["2004", "2006", "2008", "2010", "2012", "2014", "2016", "2018", "2020", "2022", "2024"]);
  assert.deepEqual(labels("2024-06-01T04:00Z", "2024-06-02T04:00Z", 5), ["1 Jun\n2024", "06:00", "12:00", "18:00", "2 Jun"]);
  assert.deepEqual(labels("2024-12-29T05:00Z", "2025-01-03T05:00Z", 6), ["29 Dec\n2024", "30 Dec", "31 Dec", "1 Jan\n2025", "2 Jan", "3 Jan"]);
  const across = ticksOf(at("2024-11-03T04:00Z"), at("2024-11-03T08:00Z"), 12, clock).map(({ hour }) => hour);
  assert.ok(across.every((hour, i) => !i || hour > across[i - 1]));
});

test("a packed series is unpacked: zigzag, differences, bytes apart", () => {
  const values = [5, -3, 70000, 69999];
  const bytes = new Uint8Array(16);
  values.forEach((value, i) => {
    const difference = value - (i ? values[i - 1] : 0);
    const zigzag = (difference << 1) ^ (difference >> 31);
    for (let n = 0; n < 4; n += 1) bytes[n * 4 + i] = (zigzag >>> (8 * n)) & 255;
  });
  assert.deepEqual([...series(bytes, 0, 4)], values);
});

test("rows are those that the choosers leave, all hours where nobody asks", () => {
  const table = { days: ["month"], columns: { location_id: [1, 1, 2, 1], month: [0, 31, 0, 365], peak: ["all", "on", "all", "all"], mean: [1, 2, 3, 4] } };
  const of = (choosers, choice) => rowsOf(table, choosers, choice).map((row) => row.mean);
  assert.deepEqual(of(["location"], { location: 1 }), [1, 4]);
  assert.deepEqual(of(["location", "peak"], { location: 1, peak: "on" }), [2]);
  assert.deepEqual(of(["year"], { year: 1971 }), [4]);
  assert.equal(csvOf([{ a: 'x"y,', b: null }], [["a", "A"], ["b", "B"]]), 'A,B\n"x""y,",\n');
});

test("a zone below the Hub is blue, one above it orange, the furthest the strongest", () => {
  assert.equal(fillOf(-2, 2), "rgba(0, 114, 178, 0.850)");
  assert.equal(fillOf(0, 2), "rgba(213, 94, 0, 0.080)");
});

test("a tile's line has a hole where months are missing", () => {
  const months = ["2025-01-01", "2025-02-01", "2025-06-01", "2025-07-01"].map((day, i) => [Date.parse(day), i]);
  assert.equal(sparkPath(months).replace(/[\d. -]+/g, ""), "MLML");
  assert.ok(sparkPath(months).endsWith("L120.0 2.0"));
});
