// The files that somebody chose, shown with a preview before anything is sent.
import { say, size } from "./words.js";

const PICTURE = /^image\//;

export function fault(file, limits) {
  const name = file.name;
  const suffix = name.includes(".") ? name.slice(name.lastIndexOf(".")).toLowerCase() : "";
  if (suffix && !limits.suffixes.has(suffix)) return say("wrongType", { name });
  if (!file.size) return say("empty", { name });
  if (file.size > limits.maxBytes) {
    return say("tooLarge", { name, size: size(file.size), limit: size(limits.maxBytes) });
  }
  return "";
}

export function row(file, reason, { remove, onDuration, alone }) {
  const item = document.createElement("li");
  item.classList.toggle("single", alone);
  const thumb = document.createElement("div");
  thumb.className = "thumb";
  if (!reason) thumb.append(preview(file, thumb, onDuration, alone));
  const text = document.createElement("div");
  text.append(span("name", file.name), span("muted small-text", size(file.size)));
  if (reason) text.append(span("fault", reason));
  item.append(thumb, text, button(file, remove));
  return item;
}

function preview(file, thumb, onDuration, alone) {
  const address = URL.createObjectURL(file);
  const isPicture = PICTURE.test(file.type);
  const media = document.createElement(isPicture ? "img" : "video");
  if (isPicture) {
    media.alt = "";
  } else {
    media.muted = media.playsInline = true;
    media.controls = alone;
    media.preload = "metadata";
    media.setAttribute("aria-label", file.name);
    media.addEventListener("loadedmetadata", () => onDuration(media.duration));
  }
  media.addEventListener("error", () => {
    URL.revokeObjectURL(address);
    thumb.textContent = say("noPreview");
  });
  media.src = address;
  return media;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function button(file, remove) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "tool";
  element.setAttribute("aria-label", say("remove", { name: file.name }));
  element.textContent = "✕";
  element.addEventListener("click", remove);
  return element;
}
