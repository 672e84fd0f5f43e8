import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import dnsPacket, { type Answer, type DecodedPacket, type Question } from 'dns-packet';
import type { Clock } from '../../base/clock.ts';
import { clusterRecords, type DnsAnswer, type DnsSource } from './dns-records.ts';

const ttlSeconds = 5;
const forwardTimeoutMs = 2000;
/** RFC 1035 §4.1.1 response codes, and the authoritative and recursion bits. */
const rcode = { ok: 0, serverFailure: 2, nameError: 3 };
const flags = dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_AVAILABLE;

export interface DnsServerOptions {
  readonly host: string;
  readonly source: DnsSource;
  readonly clock: Clock;
  /** Name servers for everything outside `cluster.local`; with none such names do not exist. */
  readonly upstream?: readonly string[];
}

/** The cluster's DNS server, UDP and TCP on one port. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  #udp: Socket | undefined;
  #tcp: Server | undefined;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  /** Listens on a free port and returns it. */
  async listen(): Promise<number> {
    const { host } = this.#options;
    const tcp = createServer((socket) => this.#serveTcp(socket));
    tcp.listen(0, host);
    await once(tcp, 'listening');
    const { port } = tcp.address() as { port: number };
    const udp = createSocket('udp4');
    udp.on('message', (message, from) => this.#serveUdp(message, from));
    udp.bind(port, host);
    await once(udp, 'listening');
    this.#tcp = tcp;
    this.#udp = udp;
    return port;
  }

  close(): void {
    this.#udp?.close();
    this.#tcp?.close();
  }

  async #serveUdp(message: Buffer, from: RemoteInfo): Promise<void> {
    const answer = await this.answer(message);
    if (answer === undefined) return;
    // Without EDNS a datagram holds 512 bytes; the client comes back over TCP for the rest.
    const fits = answer.length <= 1232;
    this.#udp?.send(fits ? answer : truncated(answer), from.port, from.address);
  }

  #serveTcp(socket: TcpSocket): void {
    let pending = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', async (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const length = pending.readUInt16BE(0);
        const message = pending.subarray(2, 2 + length);
        pending = pending.subarray(2 + length);
        const answer = await this.answer(message);
        if (answer === undefined) return void socket.destroy();
        const head = Buffer.alloc(2);
        head.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([head, answer]));
      }
    });
  }

  /** The reply to one query message; undefined when the bytes are not a query. */
  async answer(message: Buffer): Promise<Buffer | undefined> {
    const query = decode(message);
    const question = query?.questions?.[0];
    if (query === undefined || question === undefined || query.type !== 'query') return undefined;
    const records = this.#records(question);
    if (records === undefined) return this.#forward(message, query);
    const answers = records.flatMap((record) => this.#toAnswers(question, record));
    return encode(query, rcode.ok, answers);
  }

  #records(question: Question): DnsAnswer[] | undefined {
    return clusterRecords(this.#options.source, question.name, question.type);
  }

  #toAnswers(question: Question, record: DnsAnswer): Answer[] {
    const head = { name: question.name, ttl: ttlSeconds };
    switch (record.type) {
      case 'A':
        return [{ ...head, type: 'A', data: record.address }];
      case 'SRV':
        return [
          {
            ...head,
            type: 'SRV',
            data: { target: record.target, port: record.port, priority: 0, weight: 100 },
          },
        ];
      case 'CNAME': {
        const next = clusterRecords(this.#options.source, record.target, question.type) ?? [];
        const rest = next.flatMap((found) => this.#toAnswers({ ...question, name: record.target }, found));
        return [{ ...head, type: 'CNAME', data: record.target }, ...rest];
      }
    }
  }

  async #forward(message: Buffer, query: DecodedPacket): Promise<Buffer> {
    const name = query.questions?.[0]?.name.toLowerCase() ?? '';
    const inside = name === 'cluster.local' || name.endsWith('.cluster.local');
    for (const server of inside ? [] : (this.#options.upstream ?? [])) {
      const reply = await this.#ask(server, message);
      if (reply !== undefined) return reply;
    }
    const unreachable = !inside && (this.#options.upstream ?? []).length > 0;
    return encode(query, unreachable ? rcode.serverFailure : rcode.nameError, []);
  }

  #ask(server: string, message: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
      const done = (reply?: Buffer) => {
        timer.cancel();
        socket.close();
        resolve(reply);
      };
      const timer = this.#options.clock.after(forwardTimeoutMs, () => done());
      socket.once('message', (reply) => done(reply));
      socket.once('error', () => done());
      socket.send(message, 53, server);
    });
  }
}

function decode(message: Buffer): DecodedPacket | undefined {
  try {
    return dnsPacket.decode(message);
  } catch {
    return undefined;
  }
}

function encode(query: DecodedPacket, code: number, answers: Answer[]): Buffer {
  return dnsPacket.encode({
    type: 'response',
    id: query.id ?? 0,
    flags: flags | ((query.flags ?? 0) & dnsPacket.RECURSION_DESIRED) | code,
    questions: query.questions ?? [],
    answers,
  });
}

function truncated(answer: Buffer): Buffer {
  const packet = dnsPacket.decode(answer);
  return dnsPacket.encode({
    type: 'response',
    id: packet.id ?? 0,
    flags: (packet.flags ?? 0) | dnsPacket.TRUNCATED_RESPONSE,
    questions: packet.questions ?? [],
  });
}
