// The main chart: prices from all years to five minutes, drawn by uPlot.

import { decimalsOf, inFigures, placeOf, robustRange } from "./numbers.js";
import { monthStart } from "./clock.js";
import { ticksOf } from "./ticks.js";

const HEIGHT = 380;
const TICK_WIDTH = 84; // pixels that a label of the axis of time needs
const SHORTEST = 3; // hours
const SAMPLE = 10000; // prices that the usual axis is taken from

export class MainChart {
  // `changed` is told each new stretch of time that the reader chose.
  constructor(element, curves, changed) {
    Object.assign(this, { element, curves, changed, plot: null, shown: null, choice: null, drawing: 0 });
    this.target = element.querySelector(".plot");
    this.tip = element.querySelector(".tip");
  }

  get from() {
    return this.choice.from ?? this.usual()[0];
  }

  get to() {
    return this.choice.to ?? this.usual()[1];
  }

  // What is seen before a reader zooms: the chosen year, as far as there are prices.
  usual() {
    const { first, end, clock } = this.curves;
    if (!this.choice.year) return [first, end];
    const [begin, until] = [0, 1].map((n) => clock.utc((monthStart((this.choice.year - 1970 + n) * 12)) * 24));
    return [Math.max(begin, first), Math.min(until, end)];
  }

  async show(choice) {
    this.choice = choice;
    this.drawing += 1;
    const drawing = this.drawing;
    const shown = await this.curves.numbers(choice, this.from, this.to);
    if (drawing !== this.drawing) return; // another choice came while this one was unpacked
    this.shown = shown;
    this.range = this.rangeOf(shown, choice.whole);
    const form = JSON.stringify([shown.curves, shown.level.name]);
    if (form !== this.form || !this.plot) this.build(form);
    else this.plot.setData(this.data(), false);
    this.plot.batch(() => {
      this.plot.setScale("x", { min: this.from * 3600, max: this.to * 3600 });
      this.plot.setScale("y", { min: this.range.low, max: this.range.high });
    });
    this.tell();
  }

  rangeOf(shown, whole) {
    let [low, high] = [Infinity, -Infinity];
    for (const [n, column] of shown.columns.entries()) {
      const [lows, highs] = shown.curves[n].band ? [column.low, column.high] : [column.mean, column.mean];
      for (const value of lows) if (value !== null && value < low) low = value;
      for (const value of highs) if (value !== null && value > high) high = value;
    }
    const usual = robustRange(this.sample(shown), low, high);
    if (!usual.clipped || !whole) return usual;
    const margin = (high - low) * 0.04;
    return { low: low - margin, high: high + margin, clipped: true };
  }

  // Some thousand prices of what is shown, evenly over its time.
  sample(shown) {
    const values = [];
    if (shown.level.name === "five") for (const { mean } of shown.columns) values.push(...mean.filter((each) => each !== null));
    const hours = this.curves.hours.hours;
    const [first, end] = [placeOf(hours, this.from), placeOf(hours, this.to)];
    const step = Math.ceil(((end - first) * shown.curves.length) / SAMPLE);
    const chosen = this.curves.isChosen(this.choice);
    for (const curve of values.length ? [] : shown.curves) {
      const { lmp } = this.curves.prices(curve, this.choice.basis);
      for (let i = first; i < end; i += step) if (!Number.isNaN(lmp[i]) && chosen(i)) values.push(lmp[i]);
    }
    return values;
  }

  // For uPlot: seconds, and of each curve its mean and, where it has a band, lowest and highest hour.
  data() {
    const { at, columns, curves } = this.shown;
    const lines = columns.flatMap(({ mean, low, high }, n) => (curves[n].band ? [mean, high, low] : [mean]));
    return [at.map((hour) => hour * 3600), ...lines];
  }

  build(form) {
    this.plot?.destroy();
    this.form = form;
    const bands = [];
    const series = [{}];
    const stepped = ["hour", "five"].includes(this.shown.level.name) ? uPlot.paths.stepped({ align: 1 }) : undefined;
    for (const { name, colour, dash, band } of this.shown.curves) {
      series.push({ label: name, stroke: colour, dash, width: 1.6, paths: stepped, points: { show: false } });
      if (!band) continue;
      bands.push({ series: [series.length, series.length + 1], fill: `${colour}33` });
      for (let n = 0; n < 2; n += 1) series.push({ width: 0, stroke: "transparent", paths: stepped, points: { show: false } });
    }
    const ink = () => getComputedStyle(this.element).getPropertyValue("--soft");
    const grid = { stroke: () => getComputedStyle(this.element).getPropertyValue("--grid"), width: 1 };
    const font = "12px system-ui, sans-serif";
    this.plot = new uPlot({
      width: this.target.clientWidth,
      height: HEIGHT,
      series,
      bands,
      legend: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [
        { stroke: ink, grid, ticks: grid, font, size: 48, splits: () => this.ticks().map(({ hour }) => hour * 3600), values: () => this.ticks().map(({ label }) => label) },
        { stroke: ink, grid, ticks: grid, font, size: 62, values: (_, splits) => splits.map((value) => inFigures(value, decimalsOf(splits[1] - splits[0]))) },
      ],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      hooks: {
        setSelect: [() => this.selected()],
        setCursor: [() => this.point()],
        draw: [(plot) => this.markSpikes(plot)],
      },
    }, this.data(), this.target);
    this.plot.root.querySelector("canvas").setAttribute("aria-hidden", "true");
  }

  ticks() {
    return ticksOf(this.from, this.to, Math.max(2, Math.floor(this.plotWidth() / TICK_WIDTH)), this.curves.clock);
  }

  plotWidth() {
    return Math.max(100, this.target.clientWidth - 70);
  }

  selected() {
    const { left, width } = this.plot.select;
    if (width < 5) return;
    const [from, to] = [this.plot.posToVal(left, "x"), this.plot.posToVal(left + width, "x")];
    this.plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.zoom(from / 3600, to / 3600);
  }

  // Show the stretch between two hours, as far as there are prices.
  zoom(from, to) {
    const { first, end } = this.curves;
    const length = Math.min(Math.max(to - from, SHORTEST), end - first);
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(middle - length / 2, first), end - length);
    const [from0, to0] = this.usual();
    const whole = length >= end - first - 1e-6;
    const asUsual = whole ? to0 - from0 === length : start === from0 && length === to0 - from0;
    if (asUsual) this.changed({ from: null, to: null });
    else this.changed(whole ? { from: first, to: end } : { from: start, to: start + length });
  }

  // Closer for a factor below 1, around an hour (the middle where none is given).
  scale(factor, around = (this.from + this.to) / 2) {
    this.zoom(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  // The last hours of what is seen.
  last(hours) {
    this.zoom(this.to - hours, this.to);
  }

  // Move by a share of what is seen.
  move(share) {
    const by = (this.to - this.from) * share;
    const within = Math.min(Math.max(by, this.curves.first - this.from), this.curves.end - this.to);
    this.zoom(this.from + within, this.to + within);
  }

  // Triangles where a curve goes beyond the axis.
  markSpikes(plot) {
    const { ctx } = plot;
    const { columns, curves, at } = this.shown;
    const size = 5 * devicePixelRatio;
    this.beyond = { high: 0, low: 0, most: -Infinity, least: Infinity };
    columns.forEach(({ mean, low, high }, number) => {
      ctx.fillStyle = curves[number].colour;
      at.forEach((hour, i) => {
        const [lowest, highest] = curves[number].band ? [low[i], high[i]] : [mean[i], mean[i]];
        const up = highest !== null && highest > this.range.high;
        const down = lowest !== null && lowest < this.range.low;
        if (!up && !down) return;
        const x = plot.valToPos(hour * 3600, "x", true);
        for (const [beyond, edge, sign] of [[up, plot.bbox.top, 1], [down, plot.bbox.top + plot.bbox.height, -1]]) {
          if (!beyond) continue;
          ctx.beginPath();
          ctx.moveTo(x, edge);
          ctx.lineTo(x - size, edge + sign * size * 1.6);
          ctx.lineTo(x + size, edge + sign * size * 1.6);
          ctx.fill();
        }
        if (up) [this.beyond.high, this.beyond.most] = [this.beyond.high + 1, Math.max(this.beyond.most, highest)];
        if (down) [this.beyond.low, this.beyond.least] = [this.beyond.low + 1, Math.min(this.beyond.least, lowest)];
      });
    });
    this.tellSpikes();
  }

  tellSpikes() {
    const button = this.element.querySelector("[data-do=axis]");
    button.hidden = !this.range.clipped;
    const { high, low, most, least } = this.beyond;
    const said = [high ? `up to ${inFigures(most)}` : "", low ? `down to ${inFigures(least)}` : ""].filter(Boolean).join(", ");
    const text = this.choice.whole ? "Usual axis" : `\u25b2 ${high + low} beyond the axis (${said} $/MWh): show whole`;
    if (button.textContent !== text) button.textContent = text;
    button.setAttribute("aria-pressed", String(this.choice.whole));
  }

  // What is shown, in words, and the numbers of each curve in it.
  tell() {
    const { clock, hours } = this.curves;
    const what = { all: "", on: ", on-peak hours", off: ", off-peak hours" }[this.choice.peak];
    this.element.querySelector(".stretch").textContent = `${clock.text(this.from)} to ${clock.text(this.to)}, ${this.shown.level.words}${what}`;
    this.element.querySelector(".curves").replaceChildren(...this.shown.curves.map((curve) => {
      const found = this.curves.between(curve, this.choice, this.from, this.to);
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = `swatch ${curve.market}`;
      swatch.style.color = curve.colour;
      const name = document.createElement("strong");
      name.textContent = curve.name;
      const numbers = found ? `mean ${inFigures(found.mean)}, hours ${inFigures(found.low)} to ${inFigures(found.high)} $/MWh (${clock.text(hours.hours[found.highAt])}), ${inFigures(found.negative, 0)} of ${inFigures(found.count, 0)} hours below zero` : "no price here";
      item.append(swatch, name, ` ${numbers}`);
      return item;
    }));
    if (!this.shown.curves.length) this.element.querySelector(".curves").textContent = "Nothing to draw: the Hub has no basis to itself. Choose or compare a zone.";
  }

  // The tooltip at the cursor, for pointer and keyboard alike.
  point() {
    const { idx, left } = this.plot.cursor;
    this.tip.hidden = idx === null || idx === undefined || left < 0;
    if (this.tip.hidden) return;
    const lines = this.lines(idx);
    this.tip.replaceChildren(...lines.map((text, number) => {
      const line = document.createElement(number ? "div" : "strong");
      line.textContent = text;
      if (number) line.style.borderLeftColor = this.shown.curves[number - 1].colour;
      return line;
    }));
    const width = this.tip.offsetWidth;
    const beside = left + this.plot.over.offsetLeft + 16;
    this.tip.style.left = `${Math.max(0, beside + width > this.target.clientWidth ? beside - width - 32 : beside)}px`;
  }

  lines(idx) {
    const { at, columns, curves, level } = this.shown;
    const { clock } = this.curves;
    const i = this.curves.indexOf(Math.floor(at[idx]));
    const fine = ["hour", "five"].includes(level.name);
    const heads = { five: clock.text(at[idx]), hour: `${clock.text(at[idx])}, hour ending ${Number(clock.text(at[idx]).slice(11, 13)) + 1}`, day: clock.text(at[idx]).slice(0, 10), week: `Week of ${clock.text(at[idx] - 84).slice(0, 10)}`, month: clock.text(at[idx]).slice(0, 7) };
    return [heads[level.name], ...curves.map((curve, number) => {
      const { mean, low, high } = columns[number];
      const price = `${curve.name} ${inFigures(mean[idx])} $/MWh`;
      if (!fine) return mean[idx] === null ? price : `${price}, hours ${inFigures(low[idx])} to ${inFigures(high[idx])}`;
      if (i === null || mean[idx] === null || (level.name === "five" && curve.market !== "da")) return price;
      const { congestion, loss } = this.curves.prices(curve, this.choice.basis);
      return `${price}, congestion ${inFigures(congestion[i])}, loss ${inFigures(loss[i])}`;
    })];
  }

  // Move the cursor by so many places; the words of the place go to a screen reader too.
  step(by) {
    const last = this.shown.at.length - 1;
    const idx = Math.min(Math.max((this.plot.cursor.idx ?? (by > 0 ? -1 : last + 1)) + by, 0), last);
    const left = this.plot.valToPos(this.shown.at[idx] * 3600, "x");
    this.plot.setCursor({ left, top: 20 });
    this.element.querySelector(".said").textContent = this.lines(idx).join("; ");
  }

  // What a saved file is called: the locations and the first and last day.
  fileName() {
    const { clock } = this.curves;
    const places = [...new Set(this.shown.curves.map((curve) => curve.location))].join("_");
    return `prices_${places}_${clock.text(this.from).slice(0, 10)}_to_${clock.text(this.to - 1 / 60).slice(0, 10)}`;
  }

  // The chart as a picture with its words, on white.
  picture(done) {
    const drawn = this.plot.ctx.canvas;
    const ratio = devicePixelRatio;
    const words = [this.element.querySelector(".stretch").textContent, ...[...this.element.querySelectorAll(".curves li")].map((item) => item.textContent)];
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [drawn.width, drawn.height + (words.length + 1) * 18 * ratio];
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(this.element).getPropertyValue("--paper");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    words.forEach((text, n) => {
      context.fillStyle = n && n <= this.shown.curves.length ? this.shown.curves[n - 1].colour : getComputedStyle(this.element).getPropertyValue("--ink");
      context.fillText(text, 8 * ratio, (n + 1) * 18 * ratio);
    });
    context.drawImage(drawn, 0, (words.length + 1) * 18 * ratio);
    canvas.toBlob(done);
  }

  // The prices behind the chart, an hour or five minutes a row, and its columns.
  rows() {
    const { clock, hours } = this.curves;
    const [first, end] = [placeOf(hours.hours, this.from), placeOf(hours.hours, this.to)];
    const chosen = this.curves.isChosen(this.choice);
    const five = this.shown.level.name === "five";
    const columns = [["time", "Interval beginning"], ...this.shown.curves.flatMap((curve, n) => [
      [`lmp${n}`, `${curve.name} ${curve.location} ($/MWh)`],
      ...(five ? [] : [[`congestion${n}`, `${curve.name} ${curve.location} congestion ($/MWh)`], [`loss${n}`, `${curve.name} ${curve.location} loss ($/MWh)`]]),
    ])];
    const rows = [];
    if (five) {
      this.shown.at.forEach((hour, i) => rows.push({ time: clock.iso(hour), ...Object.fromEntries(this.shown.columns.map(({ mean }, n) => [`lmp${n}`, mean[i]])) }));
      return [rows, columns];
    }
    const prices = this.shown.curves.map((curve) => this.curves.prices(curve, this.choice.basis));
    for (let i = first; i < end; i += 1) {
      if (!chosen(i)) continue;
      const row = { time: clock.iso(hours.hours[i]) };
      prices.forEach(({ lmp, congestion, loss }, n) => Object.assign(row, { [`lmp${n}`]: lmp[i], [`congestion${n}`]: congestion[i], [`loss${n}`]: loss[i] }));
      rows.push(row);
    }
    return [rows, columns];
  }

  resize() {
    this.plot?.setSize({ width: this.target.clientWidth, height: HEIGHT });
  }

  redraw() {
    this.plot?.redraw(false);
  }
}
