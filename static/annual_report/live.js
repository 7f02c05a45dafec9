// The form's control rules while one types. The server has the last word: what it answers after a
// save replaces what is shown here, and says the same of the same values.
import { check, compute, fillMessage } from "./rules.js";
import { showProblems } from "./problems.js";

const PAUSE = 350;
const LABELS = { critical: "нельзя отправить", explain: "нужно пояснение", notice: "обратите внимание" };
const data = JSON.parse(document.getElementById("rules-data")?.textContent ?? "null");
// What is not a control rule's (limits, federal data) changes with a save only.
let others = data?.problems.filter((problem) => !problem.id) ?? [];
let explained = new Map(data?.problems.filter((problem) => problem.id).map((problem) => [problem.id, problem.explanation]));
let timer = 0;

// As people type numbers; the same as okmo_portal.core.text.parse_number_ru. NaN when it is none.
export function parseNumber(text) {
  const plain = text.replace(/[\s\u00a0\u202f\u2009\u2007]+/g, "").replace(/[−–—]/g, "-");
  if (/^[+-]?\d{1,3}(,\d{3}){2,}$/.test(plain) || (plain.includes(",") && plain.includes("."))) return NaN;
  const point = plain.replace(",", ".");
  return /^[+-]?\d+(\.\d+)?$/.test(point) && Math.abs(Number(point)) < 1e17 ? Number(point) : NaN;
}

function fits(code, value) {
  const { whole, min, max } = data.fields[code];
  if (Number.isNaN(value) || (whole && !Number.isInteger(value))) return false;
  return (min === null || value >= min) && (max === null || value <= max);
}

// The numbers of all cells, those of this page as they stand in its inputs now.
function readCells(form) {
  const values = { ...data.known, ...data.values };
  const impossible = new Set();
  for (const input of form.querySelectorAll('[data-column="value"]')) {
    const { code } = input.closest("[data-code]").dataset;
    delete values[code];
    if (!input.value.trim()) continue;
    const value = parseNumber(input.value);
    if (fits(code, value)) values[code] = value;
    else impossible.add(code);
  }
  return { values, impossible };
}

const format = (value, decimals) => value.toLocaleString("ru-RU", {
  minimumFractionDigits: decimals, maximumFractionDigits: decimals,
}).replace("-", "−");

function word(key, values) {
  const field = data.fields[key];
  if (!field) return data.shown[key] ?? data.words[key] ?? "—";
  const input = document.getElementById(`field-${key}`);
  if (!input) return data.words[key] ?? "—";
  if (input.tagName === "SELECT") return input.value ? input.selectedOptions[0].text.toLowerCase() : "—";
  return values[key] === undefined ? "—" : format(values[key], field.decimals);
}

function showComputed(values) {
  const words = {};
  for (const [code, { tree, decimals }] of Object.entries(data.computed)) {
    const value = compute(tree, values);
    words[code] = value === null ? "—" : format(value, decimals);
    const output = document.getElementById(`field-${code}`);
    if (output) output.textContent = words[code];
  }
  return words;
}

function look(form) {
  const { values, impossible } = readCells(form);
  const words = showComputed(values);
  const found = check(data.rules, values, data.kind)
    .filter(({ rule }) => !rule.codes.some((code) => impossible.has(code)))
    .map(({ rule }) => ({
      id: rule.id,
      code: rule.code,
      severity: rule.severity,
      label: LABELS[rule.severity],
      message: fillMessage(rule.message, (key) => words[key] ?? word(key, values)),
      hint: rule.hint,
      codes: rule.codes.filter((code) => code in data.fields || code in data.computed),
      explanation: document.getElementById(`explain-${rule.id}`)?.value ?? explained.get(rule.id) ?? "",
    }));
  showProblems([...found, ...others]);
}

// Called at each key.
export function watch(form) {
  if (!data) return;
  clearTimeout(timer);
  timer = setTimeout(() => look(form), PAUSE);
}

const isUnusual = (problem) => problem.code.startsWith("U-");

// Called with the server's findings after a save. Of unusual values it names only those among the
// saved cells; what was said of the others still holds.
export function believe(answered, saved) {
  clearTimeout(timer);
  const still = others.filter((problem) => isUnusual(problem) && !problem.codes.some((code) => saved.has(code)));
  const problems = [...answered, ...still];
  others = problems.filter((problem) => !problem.id);
  explained = new Map(problems.filter((problem) => problem.id).map((problem) => [problem.id, problem.explanation]));
  showProblems(problems);
}
