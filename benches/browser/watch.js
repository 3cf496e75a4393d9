// Runs in the page before the page's own scripts: notes when the worker's events arrive, and what holds the page's thread meanwhile.
// All times are performance.now(), ms.
const bench = self.bench = {
  opened: false, adapter: "", started: null, progress: [], longestTask: null, longestGap: 0, cancelled: {},
  worker: null, progressed: () => {}, answered: () => {},
};

// A name that the page gives to no file.
bench.PROBE = 0xffffffff;

self.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    bench.worker = this;
    bench.opened = false;
    this.addEventListener("message", message => hear(JSON.parse(message.data[0]), message));
  }

  postMessage(message, ...rest) {
    if (JSON.parse(message[0]).Start) {
      bench.started = performance.now();
      bench.longestGap = 0;
    }
    super.postMessage(message, ...rest);
  }
};

const hear = (event, message) => {
  if (event.Opened) opened(event.Opened);
  if (event.Progress) {
    bench.progress.push({ at: performance.now(), step: event.Progress.step, held: buffers.held });
    bench.progressed();
  }
  if (event.Examined?.file === bench.PROBE) {
    message.stopImmediatePropagation(); // the page has not asked
    bench.answered();
  }
};

// The worker's word for the adapter is empty where the browser masks its name; what the browser tells beside that will do.
const opened = async ({ kind, name }) => {
  bench.opened = true;
  bench.adapter = name;
  if (kind === "Gpu" && !name) {
    const info = (await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }))?.info;
    bench.adapter = [info?.vendor, info?.architecture, info?.device].filter(Boolean).join(" ");
  }
};

if (PerformanceObserver.supportedEntryTypes.includes("longtask")) {
  bench.longestTask = 0;
  new PerformanceObserver(list => {
    const ofRun = list.getEntries().filter(entry => bench.started !== null && entry.startTime >= bench.started);
    bench.longestTask = Math.max(bench.longestTask, ...ofRun.map(entry => entry.duration));
  }).observe({ type: "longtask" });
}

let ticked = performance.now();
setInterval(() => {
  const now = performance.now();
  bench.longestGap = Math.max(bench.longestGap, now - ticked);
  ticked = now;
}, 4);
