// Turns areas marked with data-editor into an editor of django-prose-editor, and keeps the text's lock.
// The library's own start-up needs an inline import map, which the pages' policy forbids.

const RENEW_EVERY = 5 * 60 * 1000;
const RUSSIAN = {
  "Image URL": "Адрес изображения", "Browse...": "Выбрать…", "Alternative Text": "Описание для незрячих",
  Caption: "Подпись", "Edit Figure": "Изменить рисунок", "Edit Image": "Изменить изображение",
  "Insert Figure": "Вставить рисунок", Insert: "Вставить", Update: "Изменить", "Remove caption": "Убрать подпись",
  "Add caption": "Добавить подпись", URL: "Адрес", Title: "Подсказка", "Edit Link": "Ссылка",
  "List properties": "Свойства списка", "Decimal numbers": "Цифры", "Lowercase letters": "Строчные буквы",
  "Uppercase letters": "Прописные буквы", "Lowercase Roman numerals": "Строчные римские",
  "Uppercase Roman numerals": "Прописные римские", Bullets: "Точки", "Start at": "Начать с", "List type": "Вид списка",
  Rows: "Строк", Columns: "Столбцов", "Include header row": "Со строкой заголовков",
  "Table Properties": "Свойства таблицы", "Insert Table": "Вставить таблицу", Cancel: "Отмена",
  paragraph: "Абзац", "heading 2": "Заголовок раздела", "heading 3": "Подзаголовок", "heading 4": "Мелкий заголовок",
  "Heading 2": "Заголовок раздела", "Heading 3": "Подзаголовок", "Heading 4": "Мелкий заголовок",
  Paragraph: "Абзац", bold: "Жирный", italic: "Курсив", strike: "Зачёркнутый", subscript: "Нижний индекс",
  superscript: "Верхний индекс", blockquote: "Цитата", "horizontal rule": "Черта", bulletlist: "Список с точками",
  orderedlist: "Список с номерами", figure: "Рисунок", link: "Ссылка", unlink: "Убрать ссылку", undo: "Отменить",
  redo: "Повторить", "insert table": "Вставить таблицу", "insert link": "Вставить ссылку", "remove link": "Убрать ссылку",
  "ordered list": "Список с номерами", "unordered list": "Список с точками", "add column": "Добавить столбец",
  "add row": "Добавить строку", "delete column": "Удалить столбец", "delete row": "Удалить строку",
  "delete table": "Удалить таблицу", "merge cells": "Соединить ячейки", "split cell": "Разделить ячейку",
  "toggle header cell": "Ячейка заголовка",
};

function inRussian(text) {
  return RUSSIAN[text] || RUSSIAN[text.toLowerCase()] || text;
}

function nameButtons(root) {
  for (const button of root.querySelectorAll(".prose-menubar button")) {
    const name = button.getAttribute("aria-label") || button.title;
    const text = button.querySelector("p, h2, h3, h4, span");
    if (name && inRussian(name) !== name) {
      button.title = inRussian(name);
      button.setAttribute("aria-label", inRussian(name));
    } else if (text && inRussian(text.textContent) !== text.textContent) {
      text.textContent = inRussian(text.textContent);
    }
  }
}

// The library shows by a class alone which buttons cannot be used now.
function tellDisabled(root) {
  for (const button of root.querySelectorAll(".prose-menubar__button")) {
    button.setAttribute("aria-disabled", String(button.classList.contains("disabled")));
  }
}

async function startEditor(area) {
  window.gettext ||= inRussian;
  const lib = await import(area.dataset.editor);
  // The stylesheet has these rules; the policy forbids the element the library would add.
  if (lib.Editor) lib.Editor.prototype.injectCSS = () => {};
  const extensions = [
    lib.Document, lib.Paragraph, lib.Text, lib.HardBreak, lib.Dropcursor, lib.Gapcursor, lib.History, lib.Menu,
    lib.Bold, lib.Italic, lib.Strike, lib.Subscript, lib.Superscript, lib.Blockquote, lib.HorizontalRule,
    lib.BulletList, lib.OrderedList, lib.ListItem, lib.Heading.configure({ levels: [2, 3, 4] }),
    lib.Link.configure({ enableTarget: false }), lib.Table, lib.TableRow, lib.TableHeader, lib.TableCell,
    lib.Figure, lib.Caption, lib.Image,
  ].filter(Boolean);
  const editor = lib.createTextareaEditor(area, extensions);
  const field = editor.view.dom;
  const label = document.querySelector(`label[for="${area.id}"]`);
  if (label) field.setAttribute("aria-label", label.textContent.trim());
  field.setAttribute("role", "textbox");
  field.setAttribute("aria-multiline", "true");
  // The library draws its menu later, and again as the text changes.
  const whole = area.closest(".prose-editor") || area.parentElement;
  const describe = () => {
    nameButtons(whole);
    tellDisabled(whole);
  };
  // Only the class is watched: what is written here does not call it again.
  new MutationObserver(describe).observe(
    whole, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] },
  );
  describe();
}

function keepLock(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const renew = () => fetch(form.dataset.lock, { method: "POST", headers: { "X-CSRFToken": token } });
  setInterval(renew, RENEW_EVERY);
}

for (const area of document.querySelectorAll("textarea[data-editor]")) startEditor(area);
for (const form of document.querySelectorAll("form[data-lock]")) if (form.dataset.lock) keepLock(form);
