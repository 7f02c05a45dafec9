// The form's grid under the hands of somebody used to a spreadsheet: Enter and the arrows go along
// a column, and a block copied from Excel is pasted cell by cell.
const COLUMNS = ["value", "plan_1", "plan_2", "plan_3", "note"];

const isOpen = (element) => element.offsetParent !== null;
const inColumn = (form, name) => [...form.querySelectorAll(`[data-column="${name}"]:enabled`)].filter(isOpen);

function move(form, from, step) {
  const inputs = inColumn(form, from.dataset.column);
  const next = inputs[inputs.indexOf(from) + step];
  if (!next) {
    if (step > 0) from.blur();
    return;
  }
  next.focus();
  if (next.select) next.select();
}

function stepOf(event) {
  if (event.key === "Enter") return event.shiftKey ? -1 : 1;
  if (event.target.tagName === "SELECT" || event.altKey || event.ctrlKey || event.metaKey) return 0;
  return { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
}

// Tabs and lines as Excel copies them; a cell with a line break inside comes in quotes.
export function parseTable(text) {
  const rows = [[""]];
  let quoted = false;
  for (let place = 0; place < text.length; place += 1) {
    const sign = text[place];
    const row = rows[rows.length - 1];
    if (quoted) {
      if (sign !== '"') row[row.length - 1] += sign;
      else if (text[place + 1] === '"') { row[row.length - 1] += '"'; place += 1; }
      else quoted = false;
    } else if (sign === '"' && row[row.length - 1] === "") quoted = true;
    else if (sign === "\t") row.push("");
    else if (sign === "\n") rows.push([""]);
    else if (sign !== "\r") row[row.length - 1] += sign;
  }
  if (rows.length > 1 && rows[rows.length - 1].join("") === "") rows.pop();
  return rows;
}

// A choice is pasted by its words or its number.
function put(input, text) {
  const wanted = text.trim();
  if (input.tagName !== "SELECT") {
    input.value = wanted.slice(0, input.maxLength > 0 ? input.maxLength : undefined);
    return true;
  }
  const option = [...input.options].find(
    (item) => item.value === wanted || item.text.toLowerCase() === wanted.toLowerCase(),
  );
  if (!option) return false;
  input.value = option.value;
  return true;
}

// Line by line from the cell under the cursor, as a spreadsheet does: a line that falls on a computed
// or closed row is passed over.
function paste(form, from, table) {
  const rows = [...form.querySelectorAll("tr[data-code]")].filter(isOpen);
  const start = rows.indexOf(from.closest("tr"));
  const first = COLUMNS.indexOf(from.dataset.column);
  const done = [];
  let passed = 0;
  table.forEach((cells, down) => {
    cells.forEach((text, right) => {
      const input = rows[start + down]?.querySelector(`[data-column="${COLUMNS[first + right]}"]:enabled`);
      const before = input?.value;
      if (!input || !put(input, text)) {
        if (text.trim()) passed += 1;
        return;
      }
      done.push([input, before]);
    });
  });
  return { done, passed };
}

function tell(inputs) {
  for (const input of inputs) {
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

export function startGrid(form) {
  const undo = document.getElementById("undo-paste");
  const told = document.getElementById("paste-state");
  let last = [];

  form.addEventListener("keydown", (event) => {
    const { target } = event;
    if (target.dataset.column) {
      const step = stepOf(event);
      if (!step) return;
      event.preventDefault();
      move(form, target, step);
    } else if (event.key === "Enter" && target.tagName === "INPUT" && target.type !== "checkbox") {
      // The page is sent by its buttons only.
      event.preventDefault();
    }
  });

  form.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!event.target.dataset.column || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    const { done, passed } = paste(form, event.target, parseTable(text));
    last = done;
    tell(done.map(([input]) => input));
    undo.hidden = !done.length;
    const rest = passed ? `, пропущено: ${passed} (строки считаются сами, закрыты или кончились)` : "";
    told.textContent = `Вставлено полей: ${done.length}${rest}.`;
  });

  undo.addEventListener("click", () => {
    for (const [input, before] of last) input.value = before;
    tell(last.map(([input]) => input));
    last = [];
    undo.hidden = true;
    told.textContent = "Вставка отменена.";
  });
}
