// The page: pictures go into the tray, "Predict" asks the chosen model about each.

import { askJson, showSite } from "./api.js";
import { renderAnswer, renderFailure } from "./answers.js";
import { find, make } from "./dom.js";
import { makeDrawing } from "./draw.js";
import { readFile, renderDocument } from "./viewer.js";

const WORDS = {
  digits: "A digit",
  hangul: "A Korean syllable",
  lines: "A handwritten line",
  print: "A printed line",
};
const PAGE = "/page"; // chosen in place of a model, whose name has no slash: the file is read page by page
const RECOGNIZERS = { digits: "Handwritten digits", lines: "Handwriting", print: "Print" };
const FIELDS = "fields:"; // chosen in place of a recognizer: print, and which words are the total, the date ...; then a model
const PAGES = /\.(pdf|tiff?)$/i; // what a model of single pictures is not asked about
const MOST_FILES = 100;
const AT_ONCE = 4; // requests

const items = []; // of the tray: { file, url, label }
let models = [];
let asking = null; // AbortController of what is under way
let isDrawn = false;
const drawing = makeDrawing(addFile, (isAny) => {
  isDrawn = isAny;
  showTray();
});

function say(text, isWrong = false) {
  find("say").textContent = text;
  find("say").classList.toggle("wrong", isWrong);
}

const isPage = () => document.forms.ask.elements.model?.value === PAGE;

// Name of the model that finds fields; 1 for the one that ships, "" for none
function chosenFields() {
  const wanted = document.forms.ask.elements.recognizer?.value ?? "";
  return wanted.startsWith(FIELDS) ? wanted.slice(FIELDS.length) : "";
}

// The model that is asked; of whole pages the one that reads their lines
function chosen() {
  const { model, recognizer } = document.forms.ask.elements;
  const wanted = isPage() ? (chosenFields() ? "print" : recognizer.value) : model?.value;
  return models.find(({ name }) => name === wanted);
}

function makeChip(group, value, text, isChosen) {
  const input = make("input", { type: "radio", name: group, value, checked: isChosen, onchange: showAbout });
  return make("label", { class: "chip" }, input, make("span", {}, text));
}

function showModels() {
  const pictures = models.filter((model) => model.reads_pictures);
  const readers = models.filter((model) => model.reads_pages);
  find("models").replaceChildren(...pictures.map(({ name }, place) => makeChip("model", name, WORDS[name] ?? name, !place)));
  if (readers.length) find("models").append(makeChip("model", PAGE, "A whole page", !pictures.length));
  const usual = readers.findLast(({ name }) => name in RECOGNIZERS) ?? readers.at(-1);
  find("recognizers").replaceChildren(
    ...readers.map(({ name }) => makeChip("recognizer", name, RECOGNIZERS[name] ?? name, name === usual.name)),
  );
  if (readers.some(({ name }) => name === "print")) {
    find("recognizers").append(makeChip("recognizer", `${FIELDS}1`, "A receipt or invoice", false));
    for (const { name } of models.filter((model) => model.finds_fields && model.name !== "invoices")) {
      find("recognizers").append(makeChip("recognizer", FIELDS + name, `Fields of ${name}`, false));
    }
  }
  find("detectors").replaceChildren(
    makeChip("detector", "", "Their ink", true),
    ...models.filter((model) => model.finds_lines).map(({ name }) => makeChip("detector", name, name, false)),
  );
  if (!pictures.length && !readers.length) say("No model here reads pictures.", true);
  showAbout();
}

function showAbout() {
  const model = chosen();
  find("recognizing").hidden = !isPage();
  find("detecting").hidden = !isPage() || !model?.reads_lines || find("detectors").childElementCount < 2;
  if (!model) return;
  drawing.fit(isPage() ? "lines" : model.name);
  const at = model.server ? `at ${model.server}` : model.version;
  const parts = [`Model ${model.name} ${at}`];
  const numbers = Object.entries(model.metrics).slice(0, 2);
  if (numbers.length) {
    const said = numbers.map(([name, value]) => `${name} ${Number(value).toFixed(4)}`).join(", ");
    parts.push(` · gate: ${said} on ${model.n} of ${model.split}`);
  }
  if (model.has_card) {
    const card = make("a", { href: `/api/models/${model.name}/card`, target: "_blank" }, "model card");
    parts.push(" · ", card);
  }
  find("about").replaceChildren(...parts);
}

export function addFile(file, label = "") {
  if (items.length === MOST_FILES) return say(`At most ${MOST_FILES} files at a time.`, true);
  if (PAGES.test(file.name)) {
    const page = document.querySelector(`input[name=model][value="${PAGE}"]`);
    if (page && !page.checked) page.click();
  }
  items.push({ file, label, url: file.type.startsWith("image/") ? URL.createObjectURL(file) : "" });
  showTray();
}

function drop(item) {
  items.splice(items.indexOf(item), 1);
  showTray();
}

export function makeThumb({ file, url }) {
  if (!url) return make("div", { class: "thumb" }, file.name.split(".").pop().slice(0, 5).toUpperCase());
  const image = make("img", { src: url, alt: "" });
  image.addEventListener("load", () => image.classList.toggle("tiny", image.naturalWidth < 80));
  image.addEventListener("error", () => image.replaceWith(file.name.split(".").pop().slice(0, 5).toUpperCase()));
  return make("div", { class: "thumb" }, image);
}

function showTray() {
  find("tray").replaceChildren(
    ...items.map((item) =>
      make(
        "li",
        {},
        makeThumb(item),
        make("span", { class: "name", title: item.file.name }, item.file.name),
        make("button", { class: "remove", type: "button", "aria-label": `Remove ${item.file.name}`, onclick: () => drop(item) }, "×"),
      ),
    ),
  );
  find("predict").disabled = !items.length && !isDrawn;
  find("clear").hidden = !items.length;
  find("predict").textContent = items.length > 1 ? `Predict ${items.length} files` : "Predict";
}

function clear() {
  asking?.abort();
  for (const { url } of items) if (url) URL.revokeObjectURL(url);
  items.length = 0;
  find("answers").replaceChildren();
  find("files").value = find("camera").value = "";
  say("");
  showTray();
}

async function getSamples() {
  const model = chosen();
  try {
    const samples = await askJson(`/api/samples/${isPage() ? "pages" : model.name}`);
    if (!samples.length) return say(`There are no sample pictures for ${model.name}.`);
    clear();
    for (const { name, label, picture } of samples) {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
      addFile(new File([bytes], name, { type: name.endsWith(".webp") ? "image/webp" : "image/png" }), label);
    }
    find("predict").focus();
  } catch (error) {
    say(error.message, true);
  }
}

async function predict(model, item, signal) {
  const wide = isPage();
  const fields = chosenFields();
  const detector = find("detecting").hidden ? "" : document.forms.ask.elements.detector.value;
  const options = { recognizer: model.name, ...(fields && { fields }), ...(detector && { detector }) };
  const place = make("article", { class: wide ? "answer wide" : "answer", "aria-busy": "true" }, makeThumb(item));
  find("answers").append(place);
  const again = async () => {
    try {
      if (wide) {
        const job = await readFile(item, options, signal, place);
        place.replaceChildren(...renderDocument(job, item));
        return;
      }
      const path = `/api/models/${encodeURIComponent(model.name)}/predict?n=5`;
      const answer = await askJson(path, { method: "POST", body: item.file, signal });
      place.replaceChildren(makeThumb(item), ...renderAnswer(answer, item, model.explains));
    } catch (error) {
      if (error.name === "AbortError") place.remove();
      else place.replaceChildren(makeThumb(item), ...renderFailure(error, item, again));
    } finally {
      place.removeAttribute("aria-busy");
    }
  };
  await again();
}

async function predictAll(event) {
  event.preventDefault();
  await drawing.keep();
  const model = chosen();
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  find("answers").replaceChildren();
  say(items.length > 1 ? `Reading ${items.length} files …` : "Reading …");
  const left = [...items];
  const work = async () => {
    while (left.length && !signal.aborted) await predict(model, left.shift(), signal);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (signal.aborted) return;
  const done = find("answers").childElementCount; // without those that were cancelled
  const failed = document.querySelectorAll(".answer .wrong:not([hidden])").length;
  say(failed ? `${failed} of ${done} could not be read.` : `${done} read.`, failed > 0);
  if (find("say").getBoundingClientRect().top > innerHeight / 2) find("say").scrollIntoView(); // of a phone
}

function listen() {
  document.forms.ask.addEventListener("submit", predictAll);
  find("clear").addEventListener("click", clear);
  find("samples").addEventListener("click", getSamples);
  find("drawing").append(...drawing.elements);
  find("draw").addEventListener("click", () => {
    find("drawing").hidden = !find("drawing").hidden;
    find("draw").setAttribute("aria-expanded", String(!find("drawing").hidden));
  });
  for (const id of ["files", "camera"]) {
    find(id).addEventListener("change", () => [...find(id).files].forEach((file) => addFile(file)));
  }
  const area = find("drop");
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.toggle("over", name === "dragover");
      if (name === "drop") [...event.dataTransfer.files].forEach((file) => addFile(file));
    });
  }
  document.addEventListener("paste", (event) => {
    [...event.clipboardData.files].forEach((file) => addFile(file));
  });
}

async function begin() {
  listen();
  try {
    find("kept").hidden = !(await showSite());
    models = await askJson("/api/models");
    showModels();
  } catch (error) {
    say(error.message, true);
    find("say").append(" ", make("button", { class: "button small", type: "button", onclick: () => location.reload() }, "Try again"));
  }
}

begin();
