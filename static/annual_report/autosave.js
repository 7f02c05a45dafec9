// Saves each cell when it is left; keeps what is typed in the browser until the server has it, also
// what was typed in other sections or before the line was lost.
import { startGrid } from "./grid.js";
import { believe, watch } from "./live.js";

const form = document.getElementById("section-form");
const status = document.getElementById("save-state");
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const PARTS = ["value", "reason", "note", "plan_1", "plan_2", "plan_3"];
const BATCH = 200;
const RETRY = 4000;
const seen = new Map();
// Code → "plain" or "overwrite"; explanations go by "explain-<rule>".
const waiting = new Map();
// Refused by the server: sent again only after another change.
const refused = new Set();
const conflicts = new Set();
let sending = false;
let timer = 0;

// --- what is kept in the browser -------------------------------------------------------------

function kept() {
  try { return JSON.parse(localStorage.getItem(form.dataset.key)) ?? {}; } catch { return {}; }
}

function store(all) {
  try {
    if (Object.keys(all).length) localStorage.setItem(form.dataset.key, JSON.stringify(all));
    else localStorage.removeItem(form.dataset.key);
  } catch { /* private mode */ }
}

function keep(code) {
  const all = kept();
  // The state that one looked at when one began to type; a page read later is another one.
  const before = all[code]?.seen;
  all[code] = { ...read(code), ...(before === undefined ? {} : { seen: before }) };
  store(all);
}

function forget(code) {
  const all = kept();
  delete all[code];
  store(all);
}

// --- the page's fields -------------------------------------------------------------------------

// Trouble stays in sight wherever one is on the page.
function say(text, isTrouble = false) {
  status.textContent = text;
  status.classList.toggle("save-state--trouble", isTrouble);
}

const field = (kind, code) => form.elements[`${kind}-${code}`];
const isExplanation = (code) => code.startsWith("explain-");
const isHere = (code) => Boolean(isExplanation(code) ? form.elements[code] : field("value", code));

function read(code) {
  if (isExplanation(code)) return { text: form.elements[code].value };
  const cell = { seen: seen.get(code) ?? form.elements.seen.value };
  for (const part of PARTS) {
    const input = field(part, code);
    if (input) cell[part] = input.value;
  }
  return cell;
}

const content = (cell) => JSON.stringify([...PARTS, "text"].map((part) => cell[part] ?? null));
const same = (one, other) => content(one) === content(other);

function codeOf(target) {
  if (target.name?.startsWith("explain-")) return target.name;
  return target.closest?.("[data-code]")?.dataset.code;
}

function showError(code, text) {
  const place = document.getElementById(`error-${code}`);
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
  place.closest(".cell").classList.toggle("cell--error", Boolean(text));
  place.parentElement.querySelector(".cell__choice")?.remove();
  const input = document.getElementById(`field-${code}`);
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

// Two people in one cell: whose value stays is chosen here.
function offerChoice(code, theirs) {
  const place = document.getElementById(`error-${code}`);
  if (!place) return;
  const box = document.createElement("div");
  box.className = "cell__choice";
  box.append(
    button("Оставить моё", () => queue(code)),
    button("Взять значение коллеги", () => {
      field("value", code).value = theirs;
      conflicts.delete(code);
      refused.delete(code);
      forget(code);
      showError(code, "");
      say("");
    }),
  );
  place.after(box);
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--secondary button--small";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function showState(code, text) {
  const place = document.getElementById(`state-${code}`);
  if (place) place.textContent = text;
}

function showCounts(result) {
  const counts = { ...result.sections, all: result.filled };
  for (const place of document.querySelectorAll("[data-count]")) {
    const pair = counts[place.dataset.count];
    if (pair) place.textContent = `Заполнено ${pair[0]} из ${pair[1]}`;
  }
  for (const [code, shown] of Object.entries(result.computed)) {
    const output = document.getElementById(`field-${code}`);
    if (output) output.textContent = shown;
  }
}

// --- sending -----------------------------------------------------------------------------------

function makeBody(batch) {
  const all = kept();
  const sent = new Map();
  const body = { cells: [], explanations: {} };
  for (const [code, kind] of batch) {
    const cell = isHere(code) ? { ...read(code), ...pick(all[code], "seen") } : all[code];
    if (!cell) continue;
    sent.set(code, cell);
    if (isExplanation(code)) body.explanations[code.slice(8)] = cell.text;
    else body.cells.push({ code, ...cell, overwrite: kind === "overwrite" });
  }
  return { sent, body };
}

const pick = (from, name) => (from?.[name] === undefined ? {} : { [name]: from[name] });

async function send(batch) {
  const { sent, body } = makeBody(batch);
  if (!sent.size) return;
  const answer = await fetch(form.dataset.save, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
    redirect: "manual",
  });
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    say("Вход закрыт. Войдите снова в другой вкладке: введённое здесь не пропадёт.", true);
    throw new Error("signed out");
  }
  if (answer.status >= 500) throw new Error("server");
  if (!answer.ok) {
    const text = answer.status === 404 ? "Форма больше не открыта для Вас." : (await answer.json()).error;
    say(`${text} Введённое хранится в браузере; обновите страницу.`, true);
    for (const code of sent.keys()) refused.add(code);
    return;
  }
  settle(await answer.json(), sent);
}

function settle(result, sent) {
  for (const [code, cell] of sent) settleCell(code, cell, result.cells[code] ?? {}, result.saved_at);
  showCounts(result);
  believe(result.problems, sent);
  // What is being typed now, or was refused, the server does not know.
  if (Object.keys(kept()).length) watch(form);
  const open = refused.size + conflicts.size;
  say(open ? `Есть несохранённые поля: ${open}` : `Сохранено в ${result.saved_at}`);
}

function settleCell(code, cell, fate, savedAt) {
  if (fate.error) {
    showError(code, fate.error);
    (fate.conflict ? conflicts : refused).add(code);
    if (fate.conflict) {
      seen.set(code, fate.seen);
      offerChoice(code, fate.theirs);
    }
    return;
  }
  refused.delete(code);
  conflicts.delete(code);
  showError(code, "");
  if (fate.seen) seen.set(code, fate.seen);
  showState(code, `сохранено в ${savedAt}`);
  // What was typed meanwhile is still to be sent.
  if (!isHere(code) || same(cell, read(code))) forget(code);
  else keep(code);
}

async function flush() {
  if (sending || !waiting.size) return;
  sending = true;
  clearTimeout(timer);
  timer = 0;
  const batch = new Map([...waiting].slice(0, BATCH));
  // Taken out before the answer comes: what is typed meanwhile is queued anew.
  for (const code of batch.keys()) waiting.delete(code);
  say("Сохраняем…");
  try {
    await send(batch);
  } catch (error) {
    for (const [code, kind] of batch) if (!waiting.has(code)) waiting.set(code, kind);
    if (error.message !== "signed out") {
      say(`Нет связи. В браузере хранится полей: ${waiting.size}, повторим через несколько секунд.`, true);
    }
    timer = setTimeout(flush, RETRY);
  } finally {
    sending = false;
  }
  if (waiting.size && !timer) flush();
}

function queue(code) {
  waiting.set(code, conflicts.has(code) ? "overwrite" : "plain");
  refused.delete(code);
  // A paste changes many cells in one go: they leave together.
  if (!timer) timer = setTimeout(() => { timer = 0; flush(); });
}

form.addEventListener("input", (event) => {
  const code = codeOf(event.target);
  if (code) {
    keep(code);
    watch(form);
  }
});
form.addEventListener("change", (event) => {
  const code = codeOf(event.target);
  if (code) queue(code);
});
// The explanations stand above the form but belong to it.
document.getElementById("problems")?.addEventListener("input", (event) => {
  const code = codeOf(event.target);
  if (code) keep(code);
});
document.getElementById("problems")?.addEventListener("change", (event) => {
  const code = codeOf(event.target);
  if (code) queue(code);
});
form.addEventListener("submit", () => waiting.clear());
window.addEventListener("online", flush);
window.addEventListener("beforeunload", (event) => {
  if (waiting.size) event.preventDefault();
});

// What an earlier visit could not send comes back into its field and is sent.
function bringBack() {
  for (const [code, cell] of Object.entries(kept())) {
    if (isHere(code)) {
      if (same(cell, { ...cell, ...read(code) })) {
        forget(code);
        continue;
      }
      if (isExplanation(code)) form.elements[code].value = cell.text;
      else for (const part of PARTS) if (field(part, code) && part in cell) field(part, code).value = cell[part];
      showState(code, "восстановлено из браузера");
    }
    queue(code);
  }
}

document.documentElement.classList.add("has-script");
startGrid(form);
bringBack();
