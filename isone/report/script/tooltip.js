// The tooltip of Vega's charts: the page's own, beside the pointer, so that it covers nothing.

const BESIDE = 18; // pixels

let tip = null;

// As vega-embed calls it: `value` is an object of names and texts, or nothing.
export function showTooltip(_, event, item, value) {
  tip ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "tip floating" }));
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  tip.replaceChildren(...Object.entries(value).map(([name, text]) => {
    const line = document.createElement("p");
    const words = document.createElement("span");
    words.textContent = `${name}: `;
    line.append(words, String(text).replaceAll("-", (sign, at, whole) => (/^-[\d.]/.test(whole) ? "\u2212" : sign)));
    return line;
  }));
  const right = event.clientX + BESIDE + tip.offsetWidth > document.documentElement.clientWidth;
  tip.style.left = `${right ? event.clientX - BESIDE - tip.offsetWidth : event.clientX + BESIDE}px`;
  tip.style.top = `${Math.min(event.clientY + BESIDE, innerHeight - tip.offsetHeight - 4)}px`;
}
