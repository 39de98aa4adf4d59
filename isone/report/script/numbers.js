// Numbers as the page writes them, and what is counted from them.

const FORMATS = new Map(); // by decimals: to make one takes longer than to use it

function formatOf(decimals) {
  if (!FORMATS.has(decimals)) FORMATS.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  return FORMATS.get(decimals);
}

// With a minus sign, and none before what rounds to zero; as in_figures in cells.py.
export function inFigures(value, decimals = 2, sign = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = formatOf(decimals).format(value);
  const plain = /^-[0.,]*$/.test(text) ? text.slice(1) : text.replace("-", "\u2212");
  return sign && !plain.startsWith("\u2212") ? `+${plain}` : plain;
}

// How many decimals the multiples of a round step need: of 5 none, of 2.5 one.
export function decimalsOf(step) {
  for (let decimals = 0; decimals < 6; decimals += 1) {
    const moved = Math.abs(step) * 10 ** decimals;
    if (Math.abs(moved - Math.round(moved)) < 1e-6) return decimals;
  }
  return 6;
}

// The value below which a share of sorted numbers is.
export function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

// Mean, lowest and highest of the numbers from `first` to before `end` that are there and chosen;
// null where none is.
export function statistics(values, first, end, chosen) {
  let [count, sum, low, high, highAt, negative] = [0, 0, Infinity, -Infinity, -1, 0];
  for (let i = first; i < end; i += 1) {
    const value = values[i];
    if (Number.isNaN(value) || !chosen(i)) continue;
    count += 1;
    sum += value;
    if (value < low) low = value;
    if (value > high) [high, highAt] = [value, i];
    if (value < 0) negative += 1;
  }
  return count ? { count, sum, mean: sum / count, low, high, highAt, negative } : null;
}

// The statistics of several stretches in one; null where all are.
export function together(several) {
  let [count, sum, low, high, highAt, negative] = [0, 0, Infinity, -Infinity, -1, 0];
  for (const each of several) {
    if (!each) continue;
    count += each.count;
    sum += each.sum;
    negative += each.negative;
    if (each.low < low) low = each.low;
    if (each.high > high) [high, highAt] = [each.high, each.highAt];
  }
  return count ? { count, sum, mean: sum / count, low, high, highAt, negative } : null;
}

// The first place in ascending numbers whose number is not below `wanted`.
export function placeOf(numbers, wanted) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

// An axis that usual prices fill. Beyond it is what lies further out than once more the range of all
// but a hundredth of them. `least` and `most` are the lowest and highest of what is drawn.
export function robustRange(values, least, most) {
  const sorted = Float64Array.from(values).sort();
  if (!sorted.length) return { low: 0, high: 1, clipped: false };
  const [from, to] = [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  const room = Math.max(to - from, 1);
  const low = least < from - room ? from - room / 4 : least;
  const high = most > to + room ? to + room / 4 : most;
  const margin = (high - low || 1) * 0.04;
  return { low: low - margin, high: high + margin, clipped: low > least || high < most };
}
