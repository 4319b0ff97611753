// Fills the table: asks for the page again and takes over the parts that have changed.
const EVERY_MS = 2000;
const parser = new DOMParser();

function parts(root) {
  return new Map([...root.querySelectorAll("[data-part]")].map((e) => [e.dataset.part, e]));
}

function isSame(a, b) {
  // each answer has another token against forged requests
  const bare = (element) => element.outerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  return bare(a) === bare(b);
}

function take(fresh) {
  const shown = parts(document);
  for (const [name, part] of parts(fresh)) {
    const old = shown.get(name);
    if (!old || isSame(old, part) || old.contains(document.activeElement)) continue;
    // what is announced must stay in place: only its inside is exchanged
    if (old.hasAttribute("aria-live")) old.innerHTML = part.innerHTML;
    else old.replaceWith(document.adoptNode(part));
  }
  return fresh.querySelector("[data-open]") !== null;
}

async function look() {
  try {
    const answer = await fetch(location.href);
    if (answer.status === 404) return location.reload();
    if (answer.ok && !take(parser.parseFromString(await answer.text(), "text/html"))) return;
  } catch {
    // the server is away for a moment
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
