// Presses Cancel and asks the worker something right behind it. Notes when the page has said that the run is cancelled, and when the
// worker has answered, ms after the press.
const button = [...document.querySelectorAll("button")].find(button => button.textContent.trim() === "Cancel");
const status = document.querySelector("[role=status]");
const pressed = performance.now();
const settle = what => { bench.cancelled[what] ??= performance.now() - pressed; };
new MutationObserver(() => {
  if (status.textContent.includes("ancelled")) settle("said");
}).observe(status, { childList: true, characterData: true, subtree: true });
bench.answered = () => settle("free");
button.click();
bench.worker.postMessage([JSON.stringify({ Examine: bench.PROBE })]);
