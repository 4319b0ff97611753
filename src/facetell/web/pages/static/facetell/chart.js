// Makes the timeline answer: its values under the pointer, a click that seeks, the playhead.
import { clock, facesAt, probability } from "./moments.js";

export class Chart {
  #svg;
  #tip;
  #data;
  #playhead;
  #words;

  constructor(root, data, playhead, words) {
    this.#svg = root.querySelector("svg.plot");
    this.#tip = root.querySelector(".tip");
    this.#data = data;
    this.#playhead = playhead;
    this.#words = words;
    this.#svg.addEventListener("pointermove", (event) => this.#hover(event));
    this.#svg.addEventListener("pointerleave", () => this.#leave());
    this.#svg.addEventListener("click", (event) => playhead.seek(this.#timeAt(event)));
    playhead.addEventListener("move", () => this.#follow());
    this.#follow();
  }

  #timeAt(event) {
    const { left, width } = this.#svg.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return this.#data.start_s + share * (this.#data.end_s - this.#data.start_s);
  }

  #percent(time) {
    const { start_s: start, end_s: end } = this.#data;
    return `${Math.min(100, Math.max(0, (100 * (time - start)) / (end - start)))}%`;
  }

  #place(selector, time) {
    const line = this.#svg.querySelector(selector);
    line.setAttribute("x1", this.#percent(time));
    line.setAttribute("x2", this.#percent(time));
    line.closest("[visibility]")?.setAttribute("visibility", "visible");
  }

  #follow() {
    this.#place(".playhead line", this.#playhead.time);
  }

  #hover(event) {
    const time = this.#timeAt(event);
    this.#place(".hover", time);
    this.#tip.textContent = [clock(time), ...describe(time, this.#data, this.#words)].join("\n");
    this.#tip.hidden = false;
    const { left, width } = this.#svg.getBoundingClientRect();
    const x = event.clientX - left;
    this.#tip.style.left = `${this.#svg.offsetLeft ?? 0}px`;
    this.#tip.classList.toggle("to-left", x > width / 2);
    this.#tip.style.setProperty("--x", `${x}px`);
  }

  #leave() {
    this.#tip.hidden = true;
    this.#svg.querySelector(".hover").setAttribute("visibility", "hidden");
  }
}

// One line for each face in sight.
function describe(time, data, words) {
  const faces = facesAt(time, data);
  if (!faces.length) return [words.none];
  return faces.map(({ face, pFake, scored }) => {
    const how = scored ? words.scored : words.between;
    return `${words.face} ${face.track}: ${scored ? "" : "≈"}${probability(pFake)} (${how})`;
  });
}

// All of them in a line; how they came about is said once where it is the same for all.
export function sentence(time, data, words) {
  const faces = facesAt(time, data);
  const same = faces.length && faces.every(({ scored }) => scored === faces[0].scored);
  if (!same) return describe(time, data, words).join(", ");
  const numbers = faces.map(({ face, pFake, scored }) => {
    return `${words.face} ${face.track}: ${scored ? "" : "≈"}${probability(pFake)}`;
  });
  return `${numbers.join(", ")} (${faces[0].scored ? words.scored : words.between})`;
}
