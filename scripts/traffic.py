#!/usr/bin/env python3
"""The traffic of scripts/record-traces, which runs this in two network namespaces: a server that answers, and clients
that send a stated number of packets. Also what is done to the captures afterwards: VLAN tags, and the catalogue.
Standard library only."""
import argparse
import asyncio
import csv
import hashlib
import os
import random
import socket
import struct
import sys

IP_FREEBIND = 15
IPV6_FREEBIND = 78
TCP_PORTS = (80, 443, 5001, 8080)
UDP_PORTS = (53, 4433, 5001)
CLOSED_PORT = 9999
PARALLEL = 16  # connections at a time
ANSWER_S = 5  # how long a client waits for an answer

rng = random.Random(1)


# ---- server ----------------------------------------------------------------------------------------------------------

async def answer_tcp(reader, writer):
    """Each request is 4 bytes of length, big-endian; the answer is that many bytes."""
    try:
        while True:
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            writer.write(bytes(size & 0xFFFFF))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def serve(_):
    loop = asyncio.get_running_loop()
    for port in TCP_PORTS:
        await asyncio.start_server(answer_tcp, "::", port, family=socket.AF_INET6, backlog=256)
        await asyncio.start_server(answer_tcp, "0.0.0.0", port, family=socket.AF_INET, backlog=256)
    for port in UDP_PORTS:
        for family, host in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((host, port))
            await loop.create_datagram_endpoint(Echo, sock=sock)
    print("ready", flush=True)
    await asyncio.Event().wait()


# ---- clients ---------------------------------------------------------------------------------------------------------

def addresses(options, flow):
    """Source and destination of a flow: the tunnel has one pair, the wire a range at both ends."""
    if options.tunnel:
        return ("2001:db8::1", "2001:db8::2") if options.ipv6 else ("192.0.2.1", "192.0.2.2")
    if options.ipv6:
        return f"2001:2:0:11::{1 + flow % 97:x}", f"2001:2:0:12::{1 + flow % 89:x}"
    return f"198.18.11.{1 + flow % 97}", f"198.18.12.{1 + flow % 89}"


def server_address(options):
    if options.tunnel:
        return addresses(options, 0)[1]
    return "2001:2::2" if options.ipv6 else "198.18.0.2"


def client_socket(options, kind, source):
    sock = socket.socket(socket.AF_INET6 if options.ipv6 else socket.AF_INET, kind)
    sock.setblocking(False)
    if options.ipv6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    sock.bind((source, 0))
    return sock


async def tcp_flow(options, flow, gate):
    loop = asyncio.get_running_loop()
    async with gate:
        source, destination = addresses(options, flow)
        with client_socket(options, socket.SOCK_STREAM, source) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.wait_for(loop.sock_connect(sock, (destination, TCP_PORTS[flow % len(TCP_PORTS)])), ANSWER_S)
            for _ in range(options.exchanges):
                left = size = rng.randint(options.bytes // 2, options.bytes)
                await loop.sock_sendall(sock, struct.pack(">I", size))
                while left > 0:
                    data = await asyncio.wait_for(loop.sock_recv(sock, left), ANSWER_S)
                    if not data:
                        raise ConnectionError("closed by the server")
                    left -= len(data)


async def udp_flow(options, flow, gate):
    loop = asyncio.get_running_loop()
    async with gate:
        source, _ = addresses(options, flow)
        with client_socket(options, socket.SOCK_DGRAM, source) as sock:
            port = CLOSED_PORT if options.closed_port else UDP_PORTS[flow % len(UDP_PORTS)]
            for _ in range(options.exchanges):
                sock.sendto(bytes(options.bytes), (server_address(options), port))
                if not options.closed_port:
                    await asyncio.wait_for(loop.sock_recv(sock, 65536), ANSWER_S)


async def flows(options):
    gate = asyncio.Semaphore(PARALLEL)
    one = tcp_flow if options.command == "tcp" else udp_flow
    await asyncio.gather(*(one(options, flow, gate) for flow in range(options.flows)))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping(options):
    """Echo requests; the server's kernel answers them, and ours fills in the checksum of ICMPv6."""
    if options.ipv6:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    else:
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.settimeout(ANSWER_S)
    reply = 129 if options.ipv6 else 0
    for number in range(options.count):
        kind = 128 if options.ipv6 else 8
        payload = bytes(i & 0xFF for i in range(options.bytes))
        message = struct.pack(">BBHHH", kind, 0, 0, 0x5252, number) + payload
        message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
        sock.sendto(message, (server_address(options), 0))
        while True:
            answer = sock.recv(65536)
            icmp = answer if options.ipv6 else answer[(answer[0] & 15) * 4:]
            if icmp[0] == reply and icmp[4:8] == message[4:8]:
                break


# ---- captures --------------------------------------------------------------------------------------------------------

def read_pcap(path):
    """The header and (record header, frame) of a pcap file as tcpdump writes it on this machine."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        raise ValueError(f"{path}: not a little-endian pcap file")
    records = []
    at = 24
    while at < len(data):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", data, at)
        records.append(((seconds, fraction, length), data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return data[:24], records


def tag(options):
    """Puts tags behind the MAC addresses, the same for all of a flow: none, one or two, of 8100 and 88a8."""
    stacks = [b"\x81\x00\x00\x0a", b"\x88\xa8\x00\x64\x81\x00\x20\x0a", b"\x81\x00\x00\x64\x81\x00\x00\x14",
              b"\x88\xa8\x60\x64", b"\x88\xa8\x00\x64\x88\xa8\x00\x0a", b""]
    header, records = read_pcap(options.path)
    with open(options.path, "wb") as file:
        file.write(header)
        for (seconds, fraction, length), frame in records:
            stack = stacks[flow_hash(frame) % len(stacks)]
            tagged = frame[:12] + stack + frame[12:]
            file.write(struct.pack("<IIII", seconds, fraction, len(tagged), length + len(stack)) + tagged)


def flow_hash(frame):
    return hashlib.sha256(repr(flow_of(frame)).encode()).digest()[0]


def flow_of(frame):
    """Protocol and both ends in either direction; the ports of whole TCP and UDP packets only. None if not IP."""
    at = 12
    for _ in range(2):
        if frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
    kind, ip = frame[at:at + 2], frame[at + 2:]
    if kind == b"\x08\x00":
        protocol, source, destination = ip[9], ip[12:16], ip[16:20]
        transport = b"" if (ip[6] & 0x3F) or ip[7] else ip[(ip[0] & 15) * 4:]
    elif kind == b"\x86\xdd":
        protocol, source, destination, transport = ip[6], ip[8:24], ip[24:40], ip[40:]
    else:
        return None
    ports = struct.unpack(">HH", transport[:4]) if protocol in (6, 17) and len(transport) >= 8 else (0, 0)
    return (protocol, *sorted([(source, ports[0]), (destination, ports[1])]))


COLUMNS = ["file", "origin", "licence", "packets", "flows", "sha256", "queues", "cycles"]


def catalogue(options):
    """Writes catalogue.csv for the .pcap files of the folder; rows of unchanged files stay as they are."""
    path = os.path.join(options.folder, "catalogue.csv")
    rows = {}
    if os.path.exists(path):
        with open(path, newline="", encoding="utf-8") as file:
            rows = {row["file"]: row for row in csv.DictReader(file)}
    for name in sorted(os.listdir(options.folder)):
        if not name.endswith(".pcap"):
            continue
        capture = os.path.join(options.folder, name)
        with open(capture, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if rows.get(name, {}).get("sha256") == digest:
            continue
        _, records = read_pcap(capture)
        distinct = {flow_of(frame) for _, frame in records} - {None}
        rows[name] = dict(zip(COLUMNS, [name, "scripts/record-traces", "CC0-1.0", len(records), len(distinct), digest,
                                        "", ""]))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(rows.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer on the TCP and UDP ports until killed")
    for name in ("tcp", "udp"):
        command = commands.add_parser(name, help=f"{name.upper()} flows to the server")
        command.add_argument("--flows", type=int, required=True)
        command.add_argument("--exchanges", type=int, required=True, help="requests and answers a flow")
        command.add_argument("--bytes", type=int, required=True, help="of a datagram, or of the largest answer")
    commands.choices["udp"].add_argument("--closed-port", action="store_true", help="send where nobody listens")
    command = commands.add_parser("ping", help="echo requests to the server")
    command.add_argument("--count", type=int, required=True)
    command.add_argument("--bytes", type=int, required=True)
    for name in ("tcp", "udp", "ping"):
        commands.choices[name].add_argument("--ipv6", action="store_true")
        commands.choices[name].add_argument("--tunnel", action="store_true", help="through VXLAN")
    commands.add_parser("tag", help="put VLAN tags into a pcap file").add_argument("path")
    commands.add_parser("catalogue", help="bring catalogue.csv up to date").add_argument("folder")
    options = parser.parse_args()

    if options.command == "serve":
        asyncio.run(serve(options))
    elif options.command in ("tcp", "udp"):
        asyncio.run(flows(options))
    else:
        {"ping": ping, "tag": tag, "catalogue": catalogue}[options.command](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
