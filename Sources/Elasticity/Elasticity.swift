// The processes of one machine and, later, how many of them there should be. It promises that a process that dies is
// started again with growing delays, and that everything started here ends when its supervisor does, in order and
// within a bound. It does not know what the processes do: the command line tells it what to start.
