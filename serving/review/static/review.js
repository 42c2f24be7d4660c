// One item, one keystroke. What a key means depends on what is asked: a digit answers where all readings are digits.
import { at, begin, send } from "./queue.js";

let item = null;

function decide(verdict, text = "") {
  if (item) {
    send("decide", { item: item.id, verdict, text });
  }
}

function areDigits() {
  return item !== null && [item.answer, ...item.runners_up.map(([text]) => text)].every((text) => /^\d$/.test(text));
}

function show({ item: next, counts }) {
  item = next;
  at("item").hidden = !item;
  at("progress").max = Math.max(counts.items, 1);
  at("progress").value = counts.done;
  at("counts").textContent = `${counts.done} of ${counts.items}, ${counts.mine} by you`;
  at("message").textContent = item ? "" : "Nothing is left for you.";
  at("text").value = "";
  at("text").blur();
  if (!item) {
    return;
  }
  at("picture").src = item.picture;
  at("answer").textContent = item.answer || "(nothing read)";
  at("confidence").textContent = `${(100 * item.confidence).toFixed(1)} %`;
  at("origin").textContent = `${item.document}${item.place && `, ${item.place.split(",")[0]}`}: ${item.reason}; ${item.recipe}, ${item.version}`;
  at("runners").replaceChildren(
    ...item.runners_up.slice(0, 9).map(([text], place) => {
      const button = document.createElement("button");
      const key = document.createElement("kbd");
      key.textContent = areDigits() ? text : place + 1;
      button.type = "button";
      button.className = "button";
      button.append(text, " ", key);
      button.addEventListener("click", () => decide("corrected", text));
      return button;
    }),
  );
  at("keys").textContent = areDigits()
    ? "Type the digit that you see, or Enter to accept."
    : "Enter accepts, 1 to 9 choose a reading; any other key begins a text, and so does Tab.";
}

function press(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && event.target.tagName !== "INPUT") {
    event.preventDefault();
    send("undo");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "BUTTON"].includes(event.target.tagName) || !item) {
    return;
  }
  const place = Number(event.key);
  if (event.key === "Enter") {
    decide("accepted");
  } else if (areDigits() && /^\d$/.test(event.key)) {
    decide("corrected", event.key);
  } else if (place >= 1 && place <= Math.min(item.runners_up.length, 9)) {
    decide("corrected", item.runners_up[place - 1][0]);
  } else if (event.key === "s") {
    decide("skipped");
  } else if (event.key === "u") {
    decide("unreadable");
  } else if (event.key === "Tab" || event.key.length === 1) {
    at("text").focus(); // the key goes into it
    if (event.key === "Tab") {
      event.preventDefault();
    }
  }
}

document.addEventListener("keydown", press);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    at("text").blur();
  }
});
at("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value;
  decide(text.trim() ? "corrected" : "accepted", text);
});
at("accept").addEventListener("click", () => decide("accepted"));
at("skip").addEventListener("click", () => decide("skipped"));
at("unreadable").addEventListener("click", () => decide("unreadable"));
at("undo").addEventListener("click", () => send("undo"));
begin(show);
