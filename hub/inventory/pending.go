package inventory

func (r Report) apply(*step) Result {
	return refuse(ReasonInvalid, "reports of warehouse %s are not served", r.Warehouse)
}

func (a Adopt) apply(*step) Result {
	return refuse(ReasonInvalid, "the base of warehouse %s is not taken", a.Warehouse)
}

func (r Repair) apply(*step) Result {
	return refuse(ReasonInvalid, "warehouse %s is not repaired", r.Warehouse)
}

func (r Retry) apply(*step) Result {
	return refuse(ReasonInvalid, "entries of warehouse %s are not retried", r.Warehouse)
}
