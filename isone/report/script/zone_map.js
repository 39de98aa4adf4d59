// The map of the eight zones: each filled by its mean basis to the Hub.

import { inFigures } from "./numbers.js";
import { rowsOf } from "./tables.js";

// Of negative and positive numbers, told apart by colour-blind readers: blue below, orange above.
export function fillOf(value, most) {
  const share = Math.min(1, Math.abs(value) / (most || 1));
  const [red, green, blue] = value < 0 ? [0, 114, 178] : [213, 94, 0];
  return `rgba(${red}, ${green}, ${blue}, ${(0.08 + 0.77 * share).toFixed(3)})`;
}

export function showMap(element, table, choice) {
  const market = choice.show.includes("rt") && !choice.show.includes("da") ? "rt" : "da";
  let rows = rowsOf(table, ["year", "peak"], choice, { market });
  if (!rows.length) rows = rowsOf(table, ["year", "peak"], choice);
  const of = new Map(rows.map((row) => [row.location_id, row]));
  const most = Math.max(...rows.map((row) => Math.abs(row.difference)), 0);
  for (const area of element.querySelectorAll("[data-zone]")) {
    const row = of.get(Number(area.dataset.zone));
    area.querySelector("path").style.fill = row ? fillOf(row.difference, most) : "none";
    area.querySelector(".number").textContent = row ? inFigures(row.difference, 2, true) : "–";
    area.classList.toggle("chosen", Number(area.dataset.zone) === choice.location);
  }
  const name = rows[0]?.market === "rt" ? "real-time" : "day-ahead";
  element.querySelector(".of").textContent = rows.length
    ? `Mean ${name} price minus the Hub's, $/MWh: blue is below it, orange above, strongest at ${inFigures(most)}.`
    : "Nothing is loaded for this choice.";
}
