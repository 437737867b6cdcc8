import type { Socket } from 'node:net';
import { StarrocksError, syntaxError } from '../starrocks-error';
import type { Cluster } from '../engine/cluster';
import type { Follower } from '../engine/follower';
import { translated } from '../engine/cluster';
import type { StatementResult } from '../engine/result';
import { ok } from '../engine/result';
import { parseStatements } from '../sql/parse-statement';
import { Session } from '../statements/session';
import type { Client } from '../statements/surroundings';
import { DroppedError } from '../faults';
import type { FaultAction, FaultPoint, Faults } from '../faults';
import { DOUBLE, NULL, VARCHAR } from '../sql/types';
import { quoteText } from '../translate/typed';
import type { Typed } from '../translate/typed';
import {
  binaryRow,
  columnPacket,
  eofPacket,
  errorPacket,
  lengthCoded,
  okPacket,
  preparedPacket,
  readParameters,
  textRow,
} from './packets';

const COMMAND = {
  quit: 0x01,
  initDb: 0x02,
  query: 0x03,
  ping: 0x0e,
  changeUser: 0x11,
  prepare: 0x16,
  execute: 0x17,
  closeStatement: 0x19,
  reset: 0x1f,
} as const;
const FRAME_MAX = 0xff_ffff;
/** `max_allowed_packet`. */
const PACKET_BYTES_MAX = 33_554_432;

interface Prepared {
  readonly sql: string;
  readonly parameters: number;
  types: number[];
}

/** What can befall a statement that the stand-in itself would take. */
export interface StatementGuards {
  readonly faults: Faults;
  /** Throws if it is none; null: not asked. */
  readonly checkStatement: ((sql: string) => Promise<void>) | null;
}

/** One client: takes its commands one after another and sends the answers. */
export class ClientConnection {
  readonly #prepared = new Map<number, Prepared>();
  #session: Session | null = null;
  #working: Promise<void> = Promise.resolve();
  #nextStatement = 1;
  /** Number of the next packet of the answer. */
  #packets = 0;
  readonly #closed: Promise<void>;
  readonly #ended: Promise<void>;

  constructor(
    private readonly socket: Socket,
    /** mysql2's counter of packets. */
    private readonly sequence: { sequenceId: number },
    readonly id: number,
    private readonly cluster: Cluster,
    private readonly server: StatementGuards & {
      readonly clients: ReadonlyMap<number, Client>;
      readonly follower: Follower | null;
    },
  ) {
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#ended = this.#closed.then(async () => {
      await this.#working;
      this.#session?.close();
    });
  }

  get session(): Session | null {
    return this.#session;
  }

  /** Logged in. @throws StarrocksError if it may not be. */
  async begin(user: string, database: string, mayEnter: boolean): Promise<void> {
    if (!mayEnter) throw new StarrocksError(`Access denied for user '${user}' (using password: YES)`, 1045);
    const session = new Session(this.cluster, await this.cluster.duck.connect(), this.id, user, {
      clients: this.server.clients,
      follower: this.server.follower,
      meet: (at, text, ended) => this.#meet(at, text, ended),
    });
    this.#session = session;
    if (database !== '') session.use(database);
  }

  /** Resolves when the connection is closed and nothing of it runs any more. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Ends the connection at once. */
  drop(): void {
    this.socket.destroy();
  }

  receive(body: Buffer): void {
    const sequence = this.sequence.sequenceId;
    // The next command begins at 0 again.
    this.sequence.sequenceId = 0;
    this.#working = this.#working.then(() => this.#command(body, sequence)).catch(() => this.drop());
  }

  async #command(body: Buffer, sequence: number): Promise<void> {
    this.#packets = sequence;
    const session = this.#session;
    if (session === null) {
      this.drop();
      return;
    }
    try {
      if (body.length > PACKET_BYTES_MAX) {
        throw new StarrocksError(`Got a packet bigger than 'max_allowed_packet' bytes (${body.length})`, 1153);
      }
      await this.#dispatch(body, session);
    } catch (error) {
      if (error instanceof DroppedError) {
        this.drop();
        return;
      }
      const shown = translated(error);
      const code = shown instanceof StarrocksError ? shown.code : 1064;
      this.#send([errorPacket(code, shown instanceof Error ? shown.message : String(shown))]);
    }
  }

  async #dispatch(body: Buffer, session: Session): Promise<void> {
    const text = body.toString('utf8', 1);
    switch (body[0]) {
      case COMMAND.quit:
        this.socket.end();
        return;
      case COMMAND.ping: {
        this.#answer(ok(), false);
        return;
      }
      case COMMAND.reset:
        session.reset();
        {
          this.#answer(ok(), false);
          return;
        }
      case COMMAND.initDb:
        session.use(text);
        {
          this.#answer(ok(), false);
          return;
        }
      case COMMAND.query:
        return this.#query(text, session);
      case COMMAND.prepare: {
        this.#prepare(text);
        return;
      }
      case COMMAND.execute:
        return this.#executePrepared(body, session);
      case COMMAND.closeStatement:
        this.#prepared.delete(body.readUInt32LE(1));
        return;
      default:
        throw new StarrocksError(`Unknown command: ${body[0] ?? 0}`, 1047);
    }
  }

  async #query(sql: string, session: Session): Promise<void> {
    const { statements } = parseStatements(sql);
    for (const [index, parsed] of statements.entries()) {
      await this.#check(parsed.text);
      const result = await session.execute(parsed);
      this.#answer(result, index < statements.length - 1);
    }
  }

  async #check(sql: string): Promise<void> {
    await this.server.checkStatement?.(sql).catch((error: unknown) => {
      throw syntaxError(error instanceof Error ? error.message : String(error));
    });
  }

  async #meet(at: FaultPoint, text: string, ended: Promise<unknown>): Promise<FaultAction | null> {
    const fault = await this.server.faults.meet(at, text, Promise.race([this.#closed, ended]));
    if (fault?.kind === 'error') throw new StarrocksError(fault.message, fault.code);
    return fault;
  }

  #prepare(sql: string): void {
    const { statements, parameters } = parseStatements(sql);
    if (statements.length !== 1 || statements[0]!.statement.kind !== 'query') {
      throw new StarrocksError('This command is not supported in the prepared statement protocol yet', 1295);
    }
    const id = this.#nextStatement++;
    this.#prepared.set(id, { sql, parameters, types: [] });
    const packets = [preparedPacket(id, parameters)];
    for (let index = 0; index < parameters; index++) packets.push(columnPacket({ name: '?', type: VARCHAR }));
    if (parameters > 0) packets.push(eofPacket(false));
    this.#send(packets);
  }

  async #executePrepared(body: Buffer, session: Session): Promise<void> {
    const prepared = this.#prepared.get(body.readUInt32LE(1));
    if (prepared === undefined) throw new StarrocksError('Unknown prepared statement', 1243);
    const { values, types } = readParameters(body, prepared.parameters, prepared.types);
    prepared.types = types;
    const parameters = values.map((value, index): Typed => {
      if (value === null) return { sql: 'NULL', type: NULL };
      const isNumber = [1, 2, 3, 5, 8].includes(types[index]! & 0xff);
      if (!isNumber) return { sql: quoteText(String(value)), type: VARCHAR, literal: String(value) };
      return /^-?\d+$/.test(String(value))
        ? { sql: `CAST(${String(value)} AS BIGINT)`, type: { name: 'BIGINT' } }
        : { sql: `CAST(${String(value)} AS DOUBLE)`, type: DOUBLE };
    });
    const result = await session.execute(parseStatements(prepared.sql).statements[0]!, parameters);
    this.#answer(result, false, true);
  }

  #answer(result: StatementResult, hasMore: boolean, isBinary = false): void {
    if (result.kind === 'ok') {
      this.#send([okPacket(result.affectedRows, result.info, hasMore)]);
      return;
    }
    const { columns, rows } = result;
    const packets = [lengthCoded(columns.length), ...columns.map(columnPacket), eofPacket(false)];
    for (const row of rows) packets.push(isBinary ? binaryRow(row, columns) : textRow(row));
    packets.push(eofPacket(hasMore));
    this.#send(packets);
  }

  /** In frames of at most 16 MB. */
  #send(bodies: readonly Buffer[]): void {
    const parts: Buffer[] = [];
    for (const body of bodies) {
      for (let from = 0; from === 0 || from <= body.length; from += FRAME_MAX) {
        const part = body.subarray(from, from + FRAME_MAX);
        const head = Buffer.alloc(4);
        head.writeUIntLE(part.length, 0, 3);
        head[3] = this.#packets;
        this.#packets = (this.#packets + 1) % 256;
        parts.push(head, part);
        if (part.length < FRAME_MAX) break;
      }
    }
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
  }
}
