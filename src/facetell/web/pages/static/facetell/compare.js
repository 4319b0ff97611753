// Fills the comparison up while analyses are on their way.
const EVERY_MS = 2000;
const results = document.querySelector("[data-comparison]");
const told = document.querySelector("[data-told]");

async function look() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-comparison]");
  if (!fresh || fresh.innerHTML === results.innerHTML) return;
  const focused = results.contains(document.activeElement);
  results.replaceChildren(...fresh.childNodes);
  results.dataset.pending = fresh.dataset.pending;
  if (focused) results.querySelector("a, button")?.focus({ preventScroll: true });
  const summary = results.querySelector("[data-summary]").textContent.replace(/\s+/g, " ").trim();
  if (told.textContent !== summary) told.textContent = summary;
}

async function keepLooking() {
  while (Number(results.dataset.pending)) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (document.hidden) continue;
    try {
      await look();
    } catch {
      // the server is away for a moment: the next look may find it
    }
  }
}

keepLooking();
