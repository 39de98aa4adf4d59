// Which curves the main chart has, and their numbers for a stretch of time.

import { FIVE, LEVELS, keysOf, levelOf, summed, withHoles } from "./levels.js";
import { placeOf } from "./numbers.js";

const SLOTS = 12; // five minutes in an hour
const MARKET_NAMES = { da: "Day-ahead", rt: "Real-time", spread: "DA\u2212RT" };
const MARKET_COLOURS = { da: "#0072B2", rt: "#D55E00", spread: "#009E73" };
const LOCATION_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8A6D00", "#A04000"]; // Okabe and Ito's first
const DASHES = { da: [], rt: [6, 3], spread: [2, 3] };

export class Curves {
  constructor(hours, five, clock, locations, reference) {
    Object.assign(this, { hours, five, clock, locations, reference, keys: new Map() });
  }

  get first() {
    return this.hours.hours[0];
  }

  get end() {
    return this.hours.hours.at(-1) + 1;
  }

  // The curves of a choice: a location and market each, with a name, a colour and dashes.
  of(choice) {
    const chosen = [choice.location, ...choice.compare].filter((each) => !choice.basis || each !== this.reference);
    const several = chosen.length > 1;
    return chosen.flatMap((location, number) => choice.show.filter((market) => this.drawable(market, location)).map((market) => {
      const place = this.locations.findIndex((each) => each.id === location);
      return {
        market,
        location,
        name: `${several ? `${this.locations[place].name}, ` : ""}${MARKET_NAMES[market]}${choice.basis ? " basis to the Hub" : ""}`,
        colour: several ? LOCATION_COLOURS[number] : MARKET_COLOURS[market],
        dash: DASHES[market],
        band: !several && market !== "spread" && !choice.basis,
      };
    }));
  }

  drawable(market, location) {
    const markets = market === "spread" ? ["da", "rt"] : [market];
    return markets.every((each) => this.hours.has(each, location));
  }

  prices(curve, basis) {
    if (!basis) return this.hours.of(curve.market, curve.location);
    return this.hours.basis(curve.market, curve.location, this.reference);
  }

  isChosen(choice) {
    const { onPeak } = this.hours;
    if (choice.peak === "all") return () => true;
    const wanted = choice.peak === "on" ? 1 : 0;
    return (i) => onPeak[i] === wanted;
  }

  level(choice, from, to) {
    const useful = choice.show.some((market) => market !== "da");
    return levelOf(from, to, useful && this.five.covers(Math.floor(from * SLOTS), Math.ceil(to * SLOTS) - 1));
  }

  // The numbers of all curves at the level that fits: `at` (hours), and of each curve mean, low, high.
  async numbers(choice, from, to) {
    const level = this.level(choice, from, to);
    const curves = this.of(choice);
    if (level === FIVE) return { level, curves, ...await this.fiveMinutes(choice, curves, from, to) };
    const keys = this.keysAt(level);
    const columns = { key: [], at: [] };
    curves.forEach((curve, number) => {
      const values = this.prices(curve, choice.basis).lmp;
      const found = summed(this.hours.hours, keys, values, from, to, this.isChosen(choice));
      Object.assign(columns, { key: found.key, at: found.at, [`mean${number}`]: found.mean, [`low${number}`]: found.low, [`high${number}`]: found.high });
    });
    const whole = withHoles(level, columns);
    return { level, curves, at: whole.at, columns: curves.map((_, n) => ({ mean: whole[`mean${n}`], low: whole[`low${n}`], high: whole[`high${n}`] })) };
  }

  keysAt(level) {
    if (!this.keys.has(level.name)) this.keys.set(level.name, keysOf(level, this.hours.hours, this.clock));
    return this.keys.get(level.name);
  }

  // Makes what the first zoom or another location would wait for, a piece at each step.
  * ahead() {
    for (const level of LEVELS) yield this.keysAt(level);
    for (const { id } of this.locations) for (const market of ["da", "rt"]) yield this.hours.of(market, id);
  }

  // Day-ahead prices hold for their hour; real-time ones are of five minutes.
  async fiveMinutes(choice, curves, from, to) {
    const [first, end] = [Math.floor(from * SLOTS), Math.ceil(to * SLOTS)];
    await this.five.prepare(first, end);
    const chosen = this.isChosen(choice);
    const at = Array.from({ length: end - first }, (_, i) => (first + i) / SLOTS);
    const price = (market, location, slot, i) => (market === "da" ? this.hours.of("da", location).lmp[i] : this.five.price(location, slot));
    const value = (market, location, slot, i) => (market === "spread" ? price("da", location, slot, i) - price("rt", location, slot, i) : price(market, location, slot, i));
    const columns = curves.map(({ market, location }) => {
      const mean = at.map((hour, number) => {
        const i = this.indexOf(Math.floor(hour));
        if (i === null || !chosen(i)) return null;
        const here = value(market, location, first + number, i) - (choice.basis ? value(market, this.reference, first + number, i) : 0);
        return Number.isNaN(here) ? null : Math.round(here * 100) / 100;
      });
      return { mean, low: mean, high: mean };
    });
    return { at, columns };
  }

  indexOf(hour) {
    const i = placeOf(this.hours.hours, hour);
    return this.hours.hours[i] === hour ? i : null;
  }
}
