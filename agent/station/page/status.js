// The chips at the top: line to the hub, disk, devices, sound.

import { $, h, icon, first } from "./dom.js";
import { words, states, fill } from "./words.js";

function chip(id, tone, image, text, small, label = [text, small].filter(Boolean).join(", ")) {
  $(id).className = "chip " + tone;
  $(id).ariaLabel = label;
  $(id).replaceChildren(image, h("span", {}, text, small ? h("small.num", {}, small) : ""));
}

const dot = () => h("span.dot");

export function drawStatus(s, station) {
  drawLink(s);
  drawDisk(s.disk);
  drawDevices(ofStation(s.devices, station));
}

/** The devices of one station. */
export const ofStation = (all, station) => (all ?? []).filter((d) => d.station === station || (d.kind === "printer" && d.station === ""));

function linkWord(link) {
  if (link.online) return words.online;
  if (link.state === "fenced") return words.fenced;
  return link.state === "connecting" || link.state === "hello" ? words.connecting : words.offline;
}

export function drawLink(s) {
  const unsent = s.ledger.unsent;
  const tone = s.link.online ? "good" : s.link.state === "fenced" ? "bad" : "look";
  chip("link", tone, s.link.online ? dot() : icon("link"), first(linkWord(s.link)), first(unsent ? fill(words.unsent, unsent) : words.allSent));
}

function diskUsed(d) {
  return d.max_bytes > 0 ? Math.round((100 * d.used_bytes) / d.max_bytes) : 0;
}

export function drawDisk(d) {
  const used = diskUsed(d);
  if (d.full) return chip("disk", "bad", icon("disk"), first(words.diskFull), used + " %");
  chip("disk", used >= 80 ? "look" : "", icon("disk"), first(words.disk), used + " %");
}

function drawDevices(devices) {
  const wrong = devices.filter((d) => !["ready", "printing"].includes(d.state));
  if (!devices.length) return chip("devices", "", icon("scanner"), first(words.devices), first(words.noDevices));
  if (!wrong.length) return chip("devices", "", icon("scanner"), first(words.devices), first(words.allReady));
  const d = wrong[0];
  const image = { scale: "scale", printer: "printer" }[d.kind] ?? "scanner";
  const state = states[d.state] ?? { zh: d.state, en: d.state, tone: "look" };
  chip("devices", state.tone, icon(image), first(words[d.kind] ?? words.devices), first(state));
}

export function drawSound(speaker) {
  if (speaker.muted) return chip("sound", "look", icon("mute"), first(words.soundOff), "");
  if (!speaker.ready) return chip("sound", "look", icon("mute"), first(words.soundTap), "");
  chip("sound", "", icon("sound"), "", "", first(words.soundOn));
}

export function drawLang(english) {
  chip("lang", "", h("span", {}, english ? "中文" : "EN"), "", "");
}

/** Rows about ledger, disk and link, for the panel. */
export function ledgerRows(s) {
  const rows = [];
  const ack = s.link.last_ack ? new Date(s.link.last_ack).toLocaleString("zh-CN", { hour12: false }) : "—";
  const trouble = [s.link.alarm, s.link.error, s.link.hint].filter(Boolean).join(" · ");
  rows.push(h("div.row", {}, icon("link"),
    h("div", {}, first(fill(words.unsent, s.ledger.unsent)) + " · " + first(fill(words.entries, s.ledger.last)), h("span.other", {}, first(fill(words.lastAck, ack))), trouble ? h("span.other", {}, trouble) : ""),
    h("span.badge." + (s.link.online ? "good" : "look"), {}, first(linkWord(s.link)))));
  const free = s.disk.free_bytes >= 0 ? first(fill(words.free, (s.disk.free_bytes / 2 ** 30).toFixed(1) + " GiB")) : "";
  rows.push(h("div.row", {}, icon("disk"), h("div", {}, first(words.disk), h("span.other", {}, free), s.backup.same_disk ? h("span.other", {}, first(words.sameDisk)) : ""), h("span.badge" + (s.disk.full ? ".bad" : ""), {}, diskUsed(s.disk) + " %")));
  return rows;
}
