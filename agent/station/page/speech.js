// What the station says, as clips that are played one after the other: the
// quantity that was saved, the bin to go to, and what is wrong.

import { clips } from "./clips.js";

const units = { 件: "piece", 克: "g", 公斤: "kg", 毫升: "ml" };
const wrongs = { WRONG_ITEM: "wrong", EXPIRED: "expired", WRONG_BIN: "wrong-bin", WRONG_ZONE: "wrong-bin" };

/** A number below 10,000, with at most three places after the point, as it is read. */
export function number(text) {
  const [whole, places = ""] = text.split(".");
  const out = whole.length > 4 ? [...whole] : integer(Number(whole));
  const rest = places.replace(/0+$/, "");
  return rest ? [...out, "point", ...rest] : out;
}

function integer(n) {
  if (n < 10) return [String(n)];
  const out = [];
  let zero = false;
  for (const [value, name] of [[1000, "thousand"], [100, "hundred"], [10, "ten"], [1, ""]]) {
    const digit = Math.floor(n / value) % 10;
    if (!digit) {
      zero = out.length > 0;
      continue;
    }
    if (zero) out.push("0");
    zero = false;
    if (!(value === 10 && digit === 1 && !out.length)) out.push(digit === 2 && value >= 100 ? "liang" : String(digit)); // 十二, not 一十二
    if (name) out.push(name);
  }
  return out;
}

/** The first quantity of a Chinese text, such as 3 件. */
export function quantity(text) {
  const m = /([\d.]+)(?:\/[\d.]+)? (件|克|公斤|毫升)/.exec(text);
  if (!m) return [];
  return [...(m[1] === "2" ? ["liang"] : number(m[1])), units[m[2]]];
}

export const bin = (name) => [...name.toUpperCase()].filter((c) => /[A-Z0-9]/.test(c));

/** What to say of a view, after another one. */
export function words(v, before) {
  const f = v.flash;
  const out = [];
  if (f.n !== before?.flash.n) {
    if (f.sound === "saved") out.push(...quantity(v.note?.text.zh ?? ""));
    if (f.sound === "refused") out.push(wrongs[v.alert?.reason]);
    if (f.sound === "done") out.push("done");
  }
  const stop = v.order?.stop, last = before?.order?.stop;
  if (!stop || v.alert) return out.filter(Boolean);
  if (!stop.there && (!last || last.there || last.bin.zh !== stop.bin.zh)) out.push(...bin(stop.bin.zh));
  if (stop.there && last && !last.there) out.push("right", "take", ...quantity(stop.here.zh));
  return out.filter(Boolean);
}

export const known = (name) => name in clips;

/** Where a clip begins in the file, and how long it is, in seconds. */
export const clipOf = (name) => clips[name];
