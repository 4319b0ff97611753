// Chooses, checks, previews and sends files; without it the form sends them all the same.
import { fault, row } from "./picked.js";
import { say, size } from "./words.js";

const form = document.getElementById("upload");
const input = document.getElementById("file");
const list = document.getElementById("picked");
const total = document.getElementById("total");
const problem = document.getElementById("problem");
const sending = document.getElementById("sending");
const start = document.getElementById("start");
const bar = document.getElementById("bar");
const percent = document.getElementById("percent");
const limits = {
  maxBytes: Number(form.dataset.maxBytes),
  maxTotalBytes: Number(form.dataset.maxTotalBytes),
  maxFiles: Number(form.dataset.maxFiles),
  suffixes: new Set(form.dataset.suffixes.split(" ")),
};
let files = [];
let request = null;

function same(a, b) {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

function choose(chosen) {
  files = chosen.filter((file, at) => chosen.findIndex((other) => same(file, other)) === at);
  const kept = new DataTransfer();
  for (const file of files) kept.items.add(file);
  input.files = kept.files;
  input.required = !files.length;
  show();
}

function add(more) {
  if (more.length && !request) choose([...files, ...more]);
}

function show() {
  for (const media of list.querySelectorAll("video, img")) URL.revokeObjectURL(media.src);
  complain("");
  durationNotes(0);
  const rows = files.map((file, at) =>
    row(file, fault(file, limits), {
      remove: () => {
        choose(files.filter((_, other) => other !== at));
        input.focus();
      },
      alone: files.length === 1,
      onDuration: (time_s) => files.length === 1 && durationNotes(time_s),
    }),
  );
  list.replaceChildren(...rows);
  list.hidden = !files.length;
  form.classList.toggle("has-files", files.length > 0);
  const all = { count: files.length, size: size(totalBytes()) };
  total.textContent = files.length > 1 ? say("files", all) : "";
}

function totalBytes() {
  return files.reduce((sum, file) => sum + file.size, 0);
}

function faultOfAll() {
  const [bytes, limit] = [totalBytes(), limits.maxTotalBytes];
  if (files.length > limits.maxFiles) return say("tooMany", { limit: limits.maxFiles });
  return bytes > limit ? say("tooMuch", { size: size(bytes), limit: size(limit) }) : "";
}

function durationNotes(time_s) {
  for (const step of form.querySelectorAll("[data-bursts]")) {
    const apart = time_s / Number(step.dataset.bursts);
    const note = document.querySelector(`#note-${step.value} .every`);
    const digits = apart < 10 ? 1 : 0;
    const number = apart.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
    note.textContent = Number.isFinite(apart) && apart > 0 ? say("every", { seconds: number }) : "";
  }
}

function complain(reason) {
  problem.textContent = reason;
  problem.hidden = !reason;
  if (reason) problem.scrollIntoView({ block: "nearest" });
}

function idle() {
  request = null;
  sending.hidden = true;
  start.hidden = false;
}

function explain(answer) {
  if (answer?.detail) return answer.detail;
  return request.status === 413 ? say("tooLargeForServer") : say("refused", { status: request.status });
}

function finish() {
  const answer = request.response;
  if (request.status === 202 && answer?.location) {
    location.assign(answer.location);
    return;
  }
  const reason = explain(answer);
  idle();
  complain(reason);
}

function send() {
  const body = new FormData(form);
  request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total: all }) => {
    const done = Math.floor((100 * loaded) / all);
    bar.value = done;
    percent.textContent = done < 100 ? say("sending", { percent: done }) : say("sent");
  });
  request.addEventListener("load", finish);
  request.addEventListener("error", () => {
    idle();
    complain(say("broken"));
  });
  request.send(body);
  bar.value = 0;
  percent.textContent = say("sending", { percent: 0 });
  start.hidden = true;
  sending.hidden = false;
  document.getElementById("stop").focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (request) return;
  const reason = files.map((file) => fault(file, limits)).find(Boolean) || faultOfAll();
  if (reason) complain(reason);
  else send();
});
document.getElementById("stop").addEventListener("click", () => {
  request?.abort();
  idle();
});
// a dialog replaces what was chosen: keep it and add
input.addEventListener("change", () => {
  const chosen = [...input.files];
  if (chosen.length) choose([...files, ...chosen]);
  else choose(files);
});
document.addEventListener("paste", (event) => add([...(event.clipboardData?.files ?? [])]));

// a file dropped beside the place must not make the browser leave the page
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dragged");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("dragged");
});
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  form.classList.remove("dragged");
  add([...event.dataTransfer.files]);
});
// browsers restore the page from the back-forward cache as it was left: half sent
addEventListener("pageshow", (event) => {
  if (event.persisted) idle();
});
if (input.files.length) choose([...input.files]);
