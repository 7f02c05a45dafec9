// Saves each cell when it is left; keeps what is typed in the browser until the server has it.
const form = document.getElementById("section-form");
const status = document.getElementById("save-state");
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const storageKey = (code) => `${form.dataset.key}:${code}`;
const waiting = new Map();
let sending = false;
let retryTimer = 0;

const field = (kind, code) => form.elements[`${kind}-${code}`];

function read(code) {
  return {
    code,
    value: field("value", code)?.value ?? "",
    reason: field("reason", code)?.value ?? "",
    note: field("note", code)?.value ?? "",
    seen: field("seen", code)?.value ?? "",
  };
}

function keep(code) {
  try { localStorage.setItem(storageKey(code), JSON.stringify(read(code))); } catch { /* private mode */ }
}

function forget(code) {
  try { localStorage.removeItem(storageKey(code)); } catch { /* private mode */ }
}

const same = (one, other) => ["value", "reason", "note"].every((kind) => one[kind] === other[kind]);

function showError(code, text) {
  const place = document.getElementById(`error-${code}`);
  place.textContent = text;
  place.hidden = !text;
  place.closest(".cell").classList.toggle("cell--error", Boolean(text));
  const input = document.getElementById(`field-${code}`);
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function showProblems(problems) {
  const place = document.getElementById("problems");
  place.replaceChildren(...problems.map((problem) => {
    const kinds = { critical: "error", explain: "warning", notice: "info" };
    const box = document.createElement("div");
    box.className = `notice notice--${kinds[problem.severity]}`;
    const first = document.createElement("p");
    const label = document.createElement("strong");
    label.textContent = `${problem.label[0].toUpperCase()}${problem.label.slice(1)}. `;
    first.append(label, problem.message);
    const second = document.createElement("p");
    second.textContent = problem.hint;
    box.append(first, second);
    return box;
  }));
}

async function send(code) {
  const given = read(code);
  if (waiting.get(code) === "overwrite") given.overwrite = true;
  // Taken out before the answer comes: what is typed meanwhile is queued anew.
  waiting.delete(code);
  const answer = await fetch(form.dataset.save, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(given),
    redirect: "manual",
  });
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    status.textContent = "Вход закрыт. Войдите снова в другой вкладке: введённое здесь не пропадёт.";
    throw new Error("signed out");
  }
  if (answer.status === 404) {
    status.textContent = "Форма больше не открыта для Вас. Введённое хранится в браузере; обновите страницу.";
    return;
  }
  if (answer.status >= 500) throw new Error("server");
  const result = await answer.json();
  if (!answer.ok) {
    showError(code, result.error);
    status.textContent = "Есть несохранённое поле";
    if (result.conflict) waiting.set(`conflict:${code}`, true);
    return;
  }
  if (same(given, read(code))) forget(code);
  showError(code, "");
  field("seen", code).value = result.seen;
  document.getElementById(`state-${code}`).textContent = "";
  document.getElementById("section-count").textContent = `Заполнено ${result.filled} из ${result.required}`;
  for (const [name, shown] of Object.entries(result.computed)) {
    const output = document.getElementById(`field-${name}`);
    if (output) output.textContent = shown;
  }
  showProblems(result.problems);
  status.textContent = `Сохранено в ${result.saved_at}`;
}

async function flush() {
  if (sending) return;
  sending = true;
  clearTimeout(retryTimer);
  try {
    for (const code of [...waiting.keys()]) {
      if (code.startsWith("conflict:")) continue;
      status.textContent = "Сохраняем…";
      const kind = waiting.get(code);
      try {
        await send(code);
      } catch (error) {
        if (!waiting.has(code)) waiting.set(code, kind);
        throw error;
      }
    }
  } catch (error) {
    if (error.message !== "signed out") {
      status.textContent = "Нет связи. Введённое хранится в браузере, повторим через несколько секунд.";
    }
    retryTimer = setTimeout(flush, 4000);
  } finally {
    sending = false;
  }
  if ([...waiting.keys()].some((code) => !code.startsWith("conflict:")) && !retryTimer) flush();
}

function queue(code) {
  const again = waiting.delete(`conflict:${code}`);
  waiting.set(code, again ? "overwrite" : "plain");
  retryTimer = 0;
  flush();
}

form.addEventListener("input", (event) => {
  const code = event.target.closest("[data-code]")?.dataset.code;
  if (code) keep(code);
});

form.addEventListener("change", (event) => {
  const code = event.target.closest("[data-code]")?.dataset.code;
  if (code) queue(code);
});

// Enter goes to the next field, as in a table, instead of sending the page.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  const inputs = [...form.querySelectorAll(".cell__input > .input")];
  const position = inputs.indexOf(event.target);
  const next = inputs[position + 1];
  if (next) next.focus();
  else event.target.blur();
});

form.addEventListener("submit", () => waiting.clear());

window.addEventListener("beforeunload", (event) => {
  if (waiting.size) event.preventDefault();
});

// What an earlier visit could not send comes back into its field and is sent.
for (const cell of form.querySelectorAll("[data-code]")) {
  const code = cell.dataset.code;
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(storageKey(code))); } catch { /* broken or absent */ }
  const input = field("value", code);
  if (!kept || !input) continue;
  if (!same(kept, read(code))) {
    for (const kind of ["value", "reason", "note"]) field(kind, code).value = kept[kind];
    document.getElementById(`state-${code}`).textContent = "восстановлено из браузера";
    queue(code);
  } else forget(code);
}
