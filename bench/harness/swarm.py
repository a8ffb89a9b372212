"""Thousands of clients in one thread, over epoll."""

import collections
import errno
import heapq
import itertools
import re
import select
import socket
import time

CONNECTING_MAX = 512
READ_BYTES = 65_536
IP_BIND_ADDRESS_NO_PORT = 24


def source_address(number):
    """Each client has an address of its own in 127.0.0.0/8, so that neither ports run out nor one address is all."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class Client:
    __slots__ = ("number", "socket", "sent", "received", "started_s", "sent_s", "answered_s", "status", "body",
                 "is_connecting", "is_blocked", "attempt")

    def __init__(self, number):
        self.number = number
        self.socket = None
        self.status = None
        self.started_s = self.sent_s = self.answered_s = None
        self.body = b""
        self.attempt = 0
        self.reset()

    def reset(self):
        self.attempt += 1
        self.sent = 0
        self.received = bytearray()
        self.is_connecting = self.is_blocked = False


class Swarm:
    """Clients that all send `request`, at once or paced, and read one answer each.

    A status of 0 means that the server closed without one, or cut an answer."""

    def __init__(self, address, count, request, chunk_bytes=None, interval_s=0.0, first_number=0):
        self.address = address
        self.request = memoryview(request)
        self.chunk_bytes = chunk_bytes or len(request)
        self.interval_s = interval_s
        self.clients = [Client(first_number + number) for number in range(count)]
        self.epoll = select.epoll()
        self.by_descriptor = {}
        self.connecting = 0
        self.due = []
        self.order = itertools.count()
        self.open_count = 0
        # Counted, since to look at every client after each event takes longer than what is measured.
        self.settled_count = 0

    def close(self):
        for client in self.clients:
            self.drop(client)
        self.epoll.close()

    def is_settled(self):
        """Whether every client has had an answer or been closed on."""
        return self.settled_count >= len(self.clients)

    # What subclasses say.

    def connected(self, client):
        """Begins to send."""
        client.started_s = time.monotonic()
        self.schedule(client, 0)

    def answered(self, client):
        """Has its whole answer. The connection stays open."""

    def dropped(self, client):
        """Has been closed by the server."""

    def schedule(self, client, delay_s):
        """Sends on after the delay."""
        heapq.heappush(self.due, (time.monotonic() + delay_s, next(self.order), client, client.attempt))

    # Connections.

    def connect(self, client):
        client.reset()
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.bind((source_address(client.number), 0))
        error = connection.connect_ex(self.address)
        if error not in (0, errno.EINPROGRESS):
            connection.close()
            self.settle(client, 0)
            return self.dropped(client)
        client.socket = connection
        client.is_connecting = True
        self.by_descriptor[connection.fileno()] = client
        self.epoll.register(connection, select.EPOLLOUT)
        self.connecting += 1

    def drop(self, client):
        if client.socket is None:
            return
        self.epoll.unregister(client.socket)
        del self.by_descriptor[client.socket.fileno()]
        client.socket.close()
        client.socket = None
        # What was due on it is no longer.
        client.attempt += 1
        if client.is_connecting:
            client.is_connecting = False
            self.connecting -= 1
        else:
            self.open_count -= 1

    # The loop.

    def connect_all(self, deadline_s, rate=None):
        """Begins to connect every client, no more than `rate` a second; `run` goes on with it."""
        started = time.monotonic()
        waiting = collections.deque(self.clients)
        while waiting and time.monotonic() < deadline_s:
            allowed = (time.monotonic() - started) * rate if rate else len(self.clients)
            while waiting and self.connecting < CONNECTING_MAX and len(self.clients) - len(waiting) < allowed:
                self.connect(waiting.popleft())
            self.step(0.01)

    def run(self, is_done, deadline_s):
        while not is_done() and time.monotonic() < deadline_s:
            self.step(0.05)

    def step(self, timeout_s):
        now = time.monotonic()
        if self.due:
            timeout_s = min(timeout_s, max(0.0, self.due[0][0] - now))
        for descriptor, events in self.epoll.poll(timeout_s, 1024):
            client = self.by_descriptor.get(descriptor)
            if client is not None:
                self.handle(client, events)
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, _, client, attempt = heapq.heappop(self.due)
            if attempt != client.attempt or client.is_blocked:
                continue
            if client.socket is None:
                self.connect(client)
            else:
                self.send(client)

    def handle(self, client, events):
        if client.is_connecting:
            # Any event ends it: a connection that fails may tell of nothing but its error.
            if client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return self.end(client)
            client.is_connecting = False
            self.connecting -= 1
            self.open_count += 1
            self.epoll.modify(client.socket, select.EPOLLIN)
            self.connected(client)
        elif events & select.EPOLLOUT:
            client.is_blocked = False
            self.epoll.modify(client.socket, select.EPOLLIN)
            self.send(client)
        if client.socket is not None and events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            self.read(client)

    def send(self, client):
        end = min(client.sent + self.chunk_bytes, len(self.request))
        try:
            sent = client.socket.send(self.request[client.sent:end])
        except BlockingIOError:
            sent = 0
        except OSError:
            # What the server has said before it closed is still to be read.
            return self.read(client)
        client.sent += sent
        if client.sent == len(self.request):
            client.sent_s = time.monotonic()
            return
        if client.sent < end:
            client.is_blocked = True
            self.epoll.modify(client.socket, select.EPOLLIN | select.EPOLLOUT)
        else:
            self.schedule(client, self.interval_s)

    def read(self, client):
        try:
            data = client.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self.end(client)
        client.received += data
        head_end = client.received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = client.received[:head_end]
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        total = head_end + 4 + (int(length.group(1)) if length else 0)
        if len(client.received) < total:
            return
        client.answered_s = time.monotonic()
        self.settle(client, int(head[9:12]))
        client.body = bytes(client.received[head_end + 4:total])
        client.received.clear()
        self.answered(client)

    def end(self, client):
        if client.status is None:
            self.settle(client, 0)
        self.drop(client)
        self.dropped(client)

    def settle(self, client, status):
        if client.status is None:
            self.settled_count += 1
        client.status = status
