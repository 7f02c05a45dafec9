// Turns areas marked with data-editor into an editor of django-prose-editor, and keeps the text's lock.
// The library's own start-up needs an inline import map, which the pages' policy forbids.

const RENEW_EVERY = 5 * 60 * 1000;

async function startEditor(area) {
  const lib = await import(area.dataset.editor);
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
}

function keepLock(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const renew = () => fetch(form.dataset.lock, { method: "POST", headers: { "X-CSRFToken": token } });
  setInterval(renew, RENEW_EVERY);
}

for (const area of document.querySelectorAll("textarea[data-editor]")) startEditor(area);
for (const form of document.querySelectorAll("form[data-lock]")) if (form.dataset.lock) keepLock(form);
