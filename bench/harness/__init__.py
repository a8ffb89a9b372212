"""What bench/run is made of. Everything runs on this machine, over loopback, and ends with the run."""
