// Everything the page says, in Chinese first and in English, and how it writes
// numbers and times.

export const words = {
  zh: {
    other: "EN",
    fleet: "仓库", stock: "库存", orders: "订单", checks: "检查",
    live: "实时", connecting: "连接中", lost: "连接中断，正在重连",
    loginTitle: "需要令牌", loginWhy: "这个 hub 只接受持有令牌的访问。令牌只保存在这个标签页里。", loginGo: "进入",
    retry: "重试", more: "加载更多", back: "返回", none: "—",
    online: "在线", late: "迟", offline: "离线",
    onlineHint: "线路通畅，数据完整", lateHint: "数据还不完整", offlineHint: "收不到它的消息",
    warehouse: "仓库", state: "状态", asOf: "数据截至", unsent: "未上传", offset: "时钟偏差", version: "版本", skus: "SKU", alarms: "告警",
    entry: "流水号", epoch: "账本", reported: "历史补传中", reportedHint: (n) => `库存数以仓库自报的第 ${n} 条流水为准，之前的流水还在路上`,
    adoptedHint: (n) => `第 ${n} 条流水之前的明细已不存在，库存数由仓库给出`,
    boxes: "机器", boxesHint: "每台机器以它的账本为名。关闭的账本不能再用。", repairs: "修正记录", repairsHint: "仓库的数曾经替换 hub 的数：谁、何时、为什么。", noRepairs: "没有修正过",
    boxStates: { PRESENT: "在用", CANDIDATE: "等待接管", FROZEN: "被接管中", CLOSED: "已关闭" }, since: "自", heard: "最近消息", cellsChanged: (n) => `改动 ${n} 个货位`, pending: "待生效",
    replaceUntil: (time, by, why) => `${by} 允许另一台机器接管，到 ${time} 为止：${why}`, why: "原因", warehouses: "个仓库", unsentAll: "条未上传", alarmsAll: "个告警",
    noWarehouses: "还没有仓库连接到这里", noWarehousesHint: "仓库的 agent 第一次连上后，会自动出现在这里。",
    alarmNames: { DIVERGED: "数据不一致", CLONED: "身份被复制", REPLACED: "正在换机", NEW_LEDGER: "新账本", QUARANTINED: "隔离记录", AT_RISK: "承诺有风险", CLAIMS_DIFFER: "占用对不上" },
    alarmHints: {
      DIVERGED: () => "在同一条流水上，hub 和仓库算出的库存不一样。在仓库的机器上运行 agent ledger verify；确认仓库的数对，就用 hub divergence repair 以仓库为准。",
      CLONED: () => "有两台机器在用这个仓库的身份。停掉一台，给它换一个自己的编号再启用。",
      REPLACED: () => "一台新机器正在接管这个仓库，旧机器的流水暂不接收。接管完成后，旧账本永久关闭。",
      NEW_LEDGER: () => "一台带着新账本的机器正在接入。它的第一条流水到达后，旧账本将永久关闭。",
      QUARANTINED: (w) => `有 ${w.quarantined} 条流水无法入账，已单独存放，库存数里没有它们。用 hub quarantine list 查看，用 hub quarantine retry 重新入账；或补记后用 hub quarantine discard 了结。`,
    },
    order: "订单", channel: "渠道", lines: "明细", changed: "最近变化", notes: "备注", orderHint: "预留号或平台订单号", everyState: "全部状态",
    states: { TRIED: "已占用", CONFIRMED: "已确认", FULFILLED: "已完成", SHORTED: "有缺货", CANCELLED: "已取消", EXPIRED: "已过期" },
    atRisk: "有风险", atRiskHint: "预留之后货少了，可能拣不出来", pickedAfterCancel: "取消后已拣", pickedAfterCancelHint: "取消之后还是被拣走了，货要退回货位", shortLines: (n) => `${n} 行缺货`,
    noOrders: "还没有订单", noOrdersHint: "平台第一次预留库存之后，订单会出现在这里。", noOrder: "没有找到订单", noOrderHint: "预留号和平台订单号都要写完整；也可以放宽仓库和状态。",
    noRisk: "没有承诺处于风险中", noRiskHint: "货少了，又已经许出去的订单，会出现在这里。", noLines: "没有明细", noLinesHint: "这个号在预留之前就被取消了，之后的预留不会占用库存。",
    asked: "订购", reserved: "占用", picked: "已拣", short: "缺", lineNo: (n) => `第 ${n} 行`, goodFor: (n) => `至少还有 ${n} 天保质期`, instead: "可替代：", history: "经过",
    stepCreated: "占用库存", stepUntil: "占用到此为止", stepDue: "要求送达", stepChanged: "最近变化",
    risky: "有风险的承诺", riskyHint: "预留之后库存减少（报损、盘亏），这些订单可能拣不齐。最近变化的排在前面。",
    counting: "占用对账", countingHint: "hub 不断核对：每个占用计数，应当等于未完成订单之和。", agree: (n) => `${n} 个仓库的占用都对得上`, counter: "计数", countedAs: "计数为", sumOf: "订单之和",
    counters: { held: "占用", committed: "已承诺", lot: "批次" },
    hooks: "Webhook", hooksHint: "hub 把发生的事发给谁，落后多少，放弃了多少。", noHooks: "没有登记接收方：hub webhook add", endpoint: "接收方", hookOn: "正常", hookBehind: "落后", hookOff: "已停用",
    waiting: "等待", waitingHint: (n, parked) => `内存中 ${n} 条，磁盘上 ${parked} 条`, oldest: (time) => `最早的 ${time}`, dead: "已放弃", delivered: "最近送达", secret: "密钥", bothSecrets: (time) => `新旧两个都有效，到 ${time} 为止`, rotated: (time, by) => `${time} 由 ${by} 更换`, addedBy: (by) => `${by} 登记`,
    deadLetters: "放弃的事件", deadHint: (command) => `重新发送：${command}`, noDead: "没有放弃的事件", about: "关于", attempts: "次数", event: "事件",
    searchHint: "商品名、SKU 或条码", everywhere: "全部仓库", search: "搜索",
    searchStart: "查一个商品在各仓有多少", searchStartHint: "输入名字、SKU 或条码的一部分；也可以先选一个仓库，看它的全部库存。",
    noMatch: "没有找到", noMatchHint: "换一个更短的词试试，或者确认商品已经建档。",
    noStock: "这个仓库还没有库存记录", noStockHint: "第一次收货之后，商品会出现在这里。",
    item: "商品", sellable: "可售", onHand: "在库", held: "占用", committed: "已承诺", safety: "安全库存", buffer: "时效缓冲", closed: "暂停预留", unavailable: "不可售", lots: "批次",
    noLot: "无批次", dock: "收货区", expired: "已过期", expiresToday: "今天到期", daysLeft: (n) => `剩 ${n} 天`, noDate: "无到期日",
    uncatalogued: "未建档",
    lot: "批次", expiry: "到期日", produced: "生产日期", bin: "货位",
    explain: "这个数是怎么来的", explainHint: "每一条都是仓库里发生过的一件事，最新的在最上面。",
    time: "时间", kind: "动作", change: "变化", after: "之后在库", who: "谁", where: "哪里", document: "单据", evidence: "原始证据",
    scan: "扫码", frame: "秤", command: "指令", storedAfter: (t) => `${t}后到达`, undoes: (n) => `撤销第 ${n} 条`,
    counted: (n, seen) => `盘得 ${n}，账面 ${seen}`, floor: "不会低于 0", noMovements: "还没有流水", begin: "从这里开始",
    ago: { s: (n) => `${n} 秒前`, m: (n) => `${n} 分钟前`, h: (n) => `${n} 小时前`, d: (n) => `${n} 天前`, now: "刚刚", never: "从未" },
    span: { ms: (n) => `${n} 毫秒`, s: (n) => `${n} 秒`, m: (n) => `${n} 分钟`, h: (n) => `${n} 小时`, d: (n) => `${n} 天` },
    units: { pc: "件", g: "g", ml: "ml" },
    kinds: {
      receive: "收货", putaway: "上架", pick: "拣货", short: "缺货", count: "盘点", waste: "报损", return: "退货",
      "transfer-out": "调出", "transfer-in": "调入", adjust: "调整", undo: "撤销", opening: "期初",
    },
    reasons: {
      UNKNOWN_WAREHOUSE: "没有这个仓库", UNKNOWN_SKU: "没有这个 SKU", UNKNOWN_RESERVATION: "没有这个订单", ROLE_MISSING: "这个令牌只能查看，看不了这里", RATE_LIMITED: "请求太频繁，稍后再试",
      OVERLOADED: "hub 正忙，稍后再试", NOT_READY: "hub 还没准备好", SHUTTING_DOWN: "hub 正在重启", NETWORK: "连不上 hub",
    },
  },
  en: {
    other: "中文",
    fleet: "Warehouses", stock: "Stock", orders: "Orders", checks: "Checks",
    live: "live", connecting: "connecting", lost: "connection lost, trying again",
    loginTitle: "A token is needed", loginWhy: "This hub lets in callers with a token. It is kept in this tab only.", loginGo: "Go on",
    retry: "Try again", more: "Load more", back: "Back", none: "—",
    online: "online", late: "late", offline: "offline",
    onlineHint: "The line is up and the numbers are complete", lateHint: "The numbers are not complete yet", offlineHint: "Nothing is heard from it",
    warehouse: "Warehouse", state: "State", asOf: "As of", unsent: "Unsent", offset: "Clock offset", version: "Version", skus: "SKUs", alarms: "Alarms",
    entry: "Entry", epoch: "Ledger", reported: "history follows", reportedHint: (n) => `The warehouse stated these numbers as of entry ${n}; the entries before it are on their way`,
    adoptedHint: (n) => `Nobody has the entries up to ${n} any more; the warehouse stated the levels there`,
    boxes: "Boxes", boxesHint: "A box is named by its ledger. A closed ledger can never be used again.", repairs: "Repairs", repairsHint: "Where the warehouse's levels took the place of the hub's: who, when and why.", noRepairs: "Nothing was repaired",
    boxStates: { PRESENT: "present", CANDIDATE: "candidate", FROZEN: "being replaced", CLOSED: "closed" }, since: "Since", heard: "Heard", cellsChanged: (n) => `${n} cells changed`, pending: "pending",
    replaceUntil: (time, by, why) => `${by} lets another box take over until ${time}: ${why}`, why: "Why", warehouses: "warehouses", unsentAll: "unsent", alarmsAll: "alarms",
    noWarehouses: "No warehouse has connected yet", noWarehousesHint: "A warehouse shows up here once its agent has connected for the first time.",
    alarmNames: { DIVERGED: "diverged", CLONED: "cloned", REPLACED: "being replaced", NEW_LEDGER: "new ledger", QUARANTINED: "set aside", AT_RISK: "promises at risk", CLAIMS_DIFFER: "claims differ" },
    alarmHints: {}, // the hub's own words
    order: "Order", channel: "Channel", lines: "Lines", changed: "Changed", notes: "Notes", orderHint: "Reservation id or order number", everyState: "All states",
    states: { TRIED: "held", CONFIRMED: "confirmed", FULFILLED: "fulfilled", SHORTED: "short", CANCELLED: "cancelled", EXPIRED: "expired" },
    atRisk: "at risk", atRiskHint: "Stock was lost since it was reserved", pickedAfterCancel: "picked after cancel", pickedAfterCancelHint: "It was picked though it had been cancelled: the goods go back", shortLines: (n) => (n === 1 ? "1 line short" : `${n} lines short`),
    noOrders: "No orders yet", noOrdersHint: "They show up here once the platform reserves something.", noOrder: "No such order", noOrderHint: "Write the whole reservation id or order number, or ask for any warehouse and state.",
    noRisk: "No promise is at risk", noRiskHint: "Orders for which stock was lost after it was promised show up here.", noLines: "No lines", noLinesHint: "This id was cancelled before anything was reserved: a reservation that comes late takes nothing.",
    asked: "Asked for", reserved: "Reserved", picked: "Picked", short: "Short", lineNo: (n) => `line ${n}`, goodFor: (n) => `good for ${n} days more`, instead: "or", history: "What happened",
    stepCreated: "stock held", stepUntil: "held until then", stepDue: "promised for", stepChanged: "changed last",
    risky: "Promises at risk", riskyHint: "Stock was lost after these were promised, by waste or a count. Newest change first.",
    counting: "Counters", countingHint: "What is counted as claimed has to be the sum of the open orders; the hub checks it all the time.", agree: (n) => `They agree in ${n === "1" ? "the warehouse" : `all ${n} warehouses`}`, counter: "Counter", countedAs: "Counted", sumOf: "Sum of orders",
    counters: { held: "held", committed: "committed", lot: "lot" },
    hooks: "Webhooks", hooksHint: "Whom the hub tells what happens, how far behind each is, and what was given up.", noHooks: "Nobody is told: hub webhook add", endpoint: "Endpoint", hookOn: "on", hookBehind: "behind", hookOff: "off",
    waiting: "Waiting", waitingHint: (n, parked) => `${n} in memory, ${parked} on disk`, oldest: (time) => `oldest ${time}`, dead: "Given up", delivered: "Delivered last", secret: "Secret", bothSecrets: (time) => `two are valid until ${time}`, rotated: (time, by) => `changed ${time} by ${by}`, addedBy: (by) => `added by ${by}`,
    deadLetters: "Events that were given up", deadHint: (command) => `To send them again: ${command}`, noDead: "Nothing was given up", about: "About", attempts: "Attempts", event: "Event",
    searchHint: "Name, SKU or barcode", everywhere: "All warehouses", search: "Search",
    searchStart: "See how much of an item is where", searchStartHint: "Type a part of its name, SKU or barcode; or choose a warehouse to see all of its stock.",
    noMatch: "Nothing found for", noMatchHint: "Try a shorter word, or check that the item is in the catalogue.",
    noStock: "This warehouse has no stock yet", noStockHint: "Items show up here after the first receipt.",
    item: "Item", sellable: "Sellable", onHand: "On hand", held: "Held", committed: "Committed", safety: "Safety", buffer: "Kept back: not live", closed: "takes no reservations", unavailable: "Unavailable", lots: "Lots",
    noLot: "no lot", dock: "dock", expired: "expired", expiresToday: "expires today", daysLeft: (n) => (n === 1 ? "1 day left" : `${n} days left`), noDate: "no date",
    uncatalogued: "not in the catalogue",
    lot: "Lot", expiry: "Expiry", produced: "Produced", bin: "Bin",
    explain: "What this number is made of", explainHint: "Every line is one thing that happened in the warehouse, newest first.",
    time: "Time", kind: "What", change: "Change", after: "On hand after", who: "Who", where: "Where", document: "Document", evidence: "Raw evidence",
    scan: "scan", frame: "scale", command: "command", storedAfter: (t) => `arrived ${t} later`, undoes: (n) => `undoes entry ${n}`,
    counted: (n, seen) => `counted ${n}, book had ${seen}`, floor: "never below 0", noMovements: "Nothing has happened yet", begin: "It begins here",
    ago: { s: (n) => `${n} s ago`, m: (n) => `${n} min ago`, h: (n) => `${n} h ago`, d: (n) => `${n} d ago`, now: "just now", never: "never" },
    span: { ms: (n) => `${n} ms`, s: (n) => `${n} s`, m: (n) => `${n} min`, h: (n) => `${n} h`, d: (n) => `${n} d` },
    units: { pc: "pc", g: "g", ml: "ml" },
    kinds: {
      receive: "received", putaway: "put away", pick: "picked", short: "short", count: "counted", waste: "wasted", return: "returned",
      "transfer-out": "sent out", "transfer-in": "came in", adjust: "adjusted", undo: "undone", opening: "opening",
    },
    reasons: { NETWORK: "The hub cannot be reached" },
  },
};

export let language = localStorage.getItem("forestock.language") === "en" ? "en" : "zh";

// t gives a word in the language of the page.
export const t = (key) => words[language][key];

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("forestock.language", language);
}

const plain = new Intl.NumberFormat("en-US");

const thousandths = new Intl.NumberFormat("en-US", { minimumFractionDigits: 3 });

// number writes a whole number with thousands apart.
export const number = (n) => plain.format(n).replace("-", "−");

// signed writes a change: its sign always shows.
export const signed = (n, unit) => (n > 0 ? "+" : "") + amount(n, unit);

// amount writes base units the way people speak of them. Grams and millilitres
// are whole numbers, so three decimals of kg and L lose nothing; they are always
// written, so that a column lines up.
export function amount(n, unit) {
  if ((unit === "g" || unit === "ml") && Math.abs(n) >= 1000) {
    return `${thousandths.format(n / 1000).replace("-", "−")} ${unit === "g" ? "kg" : "L"}`;
  }
  return unit && n ? `${number(n)} ${t("units")[unit] ?? unit}` : number(n);
}

function scale(seconds) {
  if (seconds < 60) return ["s", seconds];
  if (seconds < 3600) return ["m", seconds / 60];
  if (seconds < 2 * 86400) return ["h", seconds / 3600];
  return ["d", seconds / 86400];
}

// ago writes how long ago something was.
export function ago(seconds) {
  if (seconds === null || seconds === undefined) return t("ago").never;
  if (seconds < 2) return t("ago").now;
  const [unit, n] = scale(seconds);
  return t("ago")[unit](Math.floor(n));
}

// span writes how long something took.
export function span(seconds) {
  if (Math.abs(seconds) < 1) return t("span").ms(Math.round(seconds * 1000));
  const [unit, n] = scale(Math.abs(seconds));
  const shown = unit === "s" ? Math.round(n * 10) / 10 : Math.floor(n);
  return t("span")[unit](shown);
}

// seconds reads a duration of the API: "1.5s".
export const seconds = (duration) => (duration ? Number.parseFloat(duration) : null);

const pad = (n) => String(n).padStart(2, "0");

// moment writes a time of day, with the day where it is not today.
export function moment(iso) {
  if (!iso) return t("none");
  const d = new Date(iso);
  const clock = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  if (d.toDateString() === new Date().toDateString()) return clock;
  const day = `${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock}`;
  return d.getFullYear() === new Date().getFullYear() ? day : `${d.getFullYear()}-${day}`;
}

// reason puts an error into words: the page's own where it has them, the hub's
// otherwise.
export const reason = (err) => words[language].reasons[err.reason] ?? err.message;
