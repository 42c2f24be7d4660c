// A file of one or many pages: how far it is read, then each page with boxes over it and its text beside it.

import { ask, askJson } from "./api.js";
import { grade, make, percent, save } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const POLL_MS = 400;
const CLOSEST = 12; // times the page fitted to its frame
const FORMS = { text: ["Text", "txt"], json: ["JSON", "json"], page: ["PAGE XML", "page.xml"], alto: ["ALTO XML", "alto.xml"], pdf: ["Searchable PDF", "pdf"] };

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Have the server read a file as a job, and show how far it is; what comes back is the finished job.
export async function readFile(item, options, signal, place) {
  const bar = make("progress", { "aria-label": `Progress of ${item.file.name}` });
  const said = make("p", { class: "small-print", role: "status" }, "Sending …");
  const cancel = make("button", { class: "button small", type: "button" }, "Cancel");
  place.replaceChildren(make("p", { class: "file" }, item.file.name), bar, said, cancel);
  const query = new URLSearchParams({ job: "1", ...options });
  let job = await askJson(`/v1/read?${query}`, { method: "POST", body: item.file, signal });
  const path = `/v1/read/${job.id}`;
  let isCancelled = false;
  const stop = () => {
    isCancelled = true;
    ask(path, { method: "DELETE" }).catch(() => {}); // it may have ended
  };
  cancel.addEventListener("click", stop);
  signal.addEventListener("abort", stop);
  while (job.state === "reading" && !isCancelled) {
    const turn = job.ahead ? `, in turns with ${job.ahead} file${job.ahead > 1 ? "s" : ""} given before` : "";
    said.textContent = job.pages ? `${job.read} of ${job.pages} pages read${turn}` : `Waiting for its turn${turn}`;
    if (job.pages) Object.assign(bar, { max: job.pages, value: job.read });
    await wait(POLL_MS);
    if (!isCancelled) job = await askJson(path, { signal });
  }
  if (isCancelled) throw new DOMException("cancelled", "AbortError");
  if (job.state === "failed") throw new Error(job.error);
  return job;
}

const listWords = (page) => page.regions.flatMap((region) => region.lines.flatMap((line) => line.words));
const getConfidence = (part) => part.confidence ?? 1;

function drawBox(page, word) {
  const [left, top, right, bottom] = word.box;
  const corners = word.polygon ?? [[left, top], [right, top], [right, bottom], [left, bottom]];
  const box = document.createElementNS(SVG, "polygon");
  box.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
  box.setAttribute("class", `box ${grade(getConfidence(word))}`);
  return box;
}

// What is said of a word: its confidence, and of each letter that has any its other readings.
function describeWord(word) {
  const known = word.confidence == null ? "text of the file itself" : percent(word.confidence);
  const others = (word.glyphs ?? [])
    .filter((glyph) => glyph.alternatives?.length)
    .map((glyph) => make("li", {}, make("b", {}, glyph.text), ` ${percent(glyph.confidence ?? 0)} · or `, glyph.alternatives.slice(0, 3).map(({ text, confidence }) => `${text} ${percent(confidence)}`).join(", ")));
  return [make("p", {}, make("strong", {}, word.text), ` ${known}`), others.length ? make("ul", {}, ...others) : ""];
}

// Zoom by wheel, pinch, keys and buttons; pan by dragging. Only `transform` changes, which the browser composes.
function makeMovable(frame, sheet) {
  const view = { x: 0, y: 0, scale: 1 };
  const held = new Map();
  const show = () => {
    sheet.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    frame.style.touchAction = view.scale > 1 ? "none" : "pan-y"; // else a finger scrolls the page
  };
  const zoom = (factor, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const scale = Math.min(CLOSEST, Math.max(1, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    if (scale === 1) view.x = view.y = 0;
    show();
  };
  const pan = (x, y) => {
    view.x += x;
    view.y += y;
    show();
  };
  const where = (event) => {
    const { left, top } = frame.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && view.scale === 1 && event.deltaY > 0) return; // the page scrolls on
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), ...where(event));
  }, { passive: false });
  frame.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, where(event));
  });
  frame.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const after = where(event);
    if (held.size === 2) {
      const other = [...held].find(([id]) => id !== event.pointerId)[1];
      const far = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
      if (far(before) > 0) zoom(far(after) / far(before), (after[0] + other[0]) / 2, (after[1] + other[1]) / 2);
    } else if (view.scale > 1) {
      frame.setPointerCapture(event.pointerId);
      pan(after[0] - before[0], after[1] - before[1]);
    }
    held.set(event.pointerId, after);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    frame.addEventListener(name, (event) => held.delete(event.pointerId));
  }
  frame.addEventListener("keydown", (event) => {
    const step = 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") zoom(0);
    else if (moves[event.key] && view.scale > 1) pan(...moves[event.key]);
    else return;
    event.preventDefault();
  });
  return zoom;
}

// The fields of a page as a form: what is focused is lit on the page, and what is mended can be copied.
function renderFields(page, drawn, light) {
  if (!page.fields?.length) return null;
  const rows = page.fields.map((field) => {
    const box = drawBox(page, field);
    box.classList.add("field");
    drawn.append(box);
    const value = field.values?.[0] ?? field.text;
    const input = make("input", { name: field.name, value, autocomplete: "off", spellcheck: "false" });
    const others = [field.text, ...(field.values ?? []).slice(1)].filter((each) => each !== value);
    const meant = others.length ? [`on the page: ${others.join(" or ")}`] : [];
    const note = [percent(field.confidence), ...(field.currencies ?? []).slice(0, 1), ...meant].join(" · ");
    const row = make("label", { class: "field-row" }, make("span", {}, field.name.replaceAll("_", " ")), input, make("small", { class: grade(field.confidence) }, note));
    input.addEventListener("focus", () => light(field, box, row));
    box.addEventListener("click", () => input.focus());
    return row;
  });
  const copy = make("button", { class: "button small", type: "submit" }, "Copy fields as JSON");
  const form = make("form", { class: "fields", "aria-label": `Fields of page ${page.number}` }, ...rows, copy);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await navigator.clipboard.writeText(JSON.stringify(Object.fromEntries(new FormData(form)), null, 1));
    copy.textContent = "Copied";
  });
  return form;
}

function renderPage(job, page, about) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", `0 0 ${page.width} ${page.height}`);
  drawn.setAttribute("aria-hidden", "true");
  const image = make("img", { src: `/v1/read/${job.id}/pages/${page.number}`, alt: `Page ${page.number}`, draggable: "false" });
  const sheet = make("div", { class: "leaf" }, image, drawn);
  sheet.style.aspectRatio = `${page.width} / ${page.height}`;
  const frame = make("div", { class: "frame", tabindex: "0", role: "group", "aria-label": `Page ${page.number}: + and - zoom, arrows move` }, sheet);
  const zoom = makeMovable(frame, sheet);
  let lit = [];
  const light = (word, box, said) => {
    for (const each of lit) each.classList.remove("lit");
    lit = [box, said].filter(Boolean);
    for (const each of lit) each.classList.add("lit");
    about.replaceChildren(...describeWord(word));
  };
  const renderWord = (word) => {
    const box = word.box && drawBox(page, word);
    const said = make("button", { class: `word ${grade(getConfidence(word))}`, type: "button" }, word.text);
    for (const name of ["pointerenter", "focus", "click"]) said.addEventListener(name, () => light(word, box, said));
    if (box) {
      drawn.append(box);
      box.addEventListener("pointerenter", () => light(word, box, said));
      box.addEventListener("click", () => light(word, box, said));
    }
    return said;
  };
  const regions = page.regions.map((region) =>
    make("div", { class: "region" }, ...region.lines.map((line) => make("p", {}, ...line.words.flatMap((word) => [renderWord(word), " "])))),
  );
  const fields = renderFields(page, drawn, light);
  const text = make("div", { class: "page-text" }, ...regions);
  if (!listWords(page).length) text.append(make("p", { class: "small-print" }, "Nothing was found on this page."));
  return { frame, text, fields, zoom };
}

// The finished job as elements.
export function renderDocument(job, item) {
  const { pages, errors } = job.document;
  const about = make("div", { class: "about-word", role: "status" }, make("p", {}, "Point at a word to see how sure it is."));
  const shown = make("div", { class: "spread" });
  const count = make("span", { class: "count" });
  let place = 0;
  let zoom = () => {};
  const step = (by) => {
    place = Math.min(pages.length - 1, Math.max(0, place + by));
    const rendered = renderPage(job, pages[place], about);
    zoom = rendered.zoom;
    shown.replaceChildren(rendered.frame, make("div", { class: "beside" }, rendered.fields, rendered.text, about));
    count.textContent = `Page ${pages[place].number} of ${pages.length + errors.length}`;
    before.disabled = place === 0;
    after.disabled = place === pages.length - 1;
  };
  const button = (text, label, onclick) => make("button", { class: "button small", type: "button", "aria-label": label, onclick }, text);
  const before = button("‹", "Page before", () => step(-1));
  const after = button("›", "Next page", () => step(1));
  const copy = make("button", { class: "button small", type: "button" }, "Copy text");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pages.map((page) => page.text).join("\n\n"));
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy text"), 1500);
  });
  const failed = make("p", { class: "wrong", role: "alert", hidden: true });
  const choice = make("select", { class: "button small", "aria-label": "Download as" }, make("option", { value: "" }, "Download …"), ...Object.entries(FORMS).map(([form, [name]]) => make("option", { value: form }, name)));
  choice.addEventListener("change", async () => {
    const form = choice.value;
    choice.value = "";
    if (!form) return;
    try {
      const answer = await ask(`/v1/read/${job.id}?as=${form}`);
      const content = await answer.blob();
      const ending = content.type === "application/zip" ? `${form}.zip` : FORMS[form][1];
      save(content, `${item.file.name}.${ending}`, content.type);
      failed.hidden = true;
    } catch (error) {
      Object.assign(failed, { textContent: error.message, hidden: false });
    }
  });
  const pager = pages.length > 1 ? [before, count, after] : [];
  const tools = make("div", { class: "tools" }, make("p", { class: "file" }, item.file.name), ...pager, button("−", "Zoom out", () => zoom(1 / 1.4)), button("+", "Zoom in", () => zoom(1.4)), copy, choice);
  step(0);
  const wrong = errors.map(({ number, reason }) => make("p", { class: "wrong" }, `Page ${number}: ${reason}`));
  return [tools, failed, shown, ...wrong];
}
