// The page: pictures go into the tray, "Predict" asks the chosen model about each.

import { askJson } from "./api.js";
import { renderAnswer, renderFailure } from "./answers.js";
import { find, make } from "./dom.js";
import { makeDrawing } from "./draw.js";

const WORDS = {
  digits: "A digit",
  hangul: "A Korean syllable",
  lines: "A handwritten line",
  print: "A printed line",
};
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

const chosen = () => models.find((model) => model.name === document.forms.ask.elements.model?.value);

function showModels() {
  find("models").replaceChildren(
    ...models.map((model, place) =>
      make(
        "label",
        { class: "chip" },
        make("input", { type: "radio", name: "model", value: model.name, checked: place === 0, onchange: showAbout }),
        make("span", {}, WORDS[model.name] ?? model.name),
      ),
    ),
  );
  showAbout();
}

function showAbout() {
  const model = chosen();
  if (!model) return;
  drawing.fit(model.name);
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
    const samples = await askJson(`/api/models/${model.name}/samples`);
    if (!samples.length) return say(`There are no sample pictures for ${model.name}.`);
    clear();
    for (const { name, label, picture } of samples) {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
      addFile(new File([bytes], name, { type: "image/png" }), label);
    }
    find("predict").focus();
  } catch (error) {
    say(error.message, true);
  }
}

async function predict(model, item, signal) {
  const place = make("article", { class: "answer", "aria-busy": "true" }, makeThumb(item));
  find("answers").append(place);
  const again = async () => {
    try {
      const path = `/api/models/${encodeURIComponent(model.name)}/predict?n=5`;
      const answer = await askJson(path, { method: "POST", body: item.file, signal });
      place.replaceChildren(makeThumb(item), ...renderAnswer(answer, item));
    } catch (error) {
      if (error.name === "AbortError") return;
      place.replaceChildren(makeThumb(item), ...renderFailure(error, item, again));
    }
    place.removeAttribute("aria-busy");
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
  const failed = document.querySelectorAll(".answer .wrong").length;
  say(failed ? `${failed} of ${items.length} could not be read.` : `${items.length} read.`, failed > 0);
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
    models = await askJson("/api/models");
    showModels();
  } catch (error) {
    say(error.message, true);
    find("say").append(" ", make("button", { class: "button small", type: "button", onclick: () => location.reload() }, "Try again"));
  }
}

begin();
