// Presses the button that stops a run half a step after the worker's next word, and asks the worker something right behind it. Notes when the page has said that
// the run is cancelled, and when the worker has answered, ms after the press.
const button = [...document.querySelectorAll("button")].find(button => button.textContent.trim() === "$STOP");
const status = document.querySelector("[role=status]");
let pressed = null;
const settle = what => { bench.cancelled[what] ??= performance.now() - pressed; };

const press = () => {
  pressed = performance.now();
  new MutationObserver(() => {
    if (status.textContent.includes("ancelled")) settle("said");
  }).observe(status, { childList: true, characterData: true, subtree: true });
  bench.answered = () => settle("free");
  button.click();
  bench.worker.postMessage([JSON.stringify({ Examine: bench.PROBE })]);
};

bench.progressed = () => {
  bench.progressed = () => {};
  const [before, last] = bench.progress.slice(-2);
  setTimeout(press, (last.at - before.at) / 2);
};
