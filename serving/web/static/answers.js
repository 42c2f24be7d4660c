// What a model read in one picture, as elements.

import { ask } from "./api.js";
import { grade, make, percent } from "./dom.js";

const UNSURE = "The model is not sure. Does the choice above fit the picture?";

function renderText(answer) {
  if (!answer.characters.length) {
    return make("output", { class: answer.text.length > 2 ? "text line" : "text" }, answer.text || "nothing");
  }
  const letters = answer.characters.map(({ text, confidence }) =>
    make("span", { class: grade(confidence), title: `${text} ${percent(confidence)}` }, text),
  );
  return make("output", { class: "text line", "aria-label": answer.text }, ...letters);
}

function renderRunners(answer) {
  if (!answer.alternatives.length) return null;
  const rows = [{ text: answer.text, confidence: answer.confidence }, ...answer.alternatives];
  return make(
    "ol",
    { class: "runners", "aria-label": "Best answers" },
    ...rows.map(({ text, confidence }) =>
      make("li", {}, make("b", {}, text), make("meter", { value: confidence, "aria-label": `Confidence of ${text}` }), make("span", {}, percent(confidence))),
    ),
  );
}

// A button whose click draws which places of the picture speak for the answer.
function renderWhy(answer, item) {
  const why = make("button", { class: "button small", type: "button" }, "Why this answer");
  const place = make("div", { class: "why" }, why);
  why.addEventListener("click", async () => {
    why.disabled = true;
    try {
      const drawn = await ask(`/api/models/${encodeURIComponent(answer.model)}/explain`, { method: "POST", body: item.file });
      const url = URL.createObjectURL(await drawn.blob());
      const parts = answer.parts && Object.keys(answer.parts).length ? ", then for each of its letters" : "";
      const image = make("img", { src: url, alt: `The picture with the places that speak for ${answer.text} in red` });
      image.addEventListener("load", () => URL.revokeObjectURL(url));
      place.replaceChildren(image, make("p", { class: "small-print" }, `In red: what speaks for ${answer.text}${parts}`));
    } catch (error) {
      why.disabled = false;
      place.replaceChildren(why, make("p", { class: "small-print", role: "alert" }, error.message));
    }
  });
  return place;
}

export function renderAnswer(answer, item, explains = false) {
  const expected = item.label && `labelled ${item.label}${item.label === answer.text ? "" : ", which was not read"}`;
  const by = [item.file.name, `${answer.model} ${answer.version}`.trim(), expected].filter(Boolean).join(" · ");
  return [
    make("div", { class: "read" }, renderText(answer), make("span", { class: `badge ${grade(answer.confidence)}` }, percent(answer.confidence))),
    grade(answer.confidence) === "doubtful" ? make("p", { class: "small-print" }, UNSURE) : null,
    renderRunners(answer),
    explains ? renderWhy(answer, item) : null,
    make("p", { class: "small-print" }, by),
  ].filter(Boolean);
}

export function renderFailure(error, item, again) {
  return [
    make("p", { class: "wrong", role: "alert" }, error.message),
    error.again ? make("button", { class: "button small", type: "button", onclick: again }, "Try again") : "",
    make("p", { class: "small-print" }, item.file.name),
  ].filter(Boolean);
}
