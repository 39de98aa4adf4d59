// Wheel, touch, drag with Shift, and keys on the main chart. A drag without Shift is uPlot's own.

export function listenToGestures(chart, surface) {
  const hourAt = (x) => {
    const box = surface.querySelector(".u-over").getBoundingClientRect();
    return chart.from + ((x - box.left) / box.width) * (chart.to - chart.from);
  };
  surface.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) chart.scale(event.deltaY > 0 ? 1.25 : 0.8, hourAt(event.clientX));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) chart.move(event.deltaX / surface.clientWidth);
    else return; // the page scrolls
    event.preventDefault();
  }, { passive: false });
  surface.addEventListener("dblclick", () => chart.zoom(-Infinity, Infinity));
  surface.addEventListener("keydown", (event) => {
    const action = {
      ArrowLeft: () => (event.shiftKey ? chart.move(-0.25) : chart.step(-1)),
      ArrowRight: () => (event.shiftKey ? chart.move(0.25) : chart.step(1)),
      PageUp: () => chart.move(-1),
      PageDown: () => chart.move(1),
      "+": () => chart.scale(0.5),
      "=": () => chart.scale(0.5),
      "-": () => chart.scale(2),
      Home: () => chart.zoom(-Infinity, Infinity),
    }[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  listenToPointers(chart, surface, hourAt);
}

// Shift and a drag, or a finger, move; two fingers zoom.
function listenToPointers(chart, surface, hourAt) {
  const down = new Map();
  let start = null;
  const begin = () => {
    const xs = [...down.values()];
    start = { from: chart.from, to: chart.to, hours: xs.map(hourAt) };
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.shiftKey) return;
    down.set(event.pointerId, event.clientX);
    surface.setPointerCapture(event.pointerId);
    begin();
  });
  surface.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    down.set(event.pointerId, event.clientX);
    const box = surface.querySelector(".u-over").getBoundingClientRect();
    const shares = [...down.values()].map((x) => (x - box.left) / box.width);
    const [one, other] = start.hours;
    const length = down.size > 1 ? Math.abs((other - one) / (shares[1] - shares[0] || 1)) : start.to - start.from;
    chart.zoom(one - shares[0] * length, one + (1 - shares[0]) * length);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    surface.addEventListener(name, (event) => {
      if (!down.delete(event.pointerId)) return;
      if (name === "pointercancel") chart.zoom(start.from, start.to); // the finger scrolls the page
      if (down.size) begin();
    });
  }
  // uPlot takes any drag of the mouse for a selection; with Shift it is none.
  surface.addEventListener("mousedown", (event) => event.shiftKey && event.stopPropagation(), true);
}
