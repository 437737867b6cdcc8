import type { IncomingMessage, ServerResponse } from 'node:http';
import { FAULT_POINTS } from '../faults';
import type { Follower } from '../engine/follower';
import type { Fault, Faults } from '../faults';

export interface Controlled {
  readonly faults: Faults;
  readonly follower: Follower;
}

/**
 * For other processes: POST a fault as JSON to `/standin/faults` (its number comes back), GET how often faults may still happen. POST
 * `/standin/follower`: the second frontend falls behind. StarRocks has nothing of the kind.
 */
export async function answerControl(
  message: IncomingMessage,
  response: ServerResponse,
  { faults, follower }: Controlled,
): Promise<void> {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (message.url === '/standin/follower' && message.method === 'POST') {
    await follower.fallBehind();
    answer(200, {});
    return;
  }
  if (message.url !== '/standin/faults') {
    answer(404, { message: 'not found' });
    return;
  }
  if (message.method === 'GET') {
    answer(200, { left: faults.left });
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  const fault = JSON.parse(Buffer.concat(parts).toString('utf8')) as Fault;
  if (!FAULT_POINTS.includes(fault.at)) {
    answer(400, { message: `unknown point: ${fault.at}` });
    return;
  }
  answer(200, { id: faults.add(fault) });
}
