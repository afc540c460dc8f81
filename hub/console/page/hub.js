// The way to the hub: calls, and the watch that tells of changes.

const tokenKey = "forestock.token";

// Failure is an answer that is not a success.
export class Failure extends Error {
  constructor(status, reason, message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

function headers(more) {
  const token = sessionStorage.getItem(tokenKey);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

// login asks the operator for a token, once however many calls want one.
let asking = null;
function login() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("login");
    const input = document.getElementById("token");
    input.value = "";
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(tokenKey, input.value.trim());
      asking = null;
      resolve();
    }, { once: true });
    dialog.addEventListener("cancel", (e) => e.preventDefault());
    dialog.showModal();
  });
  return asking;
}

async function request(path, accept, signal, body) {
  for (;;) {
    let response;
    try {
      response = await fetch(path, {
        headers: headers({ Accept: accept }), signal, cache: "no-store",
        ...(body && { method: "POST", body: JSON.stringify(body) }),
      });
    } catch (err) {
      if (err.name === "AbortError") throw err;
      throw new Failure(0, "NETWORK", err.message);
    }
    if (response.ok) return response;
    if (response.status === 401) {
      await login();
      continue;
    }
    const { error } = await response.json().catch(() => ({}));
    throw new Failure(response.status, error?.reason ?? "UNKNOWN", error?.message ?? `HTTP ${response.status}`);
  }
}

function address(path, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const v of [value].flat()) if (v !== undefined && v !== "") query.append(name, v);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

// get calls the API and gives the answer, stamped with when it came.
export async function get(path, params, signal) {
  const response = await request(address(path, params), "application/json", signal);
  return response.json();
}

// pause waits, or ends at once when the signal does.
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

// events reads server-sent events off a response (HTML Living Standard, 9.2.6;
// the hub writes one data line an event).
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const event = {};
      for (const line of part.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      yield { name: event.event, data: JSON.parse(event.data) };
    }
  }
}

// watch follows the numbers until the signal ends, through every loss of the
// connection. It is fetch and not EventSource, which cannot send a token.
//   on.availability(a)   a number changed
//   on.warehouse(w)      a warehouse became live, degraded or frozen
//   on.state("live" | "connecting" | "lost")
export async function watch(params, on, signal) {
  let token = "";
  let wait = 500;
  on.state("connecting");
  while (!signal.aborted) {
    try {
      const response = await request(address("/v1/availability:watch", { ...params, resume_token: token }), "text/event-stream", signal);
      for await (const { name, data } of events(response)) {
        if (name === "end") break;
        token = data.resume_token || token;
        wait = 500;
        if (data.bookmark) on.state("live");
        if (data.availability) on.availability(data.availability);
        if (data.warehouse) on.warehouse(data.warehouse);
      }
    } catch (err) {
      if (signal.aborted) return;
      // A token of a store that is no more: begin again with every number.
      if (/^(RESUME_TOKEN_UNKNOWN|INVALID_RESUME_TOKEN)$/.test(err.reason)) token = "";
    }
    if (signal.aborted) return;
    on.state("lost");
    await pause(wait + Math.random() * wait, signal);
    wait = Math.min(wait * 2, 10_000);
  }
}
