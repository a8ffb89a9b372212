// The end-to-end tests follow.
