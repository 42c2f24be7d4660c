// How the server does, asked anew every few seconds while the page is seen.

import { askJson, showSite } from "./api.js";
import { find, make } from "./dom.js";

const EVERY_MS = 5000;
const MEASURES = {
  brightness: "brightness of pictures",
  size: "size of pictures",
  ink: "ink on pictures",
  confidence: "confidence",
  labels: "answers",
  characters: "characters of answers",
};

const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

function makeRow(name, value, isWrong = false) {
  return make("tr", {}, make("th", { scope: "row" }, name), make("td", isWrong ? { class: "wrong" } : {}, value));
}

function renderModel({ model, counted }, shifted) {
  const drift = Object.entries(counted.drift);
  return make(
    "article",
    { class: "answer" },
    make("h2", {}, model.name),
    make(
      "table",
      { class: "facts" },
      makeRow("Version", model.server ? `at ${model.server}` : model.version),
      model.created ? makeRow("Since", new Date(model.created).toLocaleString()) : null,
      ...Object.entries(model.metrics).map(([name, value]) => makeRow(`Gate: ${name}`, Number(value).toFixed(4))),
      model.n ? makeRow("Judged on", `${model.n.toLocaleString("en")} of ${model.split}`) : null,
      makeRow("Requests", counted.requests.toLocaleString("en")),
      makeRow("Errors", counted.errors.toLocaleString("en"), counted.errors > 0),
      ...drift.map(([name, value]) => makeRow(`Drift: ${MEASURES[name] ?? name}`, value.toFixed(3), value > shifted)),
      drift.length ? null : makeRow("Drift", "not known yet"),
    ),
  );
}

async function show() {
  try {
    const { since, models, pages, jobs, review, shifted } = await askJson("/api/status");
    const said = [`Since ${new Date(since).toLocaleString()}`, count(pages.requests, "request") + " to read pages"];
    if (jobs) said.push(`${count(jobs, "file")} being read`);
    if ("waiting" in review) said.push(`${count(review.waiting, "item")} waiting for review, ${review.done} decided`);
    find("lead").textContent = `${said.join(" · ")}.`;
    find("models").replaceChildren(...models.map((each) => renderModel(each, shifted)));
  } catch (error) {
    find("lead").textContent = error.message;
  }
}

show();
showSite().catch(() => {}); // show() says it
setInterval(() => document.hidden || show(), EVERY_MS);
