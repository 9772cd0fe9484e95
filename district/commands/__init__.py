"""The commands of `sitegate-district`, one file each."""
