package floor

import "github.com/forestock/forestock/proto/stock"

// What the station says about orders and goods that come back.
var (
	askUndone  = Text{"还没拣完", "Not complete"}
	askTote    = Text{"扫周转箱", "Scan the tote"}
	askStaging = Text{"扫集货位", "Scan the staging bin"}
	askFound   = Text{"找到几件", "How many are there?"}
	askZero    = Text{"空了吗", "Is it empty?"}
	askLook    = Text{"找一找", "Have a look"}
	askSub     = Text{"扫替代品", "Scan a substitute"}
	askTake    = Text{"拿 %s", "Take %s"}
	askVerdict = Text{"完好吗", "Is it good?"}
	askTicket  = Text{"扫订单", "Scan the order"}

	nextPickOrder = Text{"周转箱＝最早的订单；订单码；不按订单就扫商品", "a tote takes the first order; or an order's ticket; goods without an order"}
	nextToteAgain = Text{"都拣齐了，再扫箱 %s", "all is picked; scan tote %s again"}
	nextStaging   = Text{"放到哪个集货位", "where the order waits for its rider"}
	nextStop      = Text{"去扫这个货位：%s %s", "go and scan this bin: %s of %s"}
	nextTake      = Text{"%s，%s", "%s, %s"}
	nextNone      = Text{"账面没有 %s；找到就扫，没有扫缺货", "the book has no %s; scan it if you find it, else Short"}
	nextSub       = Text{"列出的都可以；再扫替代＝不换", "any of those listed; Substitute again goes back"}
	nextFound     = Text{"一共几件，连已拣的，再扫原因；不按＝就这些", "how many in all with those picked, then the reason; none keyed: no more than that"}
	nextOff       = Text{"扫原因就按这个重量记；取消＝重称", "a reason takes this weight; Cancel weighs again"}
	nextFit       = Text{"加减到合适就自动记；确认＝按这个记，要原因", "it is taken by itself once it fits; OK takes it as it is, with a reason"}
	nextZero      = Text{"空了＝确认；还有就按数量再确认", "OK if it is; otherwise the number there, then OK"}
	nextVerdict   = Text{"完好＝放回 %s；坏的＝报损", "Good goes back to %s; Bad is wasted"}
	nextHome      = Text{"放回这里，或扫别的货位", "put it there, or scan another bin"}
	nextTicket    = Text{"退的是哪个订单", "the order that the goods come back from"}
	nextReturn    = Text{"退回的商品，每件一次", "the goods that came back, each piece"}

	askManifest      = Text{"贴调拨单", "Put the manifest on"}
	askPeer          = Text{"扫调往的仓", "Scan where to"}
	askScanManifest  = Text{"扫调拨单", "Scan the manifest"}
	askIncomplete    = Text{"还有没扫的", "Something is missing"}
	nextManifest     = Text{"打印贴在货上；再扫仓码开始下一批", "print it and put it on the goods; a warehouse begins the next"}
	nextPeer         = Text{"对方仓的代码", "the code of the other warehouse"}
	nextSend         = Text{"要调出的商品，每件一次，或数字＋商品；完了扫完成", "the goods, each piece, or a number and goods; Finish at the end"}
	nextScanManifest = Text{"货上的二维码", "the code on the goods"}
	nextArrive       = Text{"到的商品，每件一次，或数字＋商品；完了扫完成", "what came, each piece, or a number and goods; Finish at the end"}
	nextIncomplete   = Text{"再扫完成＝只收扫过的；取消＝继续", "Finish again takes what was scanned; Cancel goes on"}

	saidSendTo   = Text{"调往 %s", "going to %s"}
	saidSent     = Text{"已调出 %d 种到 %s", "sent %d items to %s"}
	saidArrived  = Text{"已调入 %d 种，来自 %s", "took in %d items from %s"}
	saidManifest = Text{"调拨 %s 到 %s", "transfer from %s to %s"}
	saidMissing  = Text{"单上还有没扫的", "the manifest has more than was scanned"}
	saidReprint  = Text{"补打 %d 张：%s", "reprinted %d: %s"}

	badNoTransfers    = Text{"这里没有设置调拨", "Transfers are not set up here"}
	badNoPeer         = Text{"先扫调往的仓", "Scan the other warehouse first"}
	hintNoPeer        = Text{"扫对方仓的代码", "Scan the code of the other warehouse"}
	badManifest       = Text{"调拨单不能用：%v", "This manifest is not taken: %v"}
	hintManifest      = Text{"货放一边，打电话问发货的仓", "Set the goods aside and call the warehouse that sent them"}
	badManifestTo     = Text{"这是给 %s 的", "This is for %s"}
	badManifestLarge  = Text{"一张单装不下：%v", "Too much for one manifest: %v"}
	hintManifestLarge = Text{"撤销几种，分两批发", "Take some back and send twice"}
	badNoManifest     = Text{"先扫调拨单", "Scan the manifest first"}
	hintNoManifest    = Text{"二维码在货上", "It is on the goods"}
	badNotSent        = Text{"单上没有：%s %s", "Not on the manifest: %s %s"}
	hintNotSent       = Text{"放一边，做完后告诉主管", "Set it aside and tell the supervisor afterwards"}

	tasksExpired  = Text{"报损 %s：%s 过期", "waste %s: %s has expired"}
	tasksUnlisted = Text{"建档 %s：%s", "list %s: %s"}
	tasksMore     = Text{"还有 %d 处", "%d more places"}
	saidBackTo    = Text{"退给供应商，单 %s", "back to the supplier, document %s"}
	saidGaveBack  = Text{"已退 %d 种，单 %s", "gave %d items back, document %s"}
	nextGiveBack  = Text{"退给供应商的商品，每件一次，或数字＋商品；完了扫完成", "the goods to give back, each piece, or a number and goods; Finish at the end"}

	askDamaged      = Text{"坏了几件", "How many are bad?"}
	askBadGrams     = Text{"坏了几克", "How many grams are bad?"}
	nextBadGrams    = Text{"%s：%s；克数再确认", "%s: %s; the grams, then OK"}
	askOver         = Text{"单上没这么多", "More than announced"}
	askDiffers      = Text{"和单子不符", "It differs from the notice"}
	nextDamaged     = Text{"%s：%s；数字再确认，只按确认＝一件", "%s: %s; a number, then OK; OK alone is one"}
	nextOver        = Text{"真多送了：再扫收货单＝收下；取消＝不收", "if more really came scan the document again; Cancel leaves it"}
	nextDiffers     = Text{"再扫完成或刷工牌＝就这样；取消＝继续收", "Finish again or a badge signs for it; Cancel goes on"}
	saidDamaged     = Text{"收到的里有 %s 坏的：%s", "%s of what came are bad: %s"}
	saidTurnedAway  = Text{"拒收 %s：%s；什么也没记", "turned away %s: %s; nothing was booked"}
	saidDiffers     = Text{"%d 种和单子不符", "%d items differ from the notice"}
	saidUnlisted    = Text{"已收 %s，%s：放进待建档箱，告诉主管", "received %s of %s: put it into the unlisted crate and tell the supervisor"}
	badDamaged      = Text{"刚收的只有 %s：%s", "Only %s of %s came"}
	hintDamaged     = Text{"先扫收进来的，再记坏的", "Scan what came first, then how many of it are bad"}
	badOver         = Text{"单上只剩 %s：%s", "Only %s more of %s was announced"}
	hintOver        = Text{"数清楚；真多送了就再扫收货单", "Count it; if more really came scan the document again"}
	badNotice       = Text{"到货单读不出：%v", "The notice cannot be read: %v"}
	hintNotice      = Text{"照样收，数量不核对；告诉主管", "Go on receiving, without a check of the quantities; tell the supervisor"}
	hintNotUnlisted = Text{"待建档箱里没有这么多；看清再扫", "There are not so many in the unlisted crate; look again"}

	askPIN     = Text{"输密码", "Key in the PIN"}
	askSecond  = Text{"请主管刷卡", "A second person"}
	nextPIN    = Text{"%s 的 4 位密码", "the four digits of %s"}
	nextSecond = Text{"主管扫工牌＝同意；取消＝不做", "a supervisor's badge agrees; Cancel gives it up"}

	saidApproved = Text{"%s 同意了", "%s has agreed"}
	saidNotHome  = Text{"%s；平时在 %s", "%s; its home is %s"}

	badBadgeUnknown = Text{"没有这个工牌：%s", "Nobody has this badge: %s"}
	badSamePerson   = Text{"要另一个人同意", "Somebody else has to agree"}
	badNoSupervisor = Text{"%s 不是主管", "%s is no supervisor"}
	badLocked       = Text{"密码错了 5 次，锁住了：%s", "Locked after 5 wrong PINs: %s"}
	hintLocked      = Text{"15 分钟后再试，或找主管", "Try again in 15 minutes, or see the supervisor"}
	badPIN          = Text{"密码不对，还能试 %d 次", "Wrong PIN, %d more tries"}
	hintPIN         = Text{"再扫工牌，重新输入", "Scan the badge again and key it in"}
	hintSecond      = Text{"请主管扫工牌；不做就取消", "Have a supervisor scan the badge, or Cancel"}
	badShortLife    = Text{"%s 到期 %s，只剩 %d%% 寿命，要 %d%%", "%s expires on %s: %d %% of its life left, %d %% wanted"}
	badOffSale      = Text{"临近到期，已禁售：%s", "Off sale, too close to its end: %s"}
	hintOffSale     = Text{"不能拣；放进报损筐，扫报损卡", "It may not be picked; put it in the waste crate and scan the Waste card"}
	badTooDear      = Text{"报损 %d.%02d 元，超过限额", "%d.%02d yuan is above the limit"}
	badDearCount    = Text{"盘点差异超过限额", "The difference is above the limit"}
	badZone         = Text{"%s 是%s，%s 要%s", "%s is %s, %s belongs %s"}
	badCountAgain   = Text{"请再数一次", "Please count once more"}
	hintCountAgain  = Text{"从头数这个货位", "Count this bin from the beginning"}
	badCountThird   = Text{"请另一个人再数", "Somebody else has to count"}
	hintCountThird  = Text{"另一个人刷工牌，从头数这个货位", "Another person scans the badge and counts this bin from the beginning"}

	saidTote       = Text{"周转箱 %s", "tote %s"}
	saidOrder      = Text{"订单 %s", "order %s"}
	saidBegun      = Text{"订单 %s 有人拣过一部分，先找那个箱", "part of order %s was picked before: find that tote first"}
	saidStopsLeft  = Text{"还有 %d 处没拣", "%d more places to go"}
	saidStaged     = Text{"订单 %s 完成，在 %s", "order %s is complete, at %s"}
	saidLater      = Text{"%s 放到最后", "%s comes last"}
	saidSub        = Text{"可以替代 %s 的", "instead of %s"}
	saidTooLight   = Text{"少 %s", "%s too little"}
	saidTooHeavy   = Text{"多 %s", "%s too much"}
	saidShort      = Text{"缺 %s %s；%s 要盘点", "%s of %s short; %s is to be counted"}
	saidShortHere  = Text{"%s 不在 %s，去下一个货位；这里要盘点", "no %s at %s: on to the next bin; this one is to be counted"}
	saidBack       = Text{"已退回 %s %s，%s", "put back %s of %s: %s"}
	saidHandedOver = Text{"工作转到 %s", "the work went to %s"}
	saidTakenOver  = Text{"接着做 %s 的工作", "going on with the work of %s"}

	tasksOrders  = Text{"待拣订单", "orders to pick"}
	tasksRecount = Text{"要盘点 %s：%s", "count %s: %s"}
	orderClaimed = Text{"%s 正在拣", "being picked at %s"}
	lineShort    = Text{"缺货", "short"}
	lineDone     = Text{"拣齐", "complete"}

	badNoOrder     = Text{"没有待拣的订单", "There is no order to pick"}
	hintNoOrder    = Text{"等新订单，或扫商品不按订单拣", "Wait for one, or scan goods to pick without an order"}
	badNoTicket    = Text{"没有这个订单：%s", "There is no such order: %s"}
	hintNoTicket   = Text{"可能已完成或还没到；告诉主管", "It may be complete, or not here yet; tell the supervisor"}
	badOtherTote   = Text{"这单用的是周转箱 %s", "This order is in tote %s"}
	hintOtherTote  = Text{"放进那个箱；要换单先扫完成", "Use that tote; scan Finish to leave this order"}
	badOrderTaken  = Text{"订单 %s 在 %s 拣", "Order %s is being picked at %s"}
	hintOrderTaken = Text{"扫周转箱拿下一单；要接手就刷那个人的工牌", "Scan a tote for the next order; to take over scan that person's badge"}
	badOrderGone   = Text{"订单不要了：%s", "The order is not wanted any more: %s"}
	hintOrderGone  = Text{"不用拣了；扫周转箱拿下一单", "Do not pick it; scan a tote for the next one"}
	hintPutBack    = Text{"不用拣了；把箱里的一件件扫回货位", "Do not pick it; scan what is in the tote back into its bins"}
	badWrongBin    = Text{"不是这个货位：%s", "Not this bin: %s"}
	hintWrongBin   = Text{"去 %s", "Go to %s"}
	badWrongItem   = Text{"拿错了：这是 %s，要的是 %s", "Wrong goods: this is %s, wanted is %s"}
	hintWrongItem  = Text{"放回去，在 %s 找", "Put it back; look at %s"}
	badTooMany     = Text{"只要 %s：%s", "Only %s wanted of %s"}
	hintTooMany    = Text{"多的放回去", "Put the rest back"}
	badLineDone    = Text{"已经拣齐：%s", "This is complete already: %s"}
	hintLineDone   = Text{"放回去，看下一个", "Put it back and go on with the next"}
	badNoSub       = Text{"没有可替代的：%s", "Nothing may be taken instead of %s"}
	badFoundLess   = Text{"已经拣了 %s", "%s are picked already"}
	hintFound      = Text{"按一共的件数，连已拣的", "Key in how many in all, with those picked"}
	badFoundAll    = Text{"%s 就不缺了", "%s is not short"}
	hintFoundAll   = Text{"扫商品拣完", "Scan the goods to pick them"}
	badHandedOver  = Text{"订单已交出：%s", "The order was handed over: %s"}
	badOutOfHand   = Text{"订单已完成：%s", "The order is complete: %s"}
	hintHandedOver = Text{"退回来的走退货", "Goods that come back go through Return"}
	badReturnOrder = Text{"先扫订单", "Scan the order first"}
	badNotPicked   = Text{"这单没有拣过：%s", "It was not picked for this order: %s"}
	hintNotPicked  = Text{"看清商品和批号；放一边告诉主管", "Check the goods and the lot; set it aside and tell the supervisor"}
	badBackMany    = Text{"只拣过 %s：%s", "Only %s of %s were picked"}
	hintBadReturn  = Text{"不能放回；扫坏的", "It may not go back; scan Bad"}
)

var orderStates = map[stock.OrderState]Text{
	stock.OrderOpen:      {"待拣", "to be picked"},
	stock.OrderCancelled: {"已取消", "cancelled"},
}

var zoneTexts = map[stock.Zone]Text{
	stock.Ambient: {"常温", "ambient"},
	stock.Chilled: {"冷藏", "chilled"},
	stock.Frozen:  {"冷冻", "frozen"},
}
