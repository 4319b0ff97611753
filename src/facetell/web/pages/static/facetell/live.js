// The live page: takes the camera when asked to, sends a picture every step, shows what comes back.
import { Boxes } from "./boxes.js";
import { probability, sideOf } from "./moments.js";
import { LiveSocket } from "./live_socket.js";
import { say } from "./words.js";

const MOST_KEPT = 36000; // scores that can be saved: an hour of ten a second
const QUALITY = 0.92;
const REFUSALS = {
  NotAllowedError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
};
const setup = JSON.parse(document.getElementById("setup").textContent);
const card = document.getElementById("live");
const problem = document.getElementById("problem");
const part = (name) => card.querySelector(`[data-${name}]`);
const [video, svg, stage] = ["video", "svg.boxes", ".live-stage"].map((s) => card.querySelector(s));
const canvas = document.createElement("canvas");
const picture = { width: 0, height: 0, fake: setup.fake, real: setup.real };
const boxes = new Boxes(svg, picture, say("face"));
const bars = card.querySelector(".live-bars");
const [start, stop, save] = [part("start"), part("stop"), part("save")];

let camera = null;
let socket = null;
let timer = null;
let kept = [];
let [analysed, dropped] = [0, 0];

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function tell(text) {
  part("meaning").textContent = text;
}

async function begin() {
  complain("");
  if (!navigator.mediaDevices?.getUserMedia) {
    complain(say("insecure"));
    return;
  }
  start.disabled = true;
  tell(say("asking"));
  try {
    camera = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    tell("");
    complain(say(REFUSALS[error.name] ?? "busy"));
    return;
  } finally {
    start.disabled = false;
  }
  video.srcObject = camera;
  await video.play();
  camera.getVideoTracks()[0].addEventListener("ended", () => end("missing"));
  [kept, analysed, dropped] = [[], 0, 0];
  show(true);
  tell(say("connecting"));
  socket = new LiveSocket(setup.path, ticket, {
    ready: () => tell(say("loading")),
    answer: take,
    lost: (seconds) => tell(say("lost", { seconds })),
    refused: (word) => end(word),
  });
  timer = setInterval(sample, setup.step_ms);
}

async function ticket() {
  const answer = await fetch(card.dataset.ticket, {
    method: "POST",
    headers: { "X-CSRFToken": card.querySelector("[name=csrfmiddlewaretoken]").value },
  });
  if (!answer.ok || answer.redirected) throw new Error("no ticket");
  return (await answer.json()).ticket;
}

function show(running) {
  stage.hidden = start.hidden = false;
  start.hidden = running;
  stop.hidden = stage.hidden = !running;
  bars.hidden = !running && !kept.length;
  save.hidden = running || !kept.length;
}

function end(word) {
  clearInterval(timer);
  socket?.close();
  camera?.getTracks().forEach((track) => track.stop());
  video.srcObject = camera = socket = null;
  svg.replaceChildren();
  show(false);
  tell(say("stopped"));
  if (word) complain(say(word in REFUSED_WORDS ? word : "busy"));
}

const REFUSED_WORDS = { too_many: 1, too_many_of_yours: 1, missing: 1 };

function sample() {
  if (!socket?.open || !video.videoWidth) return;
  if (!socket.free) {
    dropped += 1; // the server still looks at the pictures before
    return;
  }
  const scale = Math.min(1, setup.picture_px / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = picture.width = Math.round(video.videoWidth * scale);
  canvas.height = picture.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  socket.hold();
  const takenMs = performance.now();
  canvas.toBlob((blob) => socket?.send(takenMs, blob), "image/jpeg", QUALITY);
}

function take(answer, ms) {
  if (answer.error) complain(answer.message);
  if (answer.skipped || answer.error) {
    dropped += 1;
    return;
  }
  analysed += 1;
  if (kept.length < MOST_KEPT) {
    kept.push({ time_s: answer.time_s, p_fake: answer.p_fake, verdict: answer.verdict });
  }
  svg.setAttribute("viewBox", `0 0 ${answer.width} ${answer.height}`);
  boxes.draw(answer.faces.filter((face) => face.p_fake !== null).map((face) => ({
    face, pFake: face.p_fake, box: face.box_xyxy, scored: true,
  })));
  judge(answer.verdict);
  const now = document.getElementById("now");
  now.value = answer.p_fake ?? 0;
  now.className = answer.p_fake === null ? "" : sideOf(answer.p_fake, picture);
  part("now").textContent = answer.p_fake === null ? say("nothing") : probability(answer.p_fake);
  part("counts").textContent = say("counts", { analysed, dropped, ms: Math.round(ms) });
}

function judge(verdict) {
  const settling = verdict.frames === 0;
  const word = part("verdict");
  set(word, settling ? "" : say(`label_${verdict.label}`));
  word.className = `word ${verdict.label}`;
  const certainty = verdict.certainty ?? 0; // never rounded up to a whole one
  const share = certainty > 0.99 ? ">99 %" : `${Math.round(100 * certainty)} %`;
  const seconds = Math.round(verdict.span_s);
  const told = `p(fake) ${probability(verdict.p_fake ?? 0)} ${say("span", { seconds })}, ${say("certainty", { share })}`;
  // outside of what screen readers read out: numbers change ten times a second
  part("certainty").textContent = settling || verdict.p_fake === null ? "" : told;
  set(part("meaning"), settling ? say("settling") : say(`meaning_${verdict.label}`));
  document.getElementById("settled").value = verdict.certainty ?? 0;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function saveScores() {
  const link = document.createElement("a");
  const file = new Blob([JSON.stringify({ frames: kept }, null, 1)], { type: "application/json" });
  link.href = URL.createObjectURL(file);
  link.download = "facetell-live.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

start.addEventListener("click", begin);
stop.addEventListener("click", () => end());
save.addEventListener("click", saveScores);
addEventListener("pagehide", () => camera && end());
