// Chooses all rows of the page; deleting is offered only once something is chosen.
const listing = document.getElementById("listing");
if (listing) {
  const all = document.getElementById("choose-all");
  const button = document.getElementById("delete-chosen");
  const boxes = [...listing.querySelectorAll('input[name="id"]')];

  const update = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    button.disabled = chosen === 0;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };

  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    update();
  });
  listing.addEventListener("change", update);
  update();
}
