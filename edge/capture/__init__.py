"""From a source of pictures to the newest frame: the thread that captures, and the sources it reads."""
