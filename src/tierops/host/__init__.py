"""What tierops has of the machine: disk, interrupts, logs, extras."""
