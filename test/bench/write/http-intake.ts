import { BenchServer } from '../http/bench-server';
import { KeepAliveConnection, readJson } from '../http/keep-alive-connection';
import { bytesBetween, bytesWrittenBy } from '../measure/disk-writes';
import type { Report } from '../framework/report';
import { rate } from '../measure/pauses';
import { compare, showBytes } from './expectations';
import type { VisitorMessages } from './visitor-messages';

const STREAMS = 3;
const LINES_PER_PART = 500;
/** Lines made before the clock runs: about 300 MB of text. */
const LINES_READY = 2_000_000;

/**
 * Sends messages to a standalone server on a directory that knows the type and its users: NDJSON in several streams at once. The server
 * has its own process, the text is made beforehand.
 */
export async function measureHttpIntake(
  directory: string,
  messages: VisitorMessages,
  total: number,
  report: Report,
): Promise<{ readonly perSecond: number }> {
  const server = await BenchServer.start(directory);
  try {
    const writtenBefore = await bytesWrittenBy(server.program.pid);
    let elapsedMs = 0;
    for (let sent = 0; sent < total;) {
      const length = Math.min(LINES_READY, total - sent);
      elapsedMs += await sendRound(server.url, messages, length);
      sent += length;
    }
    const diskBytes = bytesBetween(writtenBefore, await bytesWrittenBy(server.program.pid));
    report.note(`HTTP: ${STREAMS} streams of NDJSON; ${showBytes(diskBytes, total)} by the server`);
    await compare('over HTTP', messages, async (expression) => await server.count(expression), report);
    return { perSecond: rate(total, elapsedMs) };
  } finally {
    await server.stop();
  }
}

async function sendRound(url: string, messages: VisitorMessages, length: number): Promise<number> {
  const streams = Array.from({ length: STREAMS }, (): Buffer[] => []);
  const lengths = new Array<number>(STREAMS).fill(0);
  for (let made = 0, stream = 0; made < length; stream = (stream + 1) % STREAMS) {
    const lines = Math.min(LINES_PER_PART, length - made);
    streams[stream]?.push(messages.lines(lines));
    lengths[stream] = (lengths[stream] ?? 0) + lines;
    made += lines;
  }
  const connections = await Promise.all(streams.map(async () => await KeepAliveConnection.open(url)));
  const startedMs = performance.now();
  const answers = await Promise.all(
    connections.map(
      async (connection, at) => await connection.upload('/v1/messages', 'application/x-ndjson', streams[at] ?? []),
    ),
  );
  const elapsedMs = performance.now() - startedMs;
  for (const [at, answer] of answers.entries()) {
    const { accepted, stale, rejected } = readJson(answer);
    // Streams overtake each other, so a message may come after a newer one of the same user.
    if (Number(accepted) + Number(stale) !== lengths[at]) {
      throw new Error(`Of ${lengths[at]} messages ${String(accepted)} were accepted: ${JSON.stringify(rejected)}`);
    }
  }
  for (const connection of connections) connection.close();
  return elapsedMs;
}
