// Sentences of a page, in its language, with places to fill in: "{name} is empty".
const sentences = JSON.parse(document.getElementById("words").textContent);

export function say(key, values = {}) {
  return sentences[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = bytes ? Math.min(3, Math.floor(Math.log(bytes) / Math.log(1024))) : 0;
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: units[power],
    maximumFractionDigits: power ? 1 : 0,
  }).format(bytes / 1024 ** power);
}
