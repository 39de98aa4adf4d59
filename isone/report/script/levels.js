// How fine the main chart shows a stretch of time: five minutes, hours, or means of longer times.

import { monthOf } from "./clock.js";
import { placeOf } from "./numbers.js";

export const LEVELS = [
  { name: "hour", words: "hourly prices", most: 24 * 45 },
  { name: "day", words: "daily means", most: 24 * 800 },
  { name: "week", words: "weekly means", most: 24 * 366 * 8 },
  { name: "month", words: "monthly means", most: Infinity },
];
export const FIVE = { name: "five", words: "five-minute prices", most: 24 * 4 };

export function levelOf(from, to, hasFive) {
  if (hasFive && to - from <= FIVE.most) return FIVE;
  return LEVELS.find((level) => to - from <= level.most);
}

// For each hour the day, week or month that it is in; of hours themselves.
export function keysOf(level, hours, clock) {
  if (level.name === "hour") return hours;
  let [day, offset, until, key] = [0, 0, -Infinity, 0];
  return hours.map((hour) => {
    if (hour >= until) {
      offset = clock.offset(hour);
      day = Math.floor((hour + offset) / 24);
      until = (day + 1) * 24 - clock.offset((day + 1) * 24 + 5);
      if (level.name === "day") key = day;
      else key = level.name === "week" ? Math.floor((day + 3) / 7) : monthOf(day);
    }
    return key;
  });
}

// Mean, lowest and highest hour of each key between two hours; `at` is the middle of its hours.
export function summed(hours, keys, values, from, to, chosen) {
  const found = { key: [], at: [], mean: [], low: [], high: [] };
  const [first, end] = [placeOf(hours, from), placeOf(hours, to)];
  let i = first;
  while (i < end) {
    const key = keys[i];
    let [count, sum, low, high] = [0, 0, Infinity, -Infinity];
    const begin = i;
    for (; i < end && keys[i] === key; i += 1) {
      const value = values[i];
      if (Number.isNaN(value) || !chosen(i)) continue;
      count += 1;
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    found.key.push(key);
    found.at.push(i - begin === 1 ? hours[begin] : (hours[begin] + hours[i - 1] + 1) / 2);
    found.mean.push(count ? sum / count : null);
    found.low.push(count ? low : null);
    found.high.push(count ? high : null);
  }
  return found;
}

// Where keys are left out, an empty place, so that no line is drawn over it.
export function withHoles(level, columns) {
  const step = 1;
  const out = Object.fromEntries(Object.keys(columns).map((name) => [name, []]));
  columns.key.forEach((key, i) => {
    if (i && key - columns.key[i - 1] > step) {
      for (const name of Object.keys(out)) {
        out[name].push(name === "at" ? (columns.at[i - 1] + (level.name === "hour" ? 1 : (columns.at[i] - columns.at[i - 1]) / 2)) : null);
      }
    }
    for (const name of Object.keys(out)) out[name].push(columns[name][i]);
  });
  return out;
}
