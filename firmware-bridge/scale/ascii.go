package scale

// Control characters that protocols use, by their ASCII names.
const (
	soh = 0x01
	stx = 0x02
	etx = 0x03
	eot = 0x04
	enq = 0x05
	ack = 0x06
	dc1 = 0x11
	nak = 0x15
	esc = 0x1b
	cr  = 0x0d
	lf  = 0x0a
)
