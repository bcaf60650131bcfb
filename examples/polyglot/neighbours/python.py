"""Shares keys with a lookaside cache, from Python: python3 python.py URL read|write

The standard library only: sockets instead of the clients redis and pymemcache, so that it runs anywhere.
"""

import json
import socket
import sys
from urllib.parse import urlsplit

USER, GREETING = "polyglot:users::1", "polyglot:texts::greeting"
VISITS, REPORT = "polyglot::visits", "polyglot::report"


class Redis:
    """https://redis.io/docs/latest/develop/reference/protocol-spec/"""

    def __init__(self, stream):
        self.stream = stream

    def call(self, *words):
        parts = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        self.stream.flush()
        kind, rest = self.stream.read(1), self.stream.readline().strip()
        if kind == b"-":
            sys.exit(rest.decode())
        if kind != b"$":
            return rest
        return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]

    def get(self, key):
        return self.call("GET", key)

    def set(self, key, text):
        self.call("SET", key, text, "EX", 60)

    def delete(self, key):
        self.call("DEL", key)

    def increment(self, key, by):
        self.call("INCRBY", key, by)


class Memcached:
    """https://github.com/memcached/memcached/blob/master/doc/protocol.txt"""

    STR = 16  # the flags that Python's clients give a str; bytes have 0

    def __init__(self, stream):
        self.stream = stream

    def call(self, command):
        self.stream.write(command.encode() + b"\r\n")
        self.stream.flush()
        return self.stream.readline().split()

    def get(self, key):
        head = self.call(f"get {key}")
        if head == [b"END"]:
            return None
        value = self.stream.read(int(head[3]) + 2)[:-2]
        self.stream.readline()
        return value

    def set(self, key, text):
        self.call(f"set {key} {self.STR} 60 {len(text.encode())}\r\n{text}")

    def delete(self, key):
        self.call(f"delete {key}")

    def increment(self, key, by):
        self.call(f"incr {key} {by}")


def main(url, verb):
    url = urlsplit(url)
    stream = socket.create_connection((url.hostname, url.port)).makefile("rwb")
    cache = Redis(stream) if url.scheme == "redis" else Memcached(stream)
    if verb == "read":
        user = json.loads(cache.get(USER))
        print(f"user 1: {user['name']}, speaks {' and '.join(user['languages'])}")
        print(f"greeting: {cache.get(GREETING).decode()}")
        print(f"visits: {int(cache.get(VISITS))}")
    else:
        cache.set(USER, json.dumps({"id": 1, "name": "Grace", "languages": ["COBOL", "français"]}))
        cache.increment(VISITS, 2)
        cache.delete(GREETING)
        cache.delete(REPORT)


sys.stdout.reconfigure(encoding="utf-8")
main(*sys.argv[1:])
