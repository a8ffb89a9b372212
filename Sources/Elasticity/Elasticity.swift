// How many workers there are to be, and the processes of one machine. It promises that a process that dies is started again
// with growing delays, that everything started here ends when its supervisor does, in order and within a bound, and that the
// fleet of one machine follows the same policy as one of instances. It does not know what the processes do, nor how the
// queue is asked: the command line tells it.
