"use strict";
// Without this script everything is there and open; with it, kinds of change can be switched off.
const filters = document.querySelector(".filters");
if (filters) {
  filters.hidden = false;
  document.querySelector(".legend").hidden = true;
  filters.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    const off = new Set([...filters.querySelectorAll("[aria-pressed=false]")].map((b) => b.dataset.kind));
    for (const row of document.querySelectorAll("tr[data-kind]")) row.classList.toggle("off", off.has(row.dataset.kind));
    for (const section of document.querySelectorAll("section.target")) {
      const is_empty = !section.querySelector("tr[data-kind]:not(.off)");
      section.classList.toggle("off", is_empty);
      const link = document.querySelector(`nav a[href="#${section.id}"]`);
      if (link) link.parentElement.classList.toggle("off", is_empty);
    }
  });
}
// Paper cannot be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
