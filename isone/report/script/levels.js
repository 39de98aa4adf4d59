// How fine the main chart shows a stretch of time: five minutes, hours, or means of longer times.

import { monthOf } from "./clock.js";

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

// The days that have hours: their `keys` (since 1970), `begins`, the place of the first hour of
// each and of the end, and `at`, the middle of their hours.
export function daysOf(hours, clock) {
  const [keys, begins] = [[], []];
  let until = -Infinity;
  hours.forEach((hour, i) => {
    if (hour < until) return;
    keys.push(clock.day(hour));
    begins.push(i);
    until = (keys.at(-1) + 1) * 24 - clock.offset((keys.at(-1) + 1) * 24 + 5);
  });
  begins.push(hours.length);
  const at = keys.map((_, n) => (hours[begins[n]] + hours[begins[n + 1] - 1] + 1) / 2);
  return { keys, begins, at };
}

// The same of weeks or months, whose `begins` are places of days.
export function groupsOf(level, hours, days) {
  const keyOf = level.name === "week" ? (day) => Math.floor((day + 3) / 7) : monthOf;
  const [keys, begins] = [[], []];
  days.keys.forEach((day, n) => {
    if (keyOf(day) === keys.at(-1)) return;
    keys.push(keyOf(day));
    begins.push(n);
  });
  begins.push(days.keys.length);
  const at = keys.map((_, n) => (hours[days.begins[begins[n]]] + hours[days.begins[begins[n + 1]] - 1] + 1) / 2);
  return { keys, begins, at };
}

// The places of groups from one to before another. Where a key is left out between two there is
// null, so that no line is drawn over it; those that are none by definition are passed over.
export function placesOf(keys, first, end, isNone = () => false) {
  const places = [];
  let last = null;
  for (let i = first; i < end; i += 1) {
    if (isNone(keys[i])) continue;
    for (let key = last + 1; last !== null && key < keys[i]; key += 1) {
      if (isNone(key)) continue;
      places.push(null);
      break;
    }
    places.push(i);
    last = keys[i];
  }
  return places;
}
