// Control rules in the browser: reads the trees that the server checked and sent as JSON
// (annual_report/rules/browser.py), for the Content-Security-Policy forbids evaluating text.
// The same operations on the same numbers in the same order as annual_report/rules/server.py,
// so the verdicts are the server's.
//
//   evaluate(tree, values, kind)  true, false, or null where there is no verdict
//   compute(tree, values)         the number of a formula, or null
//   check(rules, values, kind)    the findings: [{rule, codes}], gravest first; what a graver one
//                                 says of the same values silences a milder one
//   fillMessage(message, show)    the rule's words with {A05}, {prev A05}, {prev2 A05},
//                                 {outside A05}, {other D01}, {children A05} replaced by show(key)
//
// values: {"A05": 120, "prev:A05": 118, "outside:A05": null}; null or absent is missing.
// rules: the list of rule_payload; kind: the municipality's kind, such as "rural_settlement".

// Why these numbers: annual_report/rules/tree.py.
export const TOLERANCE = 0.0005003;
export const RELATIVE_TOLERANCE = 1.0006e-12;
export const SMALLEST_DIVISOR = 5.003e-7;
const LARGEST = 1e300;
const POWERS = [1, 10, 100, 1000, 10000, 100000, 1000000];
const SEVERITIES = ["critical", "explain", "notice"];

class NoVerdict extends Error {}

export function evaluate(tree, values, kind = "") {
  return attempt(() => condition(tree, values, kind));
}

export function compute(tree, values) {
  return attempt(() => within(number(tree, values)));
}

export function check(rules, values, kind = "") {
  const broken = rules.filter((rule) => evaluate(rule.tree, values, kind) === false);
  broken.sort((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity));
  const spoken = new Map();
  return broken.filter((rule) => {
    const subject = [...rule.keys].sort().join(" ");
    if (!spoken.has(subject)) spoken.set(subject, rule.severity);
    return spoken.get(subject) === rule.severity;
  }).map((rule) => ({ rule, codes: rule.codes }));
}

export function fillMessage(message, show) {
  return message.replace(
    /\{(?:(prev[23]?|outside|other|children) )?([A-Z][0-9]{2,3})\}/g,
    (_text, prefix, code) => show(prefix ? `${prefix}:${code}` : code),
  );
}

function attempt(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof NoVerdict) return null;
    throw error;
  }
}

// NaN does not pass either.
function within(value) {
  if (!(Math.abs(value) < LARGEST)) throw new NoVerdict();
  return value;
}

function number(node, values) {
  if (typeof node === "number") return node;
  if (typeof node === "string") return operand(node, values);
  const [name, ...parts] = node;
  if (name === "round") return roundHalfUp(number(parts[0], values), parts[1]);
  const numbers = parts.map((part) => number(part, values));
  if (name === "neg") return -numbers[0];
  if (name === "abs") return Math.abs(numbers[0]);
  if (name === "/") return divided(...numbers);
  return numbers.reduce(COMBINE[name]);
}

const COMBINE = {
  "+": (one, other) => one + other,
  "-": (one, other) => one - other,
  "*": (one, other) => one * other,
  sum: (one, other) => one + other,
  min: (one, other) => Math.min(one, other),
  max: (one, other) => Math.max(one, other),
};

function operand(key, values) {
  const value = values[key];
  if (value === null || value === undefined) throw new NoVerdict();
  return value;
}

function divided(left, right) {
  if (Math.abs(right) < SMALLEST_DIVISOR) throw new NoVerdict();
  return left / right;
}

// 2.675 is half of a hundredth although its binary is less.
function roundHalfUp(value, digits) {
  const units = within(Math.abs(value) * POWERS[digits]);
  const nudge = units < 1e13 ? units * 1e-14 : 0;
  const rounded = Math.floor(units + 0.5 + nudge) / POWERS[digits];
  return value < 0 ? -rounded : rounded;
}

const adds = (node) => Array.isArray(node) && node[0] !== "kind"
  && (["+", "-", "sum"].includes(node[0]) || node.slice(1).some(adds));

// The largest number that takes part in the sums of a node.
function scale(node, values) {
  if (!adds(node)) return Math.abs(number(node, values));
  const [name, ...parts] = node;
  if (["neg", "abs", "round"].includes(name)) return scale(parts[0], values);
  if (name === "/") return scale(parts[0], values) / Math.abs(number(parts[1], values));
  const scales = parts.map((part) => scale(part, values));
  return name === "*" ? scales[0] * scales[1] : Math.max(...scales);
}

// Every part is taken: a missing value gives no verdict wherever it stands.
function condition(node, values, kind) {
  const [name, ...parts] = node;
  if (name === "has") return attempt(() => within(number(parts[0], values))) !== null;
  if (name === "kind") return parts.includes(kind);
  if (["and", "or", "not", "same"].includes(name)) {
    const verdicts = parts.map((part) => condition(part, values, kind));
    if (name === "not") return !verdicts[0];
    if (name === "same") return verdicts[0] === verdicts[1];
    return name === "and" ? verdicts.every(Boolean) : verdicts.some(Boolean);
  }
  return comparison(name, parts[0], parts[1], values);
}

function comparison(sign, left, right, values) {
  const one = number(left, values);
  const other = number(right, values);
  let difference = sign === "<" || sign === ">=" ? other - one : one - other;
  if (sign === "==" || sign === "!=") difference = Math.abs(difference);
  const large = within(difference) > TOLERANCE
    && difference > RELATIVE_TOLERANCE * Math.max(scale(left, values), scale(right, values));
  return large === (sign === "<" || sign === ">" || sign === "!=");
}
