// The panel over the page: what has no key, search, stations.

import { $, h, icon, both, first } from "./dom.js";
import { words } from "./words.js";

let redraw = null;

/** Opens the panel, or changes what it shows; draw is called again with each status. */
export function open(draw) {
  redraw = draw;
  draw?.();
  $("panel-close").replaceChildren(first(words.close));
  if (!$("panel").open) $("panel").showModal();
}

export function setUp() {
  $("panel").addEventListener("close", () => {
    if ($("panel").open) return; // one panel led to the next
    redraw = null;
    $("panel-body").replaceChildren();
  });
}

/** Draws an open panel anew, because the status has changed. */
export function refresh() {
  redraw?.();
}

/** Everything that has no key of its own; doors: [icon, name, what it does]. */
export function openMore(keys, doors) {
  open(null);
  $("panel-body").replaceChildren(h("div.tiles", {}, ...keys, ...doors.map(([image, name, act]) =>
    h("button.key.quiet", { type: "button", "data-door": image, onclick: () => { $("panel").close(); act(); } }, icon(image), ...both(name)))));
}

export function openStations(names, current) {
  open(() => $("panel-body").replaceChildren(h("h2", {}, first(words.stations)), ...names.map((name) =>
    h("button.row", { type: "button", onclick: () => location.assign("/?station=" + encodeURIComponent(name)) },
      h("div", {}, name), name === current ? h("span.badge.good", {}, "✓") : ""))));
}

/** Search by name; choosing an item is as good as scanning it. */
export function openSearch(agent) {
  const input = h("input", { type: "search", placeholder: first(words.type), autocomplete: "off", enterKeyHint: "search" });
  input.setAttribute("aria-label", first(words.search));
  const list = h("div");
  let newest = 0;
  input.addEventListener("input", async () => {
    const mine = ++newest;
    const q = input.value.trim();
    const { items = [] } = q ? await agent.get("/api/items?limit=8&q=" + encodeURIComponent(q)) : {};
    if (mine !== newest) return; // an answer that came late
    list.replaceChildren(...items.map((it) => h("button.row", { type: "button", onclick: () => choose(agent, it.sku) },
      h("div", {}, it.name, h("span.other", {}, [it.name_en, it.sku, it.bin].filter(Boolean).join(" · "))))),
      q && !items.length ? h("p", {}, first(words.noneFound)) : "");
  });
  input.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || !input.value.trim()) return;
    e.preventDefault();
    choose(agent, input.value.trim());
  });
  open(null);
  $("panel-body").replaceChildren(h("h2", {}, first(words.search)), input, list);
  input.focus();
}

function choose(agent, code) {
  $("panel").close();
  agent.scan(code);
}
