// Buttons that copy what stands beside them.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    if (!(await copied(button.dataset.copy))) return;
    const told = document.createElement("span");
    told.className = "copied";
    told.setAttribute("role", "status");
    button.after(told);
    told.textContent = button.dataset.copied;
    setTimeout(() => told.remove(), 2000);
  });
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromField(text); // no clipboard outside of https and this machine
  }
}

function copiedFromField(text) {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
