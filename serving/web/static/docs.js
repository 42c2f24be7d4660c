// The page /docs: the paths of /openapi.json, readable.

import { askJson, showSite } from "./api.js";
import { find, make } from "./dom.js";

const METHODS = ["get", "post", "put", "delete"];

function renderParameters(parameters) {
  if (!parameters.length) return null;
  return make(
    "dl",
    {},
    ...parameters.flatMap(({ name, in: where, schema, description }) => [
      make("dt", {}, make("code", {}, name), ` ${where}, ${schema?.type ?? "any"}`),
      make("dd", {}, description ?? ""),
    ]),
  );
}

function renderOperation(path, method, operation, shared) {
  const text = [operation.summary, operation.description].filter(Boolean).join(". ");
  const answers = Object.entries(operation.responses ?? {}).map(([status, { description }]) =>
    make("li", {}, make("code", {}, status), ` ${description ?? ""}`),
  );
  return make(
    "details",
    { class: "operation" },
    make("summary", {}, make("b", {}, method.toUpperCase()), " ", make("code", {}, path), " ", make("small", {}, operation.summary ?? "")),
    make("p", {}, text),
    renderParameters([...shared, ...(operation.parameters ?? [])].filter((each) => each.name)),
    make("ul", { class: "statuses" }, ...answers),
  );
}

showSite().catch(() => {}); // said below
const described = await askJson("/openapi.json").catch((error) => error);
if (described instanceof Error) {
  find("lead").textContent = described.message;
} else {
  find("lead").textContent = described.info.description ?? described.info.title;
  find("paths").append(
    ...Object.entries(described.paths).flatMap(([path, operations]) =>
      METHODS.filter((method) => operations[method]).map((method) =>
        renderOperation(path, method, operations[method], operations.parameters ?? []),
      ),
    ),
  );
}
