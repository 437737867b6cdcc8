import { availableParallelism, totalmem } from 'node:os';
import { ConfigError, isLoopback, readConfig } from './read-config';

function config(argv: string[] = [], environment: { [name: string]: string } = {}) {
  const read = readConfig(argv, environment);
  if (read.kind !== 'run') throw new Error('expected a configuration');
  return read.config;
}

function problemsOf(argv: string[], environment: { [name: string]: string }): readonly string[] {
  try {
    readConfig(argv, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('has defaults', () => {
    expect(config()).toEqual({
      port: 3000,
      host: '127.0.0.1',
      dataDirectory: './data',
      sample: 'shop',
      customers: 200_000,
      apiKeys: [],
      timeZone: 'UTC',
      logLevel: 'info',
      idMemory: 50_000_000,
      threads: Math.min(8, availableParallelism()),
      memoryMb: Math.floor((totalmem() / 1_048_576) * 0.75),
      futureHours: 24,
      cuidPattern: null,
      stringBytesMax: 4_096,
      messagesConcurrency: 16,
      requestsConcurrency: 256,
      cursorsMb: 256,
      kafkaBrokers: null,
      groupId: 'tessera-standalone',
      partitions: 16,
      streamBatchMessages: 1_000,
      streamBatchKb: 1_024,
      streamBatchMs: 5,
      streamEpoch: 0,
      streamStart: null,
    });
  });

  it('lets a flag win over its variable, and that over the default', () => {
    const environment = { PORT: '4000', DATA_DIR: '/tmp/a', SAMPLE: '' };
    expect(config(['--port', '5000'], environment)).toMatchObject({
      port: 5000,
      dataDirectory: '/tmp/a',
      sample: 'shop',
    });
    expect(config(['--customers=2000000', '--sample', 'none'])).toMatchObject({ customers: 2_000_000, sample: 'none' });
  });

  it.each([
    [{ PORT: '70000' }, ['PORT "70000"', '0 to 65535']],
    [{ PORT: '3e3' }, ['PORT "3e3"', 'digits only']],
    [{ SAMPLE: 'zoo' }, ['SAMPLE "zoo"', 'shop, none']],
    [{ TZ_DEFAULT: 'Mars/Base' }, ['TZ_DEFAULT "Mars/Base"', 'Asia/Shanghai']],
    [{ LOG_LEVEL: 'loud' }, ['LOG_LEVEL "loud"', 'debug']],
    [{ CUID_PATTERN: '(' }, ['CUID_PATTERN "("', 'brackets']],
    [{ DATA_DIR: ' ' }, ['DATA_DIR " "', 'is empty']],
    [{ CUSTOMERS: '0' }, ['CUSTOMERS "0"', '1 to']],
    [{ KAFKA_BROKERS: 'kafka' }, ['KAFKA_BROKERS "kafka"', 'host:port']],
    [{ STREAM_BATCH_MESSAGES: '1001' }, ['STREAM_BATCH_MESSAGES "1001"', '1 to 1000']],
    [{ STREAM_START: 'yesterday' }, ['STREAM_START "yesterday"', '2026-01-31']],
    [{ STREAM_EPOCH: '-1' }, ['STREAM_EPOCH "-1"', 'digits only']],
  ])('names variable, value and fix of %j', (environment, parts) => {
    const problems = problemsOf([], environment);
    expect(problems).toHaveLength(1);
    for (const part of parts) expect(problems[0]).toContain(part);
  });

  it('names everything that is wrong at once', () => {
    const problems = problemsOf(['--nope', '--port', 'x', '--customers'], { TZ_DEFAULT: 'x' });
    expect(problems.join('\n')).toMatch(
      /"--nope" is not a known option[^]*--customers needs a value[^]*--port "x"[^]*TZ_DEFAULT "x"/,
    );
  });

  it('reads the brokers of Kafka, or none', () => {
    expect(config([], { KAFKA_BROKERS: 'a:9092, [::1]:9093' }).kafkaBrokers).toEqual(['a:9092', '[::1]:9093']);
    expect(config([], { KAFKA_BROKERS: '' }).kafkaBrokers).toBeNull();
  });

  it('refuses to listen beyond loopback without keys', () => {
    expect(problemsOf([], { HOST: '0.0.0.0' })[0]).toContain('set API_KEYS');
    expect(problemsOf(['--host', '::'], {})[0]).toContain('set API_KEYS');
    expect(problemsOf([], { HOST: '0.0.0.0', API_KEYS: ' , ' })[0]).toContain('set API_KEYS');
    expect(config([], { HOST: '0.0.0.0', API_KEYS: 'one, two' }).apiKeys).toEqual(['one', 'two']);
  });

  it('never shows a key, nor takes one from the command line', () => {
    const [problem] = problemsOf([], { API_KEYS: 'fine,not fine' });
    expect(problem).toContain('number 2');
    expect(problem).not.toContain('fine,');
    expect(problemsOf(['--api-keys', 'x'], {})[0]).toContain('not a known option');
  });

  it('prints every setting with its default', () => {
    const read = readConfig(['--port', 'x', '--help'], {});
    const help = read.kind === 'help' ? read.text : '';
    for (const name of [
      'PORT',
      'HOST',
      'DATA_DIR',
      'SAMPLE',
      'CUSTOMERS, --customers',
      'API_KEYS',
      'TZ_DEFAULT',
      'LOG_LEVEL',
      'ID_MEMORY',
      'CUID_PATTERN',
      'KAFKA_BROKERS, --kafka-brokers',
      'STREAM_EPOCH',
      '--help',
    ]) {
      expect(help).toContain(name);
    }
    expect(help).toContain('(default 3000)');
    expect(help).toContain('(default ./data)');
  });

  it('knows loopback', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', ''].some(isLoopback)).toBe(false);
  });
});
