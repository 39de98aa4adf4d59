// Which curves the main chart has, and their numbers for a stretch of time.

import { FIVE, LEVELS, daysOf, groupsOf, levelOf, placesOf } from "./levels.js";
import { placeOf, statistics, together } from "./numbers.js";

const DAY = LEVELS.find((level) => level.name === "day");
const SLOTS = 12; // five minutes in an hour
const MARKET_NAMES = { da: "Day-ahead", rt: "Real-time", spread: "DA\u2212RT" };
const MARKET_COLOURS = { da: "#0072B2", rt: "#D55E00", spread: "#009E73" };
const LOCATION_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8A6D00", "#A04000"]; // Okabe and Ito's first
const DASHES = { da: [], rt: [6, 3], spread: [2, 3] };

export class Curves {
  // `holidays` are days since 1970 that have no on-peak hours.
  constructor(hours, five, clock, { locations, reference, holidays }) {
    Object.assign(this, { hours, five, clock, locations, reference, holidays: new Set(holidays), groups: new Map(), known: new Map() });
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
    const { keys, at } = this.groupsAt(level);
    const places = placesOf(keys, placeOf(at, from), placeOf(at, to), this.isNone(level, choice));
    const columns = curves.map((curve) => {
      if (level.name === "hour") return this.hourly(curve, choice, places);
      const all = this.summary(curve, choice, level);
      const [mean, low, high] = ["mean", "low", "high"].map((name) => places.map((i) => all[i]?.[name] ?? null));
      return { mean, low, high };
    });
    return { level, curves, at: places.map((i, n) => (i === null ? halfway(at, places[n - 1]) : at[i])), columns };
  }

  // Which keys of a level have none of the chosen hours by definition: on-peak days that are none.
  isNone(level, choice) {
    if (level !== DAY || choice.peak !== "on") return () => false;
    return (day) => (day + 3) % 7 > 4 || this.holidays.has(day); // Saturday, Sunday
  }

  hourly(curve, choice, places) {
    const { lmp } = this.prices(curve, choice.basis);
    const chosen = this.isChosen(choice);
    const mean = places.map((i) => (i === null || Number.isNaN(lmp[i]) || !chosen(i) ? null : lmp[i]));
    return { mean, low: mean, high: mean };
  }

  // A curve's statistics of all days, weeks or months; they are kept.
  summary(curve, choice, level) {
    const key = [level.name, curve.market, curve.location, choice.basis, choice.peak].join();
    if (!this.known.has(key)) this.known.set(key, this.summed(curve, choice, level));
    return this.known.get(key);
  }

  summed(curve, choice, level) {
    const { keys, begins } = this.groupsAt(level);
    if (level === DAY) {
      const [{ lmp }, chosen] = [this.prices(curve, choice.basis), this.isChosen(choice)];
      return keys.map((_, n) => statistics(lmp, begins[n], begins[n + 1], chosen));
    }
    const days = this.summary(curve, choice, DAY);
    return keys.map((_, n) => together(days.slice(begins[n], begins[n + 1])));
  }

  // A curve's statistics of the hours between two; those of whole days are known.
  between(curve, choice, from, to) {
    const { begins } = this.groupsAt(DAY);
    const [first, end] = [placeOf(this.hours.hours, from), placeOf(this.hours.hours, to)];
    const [day, last] = [placeOf(begins, first), placeOf(begins, end + 1) - 1];
    const [{ lmp }, chosen] = [this.prices(curve, choice.basis), this.isChosen(choice)];
    if (day >= last) return statistics(lmp, first, end, chosen);
    const whole = this.summary(curve, choice, DAY).slice(day, last);
    return together([statistics(lmp, first, begins[day], chosen), ...whole, statistics(lmp, begins[last], end, chosen)]);
  }

  groupsAt(level) {
    const { hours } = this.hours;
    if (level.name === "hour") return { keys: hours, at: hours };
    if (!this.groups.has(level)) this.groups.set(level, level === DAY ? daysOf(hours, this.clock) : groupsOf(level, hours, this.groupsAt(DAY)));
    return this.groups.get(level);
  }

  // Makes what the first zoom or another location would wait for, a piece at each step.
  * ahead() {
    for (const level of LEVELS) yield this.groupsAt(level);
    const whole = levelOf(this.first, this.end, false);
    const level = whole.name === "hour" ? DAY : whole;
    for (const basis of [false, true]) {
      for (const curve of this.locations.flatMap(({ id }) => this.of({ location: id, compare: [], show: ["da", "rt"], basis }))) {
        yield this.summary(curve, { basis, peak: "all" }, level);
      }
    }
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

// Somewhere after the group at a place and before the next.
function halfway(at, place) {
  return (at[place] + at[place + 1]) / 2;
}
