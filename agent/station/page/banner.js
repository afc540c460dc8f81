// The lines under the top: what is wrong with the ledger, its disk or its copies,
// and what to do. Work goes on under all of them.

import { $, h, icon, both, show } from "./dom.js";
import { banners, words, fill } from "./words.js";

const fresh = 24 * 3600 * 1000; // ms for which something that was put right is told

const recent = (s, time) => Date.parse(s.time) - Date.parse(time) < fresh;

/** What is to be told, the worst first: {tone, text}. */
function told(s, allowed) {
  const { ledger: l, disk, backup, link } = s;
  const all = allowed ? [] : [{ tone: "look", text: words.lookOnly }];
  if (l.damaged?.length) all.push({ tone: "bad", text: banners.damaged });
  if (link.state === "takeover" || l.predecessor?.waiting) all.push({ tone: "look", text: banners.waiting });
  else if (l.predecessor && recent(s, l.predecessor.time)) all.push({ tone: "look", text: banners.reborn });
  if (l.restored && !l.restored.reborn && recent(s, l.restored.time)) {
    const at = new Date(l.restored.time).toLocaleString("zh-CN", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
    all.push({ tone: "look", text: fill(l.restored.missing ? banners.restoredMost : banners.restored, at) });
  }
  if (disk.low && !disk.full) all.push({ tone: "look", text: fill(banners.low, disk.days_left) });
  if (backup.alarm) all.push({ tone: "look", text: banners.backup });
  return all;
}

let drawn = "";

export function drawBanners(s, english, allowed) {
  const all = told(s, allowed);
  const key = JSON.stringify([all, english]);
  if (key === drawn) return;
  drawn = key;
  show($("banners"), all.length > 0);
  // Two lines at most: the question below must stay large.
  $("banners").replaceChildren(...all.slice(0, 2).map((b) => h("p." + b.tone, {}, icon(b.tone), h("span", {}, ...both(b.text)))));
}
