// Market time. Hours are counted since 1970 in UTC; what a reader sees is New England's clock.

const HOURS_OF_DAY = 24;
const MILLISECONDS = 3600000; // of an hour

// `offsets`: [from which hour (UTC) on, how many hours market time is from UTC], ascending.
export class Clock {
  constructor(offsets) {
    this.offsets = offsets;
  }

  offset(hour) {
    let found = this.offsets[0]?.[1] ?? -5;
    for (const [from, offset] of this.offsets) if (hour >= from) found = offset;
    return found;
  }

  // Hours since 1970 as the clock on the wall counts them, and back.
  local(hour) {
    return hour + this.offset(hour);
  }

  utc(local) {
    const guess = local - this.offset(local + 5);
    return local - this.offset(guess);
  }

  day(hour) {
    return Math.floor(this.local(hour) / HOURS_OF_DAY);
  }

  // `2017-01-09 17:00`
  text(hour) {
    const moment = new Date(Math.round(this.local(hour) * 60) * 60000);
    return `${isoDay(moment)} ${twoDigits(moment.getUTCHours())}:${twoDigits(moment.getUTCMinutes())}`;
  }

  // `2017-01-09T17:00:00-05:00`
  iso(hour) {
    return `${this.text(hour).replace(" ", "T")}:00-0${-this.offset(hour)}:00`;
  }
}

export function twoDigits(number) {
  return String(number).padStart(2, "0");
}

export function isoDay(moment) {
  return moment.toISOString().slice(0, 10);
}

export function dayText(day) {
  return isoDay(new Date(day * HOURS_OF_DAY * MILLISECONDS));
}

// The first day of a month, `months` after January 1970, in days since then.
export function monthStart(months) {
  return Date.UTC(1970, months, 1) / (HOURS_OF_DAY * MILLISECONDS);
}

export function monthOf(day) {
  const moment = new Date(day * HOURS_OF_DAY * MILLISECONDS);
  return (moment.getUTCFullYear() - 1970) * 12 + moment.getUTCMonth();
}
