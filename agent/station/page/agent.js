// The page's line to the agent: events come, scans and keys go. The page keeps
// nothing, so after a break the next view makes everything right.

const patience = 4000; // ms without a status until the line counts as lost; one comes each second
const again = 1000; // ms between tries to open a lost line
const retries = [300, 900, 2000]; // ms between tries of one request

/** An id that no other request has. crypto.randomUUID needs HTTPS, which a LAN has not. */
function newID() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return "web-" + Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Agent {
  #station;
  #on;
  #source = null;
  #heard = 0;
  #lost = null; // not known yet

  /** on: {view, weight, status, lost(bool)} */
  constructor(station, on) {
    this.#station = station;
    this.#on = on;
    this.#open();
    setInterval(() => this.#watch(), 500);
  }

  #open() {
    this.#source?.close();
    const source = new EventSource("/api/events" + this.#query());
    for (const name of ["view", "weight", "status"]) {
      source.addEventListener(name, (e) => {
        this.#heard = performance.now();
        this.#setLost(false);
        this.#on[name](JSON.parse(e.data));
      });
    }
    source.addEventListener("error", () => this.#setLost(true)); // the agent has gone, and said so
    this.#heard = performance.now();
    this.#source = source;
  }

  // A line that is dead without saying so is opened again, too.
  #watch() {
    if (performance.now() - this.#heard < (this.#lost ? again : patience)) return;
    this.#setLost(true);
    this.#open();
  }

  #setLost(lost) {
    if (lost === this.#lost) return;
    this.#lost = lost;
    this.#on.lost(lost);
  }

  #query() {
    return this.#station ? "?station=" + encodeURIComponent(this.#station) : "";
  }

  scan(code) {
    return this.#act("/api/scan", { code });
  }

  key(key) {
    return this.#act("/api/key", { key });
  }

  // The same id again counts once, so a request whose answer was lost is sent again.
  #act(path, body) {
    body.id = newID();
    if (this.#station) body.station = this.#station;
    return this.post(path, body);
  }

  /** Sends a body until an answer comes, or too often. */
  async post(path, body) {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
        return await response.json();
      } catch (error) {
        if (attempt >= retries.length) throw error;
        await wait(retries[attempt]);
      }
    }
  }

  async get(path) {
    const response = await fetch(path);
    return response.json();
  }
}
