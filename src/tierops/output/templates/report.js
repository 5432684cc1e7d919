"use strict";
// Without this script everything is there and open; with it, kinds of change can be switched off.
const filters = document.querySelector(".filters");
if (filters) {
  filters.hidden = false;
  document.querySelector(".legend").hidden = true;
  const search = filters.querySelector("input");
  const show = () => {
    const off = new Set([...filters.querySelectorAll("[aria-pressed=false]")].map((b) => b.dataset.kind));
    const wanted = search.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("tr[data-kind]")) row.classList.toggle("off", off.has(row.dataset.kind));
    for (const section of document.querySelectorAll("section.target")) {
      const rows = [...section.querySelectorAll("tr[data-kind]")];
      const is_off = (rows.length > 0 && rows.every((row) => row.classList.contains("off"))) ||
        !section.textContent.toLowerCase().includes(wanted);
      section.classList.toggle("off", is_off);
      const link = document.querySelector(`nav a[href="#${section.id}"]`);
      if (link) link.parentElement.classList.toggle("off", is_off);
    }
  };
  search.addEventListener("input", show);
  filters.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    show();
  });
}
// A link leads to what may be folded.
addEventListener("hashchange", () => {
  const details = document.getElementById(location.hash.slice(1))?.querySelector("details");
  if (details) details.open = true;
});
// Paper cannot be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
