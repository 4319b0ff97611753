// One key for each element with data-key, and `?` for the list of them. Single keys can be
// switched off (WCAG 2.1.4) and never fire while somebody types.
const OFF = "facetell-keys-off";
const overlay = document.getElementById("keys");
const list = overlay.querySelector("dl");
const toggle = overlay.querySelector("input");

function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function remember(off) {
  try {
    if (off) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
  } catch {
    toggle.checked = true; // nothing can be kept: the keys stay on
  }
}

function keyed() {
  return [...document.querySelectorAll("[data-key]")].filter(
    (element) => !element.disabled && element.checkVisibility?.() !== false,
  );
}

function describe(element) {
  return element.dataset.keyLabel ?? element.textContent.trim().replace(/\s+/g, " ");
}

function fill() {
  list.replaceChildren();
  const rows = keyed().map((element) => [element.dataset.key, describe(element)]);
  for (const [key, label] of [...rows, ["?", overlay.dataset.helpLabel]]) {
    const term = document.createElement("dt");
    const cap = document.createElement("kbd");
    cap.textContent = key === " " ? overlay.dataset.spaceLabel : key;
    term.append(cap);
    const meaning = document.createElement("dd");
    meaning.textContent = label;
    list.append(term, meaning);
  }
}

function open() {
  fill();
  toggle.checked = !isOff();
  overlay.showModal();
}

function typing(target) {
  return target.closest("input, select, textarea, [contenteditable], [role=slider]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.defaultPrevented || isOff() || typing(event.target) || overlay.open) return;
  if (event.key === "?") {
    event.preventDefault();
    open();
    return;
  }
  const key = event.key.toLowerCase();
  // a space on a button or link is the browser's
  if (key === " " && event.target.closest("a, button, summary, video, audio")) return;
  const element = keyed().find((candidate) => candidate.dataset.key === key);
  if (!element) return;
  event.preventDefault();
  element.focus({ preventScroll: true });
  element.click();
});

toggle.addEventListener("change", () => remember(!toggle.checked));
for (const button of document.querySelectorAll("[data-keys-open]")) {
  button.addEventListener("click", open);
}
