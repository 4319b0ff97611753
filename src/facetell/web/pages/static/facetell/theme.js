// Runs before the first paint, so that no page flashes in the other theme.
(() => {
  const KEY = "facetell-theme";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is forbidden: the system decides
    }
  }

  function apply() {
    const choice = chosen();
    root.dataset.theme = choice ?? "system";
    root.dataset.bsTheme = choice ?? (dark.matches ? "dark" : "light");
  }

  function next() {
    const now = chosen();
    const other = dark.matches ? ["light", "dark"] : ["dark", "light"];
    const choice = now === null ? other[0] : now === other[0] ? other[1] : null;
    try {
      if (choice === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      root.dataset.theme = root.dataset.bsTheme = choice ?? "light";
      return;
    }
    apply();
  }

  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) next();
  });
})();
