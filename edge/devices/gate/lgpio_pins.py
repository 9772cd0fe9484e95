"""Fix gpiozero's lgpio pins in one point: an output has its level from the first moment.

gpiozero claims an output low and sets its level afterwards. That would release an active-low relay briefly at each
start and each `sitegate lock`. Imported only with real pins.
"""

from typing import Any

import lgpio
from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin


class LgpioPin(LGPIOPin):  # type: ignore[misc]
    def output_with_state(self, state: Any) -> None:
        """See `gpiozero.Pin.output_with_state`."""
        lgpio.gpio_claim_output(self.factory._handle, self._number, int(bool(state)))


class LgpioFactory(LGPIOFactory):  # type: ignore[misc]
    """Make the pins. `chip`: the number of the header's chip; None: gpiozero's default."""

    def __init__(self, chip: int | None) -> None:
        super().__init__(chip)
        self.pin_class = LgpioPin
