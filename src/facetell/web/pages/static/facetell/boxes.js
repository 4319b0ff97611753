// Draws the faces of a moment over the picture; letters and lines keep their size on any screen.
import { probability, sideOf } from "./moments.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER_PX = 14;
const LETTER_ON_PHONES_PX = 11;
const PHONE_PX = 480;

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export class Boxes {
  #svg;
  #data;
  #face;

  // `face` is the word for it.
  constructor(svg, data, face) {
    this.#svg = svg;
    this.#data = data;
    this.#face = face;
  }

  draw(faces) {
    this.#svg.replaceChildren(...faces.flatMap((found) => this.#parts(found)));
  }

  // Pixels of the picture for one of the screen.
  get #scale() {
    const { width, height } = this.#svg.getBoundingClientRect();
    return Math.max(this.#data.width / (width || 1), this.#data.height / (height || 1));
  }

  #parts({ face, pFake, box, scored }) {
    const [left, top, right, bottom] = box;
    const kind = `${sideOf(pFake, this.#data)}${scored ? "" : " between"}`;
    const words = `${this.#face} ${face.track} · ${scored ? "" : "≈"}${probability(pFake)}`;
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    return [
      make("rect", { class: `halo ${kind}`, ...place }),
      make("rect", { class: `box ${kind}`, ...place }),
      this.#label(words, kind, left, top),
    ];
  }

  #label(words, kind, left, top) {
    const isSmall = this.#svg.getBoundingClientRect().width < PHONE_PX;
    const letter = (isSmall ? LETTER_ON_PHONES_PX : LETTER_PX) * this.#scale;
    const [width, height] = [words.length * letter * 0.6 + letter, letter * 1.5];
    const x = Math.max(0, Math.min(left, this.#data.width - width));
    const y = top > height ? top - height : top;
    const group = make("g", { class: `tag ${kind}` });
    const text = make("text", { x: x + letter / 2, y: y + letter * 1.1, "font-size": letter });
    text.textContent = words;
    group.append(make("rect", { x, y, width, height, rx: letter / 4 }), text);
    return group;
  }
}
