// Titles under the header's search field while one types. Without this the form still searches.
const field = document.getElementById("site-search");
const list = document.getElementById("site-search-titles");
const PAUSE = 200;
let timer;
let asked;

async function show(words) {
  asked?.abort();
  asked = new AbortController();
  const address = `${field.dataset.completions}?q=${encodeURIComponent(words)}`;
  try {
    const answer = await fetch(address, { signal: asked.signal });
    if (!answer.ok) return;
    const { titles } = await answer.json();
    list.replaceChildren(...titles.map((title) => new Option("", title)));
  } catch {
    // Aborted by the next letter, or no connection: the form needs no list.
  }
}

if (field?.dataset.completions) {
  field.addEventListener("input", () => {
    clearTimeout(timer);
    const words = field.value.trim();
    if (words.length < 2) list.replaceChildren();
    else timer = setTimeout(show, PAUSE, words);
  });
}
