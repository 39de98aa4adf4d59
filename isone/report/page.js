// Draws the figures from the page's own data, for what the choosers say.

const figures = JSON.parse(document.getElementById("specifications").textContent);
const config = JSON.parse(document.getElementById("configuration").textContent);
const ALL_YEARS = 0;
const WHOLE = "whole"; // of a month or year whose days are all here
const DAY = 86400000;
const SHOWN_ROWS = 400;
const chosen = {};
const views = new Map(); // of each figure, its views with the rows' own filter
let tables = {};

async function unpack() {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  tables = JSON.parse(await new Response(stream).text());
}

// The rows of a figure that the choosers, and a tile's location, leave; days are instants.
function rowsOf(figure, location) {
  const { columns, days } = tables[figure.table];
  const names = Object.keys(columns);
  const length = columns[names[0]].length;
  const equal = [];
  if (location !== undefined) equal.push([columns.location_id, location]);
  if (figure.choosers.includes("location")) equal.push([columns.location_id, chosen.location]);
  if (figure.choosers.includes("zone")) equal.push([columns.zone_id, chosen.zone]);
  let years;
  if (figure.choosers.includes("year")) {
    if (columns.year) equal.push([columns.year, chosen.year]);
    else if (chosen.year !== ALL_YEARS) years = columns[days[0]];
  }
  const first = years && Date.UTC(chosen.year, 0, 1) / DAY;
  const end = years && Date.UTC(chosen.year + 1, 0, 1) / DAY;
  const rows = [];
  for (let i = 0; i < length; i += 1) {
    if (years && (years[i] < first || years[i] >= end)) continue;
    if (!equal.every(([column, value]) => column[i] === value)) continue;
    const row = {};
    for (const name of names) {
      const value = columns[name][i];
      row[name] = days.includes(name) && value !== null ? value * DAY : value;
    }
    rows.push(row);
  }
  return rows;
}

function shownDay(instant, monthly) {
  return new Date(instant).toISOString().slice(0, monthly ? 7 : 10);
}

function shown(value, name, decimals) {
  if (value === null || value === undefined || value === "") return "–";
  if (name === "day" || name === "month") return shownDay(value, name === "month");
  if (name === "year") return value === ALL_YEARS ? "all years" : String(value);
  if (typeof value !== "number" || name.endsWith("_id")) return String(value);
  return inFigures(value, decimals);
}

// A number with a minus sign, and none before what rounds to zero; as in_figures in tables.py.
function inFigures(value, decimals) {
  const text = value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text.replace("-", "\u2212");
}

function summarize(figure, rows) {
  return figure.summary.map(({ text, column, when, unit, where }) => {
    const conditions = Object.entries(where);
    let low = null;
    let high = null;
    for (const row of rows) {
      if (row[column] === null || conditions.some(([name, value]) => row[name] !== value)) continue;
      if (low === null || row[column] < low[column]) low = row;
      if (high === null || row[column] > high[column]) high = row;
    }
    if (low === null) return "";
    const part = (row) => (row.part && row.part !== WHOLE ? ", in part" : "");
    const at = (row) => (when === "share" ? "" : ` (${shown(row[when], when, 0)}${part(row)})`);
    return `${text}: ${inFigures(low[column], 2)}${at(low)} to ${inFigures(high[column], 2)} ${unit}${at(high)}.`;
  }).filter(Boolean).join(" ");
}

function squareHeight(figure, width) {
  return Math.round(((width - 56) / 54) * (8 * figure.strips - 1));
}

function withoutLegend(spec) {
  for (const layer of spec.layer) {
    for (const channel of ["color", "strokeDash"]) {
      if (layer.encoding[channel]?.field) layer.encoding[channel].legend = null;
    }
  }
}

async function draw(figure) {
  const element = document.getElementById(figure.name);
  const drawn = [];
  for (const target of element.querySelectorAll(".chart")) {
    const location = figure.tiles.length ? Number(target.dataset.location) : undefined;
    const spec = structuredClone(figure.spec);
    spec.datasets = { rows: rowsOf(figure, location) };
    const settings = structuredClone(config);
    if (figure.strips) {
      spec.height = squareHeight(figure, target.clientWidth);
      spec.layer[1].mark.fontSize = Math.min(10, Math.max(5, (target.clientWidth - 56) / 54));
    }
    if (figure.strips || figure.tiles.length) withoutLegend(spec); // the page has one for all
    if (target.clientWidth < 420) {
      settings.legend = { ...settings.legend, columns: 1 };
    }
    settings.aria = false; // the figure's own words say more than a list of its marks
    const { view } = await vegaEmbed(target, spec, { renderer: "svg", actions: false, config: settings, ast: false });
    drawn.push({ view, location });
  }
  views.set(figure.name, drawn);
  tell(figure);
}

function tell(figure) {
  const element = document.getElementById(figure.name);
  const rows = rowsOf(figure);
  element.querySelector(".summary").textContent = rows.length
    ? summarize(figure, rows)
    : "Nothing is loaded for this choice.";
  const details = element.querySelector("details.numbers");
  if (details.open) listNumbers(figure, details);
}

async function refresh(figure) {
  for (const { view, location } of views.get(figure.name) ?? []) {
    await view.data("rows", rowsOf(figure, location)).runAsync();
  }
  tell(figure);
}

function listNumbers(figure, details) {
  const rows = rowsOf(figure);
  const { labels } = figure;
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
  const scroll = details.querySelector(".scroll");
  scroll.replaceChildren(table);
  if (rows.length > SHOWN_ROWS) {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = `The first ${SHOWN_ROWS} of ${rows.length} rows; the CSV has all.`;
    scroll.append(note);
  }
}

function csvOf(figure) {
  const { labels } = figure;
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const value = (row, name) => {
    if (row[name] === null || row[name] === undefined) return "";
    return quoted(name === "day" || name === "month" ? shownDay(row[name]) : String(row[name]));
  };
  const lines = rowsOf(figure).map((row) => labels.map(([name]) => value(row, name)).join(","));
  return [labels.map(([, heading]) => quoted(heading)).join(","), ...lines, ""].join("\n");
}

async function save(figure, kind) {
  let url;
  if (kind === "csv") url = URL.createObjectURL(new Blob([csvOf(figure)], { type: "text/csv" }));
  else url = await views.get(figure.name)[0].view.toImageURL(kind, 2);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${figure.files[chosen.year]}.${kind}`;
  link.click();
}

function narrowTables() {
  for (const table of document.querySelectorAll(".table[data-chooser]")) {
    const value = String(chosen[table.dataset.chooser]);
    for (const row of table.querySelectorAll("tr[data-choice]")) row.hidden = row.dataset.choice !== value;
  }
}

function listen() {
  for (const select of document.querySelectorAll("select[data-chooser]")) {
    const name = select.dataset.chooser;
    chosen[name] = Number(select.value);
    select.addEventListener("change", async () => {
      chosen[name] = Number(select.value);
      narrowTables();
      document.body.dataset.drawn = "no";
      for (const figure of figures) {
        if (figure.choosers.includes(name)) await refresh(figure);
      }
      document.body.dataset.drawn = "yes";
      const status = document.getElementById("status");
      if (status) status.textContent = `Showing ${select.selectedOptions[0].textContent}`;
    });
  }
  for (const figure of figures) {
    const element = document.getElementById(figure.name);
    const details = element.querySelector("details.numbers");
    details.addEventListener("toggle", () => details.open && listNumbers(figure, details));
    for (const button of element.querySelectorAll("[data-save]")) {
      button.addEventListener("click", () => save(figure, button.dataset.save));
    }
  }
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const figure of figures.filter((each) => each.strips)) {
        const target = document.querySelector(`#${figure.name} .chart`);
        for (const { view } of views.get(figure.name) ?? []) view.height(squareHeight(figure, target.clientWidth)).runAsync();
      }
    }, 150);
  });
}

async function start() {
  chosen.year = ALL_YEARS;
  listen();
  narrowTables();
  await unpack();
  for (const figure of figures) {
    await draw(figure);
    await new Promise((resolve) => setTimeout(resolve)); // let the reader scroll in between
  }
  document.body.dataset.drawn = "yes";
}

start();
