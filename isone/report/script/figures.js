// The figures that Vega draws from the page's own data, for what is chosen.

import { inFigures } from "./numbers.js";
import { showTooltip } from "./tooltip.js";
import { WHOLE, csvOf, left, rowsOf, saveAs, shown, tableOf } from "./tables.js";

export class Figures {
  constructor(figures, config, tables) {
    Object.assign(this, { figures, config, tables, views: new Map(), choice: null });
  }

  rows(figure, location) {
    const fixed = { ...figure.listed, ...(location === undefined ? {} : { location_id: location }) };
    return rowsOf(this.tables[figure.table], figure.choosers, this.choice, fixed);
  }

  // Draw all figures, and let the reader scroll in between; other work gets its turns too.
  async draw(choice, between) {
    this.choice = choice;
    for (const figure of this.figures) {
      await this.drawOne(figure);
      between();
      await new Promise((resolve) => { setTimeout(resolve); });
    }
  }

  // Draw those again that a changed chooser narrows.
  async refresh(choice, changed) {
    this.choice = choice;
    for (const figure of this.figures) {
      if (!figure.choosers.some((name) => changed.includes(name))) continue;
      for (const { view, location } of this.views.get(figure.name) ?? []) {
        await view.data("rows", this.rows(figure, location)).runAsync();
      }
      this.tell(figure);
    }
  }

  async drawOne(figure) {
    const element = document.getElementById(figure.name);
    const drawn = [];
    for (const target of figure.spec ? element.querySelectorAll(".chart") : []) {
      const location = figure.tiles.length ? Number(target.dataset.location) : undefined;
      const spec = structuredClone(figure.spec);
      spec.datasets = { rows: this.rows(figure, location) };
      const config = structuredClone(this.config);
      config.background = "transparent"; // the page's colours, dark ones too, are in page.css
      config.aria = false; // the figure's own words say more than a list of its marks
      if (figure.strips) {
        spec.height = squareHeight(figure, target.clientWidth);
        spec.layer[1].mark.fontSize = Math.min(10, Math.max(5, (target.clientWidth - 56) / 54));
      }
      if (figure.strips || figure.tiles.length) withoutLegend(spec); // the page has one for all
      if (target.clientWidth < 420) config.legend = { ...config.legend, columns: 1 };
      const { view } = await vegaEmbed(target, spec, { renderer: "svg", actions: false, config, ast: false, tooltip: showTooltip });
      target.querySelector("svg").setAttribute("aria-hidden", "true"); // its frame has the words
      drawn.push({ view, location });
    }
    this.views.set(figure.name, drawn);
    this.tell(figure);
  }

  tell(figure) {
    const element = document.getElementById(figure.name);
    const rows = this.rows(figure);
    const said = rows.length ? summary(figure, rows) : "Nothing is loaded for this choice.";
    element.querySelector(".summary").textContent = said;
    if (figure.listed || element.querySelector("details.numbers").open) this.list(figure);
  }

  list(figure) {
    const rows = this.rows(figure);
    const scroll = document.querySelector(`#${figure.name} .scroll`);
    scroll.replaceChildren(tableOf(rows, figure.labels));
    if (!left(rows)) return;
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = left(rows);
    scroll.append(note);
  }

  async save(figure, kind) {
    const name = `${figure.files[this.choice.year]}.${kind}`;
    if (kind === "csv") saveAs(name, csvOf(this.rows(figure), figure.labels), "text/csv");
    else saveAs(name, await this.picture(figure, kind));
  }

  async picture(figure, kind) {
    const { view } = this.views.get(figure.name)[0];
    view.background("#ffffff");
    const url = await view.toImageURL(kind, 2);
    view.background("transparent");
    return url;
  }

  resize() {
    for (const figure of this.figures.filter((each) => each.strips)) {
      const width = document.querySelector(`#${figure.name} .chart`).clientWidth;
      for (const { view } of this.views.get(figure.name) ?? []) view.height(squareHeight(figure, width)).runAsync();
    }
  }

  listen() {
    for (const figure of this.figures) {
      const element = document.getElementById(figure.name);
      element.querySelector("details.numbers")?.addEventListener("toggle", (event) => event.target.open && this.list(figure));
      for (const button of element.querySelectorAll("[data-save]")) {
        button.addEventListener("click", () => this.save(figure, button.dataset.save));
      }
    }
  }
}

// A sentence: the lowest and the highest of what is shown, or the only one.
function summary(figure, rows) {
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
    if (low === high) return `${text}: ${inFigures(low[column], 2)} ${unit}${at(low)}.`;
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
