// The page's own words. Everything about the work itself comes from the agent,
// in both languages.

export const words = {
  online: { zh: "在线", en: "online" },
  offline: { zh: "离线", en: "offline" },
  connecting: { zh: "连接中", en: "connecting" },
  fenced: { zh: "中心拒绝本机", en: "refused by the hub" },
  unsent: { zh: "未上传 {0} 条", en: "{0} not sent" },
  allSent: { zh: "全部上传", en: "all sent" },
  disk: { zh: "磁盘", en: "disk" },
  diskFull: { zh: "磁盘满", en: "disk full" },
  devices: { zh: "设备", en: "devices" },
  allReady: { zh: "全部正常", en: "all ready" },
  noDevices: { zh: "没有设备", en: "none" },
  nobody: { zh: "未登录", en: "no badge" },
  badge: { zh: "工号", en: "badge" },
  soundOff: { zh: "静音", en: "muted" },
  soundOn: { zh: "有声", en: "sound on" },
  soundTap: { zh: "点一下开声音", en: "tap for sound" },
  lost: { zh: "和本机断开了，正在重连…… 画面是旧的", en: "Lost the agent, reconnecting… what you see is old" },
  keypad: { zh: "数字", en: "Keypad" },
  search: { zh: "找商品", en: "Find" },
  close: { zh: "关闭", en: "Close" },
  stable: { zh: "稳", en: "steady" },
  moving: { zh: "动", en: "moving" },
  gone: { zh: "秤不在", en: "no scale" },
  lot: { zh: "批", en: "lot" },
  expires: { zh: "到期", en: "expires" },
  produced: { zh: "生产", en: "made" },
  home: { zh: "货位", en: "bin" },
  doubles: { zh: "重复 {0}", en: "{0} doubles" },
  lastScan: { zh: "上一扫", en: "last scan" },
  nothing: { zh: "还没扫", en: "nothing yet" },
  history: { zh: "最近", en: "recently" },
  empty: { zh: "没有库存", en: "nothing on hand" },
  unread: { zh: "还有 {0} 条没确认", en: "{0} more not acknowledged" },
  notSent: { zh: "没有送到，再按一次", en: "It did not get through, press again" },
  stations: { zh: "工位", en: "station" },
  type: { zh: "输入名称、条码或编号", en: "name, barcode or number" },
  noneFound: { zh: "没有找到", en: "nothing found" },
  scale: { zh: "秤", en: "scale" },
  scanner: { zh: "扫码枪", en: "scanner" },
  entries: { zh: "账本 {0} 笔", en: "{0} entries in the ledger" },
  lastAck: { zh: "上次上传 {0}", en: "last sent {0}" },
  sameDisk: { zh: "备份和账本在同一块盘上，盘坏了都没有", en: "backups are on the ledger's own disk and are lost with it" },
  allPicked: { zh: "全部拣完", en: "all picked" },
  then: { zh: "然后", en: "then" },
  here: { zh: "这里拿 {0}", en: "take {0} here" },
  noneInBook: { zh: "账上没有，看看有没有", en: "The book has none here: look" },
  tooLittle: { zh: "少 {0} 克", en: "{0} g too little" },
  tooMuch: { zh: "多 {0} 克", en: "{0} g too much" },
  fits: { zh: "正好", en: "fits" },
  wanted: { zh: "要 {0} 克", en: "{0} g wanted" },
  idle: { zh: "{0} 秒后回查询", en: "look-up in {0} s" },
  more: { zh: "更多", en: "More" },
  sound: { zh: "声音", en: "Sound" },
  wall: { zh: "大屏", en: "Wall board" },
  free: { zh: "剩 {0}", en: "{0} free" },
};

// What is told under the top, see banner.js.
export const banners = {
  damaged: { zh: "账本文件有损坏：照常扫码，请马上通知管理员", en: "The ledger's file is damaged: go on scanning, tell your administrator now" },
  waiting: { zh: "换了新账本，正在从中心取回库存：照常扫码，库存数暂时不全", en: "A new ledger is fetching the stock from the hub: go on scanning, levels are not complete yet" },
  reborn: { zh: "换了新账本，库存已取回：照常扫码，请通知管理员", en: "A new ledger has taken over the stock: go on scanning, tell your administrator" },
  restored: { zh: "{0} 账本从备份恢复：照常扫码，请尽快检查硬盘", en: "{0}: the ledger was restored from its backup. Go on scanning, have the disk checked" },
  restoredMost: { zh: "{0} 账本从备份恢复，可能缺几笔：照常扫码，请通知管理员", en: "{0}: the ledger was restored, some entries may be missing. Go on scanning, tell your administrator" },
  low: { zh: "断网时存储只够再用 {0} 天：请恢复网络或通知管理员", en: "Room for {0} more days without the hub: bring the network back or tell your administrator" },
  backup: { zh: "账本备份失败：请检查备份盘", en: "The backup of the ledger failed: check the backup disk" },
};

// The temperature zones of bins.
export const zones = {
  ambient: { zh: "常温", en: "ambient" },
  chilled: { zh: "冷藏", en: "chilled" },
  frozen: { zh: "冷冻", en: "frozen" },
};

// The states of a device, as the agent names them.
export const states = {
  ready: { zh: "正常", en: "ready", tone: "good" },
  waiting: { zh: "等待", en: "waiting", tone: "look" },
  opening: { zh: "打开中", en: "opening", tone: "look" },
  silent: { zh: "没有回应", en: "silent", tone: "look" },
  garbled: { zh: "乱码", en: "garbled", tone: "bad" },
  absent: { zh: "没插", en: "absent", tone: "bad" },
  unplugged: { zh: "拔掉了", en: "unplugged", tone: "bad" },
  no_permission: { zh: "没有权限", en: "no permission", tone: "bad" },
  busy: { zh: "被占用", en: "busy", tone: "bad" },
  not_a_serial_port: { zh: "不是串口", en: "not a port", tone: "bad" },
  failed: { zh: "打不开", en: "failed", tone: "bad" },
};

/** Fills {0} in both languages. */
export function fill(text, value) {
  return { zh: text.zh.replace("{0}", value), en: text.en.replace("{0}", value) };
}
