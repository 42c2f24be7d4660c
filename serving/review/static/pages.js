// Lines over a page: added, moved, split, joined and deleted, by mouse, finger or keys, then saved together.
import { at, begin, send } from "./queue.js";

const LEAST = 4; // pixels of a line's sides
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let item = null;
let size = [0, 0]; // of the page in pixels
let lines = []; // { text, box: [left, top, right, bottom], polygon? }, in reading order
let chosen = -1;
let before = []; // states of `lines` as JSON, the newest last
let dragged = null; // { kind: "move", "corner" or "new", from: [x, y], line, box }

const clamp = (value, low, high) => Math.min(Math.max(Math.round(value), low), high);

function make(tag, attributes) {
  const element = document.createElementNS(at("sheet").namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  return element;
}

function keep() {
  before.push(JSON.stringify(lines));
}

// Move a line by [x, y], or its lower right corner; what was turned becomes upright where its size changes.
function move(line, [x, y], isCorner) {
  const [left, top, right, bottom] = line.box;
  if (isCorner) {
    line.box = [left, top, clamp(right + x, left + LEAST, size[0]), clamp(bottom + y, top + LEAST, size[1])];
    delete line.polygon;
    return;
  }
  const [dx, dy] = [clamp(x, -left, size[0] - right), clamp(y, -top, size[1] - bottom)];
  line.box = [left + dx, top + dy, right + dx, bottom + dy];
  if (line.polygon) {
    line.polygon = line.polygon.map(([px, py]) => [px + dx, py + dy]);
  }
}

function draw() {
  const corner = Math.max(...size) / 90;
  const parts = lines.flatMap(({ text, box: [left, top, right, bottom], polygon }, place) => {
    const points = polygon ?? [[left, top], [right, top], [right, bottom], [left, bottom]];
    const shape = make("polygon", {
      points: points.map((point) => point.join(",")).join(" "),
      class: place === chosen ? "box lit" : "box",
      tabindex: 0,
      role: "button",
      "aria-pressed": place === chosen,
      "aria-label": `Line ${place + 1}: ${text || "without text"}`,
      "data-place": place,
    });
    shape.addEventListener("focus", () => choose(place));
    if (place !== chosen) {
      return [shape];
    }
    return [shape, make("rect", { x: right - corner / 2, y: bottom - corner / 2, width: corner, height: corner, class: "corner" })];
  });
  at("sheet").replaceChildren(at("sheet").firstChild, ...parts);
  for (const name of ["split", "delete"]) {
    at(name).disabled = chosen < 0;
  }
  at("join").disabled = chosen < 0 || chosen + 1 >= lines.length;
  at("back").disabled = !before.length;
  at("text").disabled = chosen < 0;
}

function choose(place) {
  if (place === chosen) {
    return;
  }
  chosen = place;
  at("text").value = lines[place]?.text ?? "";
  draw();
  at("sheet").querySelector(`[data-place="${place}"]`)?.focus();
}

// Draw what was changed, with another line chosen and focused.
function change(place) {
  chosen = -1;
  draw();
  choose(Math.min(place, lines.length - 1));
}

function insert(box) {
  keep();
  const next = lines.findIndex(({ box: [, top] }) => top > box[1]);
  const place = next < 0 ? lines.length : next;
  lines.splice(place, 0, { text: "", box });
  change(place);
}

const edits = {
  add() {
    const [width, height] = size;
    const [left, top, right, bottom] = lines[chosen]?.box ?? [width * 0.1, 0, width * 0.9, height * 0.03];
    const low = clamp(bottom + (bottom - top) * 0.2, 0, height - LEAST);
    insert([left, low, right, Math.min(low + bottom - top, height)].map(Math.round));
  },
  split() {
    const { text, box: [left, top, right, bottom] } = lines[chosen];
    const half = Math.floor(text.length / 2);
    const gaps = [...text.matchAll(/ /g)].map(({ index }) => index);
    const gap = gaps.sort((a, b) => Math.abs(a - half) - Math.abs(b - half))[0] ?? half;
    const middle = Math.round(left + (right - left) * (text ? (gap + 0.5) / text.length : 0.5));
    if (right - left < 2 * LEAST) {
      return;
    }
    keep();
    const cut = clamp(middle, left + LEAST, right - LEAST);
    const first = { text: text.slice(0, gap).trim(), box: [left, top, cut, bottom] };
    const second = { text: text.slice(gap).trim(), box: [cut, top, right, bottom] };
    lines.splice(chosen, 1, first, second);
    change(chosen);
  },
  join() {
    const [one, other] = lines.slice(chosen, chosen + 2);
    if (!other) {
      return;
    }
    keep();
    const box = one.box.map((side, place) => (place < 2 ? Math.min : Math.max)(side, other.box[place]));
    lines.splice(chosen, 2, { text: `${one.text} ${other.text}`.trim(), box });
    change(chosen);
  },
  delete() {
    keep();
    lines.splice(chosen, 1);
    change(chosen);
  },
  back() {
    if (before.length) {
      lines = JSON.parse(before.pop());
      change(chosen);
    }
  },
};

function edit(name) {
  if (item && !at(name).disabled) {
    edits[name]();
  }
}

function save() {
  if (item) {
    const changed = JSON.stringify(lines) !== JSON.stringify(JSON.parse(item.answer));
    send("decide", { item: item.id, verdict: changed ? "corrected" : "accepted", text: changed ? JSON.stringify(lines) : "" });
  }
}

async function show({ item: next, counts }) {
  at("progress").max = Math.max(counts.items, 1);
  at("progress").value = counts.done;
  at("counts").textContent = `${counts.done} of ${counts.items}, ${counts.mine} by you`;
  at("message").textContent = next ? "" : "No page is left for you.";
  at("item").hidden = true;
  [item, chosen, before, dragged] = [null, -1, [], null];
  if (!next) {
    return;
  }
  const picture = new Image();
  picture.src = next.picture;
  try {
    await picture.decode();
  } catch {
    at("message").textContent = "The picture cannot be shown: skip it.";
  }
  item = next;
  size = [picture.naturalWidth, picture.naturalHeight];
  lines = JSON.parse(item.answer);
  at("text").value = "";
  at("origin").textContent = `${item.document}${item.place && `, ${item.place}`}: ${item.reason}; ${item.version}`;
  at("sheet").setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  at("sheet").replaceChildren(make("image", { href: next.picture, width: size[0], height: size[1] }));
  at("item").hidden = false;
  draw();
}

function find({ clientX, clientY }) {
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(at("sheet").getScreenCTM().inverse());
  return [clamp(x, 0, size[0]), clamp(y, 0, size[1])];
}

at("sheet").addEventListener("pointerdown", (event) => {
  if (event.button || !item) {
    return;
  }
  event.preventDefault();
  at("sheet").setPointerCapture(event.pointerId);
  const place = event.target.dataset.place;
  if (place !== undefined) {
    choose(Number(place));
  }
  const kind = event.target.classList.contains("corner") ? "corner" : place === undefined ? "new" : "move";
  dragged = { kind, from: find(event), state: JSON.stringify(lines), line: kind === "new" ? null : structuredClone(lines[chosen]) };
});
at("sheet").addEventListener("pointermove", (event) => {
  if (!dragged) {
    return;
  }
  const [x, y] = find(event);
  const by = [x - dragged.from[0], y - dragged.from[1]];
  if (dragged.kind === "new") {
    const [left, right] = [x, dragged.from[0]].sort((a, b) => a - b);
    const [top, bottom] = [y, dragged.from[1]].sort((a, b) => a - b);
    dragged.box = [left, top, right, bottom];
    at("sheet").querySelector(".drawn")?.remove();
    at("sheet").append(make("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "box lit drawn" }));
    return;
  }
  lines[chosen] = structuredClone(dragged.line);
  move(lines[chosen], by, dragged.kind === "corner");
  draw();
});
function drop() {
  if (!dragged) {
    return;
  }
  const { kind, state, box } = dragged;
  dragged = null;
  if (kind !== "new") {
    if (JSON.stringify(lines) !== state) {
      before.push(state);
    }
    draw();
    at("sheet").querySelector(`[data-place="${chosen}"]`)?.focus();
  } else if (box && box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST) {
    insert(box);
  } else {
    draw();
  }
}
for (const name of ["pointerup", "pointercancel"]) {
  at("sheet").addEventListener(name, drop);
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.tagName === "INPUT";
  if (!item || event.target.id === "reviewer") {
    return;
  }
  const key = event.key.toLowerCase();
  const isControlled = event.ctrlKey || event.metaKey;
  const isButton = event.target.tagName === "BUTTON" || event.target.tagName === "A";
  if (isControlled && event.key === "Enter") {
    save();
  } else if (isControlled && key === "z" && !isTyping) {
    edit("back");
  } else if (isTyping || event.altKey) {
    return;
  } else if (ARROWS[event.key] && chosen >= 0 && !isButton) {
    keep();
    move(lines[chosen], ARROWS[event.key].map((step) => step * (isControlled ? 10 : 1)), event.shiftKey);
    const place = chosen;
    change(place);
  } else if (event.key === "Enter" && chosen >= 0 && !isButton) {
    at("text").focus();
  } else if (!isControlled && (event.key === "Delete" || "nxj".includes(key)) && key.length && !isButton) {
    edit({ delete: "delete", n: "add", x: "split", j: "join" }[key]);
  } else {
    return;
  }
  event.preventDefault();
});
at("text").addEventListener("change", () => {
  if (chosen >= 0 && lines[chosen].text !== at("text").value) {
    keep();
    lines[chosen].text = at("text").value;
    draw();
  }
});
at("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  at("text").blur(); // keeps it
  const next = Math.min(chosen + 1, lines.length - 1);
  change(next);
});
for (const name of Object.keys(edits)) {
  at(name).addEventListener("click", () => edit(name));
}
at("save").addEventListener("click", save);
at("skip").addEventListener("click", () => item && send("decide", { item: item.id, verdict: "skipped", text: "" }));
at("unreadable").addEventListener("click", () => item && send("decide", { item: item.id, verdict: "unreadable", text: "" }));
at("undo").addEventListener("click", () => send("undo"));
begin(show, true);
