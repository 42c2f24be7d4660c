// Requests to the server. An answer that is not 2xx is an Error with the server's own sentence.

export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Object.assign(new Error("The server does not answer. Nothing is lost: try again."), { again: true });
  }
  if (response.ok) return response;
  let said = `The server answers ${response.status}`;
  try {
    said = (await response.json()).error ?? said;
  } catch {
    // not JSON: a proxy's page
  }
  const again = [408, 429, 502, 503, 504].includes(response.status);
  throw Object.assign(new Error(said), { again, status: response.status });
}

export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

// Show what only some servers have in the navigation; answers whether this one keeps answers for review.
export async function showSite() {
  const { reviews } = await askJson("/api/site");
  document.getElementById("review").hidden = !reviews;
  return reviews;
}
