// Scanners that type like a keyboard: second best, and accepted. A code ends
// on Enter, never on a pause, because a slow box must not split it.

const most = 512; // characters

export class Wedge {
  #typed = "";
  #on;

  /** on: {code(text), typed(text)} */
  constructor(on) {
    this.#on = on;
    window.addEventListener("keydown", (e) => this.#key(e));
  }

  #key(e) {
    if (e.target instanceof HTMLInputElement || document.querySelector("dialog[open]")) return;
    if (e.key === "Enter") {
      const code = this.#typed;
      this.#set("");
      if (code) {
        e.preventDefault();
        this.#on.code(code);
      }
      return;
    }
    if (e.key === "Escape") return this.#set("");
    if (e.key === "Backspace") return this.#set(this.#typed.slice(0, -1));
    const c = this.#character(e);
    if (c) {
      e.preventDefault();
      this.#set((this.#typed + c).slice(-most));
    }
  }

  // A pinyin input method hides letters and may widen digits; the key itself
  // tells which digit it was. Ctrl and ] is how a keyboard types GS.
  #character(e) {
    if (e.ctrlKey && e.key === "]") return "\u001d";
    if (e.ctrlKey || e.altKey || e.metaKey) return "";
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(e.code);
    if (digit && (e.key === "Process" || e.isComposing)) return digit[1];
    const key = e.key.normalize("NFKC");
    return [...key].length === 1 ? key : "";
  }

  #set(text) {
    this.#typed = text;
    this.#on.typed(text);
  }
}
