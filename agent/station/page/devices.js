// The devices page: how each is, what it says just now, and what can be done
// about it. What is scanned while it is open counts as ever.

import { $, h, icon, both, first } from "./dom.js";
import { words, states, deviceWords, fill } from "./words.js";
import { open } from "./panel.js";
import { ledgerRows } from "./status.js";
import { pairRows } from "./pair.js";

const every = 400; // ms between looks at what devices say

/** Shows all devices; allowed says whether this browser may change something. */
export async function openDevices(agent, status, station, allowed) {
  const list = h("div"), rest = h("div"), said = h("p.said", { role: "status" });
  let heard = new Map();
  open(() => {
    list.replaceChildren(...status().devices.map((d) => deviceRow(d, heard.get(d.name), station)));
    rest.replaceChildren(...ledgerRows(status()));
  });
  $("panel-body").replaceChildren(h("h2", {}, ...both(words.devices)), list, said, ...(allowed ? [scaleKeys(agent, status(), station, said)] : []), rest);
  pairRows(agent).then((rows) => rest.after(...rows), () => {});
  while ($("panel").open && list.isConnected) {
    const answer = await agent.get("/api/devices").catch(() => null);
    if (answer) heard = new Map(answer.devices.map((d) => [d.name, d]));
    list.replaceChildren(...status().devices.map((d) => deviceRow(d, heard.get(d.name), station)));
    await new Promise((done) => setTimeout(done, every));
  }
}

const images = { scale: "scale", printer: "printer" };

function deviceRow(d, now, station) {
  const state = states[d.state] ?? { zh: d.state, en: d.state, tone: "look" };
  return h("div.row.device" + (d.station === station ? ".mine" : ""), {}, icon(images[d.kind] ?? "scanner"),
    h("div", {}, h("b", {}, d.name), " ", h("span", {}, d.station),
      h("span.other", {}, d.node && d.node !== d.address ? `${d.address} → ${d.node}` : d.address),
      d.state === "ready" ? "" : h("span.other", {}, d.message),
      live(d, now)),
    h("div.side", {}, h("span.badge." + state.tone, {}, first(state)), h("span.other.num", {}, counters(d))));
}

function counters(d) {
  const n = [fill(deviceWords[d.kind] ?? deviceWords.scanner, d.events)];
  if (d.double_reads) n.push(fill(words.doubles, d.double_reads));
  if (d.broken) n.push(fill(deviceWords.broken, d.broken));
  if (d.waiting) n.push(fill(deviceWords.waiting, d.waiting));
  return n.map(first).join(" · ");
}

const clock = (time) => new Date(time).toLocaleTimeString("zh-CN", { hour12: false });

function live(d, now) {
  if (d.kind === "scale" && now?.weight) {
    const w = now.weight;
    return h("div.live", {}, h("b.num", {}, w.text || "——"), h("span.badge." + (w.fault ? "bad" : w.stable ? "good" : "look"), {}, w.fault || first(w.stable ? words.stable : words.moving)), h("code", {}, w.frame));
  }
  if (d.kind !== "scanner") return "";
  if (!now?.scans.length) return h("div.live", {}, first(deviceWords.tryIt));
  return h("ol.live", {}, ...now.scans.map((s) => h("li" + (s.kind === "code" ? "" : ".look"), {},
    h("time.num", {}, clock(s.at)), h("b", {}, s.kind === "code" ? "" : first(deviceWords[s.kind] ?? deviceWords.broken) + " ", s.data), h("code", {}, s.raw))));
}

/** Zero and tare for the scales of this station. */
function scaleKeys(agent, s, station, said) {
  const scales = s.devices.filter((d) => d.kind === "scale" && d.station === station);
  return h("div.tiles", {}, ...scales.flatMap((d) => ["zero", "tare", "clear_tare"].map((command) =>
    h("button.key", { type: "button", "data-door": command, onclick: async () => {
      const a = await agent.post("/api/device", { device: d.name, command }).catch(() => null);
      said.replaceChildren(a?.done ? `${d.name}: ${first(deviceWords[command])} ✓` : a?.error ? `${d.name}: ${a.error.message}` : first(words.notSent));
    } }, ...both(deviceWords[command]), scales.length > 1 ? h("span.other", {}, d.name) : ""))));
}
