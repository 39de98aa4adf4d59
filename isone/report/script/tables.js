// The data of figures and tables: the rows that the choice leaves, shown and saved.

import { inFigures } from "./numbers.js";

const ALL_YEARS = 0;
export const DAY = 86400000; // milliseconds
const SHOWN_ROWS = 400;
export const WHOLE = "whole"; // of a month or year whose days are all here
const COLUMN_OF = { location: "location_id", zone: "zone_id", peak: "peak", year: "year" };
const NAMES = { da: "Day-ahead", rt: "Real-time", all: "all", on: "on-peak", off: "off-peak" };

// The rows of a table that a choice leaves. `choosers` narrow it; `fixed` are columns with a value
// of their own. Days are moments.
export function rowsOf({ columns, days }, choosers, choice, fixed = {}) {
  const names = Object.keys(columns);
  const equal = Object.entries(fixed).map(([name, value]) => [columns[name], value]);
  for (const name of choosers) if (columns[COLUMN_OF[name]]) equal.push([columns[COLUMN_OF[name]], choice[name]]);
  if (columns.peak && !choosers.includes("peak")) equal.push([columns.peak, "all"]);
  const dated = choosers.includes("year") && !columns.year && choice.year !== ALL_YEARS ? columns[days[0]] : null;
  const [first, end] = [0, 1].map((n) => Date.UTC(choice.year + n, 0, 1) / DAY);
  const rows = [];
  for (let i = 0; i < (columns[names[0]] ?? []).length; i += 1) {
    if (dated && (dated[i] < first || dated[i] >= end)) continue;
    if (!equal.every(([column, value]) => column[i] === value)) continue;
    rows.push(Object.fromEntries(names.map((name) => {
      const value = columns[name][i];
      return [name, days.includes(name) && value !== null ? value * DAY : value];
    })));
  }
  return rows;
}

export function shownDay(moment, monthly) {
  return new Date(moment).toISOString().slice(0, monthly ? 7 : 10);
}

export function shown(value, name, decimals) {
  if (value === null || value === undefined || value === "") return "–";
  if (name === "day" || name === "month") return shownDay(value, name === "month");
  if (name === "year") return value === ALL_YEARS ? "all years" : String(value);
  if (name === "market" || name === "peak") return NAMES[value] ?? value;
  if (typeof value !== "number" || name.endsWith("_id")) return String(value);
  return inFigures(value, decimals);
}

// Rows as a table; `labels` are [name, heading, decimals] of its columns.
export function tableOf(rows, labels) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  const isNumber = labels.map(([name]) => rows.some((row) => typeof row[name] === "number") && !/^(day|month|year)$|_id$/.test(name));
  labels.forEach(([, heading], i) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = heading;
    if (isNumber[i]) cell.className = "number";
    head.append(cell);
  });
  const body = table.createTBody();
  for (const row of rows.slice(0, SHOWN_ROWS)) {
    const line = body.insertRow();
    labels.forEach(([name, , decimals], i) => {
      const cell = line.insertCell();
      cell.textContent = shown(row[name], name, decimals);
      if (isNumber[i]) cell.className = "number";
    });
  }
  return table;
}

export function left(rows) {
  return rows.length > SHOWN_ROWS ? `The first ${SHOWN_ROWS} of ${rows.length} rows; the CSV has all.` : "";
}

// Rows as CSV, with headings; `columns` are [name, heading].
export function csvOf(rows, columns) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const value = (row, name) => {
    if (row[name] === null || row[name] === undefined || Number.isNaN(row[name])) return "";
    return quoted(name === "day" || name === "month" ? shownDay(row[name]) : String(row[name]));
  };
  const lines = rows.map((row) => columns.map(([name]) => value(row, name)).join(","));
  return [columns.map(([, heading]) => quoted(heading)).join(","), ...lines, ""].join("\n");
}

// Hand a file over to the reader.
export function saveAs(name, content, type) {
  const link = document.createElement("a");
  link.href = content instanceof Blob || type ? URL.createObjectURL(type ? new Blob([content], { type }) : content) : content;
  link.download = name;
  link.click();
}
