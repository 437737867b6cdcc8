import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { accepts, launch } from './background-process';
import { freePort } from './free-port';
import { findProgram, runProgram } from './command';
import { kafkaJars, lacksKafkaJars } from './kafka-jars';
import { MissingServiceError } from './missing-service-error';
import { NativeServer } from './native-server';
import type { ServerRecord } from './native-server';

const START_MS_MAX = 180_000;
const STOP_MS_MAX = 30_000;
const NO_JAVA = 'Kafka needs Java: apt-get install default-jre-headless';
const HEAP = '-Xmx1g';
/** Of its own topics: they have 50 by default, too many files for one small broker. */
const INTERNAL_PARTITIONS = 8;

/** A real Kafka: one node, broker and controller in one (KRaft). Topics are not made by themselves. */
export class KafkaServer extends NativeServer {
  private constructor(
    folder: string,
    port: number,
    private readonly controllerPort: number,
  ) {
    super(folder, port, STOP_MS_MAX);
  }

  static lacks(): string | null {
    return findProgram('java') === null ? NO_JAVA : lacksKafkaJars();
  }

  static async create(folder: string): Promise<KafkaServer> {
    return new KafkaServer(folder, await freePort(), await freePort());
  }

  static of({ folder, port, pid }: ServerRecord): KafkaServer {
    const settings = readFileSync(path.join(folder, 'server.properties'), 'utf8');
    const controllerPort = Number(/CONTROLLER:\/\/127\.0\.0\.1:(\d+)/.exec(settings)?.[1]);
    return new KafkaServer(folder, port, controllerPort).adopt(pid);
  }

  /** `host:port`. */
  get broker(): string {
    return `127.0.0.1:${this.port}`;
  }

  protected async launch(): Promise<number> {
    const { folder, port } = this;
    const java = findProgram('java');
    if (java === null) throw new MissingServiceError(NO_JAVA);
    const classPath = path.join(await kafkaJars(), '*');
    const settings = path.join(folder, 'server.properties');
    const logFile = path.join(folder, 'kafka.log');
    if (!existsSync(settings)) {
      await writeFile(settings, this.#settings());
      const id = randomBytes(16).toString('base64url').replace(/^-/, 'A');
      await runProgram(java, ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', settings]);
    }
    const startedAt = existsSync(logFile) ? readFileSync(logFile).length : 0;
    return launch({
      program: java,
      argv: [HEAP, '-Xms256m', '-XX:+UseSerialGC', '-cp', classPath, 'kafka.Kafka', settings],
      folder,
      logFile,
      isReady: async () =>
        readFileSync(logFile).subarray(startedAt).includes('Kafka Server started') && (await accepts(port)),
      timeoutMs: START_MS_MAX,
    });
  }

  #settings(): string {
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${this.controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${this.controllerPort}`,
      'advertised.listeners': `PLAINTEXT://${this.broker}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'log.dirs': path.join(this.folder, 'logs'),
      'auto.create.topics.enable': false,
      'group.initial.rebalance.delay.ms': 0,
      // Tests that kill consumers over and over ask for less than 6 s.
      'group.min.session.timeout.ms': 1_000,
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': INTERNAL_PARTITIONS,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'transaction.state.log.num.partitions': INTERNAL_PARTITIONS,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}
