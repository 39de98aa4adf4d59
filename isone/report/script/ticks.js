// The labels below the main chart: round places of market time, as many as there is room for.

import { dayText, monthOf, monthStart, twoDigits } from "./clock.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const STEPS = [
  ...[5, 15, 30].map((minutes) => ({ unit: "hour", size: minutes / 60 })),
  ...[1, 2, 3, 6, 12].map((size) => ({ unit: "hour", size })),
  ...[1, 2, 7, 14].map((size) => ({ unit: "day", size })),
  ...[1, 2, 3, 6].map((size) => ({ unit: "month", size })),
  ...[1, 2, 5, 10].map((size) => ({ unit: "month", size: 12 * size })),
];
const HOURS = { hour: 1, day: 24, month: 730 };

// Places between two hours (UTC) with their labels, at most `most` of them; the first of a year has
// that below.
export function ticksOf(from, to, most, clock) {
  const step = STEPS.find(({ unit, size }) => (to - from) / (HOURS[unit] * size) <= most) ?? STEPS.at(-1);
  const [first, last] = [clock.local(from), clock.local(to)];
  const ticks = [];
  let year = "";
  for (const [local, label] of places(step, first, last)) {
    const hour = clock.utc(local);
    if (hour < from || hour > to || hour <= (ticks.at(-1)?.hour ?? -Infinity)) continue;
    const before = year;
    if (!label.includes(":")) year = dayText(Math.floor(local / 24)).slice(0, 4);
    ticks.push({ hour, label: year === before || label === year ? label : `${label}\n${year}` });
  }
  return ticks;
}

function* places({ unit, size }, first, last) {
  if (unit === "hour") {
    for (let n = Math.ceil(first / size); n * size <= last; n += 1) yield [n * size, hourLabel(n * size)];
  } else if (unit === "day") {
    for (let day = Math.ceil(first / 24 / size) * size; day * 24 <= last; day += size) yield [day * 24, dayLabel(day)];
  } else {
    const start = Math.ceil(monthOf(Math.floor(first / 24)) / size) * size;
    for (let month = start; monthStart(month) * 24 <= last; month += size) yield [monthStart(month) * 24, monthLabel(month, size)];
  }
}

function hourLabel(local) {
  const minutes = Math.round((((local % 24) + 24) % 24) * 60);
  if (minutes === 0) return dayLabel(Math.round(local / 24));
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function dayLabel(day) {
  const [, month, date] = dayText(day).split("-");
  return `${Number(date)} ${MONTHS[month - 1]}`;
}

function monthLabel(month, size) {
  return size >= 12 ? String(1970 + Math.floor(month / 12)) : MONTHS[month % 12];
}
