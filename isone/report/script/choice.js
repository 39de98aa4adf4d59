// What a reader has chosen, and how the part of the address after # says it.

const PEAKS = ["all", "on", "off"];
const SHOWN = ["da", "rt", "spread"];

// The choice that an address tells; what it does not tell, or tells wrongly, is as in `usual`.
export function choiceOf(hash, usual, allowed) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name, among) => {
    const value = Number(said.get(name) ?? NaN);
    return among.includes(value) ? value : usual[name];
  };
  const moment = (name) => {
    const value = Number(said.get(name) ?? NaN);
    return Number.isFinite(value) && said.has(name) ? value : null;
  };
  const list = (name, among, instead) => {
    const values = (said.get(name) ?? "").split(",").filter((each) => among.includes(each));
    return values.length ? among.filter((each) => values.includes(each)) : instead;
  };
  const [from, to] = [moment("from"), moment("to")];
  const zoomed = from !== null && to !== null && from < to;
  const location = number("location", allowed.locations);
  return {
    location,
    compare: list("with", allowed.locations.map(String), []).map(Number).filter((each) => each !== location),
    year: number("year", allowed.years),
    zone: number("zone", allowed.zones),
    peak: PEAKS.includes(said.get("peak")) ? said.get("peak") : usual.peak,
    show: list("show", SHOWN, usual.show),
    basis: said.get("basis") === "1",
    whole: said.get("axis") === "whole",
    from: zoomed ? from : null,
    to: zoomed ? to : null,
    section: said.get("at") ?? (hash.includes("=") ? "" : hash.replace(/^#/, "")),
  };
}

// The address of a choice; what is as usual is left out.
export function hashOf(choice, usual) {
  const said = new URLSearchParams();
  for (const name of ["location", "year", "zone", "peak"]) if (choice[name] !== usual[name]) said.set(name, choice[name]);
  if (choice.compare.length) said.set("with", choice.compare.join());
  if (choice.show.join() !== usual.show.join()) said.set("show", choice.show.join());
  if (choice.basis) said.set("basis", "1");
  if (choice.whole) said.set("axis", "whole");
  if (choice.from !== null) {
    said.set("from", trimmed(choice.from));
    said.set("to", trimmed(choice.to));
  }
  if (choice.section) said.set("at", choice.section);
  const text = said.toString().replaceAll("%2C", ",");
  return text ? `#${text}` : "";
}

// Hours since 1970, to the minute.
function trimmed(hour) {
  return String(Math.round(hour * 60) / 60).slice(0, 12);
}
