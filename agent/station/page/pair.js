// Pairing: a browser that is new enters a code, one that is paired shows one.

import { $, h, icon, both, first } from "./dom.js";
import { words, fill } from "./words.js";
import { open } from "./panel.js";

const digits = 6;
const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0"];

/** Asks for the code; done is called once it was right. */
export function openPair(agent, name, done) {
  let typed = "";
  const shown = h("div.code.num", { role: "status" });
  const said = h("p.said", { role: "alert" }, first(words.pairHow));
  const draw = () => shown.replaceChildren(typed.padEnd(digits, "·"));
  const press = async (k) => {
    if (typed.length >= digits) return; // it is being asked
    typed = k === "⌫" ? typed.slice(0, -1) : typed + k;
    draw();
    if (typed.length < digits) return;
    const a = await agent.post("/api/pair", { code: typed, name }).catch(() => null);
    typed = "";
    draw();
    if (a?.allowed) {
      $("panel").close();
      return done();
    }
    said.replaceChildren(first(a ? { WRONG_CODE: words.pairWrong, NO_CODE: words.pairNone }[a.error.reason] ?? words.notSent : words.notSent));
  };
  draw();
  open(null);
  $("panel-body").replaceChildren(h("h2", {}, ...both(words.pair)), said, shown,
    h("div.tiles.pad", {}, ...keys.map((k) => h("button.key.digit", { type: "button", "data-digit": k, "aria-label": k === "⌫" ? first(words.back) : k, onclick: () => press(k) }, k))));
}

/** Who is paired, and a button that shows a code for one more. */
export async function pairRows(agent) {
  const p = await agent.get("/api/pair");
  if (!p.allowed) return [];
  const shown = h("div.code.num", { role: "status" });
  const invite = async () => {
    const a = await agent.post("/api/pair/code", {}).catch(() => null);
    if (!a?.code) return;
    const until = new Date(a.until).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
    shown.replaceChildren(`${a.code.slice(0, 3)} ${a.code.slice(3)}`, h("small", {}, first(fill(words.pairUntil, until))));
  };
  return [
    h("h2", {}, ...both(words.pairs)),
    ...p.members.map((m) => h("div.row", {}, icon("key"), h("div", {}, m.name, h("span.other", {}, new Date(m.since).toLocaleString("zh-CN", { hour12: false }))))),
    h("button.row", { type: "button", "data-door": "invite", onclick: invite }, icon("key"), h("div", {}, ...both(words.pairMore)), shown),
  ];
}
