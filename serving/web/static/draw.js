// The canvas: a digit, a syllable or a line drawn with mouse, finger or pen becomes a picture in the tray.

import { make } from "./dom.js";

const INK = "#111111";
const PAPER = "#ffffff";
const SIDE_PX = 280; // of the sheet for one character
const LINE_PX = { width: 840, height: 150 }; // less wide on a phone
const MARGIN_PX = 80; // beside the sheet
const LINES = ["lines", "print"]; // models that read more than one character

// `change` is called with whether anything is drawn
export function makeDrawing(addFile, change) {
  const canvas = make("canvas", { class: "sheet", role: "img", "aria-label": "Sheet to draw on", tabindex: 0 });
  const context = canvas.getContext("2d");
  const strokes = []; // each a list of [x, y] in pixels of the canvas
  const use = make("button", { class: "button", type: "button", onclick: keep, disabled: true }, "Add drawing");
  const undo = make("button", { class: "button quiet", type: "button", onclick: takeBack, disabled: true }, "Undo");
  const wipe = make("button", { class: "button quiet", type: "button", onclick: erase, disabled: true }, "Erase");
  let number = 0;

  function show() {
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = context.fillStyle = INK;
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = canvas.height / (canvas.width === canvas.height ? 14 : 24);
    for (const [first, ...others] of strokes) {
      context.beginPath();
      context.moveTo(...first);
      context.lineTo(...first); // a dot
      for (const point of others) context.lineTo(...point);
      context.stroke();
    }
    for (const button of [use, undo, wipe]) button.disabled = !strokes.length;
    change(strokes.length > 0);
  }

  function find({ clientX, clientY }) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) * canvas.width) / width, ((clientY - top) * canvas.height) / height];
  }

  function begin(event) {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    strokes.push([find(event)]);
    show();
  }

  function move(event) {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    // what came since the last frame too, so that quick strokes stay round
    const events = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).push(...(events.length ? events : [event]).map(find));
    show();
  }

  function takeBack() {
    strokes.pop();
    show();
  }

  function erase() {
    strokes.length = 0;
    show();
  }

  async function keep() {
    if (!strokes.length) return;
    number += 1;
    const blob = await new Promise((resolve) => canvas.toBlob(resolve));
    addFile(new File([blob], `drawing-${number}.png`, { type: "image/png" }));
    erase();
  }

  canvas.addEventListener("pointerdown", begin);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") erase();
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) takeBack();
  });

  return {
    keep,
    elements: [canvas, make("div", { class: "actions" }, use, undo, wipe)],
    // The sheet's shape follows what the model reads; what was drawn on another is gone
    fit(model) {
      const width = Math.max(SIDE_PX, Math.min(LINE_PX.width, innerWidth - MARGIN_PX));
      const size = LINES.includes(model) ? { ...LINE_PX, width } : { width: SIDE_PX, height: SIDE_PX };
      if (canvas.width === size.width && canvas.height === size.height) return;
      Object.assign(canvas, size);
      erase();
    },
  };
}
