// Seven short sounds, made once and played at once: they may overlap, because
// people scan faster than sounds end. Browsers keep silent until somebody has
// touched the page, unless they run as a kiosk.

import { clipOf } from "./speech.js";

const rate = 22050;
const afterTone = 0.2; // seconds that speech leaves to the tone before it

// Each note: frequency in Hz, begin and length in seconds, loudness, shape.
const scores = {
  tick: [[1900, 0, 0.018, 0.12, "sine"]],
  heard: [[1320, 0, 0.045, 0.3, "sine"]],
  saved: [[1047, 0, 0.07, 0.5, "sine"], [1568, 0.06, 0.12, 0.55, "sine"]],
  attention: [[740, 0, 0.08, 0.5, "triangle"], [740, 0.11, 0.08, 0.5, "triangle"]],
  refused: [[196, 0, 0.16, 0.55, "square"], [147, 0.18, 0.24, 0.55, "square"]],
  done: [[784, 0, 0.07, 0.45, "sine"], [1047, 0.06, 0.07, 0.5, "sine"], [1568, 0.12, 0.07, 0.5, "sine"], [2093, 0.18, 0.14, 0.5, "sine"]],
  undone: [[1175, 0, 0.07, 0.45, "sine"], [784, 0.065, 0.12, 0.5, "sine"]],
};

const shapes = {
  sine: (p) => Math.sin(2 * Math.PI * p),
  triangle: (p) => 1 - 4 * Math.abs(((p + 0.25) % 1) - 0.5),
  square: (p) => 0.6 * Math.sign(Math.sin(2 * Math.PI * p)) + 0.2 * Math.sin(2 * Math.PI * p),
};

function render(context, score) {
  const length = Math.max(...score.map(([, at, len]) => at + len)) + 0.01;
  const buffer = context.createBuffer(1, Math.ceil(length * rate), rate);
  const data = buffer.getChannelData(0);
  for (const [hz, at, len, loud, shape] of score) {
    const from = Math.floor(at * rate), n = Math.floor(len * rate), ramp = Math.min(n / 4, rate * 0.006);
    for (let i = 0; i < n; i++) {
      const envelope = Math.min(1, i / ramp, (n - i) / (ramp * 3));
      data[from + i] += loud * envelope * shapes[shape]((hz * i) / rate);
    }
  }
  return buffer;
}

export class Speaker {
  #context = null;
  #buffers = {};
  #changed;
  muted = localStorage.getItem("muted") === "yes";
  played = []; // what was played, newest last, for tests
  speaks = localStorage.getItem("speaks") !== "no";
  said = []; // what was said last, for tests
  #speech = null; // the decoded clips
  #saying = []; // what is being played of them

  constructor(changed) {
    this.#changed = changed;
    const Context = window.AudioContext ?? window.webkitAudioContext;
    if (!Context) return;
    this.#context = new Context({ latencyHint: "interactive" });
    for (const [name, score] of Object.entries(scores)) this.#buffers[name] = render(this.#context, score);
    this.#context.addEventListener("statechange", () => changed());
    this.#load();
    const wake = () => this.#context.resume();
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, wake);
  }

  /** Whether a sound would be heard now. */
  get ready() {
    return this.#context?.state === "running";
  }

  // Without the clips, or where a browser cannot decode them, there are tones only.
  async #load() {
    try {
      const file = await fetch("/page/speech.opus");
      this.#speech = await this.#context.decodeAudioData(await file.arrayBuffer());
    } catch {
      this.#speech = null;
    }
  }

  /** Whether the clips can be played, for tests. */
  get fluent() {
    return this.#speech !== null;
  }

  toggleSpeech() {
    this.speaks = !this.speaks;
    localStorage.setItem("speaks", this.speaks ? "yes" : "no");
  }

  /** Says clips one after the other, instead of what is still being said: news is worth more. */
  say(names) {
    if (!names.length || this.muted || !this.speaks) return;
    this.said = names;
    for (const source of this.#saying) source.stop();
    this.#saying = [];
    if (!this.ready || !this.#speech) return;
    let at = this.#context.currentTime + afterTone;
    for (const [from, length] of names.map(clipOf)) {
      const source = this.#context.createBufferSource();
      source.buffer = this.#speech;
      source.connect(this.#context.destination);
      source.start(at, from, length);
      this.#saying.push(source);
      at += length;
    }
  }

  toggle() {
    this.muted = !this.muted;
    localStorage.setItem("muted", this.muted ? "yes" : "no");
    this.#changed();
  }

  play(name) {
    const buffer = this.#buffers[name];
    if (!buffer || this.muted) return;
    this.played = [...this.played.slice(-63), name];
    if (!this.ready) return;
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    source.start();
  }
}
