// Follows an analysis: by events, and where those are cut by asking for this page again; its end
// loads the result.
import { say } from "./words.js";

const POLL_MS = 1500;
const SILENT_MS = 20000; // the stream says something every 15 s
const box = document.getElementById("progress");
const said = document.getElementById("said");
const bar = document.getElementById("bar");
const clock = document.getElementById("clock");
const parser = new DOMParser();
const stages = [...box.querySelectorAll("[data-stage]")];
const order = stages.map((item) => item.dataset.stage);
let status = box.dataset.status;
let beganMs = performance.now() - 1000 * Number(box.dataset.elapsedS);
let heardMs = performance.now();
let source = null;
let asking = null;

function show(state) {
  heardMs = performance.now();
  if (!["queued", "running"].includes(state.status)) {
    stop();
    location.reload();
    return;
  }
  begin(state.status);
  mark(state.status === "queued" ? "queued" : state.progress?.stage || "opening");
  tell(sentence(state));
  const total = state.progress?.total;
  if (total) move(state.progress.done, total);
  else bar.removeAttribute("value");
}

function begin(now) {
  if (now === status) return;
  status = now;
  beganMs = performance.now();
  tick();
}

function move(done, total) {
  bar.max = total;
  bar.value = Math.min(done, total);
}

// reports are written at the end, which has no place of its own
function place(stage) {
  return stage === "writing" ? order.length - 1 : order.indexOf(stage);
}

function mark(current) {
  const at = place(current);
  stages.forEach((item, number) => {
    item.dataset.state = number < at ? "past" : number === at ? "current" : "future";
    if (number === at) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

function sentence(state) {
  if (state.status === "queued") {
    return state.queue_place > 1 ? say("place", { place: state.queue_place }) : say("next");
  }
  const { stage, done, total } = state.progress;
  if (total) return say("frame", { done, total });
  return stages[place(stage || "opening")]?.textContent ?? "";
}

function tell(text) {
  if (said.textContent !== text) said.textContent = text;
}

function tick() {
  const s = Math.max(0, Math.floor((performance.now() - beganMs) / 1000));
  const time = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  clock.textContent = say(status === "queued" ? "waiting" : "running", { time });
  if (source && performance.now() - heardMs > SILENT_MS) ask();
}

function listen() {
  source = new EventSource(box.dataset.events);
  source.addEventListener("state", (event) => show(JSON.parse(event.data)));
  source.addEventListener("deleted", () => location.reload());
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) ask();
  });
}

async function ask() {
  source?.close();
  source = null;
  asking ??= setInterval(look, POLL_MS);
  await look();
}

async function look() {
  let answer;
  try {
    answer = await fetch(location.href);
  } catch {
    tell(say("offline"));
    return;
  }
  if (answer.ok) take(parser.parseFromString(await answer.text(), "text/html"));
  else if (answer.status === 404) location.reload();
  else tell(say("offline"));
}

function take(page) {
  const fresh = page.getElementById("progress");
  if (!fresh) {
    stop();
    location.reload();
    return;
  }
  begin(fresh.dataset.status);
  mark(fresh.querySelector("[aria-current]").dataset.stage);
  tell(fresh.querySelector("#said").textContent.trim());
  const { max, value } = fresh.querySelector("progress");
  if (fresh.querySelector("progress[value]")) move(value, max);
  else bar.removeAttribute("value");
}

function stop() {
  source?.close();
  clearInterval(asking);
  source = asking = null;
}

listen();
tick();
setInterval(tick, 1000);
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
