// Joins the parts of a result's page: video, boxes, timeline, frames, face crops.
import { Boxes } from "./boxes.js";
import { Chart, describe } from "./chart.js";
import "./copy.js";
import { clock, facesAt, scoredTimes } from "./moments.js";
import { Playhead } from "./playhead.js";

const data = JSON.parse(document.getElementById("player-data").textContent);
const player = document.querySelector("[data-player]");
const video = player?.querySelector("video");
const playhead = new Playhead(video, data.start_s);

if (player) {
  const words = player.dataset;
  if (video) followVideo(words);
  else if (player.querySelector("[data-frames-only]")) standIn(words, false);
  else drawPicture();
  const chart = player.querySelector("[data-chart]");
  if (chart) new Chart(chart, data, playhead, words);
  if (player.querySelector("[data-scrub]")) scrub(words);
  step();
  seekFromShots();
}
heatMaps();
stretches();

function followVideo(words) {
  const boxes = new Boxes(player.querySelector("svg.boxes"), data, words.face);
  const draw = () => boxes.draw(facesAt(playhead.time, data));
  playhead.addEventListener("move", draw);
  new ResizeObserver(draw).observe(video);
  video.addEventListener("error", () => standIn(words, true));
  video.addEventListener("loadedmetadata", () => {
    // sound without a picture: the codec of the picture is not known
    if (!video.videoWidth) standIn(words, true);
    else playhead.seek(scoredTimes(data)[0] ?? 0); // where there is a box to see
  });
  if (video.error) standIn(words, true);
}

// Shows sampled frames in place of a video that cannot be played.
function standIn(words, told) {
  const stage = player.querySelector("[data-stage]");
  const shots = [...player.querySelectorAll("[data-shot]")];
  if (told) {
    const note = player.querySelector("[data-unplayable-note]");
    note.textContent = shots.length ? words.unplayable : words.unplayableAlone;
    note.hidden = false;
    playhead.release();
  }
  if (!shots.length) {
    stage.hidden = true;
    return;
  }
  const image = new Image(data.width, data.height);
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  overlay.setAttribute("class", "boxes");
  overlay.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
  overlay.setAttribute("aria-hidden", "true");
  stage.replaceChildren(image, overlay);
  const boxes = new Boxes(overlay, data, words.face);
  const draw = () => {
    const nearest = nearestShot(shots);
    image.src = nearest.dataset.shot;
    image.alt = nearest.querySelector("img").alt;
    boxes.draw(facesAt(Number(nearest.dataset.seek), data));
  };
  playhead.addEventListener("move", draw);
  new ResizeObserver(draw).observe(stage);
}

function nearestShot(shots) {
  const distance = (shot) => Math.abs(Number(shot.dataset.seek) - playhead.time);
  return shots.reduce((best, shot) => (distance(shot) < distance(best) ? shot : best));
}

function drawPicture() {
  const svg = player.querySelector("svg.boxes");
  if (!svg) return;
  const boxes = new Boxes(svg, data, player.dataset.face);
  const time = scoredTimes(data)[0] ?? 0;
  new ResizeObserver(() => boxes.draw(facesAt(time, data))).observe(svg);
}

function scrub(words) {
  const slider = player.querySelector("[data-scrub]");
  const now = player.querySelector("[data-now]");
  Object.assign(slider, { min: data.start_s, max: data.end_s });
  slider.addEventListener("input", () => playhead.seek(Number(slider.value)));
  const follow = () => {
    const told = `${clock(playhead.time)} – ${describe(playhead.time, data, words).join(", ")}`;
    slider.value = playhead.time;
    slider.setAttribute("aria-valuetext", told);
    now.textContent = told;
    mark();
  };
  playhead.addEventListener("move", follow);
  follow();
}

function mark() {
  const shots = [...player.querySelectorAll("[data-shot]")];
  if (!shots.length) return;
  const nearest = nearestShot(shots);
  for (const shot of shots) shot.classList.toggle("current", shot === nearest);
}

function step() {
  const times = scoredTimes(data);
  const slack = 0.02; // a player stops a little beside the time that it was sent to
  for (const button of player.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      playhead.pause();
      const next =
        button.dataset.step > 0
          ? times.find((time) => time > playhead.time + slack)
          : times.findLast((time) => time < playhead.time - slack);
      if (next !== undefined) playhead.seek(next);
    });
  }
}

function seekFromShots() {
  for (const button of document.querySelectorAll("[data-seek]")) {
    button.addEventListener("click", () => {
      playhead.pause();
      playhead.seek(Number(button.dataset.seek));
    });
  }
}

function heatMaps() {
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  for (const all of document.querySelectorAll("[data-heat-all]")) {
    const own = [...all.closest(".face").querySelectorAll("[data-heat]")];
    all.addEventListener("click", () => {
      const on = !pressed(all);
      for (const button of [all, ...own]) press(button, on);
    });
    for (const button of own) {
      button.addEventListener("click", () => {
        press(button, !pressed(button));
        press(all, own.every(pressed));
      });
    }
  }
}

function stretches() {
  for (const button of document.querySelectorAll("[data-from-playhead]")) {
    button.addEventListener("click", () => {
      document.getElementById(button.dataset.fromPlayhead).value = playhead.time.toFixed(2);
    });
  }
}
