// The strip below the main chart: all that there is, with a window where the chart is.

const HEIGHT = 64;

export class Overview {
  constructor(element, chart) {
    Object.assign(this, { element, chart });
    this.window = element.querySelector(".window");
    let at = null;
    element.addEventListener("pointerdown", (event) => {
      at = { x: event.clientX, from: chart.from, to: chart.to };
      const hour = this.hourAt(event.clientX);
      if (hour < chart.from || hour > chart.to) this.centre(hour, at);
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!at || chart.choice.from === null) return;
      const by = this.hourAt(event.clientX) - this.hourAt(at.x);
      chart.zoom(at.from + by, at.to + by);
    });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => { at = null; });
  }

  hourAt(x) {
    const box = this.element.getBoundingClientRect();
    const { first, end } = this.chart.curves;
    return first + ((x - box.left) / box.width) * (end - first);
  }

  centre(hour, at) {
    const half = (this.chart.to - this.chart.from) / 2;
    [at.from, at.to] = [hour - half, hour + half];
    this.chart.zoom(at.from, at.to);
  }

  // The first curve of a choice, as weekly or monthly means.
  async show(choice) {
    const { curves } = this.chart;
    const { at, columns } = await curves.numbers({ ...choice, compare: [], show: choice.show.slice(0, 1), basis: false }, curves.first, curves.end);
    const canvas = this.element.querySelector("canvas");
    const [width, height] = [this.element.clientWidth, HEIGHT];
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    const values = columns[0]?.mean ?? [];
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(0, ...known), Math.max(1, ...known)];
    const x = (hour) => ((hour - curves.first) / (curves.end - curves.first)) * width;
    const y = (value) => height - 4 - ((value - low) / (high - low)) * (height - 8);
    context.fillStyle = "#0072B2";
    let before = null;
    context.strokeStyle = "#0072B2";
    context.beginPath();
    values.forEach((value, i) => {
      if (value !== null) context[before === null ? "moveTo" : "lineTo"](x(at[i]), y(value));
      before = value;
    });
    context.stroke();
    this.place();
  }

  place() {
    const { chart } = this;
    const { first, end } = chart.curves;
    const share = (hour) => (100 * (hour - first)) / (end - first);
    this.window.style.left = `${share(chart.from)}%`;
    this.window.style.width = `${Math.max(0.6, share(chart.to) - share(chart.from))}%`;
  }
}
