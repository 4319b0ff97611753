// Buttons that copy what stands beside them.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const told = document.createElement("span");
    told.className = "copied";
    told.setAttribute("role", "status");
    button.after(told);
    told.textContent = button.dataset.copied;
    setTimeout(() => told.remove(), 2000);
  });
}
