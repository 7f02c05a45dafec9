// What the control rules say: above the form and at each cell.
const LOOKS = { critical: "error", explain: "warning", notice: "info" };

const made = (name, className, ...parts) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...parts);
  return element;
};

const capital = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function box(problem) {
  const first = made("p", "", made("strong", "", capital(problem.label)), ` ${problem.message}`);
  for (const code of problem.codes) {
    const link = made("a", "", code);
    link.href = `#field-${code}`;
    first.append(" ", link);
  }
  const element = made("div", `notice notice--${LOOKS[problem.severity]}`, first, made("p", "", problem.hint));
  element.dataset.problem = problem.code;
  if (problem.severity === "explain" && problem.id) element.append(explanation(problem));
  return element;
}

function explanation(problem) {
  const input = made("input", "input");
  input.id = `explain-${problem.id}`;
  input.name = input.id;
  input.maxLength = 1000;
  input.value = problem.explanation;
  input.setAttribute("form", "section-form");
  const label = made("label", "field__label", `Пояснение к ${problem.code}`);
  label.htmlFor = input.id;
  return made("div", "field", label, input);
}

const isHere = (problem) => problem.codes.some((code) => document.getElementById(`field-${code}`));

// Boxes that say the same stay as they are: somebody may be typing an explanation into one.
export function showProblems(problems) {
  const place = document.getElementById("problems");
  const old = new Map([...place.children].map((element) => [element.dataset.problem, element]));
  const shown = problems.filter(isHere).map((problem) => {
    const before = old.get(problem.code);
    const wanted = box(problem);
    const text = (element) => element.querySelector("p").textContent.replace(/\s+/g, " ").trim();
    return before && text(before) === text(wanted) ? before : wanted;
  });
  if (shown.some((element, number) => place.children[number] !== element) || place.children.length !== shown.length) {
    const { activeElement } = document;
    place.replaceChildren(...shown);
    if (shown.some((element) => element.contains(activeElement))) activeElement.focus();
  }
  for (const cell of document.querySelectorAll(".cell__problems")) {
    const code = cell.id.slice("problems-".length);
    cell.replaceChildren(...problems.filter((problem) => problem.codes[0] === code).map((problem) => made(
      "p", `cell__problem cell__problem--${problem.severity}`,
      made("strong", "", capital(problem.label)), ` ${problem.message}`,
    )));
  }
}
