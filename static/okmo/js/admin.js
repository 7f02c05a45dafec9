// Names for controls that Django's admin and its select widget leave without one, and the one handler
// that import-export writes inline, which the content security policy refuses.
const named = (element, text) => {
  if (text && !element.labels?.length && !element.getAttribute("aria-label")) {
    element.setAttribute("aria-label", text.trim());
  }
};

// Rows of tabular inlines: the column's heading names the field.
function nameInlines() {
  for (const table of document.querySelectorAll(".tabular table")) {
    for (const control of table.querySelectorAll("td input:not([type=hidden]), td select, td textarea")) {
      const column = [...control.closest("td").classList].find((name) => name.startsWith("field-"));
      const heading = column && table.querySelector(`thead th.column-${column.slice(6)}`);
      named(control, heading?.textContent ?? (control.name.endsWith("-DELETE") ? "Удалить строку" : ""));
    }
  }
}

// Autocomplete boxes point at their own value, which is empty at first.
function nameAutocompletes() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const box = select.nextElementSibling?.querySelector(".select2-selection");
    const label = select.labels?.[0]?.textContent ?? select.getAttribute("aria-label");
    if (!box || !label) continue;
    box.removeAttribute("aria-labelledby");
    for (const part of [box, box.querySelector(".select2-selection__rendered")]) {
      part?.setAttribute("aria-label", label.replace(":", "").trim());
    }
  }
}

function nameAll() {
  nameInlines();
  nameAutocompletes();
  const toggle = document.querySelector(".select-toggle");
  if (toggle) named(toggle, "Выбрать все поля");
}

document.addEventListener("change", (event) => {
  if (!event.target.matches(".select-toggle")) return;
  for (const box of document.querySelectorAll('.selectable-field-export-row input[type="checkbox"]')) {
    box.checked = event.target.checked;
  }
});

// The select widget builds its boxes at some moment after the page, and again for each added row.
let planned = 0;
const plan = () => { planned ||= setTimeout(() => { planned = 0; nameAll(); }); };
new MutationObserver(plan).observe(document.body, { childList: true, subtree: true });
nameAll();
