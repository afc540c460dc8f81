package floor

import (
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/proto/stock"
)

// The table of everything that the station says. Questions are at most six
// Chinese characters long, because they are shown in very large type.

var modeTexts = map[Mode]Text{
	LookUp:      {"查询", "Look up"},
	Receive:     {"收货", "Receive"},
	Putaway:     {"上架", "Put away"},
	Pick:        {"拣货", "Pick"},
	Waste:       {"报损", "Waste"},
	Count:       {"盘点", "Count"},
	Move:        {"移库", "Move"},
	Return:      {"退货", "Return"},
	TransferOut: {"调出", "Send out"},
	TransferIn:  {"调入", "Take in"},
}

var buttonTexts = map[Button]Text{
	OK:      {"确认", "OK"},
	Cancel:  {"取消", "Cancel"},
	Undo:    {"撤销", "Undo"},
	Finish:  {"完成", "Finish"},
	Empty:   {"空", "Empty"},
	Tare:    {"去皮", "Tare"},
	Back:    {"退格", "Back"},
	Lang:    {"English", "中文"},
	Short:   {"缺货", "Short"},
	Later:   {"稍后", "Later"},
	Sub:     {"替代", "Substitute"},
	Good:    {"完好", "Good"},
	Bad:     {"坏的", "Bad"},
	Reprint: {"补打", "Reprint"},
}

var reasonTexts = map[Button]Text{
	"r01": {"没有货", "none there"},
	"r02": {"破损", "damaged"},
	"r03": {"过期", "expired"},
	"r04": {"找不到", "not found"},
	"r05": {"变质", "spoiled"},
	"r06": {"包装坏", "bad packaging"},
	"r07": {"试吃样品", "sample"},
	"r08": {"拿不到先到期的", "earlier lot out of reach"},
	"r09": {"客户要求", "customer's wish"},
	"r10": {"其他", "other"},
}

var kindTexts = map[stock.Kind]Text{
	stock.Receive:     {"收货", "received"},
	stock.Putaway:     {"移库", "moved"},
	stock.Pick:        {"拣货", "picked"},
	stock.Short:       {"缺货", "short"},
	stock.Count:       {"盘点", "counted"},
	stock.Waste:       {"报损", "wasted"},
	stock.Return:      {"退货", "returned"},
	stock.TransferOut: {"调出", "sent out"},
	stock.TransferIn:  {"调入", "came in"},
	stock.Adjust:      {"调整", "adjusted"},
	stock.Undo:        {"撤销", "undone"},
	stock.Opening:     {"期初", "opening"},
}

var faultTexts = map[scale.Fault]string{
	scale.Overload:         "太重了，拿下一些",
	scale.Underload:        "低于零，放好秤盘再置零",
	scale.NotZeroed:        "没有归零，清空秤盘再置零",
	scale.ZeroError:        "没有归零，清空秤盘再置零",
	scale.ZeroRangeHigh:    "没有归零，清空秤盘再置零",
	scale.ZeroRangeLow:     "没有归零，清空秤盘再置零",
	scale.OutsideZeroRange: "没有归零，清空秤盘再置零",
	scale.OutOfRange:       "超出量程，清空秤盘再置零",
	scale.InMotion:         "还在动，等它稳定",
	scale.NoValue:          "秤没有给出重量",
	scale.Hardware:         "秤有故障，关开一次，还不行叫维修",
}

// The words of the four tones.
var toneTexts = map[Tone]Text{
	ToneInfo: {"请", "Next"},
	ToneGood: {"好", "Saved"},
	ToneLook: {"看", "Look"},
	ToneBad:  {"停", "Stop"},
}

var undoneWord = Text{"撤", "Undone"}

// Questions, in very large type, each with the scan that is expected next.
var (
	askAnything   = Text{"扫任何码", "Scan anything"}
	askGoods      = Text{"扫商品", "Scan goods"}
	askLotOrDate  = Text{"扫批号日期", "Scan lot and date"}
	askDate       = Text{"扫到期日", "Scan the date"}
	askLot        = Text{"扫批号", "Scan the lot"}
	askWhichLot   = Text{"是哪一批", "Which lot?"}
	askPutOn      = Text{"放上秤", "Put it on the scale"}
	askHold       = Text{"别动", "Hold still"}
	askClearPan   = Text{"清空秤盘", "Clear the scale"}
	askBin        = Text{"扫货位", "Scan the bin"}
	askFrom       = Text{"扫原货位", "Scan the bin to take from"}
	askTo         = Text{"扫新货位", "Scan the bin to put into"}
	askReason     = Text{"扫原因", "Scan the reason"}
	askConfirm    = Text{"扫确认", "Scan OK"}
	askQuantity   = Text{"按数量", "Key in the quantity"}
	askUndo       = Text{"再扫撤销", "Scan UNDO again"}
	askEarlier    = Text{"有更早的", "There is an earlier lot"}
	askUncounted  = Text{"还有没数的", "Something is not counted"}
	askLeave      = Text{"没有保存", "Not saved"}
	nextAnything  = Text{"商品、货位或功能卡", "goods, a bin or a command card"}
	nextReceive   = Text{"商品；先按数字就是件数；货位＝直接入位", "goods; a number first is the quantity; a bin to receive into"}
	nextDates     = Text{"批号和日期码；或按生产日期 年月日 6 位，再确认", "the lot and date codes; or key in the production date yymmdd, then OK"}
	nextLot       = Text{"批号码；没有就确认", "the lot code; OK if there is none"}
	nextWhichLot  = Text{"包装上的批号或日期", "the lot or date on the package"}
	nextPutOn     = Text{"稳定后自动记；带筐先放空筐去皮；没有秤就按克数", "it is booked when it settles; with a crate, put it on empty and press Tare first; without a scale key in the grams"}
	nextHold      = Text{"稳住就记；确认＝马上记；空筐＝去皮", "booked when it stays; OK books it now; Tare if it is an empty crate"}
	nextClear     = Text{"拿走秤上的货，回零后继续", "take the goods off; it goes on at zero"}
	nextPick      = Text{"商品；可先扫货位", "goods; the bin first if you like"}
	nextWaste     = Text{"要报损的商品", "the goods to throw away"}
	nextReason    = Text{"原因卡或按键", "a reason card or key"}
	nextWasteOK   = Text{"再扫商品＝加一；按数字＝改数量；确认＝报损", "goods again adds one; a number changes it; OK books it"}
	nextCountBin  = Text{"要数的货位", "the bin to count"}
	nextCount     = Text{"每件扫一次，或数字＋商品；数完扫完成；空位扫空", "each piece, or a number and goods; Finish at the end; Empty if nothing is there"}
	nextUncounted = Text{"继续扫；再扫完成＝只记数过的；扫空＝其余没有", "go on; Finish again books what was counted; Empty says the rest is gone"}
	nextMoveFrom  = Text{"从哪个货位拿", "where the goods are now"}
	nextMove      = Text{"要移的商品，每件一次，或数字＋商品", "the goods, each piece, or a number and goods"}
	nextMoveTo    = Text{"更多商品，或放到的货位", "more goods, or the bin they go into"}
	nextLater     = Text{"拿更早的；一定要这批就扫原因卡", "fetch the earlier one; to take this one scan a reason"}
	nextUndo      = Text{"再扫撤销就冲回；数字或商品换一笔；取消＝不撤", "Undo again takes it back; a number or goods choose another; Cancel keeps it"}
	nextLeave     = Text{"再扫同一张卡＝放弃；取消＝留下", "the same card again gives it up; Cancel stays"}
	nextML        = Text{"毫升数，再确认", "millilitres, then OK"}
)

// What happened.
var (
	saidReceived  = Text{"已收 %s %s", "received %s of %s"}
	saidPicked    = Text{"已拣 %s %s，%s", "picked %s of %s: %s"}
	saidWasted    = Text{"已报损 %s %s", "wrote off %s of %s"}
	saidMoved     = Text{"已移 %d 种到 %s", "moved %d items to %s"}
	saidCounted   = Text{"已盘 %s：%d 种", "counted %s: %d items"}
	saidUndone    = Text{"已撤销：%s", "undone: %s"}
	saidReplayed  = Text{"这一笔早已记过，没有重复", "this was saved before; it counts once"}
	saidSignedIn  = Text{"工号 %s", "badge %s"}
	saidCancelled = Text{"已取消，什么也没记", "cancelled; nothing was booked"}
	saidDocument  = Text{"收货单 %s", "document %s"}
	saidTare      = Text{"皮重 %s", "tare %s"}
	saidCrate     = Text{"筐 %s", "crate of %s"}
	saidNoTare    = Text{"皮重清零", "tare cleared"}
	saidTimes     = Text{"下一件 ×%d", "next goods ×%d"}
	saidHeardPart = Text{"记下 %s，请扫商品", "noted %s; now scan the goods"}
	saidInto      = Text{"收到 %s", "receiving into %s"}
	saidFrom      = Text{"从 %s 拿", "taking from %s"}
	saidAdded     = Text{"共 %s %s，还没保存", "%s of %s so far, not saved yet"}
	saidTakenBack = Text{"退回上一扫：%s", "took the last scan back: %s"}
	saidTwice     = Text{"同一个码连扫 %d 次；多了就扫撤销", "the same code %d times in a row; scan Undo if that is too many"}
	saidIdle      = Text{"三分钟没有操作，回到查询", "three minutes idle, back to look up"}
	saidChanged   = Text{"秤上变成 %s，上一笔已按 %s 记；清空再称", "the scale now shows %s, %s was booked; clear it and weigh again"}
	saidNothing   = Text{"%s 没有要记的", "nothing to book in %s"}
	saidEmptyBin  = Text{"空货位", "empty bin"}
	saidEarlier   = Text{"更早的是 %s，在 %s", "earlier: %s, in %s"}
	saidFinished  = Text{"做完了：%s", "done: %s"}
	andMore       = Text{"等 %d 笔", "and %d more"}
	unsavedLines  = Text{"%s %d 种", "%s, %d items"}
	saidRestless  = Text{"秤不稳，扶稳再等", "the scale does not settle; keep still"}
	saidOutOf     = Text{"%s 在 %s", "%s in %s"}
	saidGone      = Text{"秤断开了，重量作废", "the scale is gone; its weight is void"}
	saidScale     = Text{"秤：%s", "scale: %s"}
	factPromised  = Text{"订单占用", "promised to orders"}
	factFree      = Text{"还能卖", "left to sell"}
	factOffSale   = Text{"禁售", "too close to its end"}
	factExpired   = Text{"过期", "expired"}
)

// Refusals: what is wrong, and what to do.
var (
	badNotInBin      = Text{"账面上这个货位没有 %s", "The book has no %s in this bin"}
	badTooOld        = Text{"保质期不够：%s 至少要到 %s", "Too short a life for this order: %s must last until %s"}
	hintShort        = Text{"找不到就扫缺货", "If there is none, scan Short"}
	badUnknown       = Text{"没有这个商品：%s", "This code is not in the catalogue: %s"}
	hintUnknown      = Text{"放进待建档箱，告诉主管；其他货继续扫", "Put it in the unlisted-goods crate and tell the supervisor; go on with the rest"}
	badCheckDigit    = Text{"校验位不对：%s", "The check digit is wrong: %s"}
	hintCheckDigit   = Text{"再扫一次；还不行就换标签或按数字输入", "Scan it again; if it stays, replace the label or key the digits in"}
	badCode          = Text{"看不懂这个码：%s", "This code cannot be read: %s"}
	hintCode         = Text{"再扫一次；还不行拿给主管看", "Scan it again; if it stays, show it to the supervisor"}
	badExpired       = Text{"已过期 %s：%s", "Expired on %s: %s"}
	hintExpired      = Text{"不能收也不能拣；放进报损筐，扫报损卡", "It may not be received or picked; put it in the waste crate and scan the Waste card"}
	badWrongLot      = Text{"账面没有这一批：%s", "The book has none of this lot: %s"}
	hintWrongLot     = Text{"请拿 %s，在 %s", "Take %s from %s"}
	badNoStock       = Text{"账面没有库存：%s", "The book has none of %s"}
	hintCountFirst   = Text{"货真的在就先盘点这个货位，再做", "If the goods are really there, count the bin first"}
	badNotEnough     = Text{"账面只有 %s：%s", "The book has only %s of %s"}
	badDateConflict  = Text{"日期不对：%s 早先登记的是 %s", "The date differs: %s was first booked with %s"}
	hintDateConflict = Text{"不要用，疑似改过标签；拿给主管", "Set it aside: the label may have been changed; show it to the supervisor"}
	badFuture        = Text{"生产日期在将来：%s", "The production date is in the future: %s"}
	hintFuture       = Text{"看清包装上的日期，重新输入", "Read the date on the package and key it in again"}
	badDate          = Text{"没有这个日期：%s", "There is no such date: %s"}
	hintDate         = Text{"按年月日 6 位输入，如 260305", "Key in yymmdd, such as 260305"}
	badNoDate        = Text{"没有日期，没有保存：%s", "No date, not saved: %s"}
	hintNoDate       = Text{"重新扫这件商品，再扫日期", "Scan these goods again, then their date"}
	badTooLate       = Text{"超过 20 秒，没有接上", "More than 20 seconds passed; it was not joined"}
	hintTooLate      = Text{"重新扫商品，再扫批号和日期", "Scan the goods again, then the lot and the date"}
	badQuantity      = Text{"数量不对：%s", "The quantity cannot be right: %s"}
	hintQuantity     = Text{"看清数字，重新来", "Check it and try again"}
	badWeighedLabel  = Text{"这是称重标签，但商品按件计：%s", "A weight label, but this item is counted by the piece: %s"}
	hintSupervisor   = Text{"放一边，拿给主管看", "Set it aside and show it to the supervisor"}
	badWeighedTimes  = Text{"称重标签要一张一张扫", "Weight labels are scanned one by one"}
	badLabelPrice    = Text{"价格标签算不出重量：目录没有单价 %s", "A price label, but the catalogue has no price for %s"}
	hintWeigh        = Text{"放到秤上称，或告诉主管", "Weigh it here, or tell the supervisor"}
	badRemoved       = Text{"已下架，不再收：%s", "No longer sold, not received: %s"}
	hintRemoved      = Text{"退给司机，告诉主管", "Give it back to the driver and tell the supervisor"}
	badBadge         = Text{"先刷工牌", "Scan your badge first"}
	hintBadge        = Text{"刷工牌后重新扫", "Scan your badge, then scan again"}
	badNotHere       = Text{"这里用不上：%s", "Not used here: %s"}
	hintNotHere      = Text{"现在要：%s", "Expected now: %s"}
	badUnsaved       = Text{"没有保存：%s", "Not saved: %s"}
	badDisk          = Text{"磁盘满，没有保存", "The disk is full; nothing was saved"}
	hintDisk         = Text{"停止操作，打电话叫运维清理磁盘；已记的都在", "Stop and call operations to free the disk; everything saved before is safe"}
	badLedger        = Text{"账本停了，没有保存", "The ledger has stopped; this was not saved"}
	hintLedger       = Text{"等一分钟再扫；还不行叫运维", "Wait a minute and scan again; call operations if it stays"}
	badUnsure        = Text{"写盘出错，不知道有没有保存", "The disk failed; nobody knows whether this was saved"}
	hintUnsure       = Text{"等重启后先查记录，没有再扫", "Wait for the restart, look the item up, and scan again only if it is missing"}
	badRefused       = Text{"账本不收这一笔：%s", "The ledger refuses this: %s"}
	hintRefused      = Text{"重新做一次；还不行告诉主管", "Do it again; tell the supervisor if it stays"}
	badNoWeight      = Text{"秤上没有稳定的重量", "There is no settled weight on the scale"}
	hintNoWeight     = Text{"放好空筐，等数字稳定，再去皮", "Put the empty crate on, wait until it settles, then Tare"}
	badNothingUndo   = Text{"没有可撤销的", "There is nothing to undo"}
	hintNothingUndo  = Text{"只能撤自己做的；别人的找主管", "Only your own actions; for those of others see the supervisor"}
	badLate          = Text{"太久以前了：%s", "That was too long ago: %s"}
	badMovedOn       = Text{"撤不了：货已经动过 %s", "Cannot be undone: the goods have moved on, %s"}
	hintMovedOn      = Text{"盘点这个货位来改正", "Count that bin to correct it"}
	badSamePlace     = Text{"原货位和新货位一样", "It is the same bin"}
	hintSamePlace    = Text{"扫另一个货位", "Scan another bin"}
	badBinFirst      = Text{"先扫货位", "Scan the bin first"}
	badMisread       = Text{"没有读到码", "No code was read"}
	hintMisread      = Text{"对准条码再扫一次", "Aim at the code and scan again"}
	badLookUp        = Text{"查不到记录：%v", "The records cannot be read: %v"}
	hintAgain        = Text{"要记就重新扫", "Scan it again if it should be booked"}
	hintFinish       = Text{"先做完或取消", "Finish it or cancel it first"}
	badBusy          = Text{"上一笔还在保存", "The last one is still being saved"}
	hintBusy         = Text{"等一下再扫", "Wait a moment and scan again"}
	badOverrun       = Text{"扫得太快，%d 个码没有处理", "Too fast: %d codes were not taken"}
	hintOverrun      = Text{"把刚才的再扫一次", "Scan the last ones again"}
)
