// The few numbers on top, for the chosen location, years and hours, each with its days.

import { inFigures } from "./numbers.js";
import { DAY, WHOLE, rowsOf } from "./tables.js";

const [WIDTH, HEIGHT] = [120, 28]; // of a sparkline, in pixels
const ALL_YEARS = 0;
const HOURS = { all: "", on: ", on-peak", off: ", off-peak" };

// What each tile says: [title, number, unit or words, change or remark, column of its sparkline].
export function tilesOf(tables, choice) {
  const { yearly } = tables;
  const of = (peak, year = choice.year) => rowsOf(yearly, ["location", "year", "peak"], { ...choice, peak, year })[0];
  const row = of(choice.peak);
  if (!row) return null;
  const years = [...new Set(yearly.columns.year)];
  const newest = choice.year || Math.max(...years);
  const compared = of(choice.peak, newest);
  const peaks = ["on", "off"].map((peak) => of(peak));
  const hours = HOURS[choice.peak];
  const tiles = [];
  for (const [market, name] of [["da", "Day-ahead"], ["rt", "Real-time"]]) {
    if (row[`${market}_mean`] === null) continue;
    tiles.push([`${name} mean${hours}`, inFigures(row[`${market}_mean`]), "$/MWh", changeOf(compared, market, newest), `${market}_mean`]);
  }
  if (row.spread !== null) tiles.push([`DA\u2212RT mean${hours}`, inFigures(row.spread, 2, true), "$/MWh", row.spread > 0 ? "day-ahead was more expensive" : "real-time was more expensive", "spread"]);
  const market = row.rt_mean === null ? "da" : "rt";
  const name = market === "rt" ? "Real-time" : "Day-ahead";
  const known = peaks.map((each) => each?.[`${market}_mean`] ?? null);
  if (!known.includes(null)) tiles.push([`${name} on-peak mean`, inFigures(known[0]), "$/MWh", `off-peak ${inFigures(known[1])}, on-peak ${inFigures(known[0] - known[1], 2, true)}`, null]);
  tiles.push([`Highest ${name.toLowerCase()} hour${hours}`, inFigures(row[`${market}_high`]), "$/MWh", row[`${market}_high_at`], null]);
  tiles.push([`${name} below zero${hours}`, inFigures(row[`${market}_negative`], 0), `of ${inFigures(row[`${market}_hours`], 0)} hours`, "", `${market}_negative`]);
  return { period: periodOf(row), tiles };
}

export function periodOf(row) {
  const name = row.year === ALL_YEARS ? "all years" : String(row.year);
  return row.part === WHOLE ? name : `${name}, ${row.part}`;
}

function changeOf(row, market, year) {
  const change = row?.[`${market}_change`];
  if (change === null || change === undefined) return "";
  const before = row[`${market}_mean`] - change;
  const days = row[`${market}_change_days`];
  return `${year}: ${inFigures(change, 2, true)} on the same ${days === 1 ? "day" : `${inFigures(days, 0)} days`} of ${year - 1}`;
}

export function showTiles(element, tables, choice) {
  const found = tilesOf(tables, choice);
  const months = rowsOf(tables.monthly, ["location", "year", "peak"], choice);
  const list = element.querySelector("dl");
  element.querySelector(".period").textContent = found ? found.period : "No price of this choice is loaded.";
  list.replaceChildren(...(found?.tiles ?? []).map(([title, number, unit, remark, column]) => {
    const tile = document.createElement("div");
    const add = (name, text, className) => {
      const piece = document.createElement(name);
      [piece.textContent, piece.className] = [text, className];
      tile.append(piece);
      return piece;
    };
    add("dt", title, "");
    const value = add("dd", number, "value");
    const small = document.createElement("small");
    small.textContent = ` ${unit}`;
    value.append(small);
    if (remark) add("dd", remark, "remark");
    const values = column ? months.filter((month) => month[column] !== null).map((month) => [month.month, month[column]]) : [];
    if (values.length > 1) add("dd", "", "spark").append(sparkline(values));
    return tile;
  }));
}

// The path through monthly numbers, [month, number] each, that leaves a hole where months are missing.
export function sparkPath(values) {
  const numbers = values.map(([, number]) => number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const [first, last] = [values[0][0], values.at(-1)[0]];
  const x = (month) => ((month - first) * WIDTH) / (last - first);
  const y = (number) => HEIGHT - 2 - ((number - low) / (high - low || 1)) * (HEIGHT - 4);
  const isNext = (i) => i && values[i][0] - values[i - 1][0] < 32 * DAY;
  return values.map(([month, number], i) => `${isNext(i) ? "L" : "M"}${x(month).toFixed(1)} ${y(number).toFixed(1)}`).join("");
}

// A line without axes: the tile's own words say more.
function sparkline(values) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", sparkPath(values));
  picture.append(line);
  return picture;
}
