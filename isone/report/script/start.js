// Brings the page to life: one choice, told by the address, shown by every part.

import { choiceOf, hashOf } from "./choice.js";
import { Clock } from "./clock.js";
import { Curves } from "./curves.js";
import { Figures } from "./figures.js";
import { listenToGestures } from "./gestures.js";
import { MainChart } from "./main_chart.js";
import { Overview } from "./overview.js";
import { csvOf, saveAs } from "./tables.js";
import { showTiles } from "./tiles.js";
import { FiveMinutes, Hours } from "./unpack.js";
import { showMap } from "./zone_map.js";

const SLOW = 150; // milliseconds without a change before slow things follow

function read(id) {
  const element = document.getElementById(id);
  return element ? element.textContent : "";
}

// The next moment in which the browser has nothing to do.
function idle() {
  return new Promise((resolve) => { (window.requestIdleCallback ?? setTimeout)(resolve); });
}

async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return JSON.parse(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text());
}

class ReportPage {
  constructor(about, tables) {
    this.about = about;
    this.tables = tables;
    this.figures = new Figures(JSON.parse(read("specifications")), JSON.parse(read("configuration")), tables);
    this.usual = { location: about.reference, year: about.years.length === 1 ? about.years[0] : 0, zone: about.zones[0] ?? 0, peak: "all", show: about.markets };
    this.allowed = { locations: about.locations.map((each) => each.id), years: [0, ...about.years], zones: about.zones };
    this.choice = choiceOf(location.hash, this.usual, this.allowed);
    this.chart = null;
  }

  async start() {
    this.showChoice();
    if (this.about.markets.length) await this.startChart();
    document.body.dataset.shown = "yes"; // what is on top, above all else
    this.listen();
    this.figures.listen();
    const ahead = this.chart?.curves.ahead() ?? [].values();
    await this.figures.draw(this.choice, () => { ahead.next(); ahead.next(); });
    if (this.choice.section) document.getElementById(this.choice.section)?.scrollIntoView();
    document.body.dataset.drawn = "yes";
    for (const _ of ahead) await idle();
  }

  async startChart() {
    const packed = JSON.parse(read("packed"));
    const hours = await Hours.from(packed.about, read("hours"));
    const curves = new Curves(hours, new FiveMinutes(packed.five_minutes), new Clock(packed.about.offsets), this.about);
    const element = document.getElementById("main_chart");
    this.chart = new MainChart(element, curves, (stretch) => this.change(stretch));
    this.overview = new Overview(element.querySelector(".overview"), this.chart);
    await this.chart.show(this.choice);
    await this.overview.show(this.choice);
    listenToGestures(this.chart, element.querySelector(".plot"));
  }

  // Change the choice: what is quick follows at once, figures once the reader pauses.
  async change(part) {
    const before = this.choice;
    this.choice = { ...before, ...part };
    if ("year" in part && part.year !== before.year && !("from" in part)) Object.assign(this.choice, { from: null, to: null });
    if ("location" in part) this.choice.compare = this.choice.compare.filter((each) => each !== part.location);
    const changed = Object.keys(this.choice).filter((name) => JSON.stringify(this.choice[name]) !== JSON.stringify(before[name]));
    this.remember();
    await this.chart?.show(this.choice);
    if (changed.some((name) => ["location", "show"].includes(name))) await this.overview?.show(this.choice);
    this.overview?.place();
    if (changed.every((name) => ["from", "to", "whole", "section"].includes(name))) return;
    document.body.dataset.drawn = "no";
    this.showChoice();
    await this.figures.refresh(this.choice, changed);
    this.say();
    document.body.dataset.drawn = "yes";
  }

  remember() {
    clearTimeout(this.remembering); // browsers allow some hundred changes in half a minute
    this.remembering = setTimeout(() => history.replaceState(null, "", this.address()), SLOW);
  }

  // Controls, tiles, map and tables as the choice says.
  showChoice() {
    for (const select of document.querySelectorAll("select[data-chooser]")) select.value = this.choice[select.dataset.chooser];
    for (const box of document.querySelectorAll("input[data-show]")) box.checked = this.choice.show.includes(box.dataset.show);
    for (const box of document.querySelectorAll("input[data-compare]")) {
      const id = Number(box.dataset.compare);
      box.checked = this.choice.compare.includes(id);
      box.disabled = id === this.choice.location;
    }
    const basis = document.querySelector("input[data-do=basis]");
    if (basis) basis.checked = this.choice.basis;
    const tiles = document.getElementById("tiles");
    if (tiles) showTiles(tiles, this.tables, this.choice);
    const map = document.getElementById("zone_map");
    if (map) showMap(map, this.tables.basis, this.choice);
    for (const table of document.querySelectorAll(".table[data-chooser]")) {
      const value = String(this.choice[table.dataset.chooser]);
      for (const row of table.querySelectorAll("tr[data-choice]")) row.hidden = row.dataset.choice !== value;
    }
  }

  say() {
    const chosen = [...document.querySelectorAll("select[data-chooser]")].map((each) => each.selectedOptions[0]?.textContent);
    const status = document.getElementById("status");
    if (status) status.textContent = `Showing ${chosen.join("; ")}`;
  }

  listen() {
    for (const select of document.querySelectorAll("select[data-chooser]")) {
      const { chooser } = select.dataset;
      select.addEventListener("change", () => this.change({ [chooser]: chooser === "peak" ? select.value : Number(select.value) }));
    }
    for (const [name, key, convert] of [["show", "show", String], ["compare", "compare", Number]]) {
      for (const box of document.querySelectorAll(`input[data-${name}]`)) {
        box.addEventListener("change", () => {
          const boxes = [...document.querySelectorAll(`input[data-${name}]`)].filter((each) => each.checked);
          if (name === "show" && !boxes.length) box.checked = true; // one at least
          else this.change({ [key]: boxes.map((each) => convert(each.dataset[name])) });
        });
      }
    }
    const actions = {
      basis: (element) => this.change({ basis: element.checked, ...this.comparedForBasis(element.checked) }),
      axis: () => this.change({ whole: !this.choice.whole }),
      in: () => this.chart.scale(0.5),
      out: () => this.chart.scale(2),
      earlier: () => this.chart.move(-0.5),
      later: () => this.chart.move(0.5),
      all: () => this.change({ from: null, to: null }),
      year: () => this.chart.last(24 * 365),
      month: () => this.chart.last(24 * 30),
      week: () => this.chart.last(24 * 7),
      day: () => this.chart.last(24),
      link: () => this.copyLink(),
      picture: () => this.chart.picture((blob) => saveAs(`${this.chart.fileName()}.png`, blob)),
      data: () => saveAs(`${this.chart.fileName()}.csv`, csvOf(...this.chart.rows()), "text/csv"),
    };
    for (const element of document.querySelectorAll("[data-do]")) {
      element.addEventListener(element.type === "checkbox" ? "change" : "click", () => actions[element.dataset.do](element));
    }
    for (const link of document.querySelectorAll("nav a, a[data-section]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const section = link.getAttribute("href").slice(1);
        this.change({ section });
        document.getElementById(section).scrollIntoView();
        document.getElementById(section).focus({ preventScroll: true });
      });
    }
    addEventListener("hashchange", () => this.follow());
    let waiting;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        this.chart?.resize();
        this.overview?.show(this.choice);
        this.figures.resize();
      }, SLOW);
    });
    // What is drawn on canvas takes the page's colours again.
    for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", () => this.chart?.redraw());
  }

  // The Hub has no basis to itself: alone, it is compared with all zones.
  comparedForBasis(basis) {
    const { location: place, compare } = this.choice;
    if (!basis || compare.length || place !== this.about.reference) return {};
    return { compare: this.allowed.locations.filter((each) => each !== place) };
  }

  // What the address says now.
  async follow() {
    await this.change(choiceOf(location.hash, this.usual, this.allowed));
    if (this.choice.section) document.getElementById(this.choice.section)?.scrollIntoView();
  }

  address() {
    return location.href.replace(/#.*$/, "") + hashOf(this.choice, this.usual);
  }

  async copyLink() {
    const link = this.address();
    const said = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = "Link copied";
    } catch {
      said.textContent = link; // where the browser does not let a page copy
    }
  }
}

const tables = await unpacked(read("data"));
window.report = new ReportPage(JSON.parse(read("about")), tables); // for a reader's own console
await window.report.start();
