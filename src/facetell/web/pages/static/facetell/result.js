// Joins the parts of a result's page: video, boxes, timeline, frames, face crops.
import { Boxes } from "./boxes.js";
import { Chart, sentence } from "./chart.js";
import "./copy.js";
import { clock, facesAt, scoredTimes } from "./moments.js";
import { Playhead } from "./playhead.js";

const data = JSON.parse(document.getElementById("player-data").textContent);
const player = document.querySelector("[data-player]");
const video = player?.querySelector("video");
const playhead = new Playhead(video, data.start_s);
const shots = [...document.querySelectorAll("[data-shot]")];

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
  const button = player.querySelector("[data-fullscreen]");
  if (button) fullScreen(button);
  const play = player.querySelector("[data-play]");
  play?.addEventListener("click", () => (video.paused ? video.play() : video.pause()));
  const failed = () => standIn(words, true);
  const ready = () => {
    // sound without a picture: the codec of the picture is not known
    if (!video.videoWidth) failed();
    else showScored(scoredTimes(data)[0] ?? 0); // where there is a box to see
  };
  // either may have happened before this script began
  if (video.error) failed();
  else video.addEventListener("error", failed, { once: true });
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) ready();
  else video.addEventListener("loadedmetadata", ready, { once: true });
}

// The video's own full screen would leave the boxes behind.
function fullScreen(button) {
  const stage = player.querySelector("[data-stage]");
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen();
  });
}

// Goes to a scored frame, a little behind its beginning: times are rounded, and a player that is
// sent to the very edge may show the frame before.
function showScored(time) {
  playhead.seek(time + (video ? data.frame_s * 0.4 : 0));
}

// Shows sampled frames in place of a video that cannot be played.
function standIn(words, told) {
  const stage = player.querySelector("[data-stage]");
  for (const button of player.querySelectorAll("[data-play], [data-fullscreen]")) button.remove();
  if (told) {
    const note = player.querySelector("[data-unplayable-note]");
    note.textContent = shots.length ? words.unplayable : words.unplayableAlone;
    note.hidden = false;
  }
  if (!shots.length) {
    stage.hidden = true;
    playhead.release((time) => time);
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
    const shot = nearestShot(playhead.time);
    image.src = shot.dataset.shot;
    image.alt = shot.querySelector("img").alt;
    boxes.draw(facesAt(playhead.time, data));
  };
  playhead.addEventListener("move", draw);
  playhead.release((time) => Number(nearestShot(time).dataset.seek));
  new ResizeObserver(draw).observe(stage);
}

function nearestShot(time) {
  const distance = (shot) => Math.abs(Number(shot.dataset.seek) - time);
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
  // a frame at a time, or a thousandth of a long video
  const stepS = Math.max(data.frame_s, (data.end_s - data.start_s) / 1000);
  Object.assign(slider, { min: data.start_s, max: data.end_s, step: stepS.toFixed(3) });
  slider.addEventListener("input", () => {
    const [before, asked] = [playhead.time, Number(slider.value)];
    playhead.seek(asked);
    // among sampled frames a small step must lead to the next one
    if (playhead.time === before) goToScored(asked - before);
  });
  const follow = () => {
    const told = `${clock(playhead.time)} – ${sentence(playhead.time, data, words)}`;
    slider.value = playhead.time;
    slider.setAttribute("aria-valuetext", told);
    now.textContent = told;
    mark();
  };
  playhead.addEventListener("move", follow);
  follow();
}

// Marks the sampled frame next to the playhead, and keeps it in sight.
function mark() {
  if (!shots.length) return;
  const nearest = nearestShot(playhead.time);
  if (nearest.classList.contains("current")) return;
  for (const shot of shots) shot.classList.toggle("current", shot === nearest);
  const strip = nearest.closest(".strip");
  const [frame, all] = [nearest.getBoundingClientRect(), strip.getBoundingClientRect()];
  if (frame.left < all.left || frame.right > all.right) {
    strip.scrollLeft += frame.left - all.left - (all.width - frame.width) / 2;
  }
}

function step() {
  for (const button of player.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      playhead.pause();
      goToScored(Number(button.dataset.step));
    });
  }
}

// To the next scored frame, or, for a negative direction, to the one before.
function goToScored(direction) {
  const times = scoredTimes(data);
  const slack = data.frame_s * 0.6;
  const next =
    direction > 0
      ? times.find((time) => time > playhead.time + slack)
      : times.findLast((time) => time < playhead.time - slack);
  if (next !== undefined) showScored(next);
}

function seekFromShots() {
  for (const shot of shots) {
    shot.addEventListener("click", () => {
      playhead.pause();
      showScored(Number(shot.dataset.seek));
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
