// Unpacks the hours and the five minutes of the main chart; packed.py says how they are packed.

async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A series: its bytes are apart, its numbers zigzag, and differences from the one before.
export function series(bytes, number, length) {
  const values = new Int32Array(length);
  const from = number * 4 * length;
  let last = 0;
  for (let i = 0; i < length; i += 1) {
    const at = from + i;
    const zigzag = (bytes[at] | (bytes[at + length] << 8) | (bytes[at + 2 * length] << 16) | (bytes[at + 3 * length] << 24)) >>> 0;
    last += (zigzag >>> 1) ^ -(zigzag & 1);
    values[i] = last;
  }
  return values;
}

function expanded(runs) {
  const numbers = [];
  for (const [first, count] of runs) for (let i = 0; i < count; i += 1) numbers.push(first + i);
  return Int32Array.from(numbers);
}

// All hours that have a price anywhere, and the prices of each location. A rest that is zero is not packed.
export class Hours {
  constructor(about, bytes) {
    this.hours = expanded(about.runs);
    this.bytes = bytes;
    this.numbers = new Map(about.series.map((each, number) => [[each.what, each.market, each.location].join(), number]));
    this.about = about;
    this.known = new Map();
    this.shared = new Map();
    this.onPeak = this.series("on_peak");
    this.zeros = new Int32Array(this.hours.length);
  }

  static async from(about, text) {
    return new Hours(about, text ? await inflated(text) : new Uint8Array());
  }

  series(what, market, location) {
    const number = this.numbers.get([what, market, location].join());
    return number === undefined ? null : series(this.bytes, number, this.hours.length);
  }

  has(market, location) {
    return this.numbers.has(["congestion", market, location].join());
  }

  // Price, congestion and loss of a market (da, rt) at a location, or their differences (spread), in
  // $/MWh; NaN where there is none.
  of(market, location) {
    const key = `${market} ${location}`;
    if (!this.known.has(key)) {
      this.known.set(key, market === "spread" ? this.difference("da", location, "rt", location) : this.sums(market, location));
    }
    return this.known.get(key);
  }

  // A market's price at a location minus that at another.
  basis(market, location, reference) {
    const key = `${market} ${location} ${reference}`;
    if (!this.known.has(key)) this.known.set(key, this.difference(market, location, market, reference));
    return this.known.get(key);
  }

  difference(market, location, otherMarket, otherLocation) {
    return new Difference(this.of(market, location), this.of(otherMarket, otherLocation));
  }

  sums(market, location) {
    const length = this.hours.length;
    const found = { lmp: new Float64Array(length).fill(NaN), congestion: new Float64Array(length).fill(NaN), loss: new Float64Array(length).fill(NaN) };
    if (!this.has(market, location)) return found;
    const { energy, nearby, reference } = this.sharedBy(market);
    const [own, loss] = [this.series("congestion", market, location), this.series("loss", market, location)];
    const rest = this.series("rest", market, location) ?? this.zeros;
    const { absent } = this.about.series[this.numbers.get(["congestion", market, location].join())];
    const added = reference === location ? this.zeros : nearby;
    for (let i = 0; i < length; i += 1) {
      const congestion = own[i] + added[i];
      found.lmp[i] = (energy[i] + rest[i] + congestion + loss[i]) / 100;
      found.congestion[i] = congestion / 100;
      found.loss[i] = loss[i] / 100;
    }
    for (const [first, count] of absent) for (const values of Object.values(found)) values.fill(NaN, first, first + count);
    return found;
  }

  // What all locations of a market have in common: energy, and the congestion of the reference.
  sharedBy(market) {
    if (!this.shared.has(market)) {
      const reference = this.about.series.find((each) => each.what === "congestion" && each.market === market).location;
      this.shared.set(market, { reference, energy: this.series("energy", market), nearby: this.series("congestion", market, reference) });
    }
    return this.shared.get(market);
  }
}

// One series of prices minus another; each part is made when it is asked for.
class Difference {
  constructor(one, other) {
    Object.assign(this, { one, other, made: {} });
  }

  get lmp() {
    return this.part("lmp");
  }

  get congestion() {
    return this.part("congestion");
  }

  get loss() {
    return this.part("loss");
  }

  part(name) {
    const other = this.other[name];
    this.made[name] ??= this.one[name].map((value, i) => Math.round((value - other[i]) * 100) / 100);
    return this.made[name];
  }
}

// Five-minute real-time prices: the months that are in the page, each unpacked when it is asked for.
export class FiveMinutes {
  constructor(months) {
    this.months = months;
    this.unpacked = new Map();
  }

  // Whether every slot (five minutes since 1970) from one to another is of a month that is here.
  covers(first, last) {
    const holds = (slot) => this.months.some((month) => slot >= month.first && slot < month.first + month.count);
    return holds(first) && holds(last);
  }

  async prepare(first, last) {
    for (const month of this.months) {
      if (month.first > last || month.first + month.count <= first || this.unpacked.has(month)) continue;
      const bytes = await inflated(month.data);
      const found = new Map();
      let reference = null;
      month.series.forEach(({ location, absent }, number) => {
        const cents = series(bytes, number, month.count);
        const prices = Float64Array.from(cents, (value, i) => (value + (reference ? reference[i] : 0)) / 100);
        reference ??= cents;
        for (const [from, count] of absent) prices.fill(NaN, from, from + count);
        found.set(location, prices);
      });
      this.unpacked.set(month, found);
    }
  }

  price(location, slot) {
    const month = this.months.find((each) => slot >= each.first && slot < each.first + each.count);
    return this.unpacked.get(month)?.get(location)?.[slot - month.first] ?? NaN;
  }
}
