// What both pages of reviewers ask the server: each request answers with the next item.
export const at = (id) => document.getElementById(id);
let busy = false;
let show = () => {};
let pages = false;

export async function send(path, body = {}) {
  const reviewer = at("reviewer").value.trim();
  if (busy || !reviewer) {
    return;
  }
  busy = true;
  try {
    const answer = await fetch(`/review/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ reviewer, pages, ...body }),
    });
    const found = await answer.json();
    if (answer.ok) {
      at("far").hidden = at("undo").hidden = false;
      show(found);
    } else if (path === "decide" && !pages) {
      busy = false;
      await send("take"); // the item is another's now
      at("message").textContent = found.error;
    } else {
      at("message").textContent = found.error;
    }
  } catch {
    at("message").textContent = "The server does not answer. Nothing is lost: press the key again.";
  } finally {
    busy = false;
  }
}

// Show items from now on: single pictures, or whole pages.
export function begin(showItem, ofPages = false) {
  [show, pages] = [showItem, ofPages];
  at("reviewer").value = localStorage.getItem("reviewer") ?? "";
  at("reviewer").addEventListener("change", () => {
    localStorage.setItem("reviewer", at("reviewer").value.trim());
    at("reviewer").blur();
    send("take");
  });
  send("take");
}
