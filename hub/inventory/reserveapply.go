package inventory

func (t *Try) apply(*step) Result { return deny(InvalidReservation, "reservations are not open yet") }

func (Confirm) apply(*step) Result { return deny(InvalidReservation, "reservations are not open yet") }

func (Cancel) apply(*step) Result { return deny(InvalidReservation, "reservations are not open yet") }

func (Extend) apply(*step) Result { return deny(InvalidReservation, "reservations are not open yet") }

func (Look) apply(*step) Result { return deny(InvalidReservation, "reservations are not open yet") }

func (Retire) apply(*step) Result    { return deny(InvalidReservation, "reservations are not open yet") }
func (SetPolicy) apply(*step) Result { return refuse(ReasonInvalid, "policies are not open yet") }
func (Reconcile) apply(*step) Result { return refuse(ReasonInvalid, "reservations are not open yet") }
