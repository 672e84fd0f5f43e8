import { connect } from 'node:net';
import { join } from 'node:path';
import { Flag, FrameType } from '../../src/proxy/http2/frame.ts';
import {
  block,
  frame,
  getBlock,
  opening,
  RawPeer,
  uint32,
} from '../../src/proxy/http2/testing/raw-frames.ts';
import { freePort, start, waitForPort } from './processes.ts';
import { type Row, verdict } from './report.ts';
import { node, type Subject, type SubjectName, startSubject } from './subjects.ts';

type Unit = (i: number) => Buffer;

const request = (id: number, flags: number) => frame(FrameType.headers, flags, id, getBlock());
const whole = Flag.endHeaders | Flag.endStream;

/** The floods that every limit of RELIABILITY was measured with, and the newer ones. */
const floods: Record<string, Unit> = {
  'rapid reset': (i) =>
    Buffer.concat([request(i * 2 + 1, whole), frame(FrameType.rstStream, 0, i * 2 + 1, uint32(8))]),
  'made you reset': (i) =>
    Buffer.concat([
      request(i * 2 + 1, Flag.endHeaders),
      frame(FrameType.windowUpdate, 0, i * 2 + 1, uint32(0)),
    ]),
  CONTINUATION: (i) =>
    i === 0
      ? request(1, Flag.endStream)
      : frame(FrameType.continuation, 0, 1, block(['x-a', 'a'.repeat(490)])),
  'empty CONTINUATION': (i) => (i === 0 ? request(1, Flag.endStream) : frame(FrameType.continuation, 0, 1)),
  SETTINGS: () => frame(FrameType.settings, 0, 0),
  PING: () => frame(FrameType.ping, 0, 0, '12345678'),
  'empty DATA': (i) => (i === 0 ? request(1, Flag.endHeaders) : frame(FrameType.data, 0, 1)),
  PRIORITY: (i) => frame(FrameType.priority, 0, i * 2 + 1, Buffer.from('0000000010', 'hex')),
  WINDOW_UPDATE: () => frame(FrameType.windowUpdate, 0, 0, uint32(1)),
};

const most = 20_000;
const askedFrames = 10_000;
const askedBytes = 16 * 1024 * 1024;

/** Floods on one connection each. Asked: closed within 10,000 frames, memory growth under 16 MB, a fresh connection served afterwards. */
export async function floodSuite(subjects: readonly SubjectName[]): Promise<Row[]> {
  const backendPort = await freePort();
  const backend = start(node, [join(import.meta.dirname, 'echo-backend.ts'), String(backendPort)]);
  await waitForPort(backendPort, backend);
  const rows: Row[] = [];
  for (const name of subjects) {
    const subject = await startSubject(name, { backendPort, backend: 'http1' });
    // Warm: code compiled, pools filled, so that growth is the flood's.
    for (const unit of Object.values(floods)) await flood(subject, unit, 2000);
    for (const [kind, unit] of Object.entries(floods)) rows.push(await floodRow(subject, kind, unit));
    rows.push(await unreadReply(subject));
    await subject.process.stop();
  }
  await backend.stop();
  return rows;
}

async function floodRow(subject: Subject, kind: string, unit: Unit): Promise<Row> {
  const before = subject.process.residentBytes();
  const frames = await flood(subject, unit, most);
  const growth = subject.process.residentBytes() - before;
  const alive = await answers(subject.port);
  const good = frames !== undefined && frames <= askedFrames && growth < askedBytes && alive;
  const end = frames === undefined ? `not closed by ${most}` : `closed within ${frames}`;
  return {
    suite: `flood of ${kind}`,
    subject: subject.name,
    result: `${end}, ${(growth / 1048576).toFixed(1)} MB${alive ? '' : ', dead afterwards'}`,
    passed: verdict(subject.name, good),
  };
}

/** Frames sent until the connection was closed, or undefined. */
async function flood(subject: Subject, unit: Unit, limit: number): Promise<number | undefined> {
  const peer = new RawPeer(subject.port);
  peer.send(opening);
  const over = () => peer.closed || peer.goaway !== undefined;
  let sent = 0;
  for (; sent < limit && !over(); sent += 100) {
    const first = sent;
    peer.send(...Array.from({ length: 100 }, (_, n) => unit(first + n)));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let i = 0; i < 100 && !over(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  const closed = over();
  peer.socket.destroy();
  return closed ? sent : undefined;
}

async function answers(port: number): Promise<boolean> {
  const peer = new RawPeer(port);
  peer.send(opening, request(1, whole));
  const answered = () => peer.frames.some(({ type, id }) => type === FrameType.headers && id === 1);
  for (let i = 0; i < 200 && !answered(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  peer.socket.destroy();
  return answered();
}

/** 200 MB asked for over HTTP/1.1 and nothing read for some seconds. Asked: under 4 MB of memory. */
async function unreadReply(subject: Subject): Promise<Row> {
  const suite = '200 MB reply unread';
  if (subject.name === 'nginx' || subject.name === 'haproxy') {
    return { suite, subject: subject.name, result: 'listens for HTTP/2 only', passed: undefined };
  }
  const before = subject.process.residentBytes();
  const socket = connect({ port: subject.port, host: '127.0.0.1' });
  socket.pause();
  socket.on('error', () => {});
  socket.write('GET /large/200000000 HTTP/1.1\r\nhost: a\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const growth = subject.process.residentBytes() - before;
  socket.destroy();
  return {
    suite,
    subject: subject.name,
    result: `${(growth / 1048576).toFixed(1)} MB`,
    passed: verdict(subject.name, growth < 4 * 1024 * 1024),
  };
}
