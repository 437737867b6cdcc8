// Bytes of a WebAssembly module, https://webassembly.github.io/spec/core/binary/index.html: the checks of containers, which
// JavaScript does four to ten times slower, since it neither counts the bits of a word nor compares several numbers at once.
// Written down here like expressions, each function below with what it does.

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const [FUNCTION, MEMORY] = [0, 2];

type Code = readonly number[];

/** In LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** In LEB128, 32 bits with a sign. */
function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}

const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const constant = (value: number): Code => [0x41, ...signed(value)];
const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
const subtract = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
const and = (a: Code, b: Code): Code => [...a, ...b, 0x71];
const or = (a: Code, b: Code): Code => [...a, ...b, 0x72];
const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x76];
const isNegative = (a: Code): Code => [...a, ...constant(0), 0x48];
const isBelow = (a: Code, b: Code): Code => [...a, ...b, 0x49];
const isAbove = (a: Code, b: Code): Code => [...a, ...b, 0x4b];
const load16 = (at: Code, offset: number): Code => [...at, 0x2f, 0, offset];
const load32 = (at: Code, offset: number): Code => [...at, 0x28, 0, offset];
const bitsOf64 = (at: Code, offset: number): Code => [...at, 0x29, 0, offset, 0x7b];
const add64 = (a: Code, b: Code): Code => [...a, ...b, 0x7c];
const low32 = (a: Code): Code => [...a, 0xa7];

// Of 16 bytes at once.
const vector = (operation: number): Code => [0xfd, ...unsigned(operation)];
const load128 = (at: Code, offset: number): Code => [...at, ...vector(0x00), 0, offset];
const fill16 = (value: number): Code => [...constant(value), ...vector(0x10)];
const fill32 = (value: number): Code => [...constant(value), ...vector(0x11)];
const lane32 = (a: Code, lane: number): Code => [...a, ...vector(0x1b), lane];
const areBelow16 = (a: Code, b: Code): Code => [...a, ...b, ...vector(0x30)];
const and128 = (a: Code, b: Code): Code => [...a, ...b, ...vector(0x4e)];
const or128 = (a: Code, b: Code): Code => [...a, ...b, ...vector(0x50)];
const allTrue16 = (a: Code): Code => [...a, ...vector(0x83)];
const signs32 = (a: Code): Code => [...a, ...vector(0xa4)];
const shiftRight32 = (a: Code, bits: number): Code => [...a, ...constant(bits), ...vector(0xad)];
const add32 = (a: Code, b: Code): Code => [...a, ...b, ...vector(0xae)];
const subtract32 = (a: Code, b: Code): Code => [...a, ...b, ...vector(0xb1)];

/** A block with a loop in it: on the condition the block is left, else the loop goes on. */
const loopUntil = (condition: Code, ...body: readonly Code[]): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...condition, 0x0d, 1],
  ...body.flat(),
  ...[0x0c, 0, 0x0b, 0x0b],
];

const [AT, END] = [0, 1];
const advance = (bytes: number): Code => set(AT, add(get(AT), constant(bytes)));
const behind = (bytes: number): Code => add(get(AT), constant(bytes));

interface WasmFunction {
  readonly name: string;
  /** Beside the two parameters, from local 2 on. */
  readonly locals: readonly number[];
  readonly code: Code;
}

/** How many bits are set from AT to END, a multiple of 64 bytes. */
function countBits(): WasmFunction {
  const BITS = 2;
  const words = [0, 8, 16, 24, 32, 40, 48, 56];
  const block = words.reduce<Code>((sum, offset) => add64(sum, bitsOf64(get(AT), offset)), get(BITS));
  const code = [
    ...loopUntil([...isBelow(get(AT), get(END)), 0x45], set(BITS, block), advance(64)),
    ...low32(get(BITS)),
  ];
  return { name: 'countBits', locals: [I64], code };
}

/** 1 if every u16 from AT to END is above the one before, else 0. */
function areAscending(): WasmFunction {
  const [OK, REST_OK] = [2, 3];
  const code = [
    ...set(OK, fill16(-1)),
    ...set(REST_OK, constant(1)),
    // Eight of them against the eight that begin one later.
    ...loopUntil(
      isAbove(behind(18), get(END)),
      set(OK, and128(get(OK), areBelow16(load128(get(AT), 0), load128(get(AT), 2)))),
      advance(16),
    ),
    ...loopUntil(
      [...isBelow(behind(2), get(END)), 0x45],
      set(REST_OK, and(get(REST_OK), isBelow(load16(get(AT), 0), load16(get(AT), 2)))),
      advance(2),
    ),
    ...and(allTrue16(get(OK)), get(REST_OK)),
  ];
  return { name: 'areAscending', locals: [V128, I32], code };
}

/**
 * Runs from AT to END, at least one: u16 first value, u16 values behind it. Gives how many values they have behind their first ones,
 * or −1 if one begins less than two behind the end of the one before, or the last one goes beyond 65,535 (then an earlier one can't).
 */
function sumRuns(): WasmFunction {
  const [SUMS, SIGNS, RUNS, SUM, SIGN, RUN] = [2, 3, 4, 5, 6, 7];
  const firsts = (runs: Code): Code => and128(runs, fill32(0xffff));
  const lengths = shiftRight32(get(RUNS), 16);
  const first = and(get(RUN), constant(0xffff));
  const length = shiftRight(get(RUN), 16);
  const gaps = subtract32(subtract32(firsts(load128(get(AT), 4)), firsts(get(RUNS))), lengths);
  const code = [
    // Four of them against the four that begin one later.
    ...loopUntil(
      isAbove(behind(20), get(END)),
      set(RUNS, load128(get(AT), 0)),
      set(SUMS, add32(get(SUMS), lengths)),
      set(SIGNS, or128(get(SIGNS), subtract32(gaps, fill32(2)))),
      advance(16),
    ),
    ...loopUntil(
      [...isBelow(behind(4), get(END)), 0x45],
      set(RUN, load32(get(AT), 0)),
      set(SUM, add(get(SUM), length)),
      set(SIGN, or(get(SIGN), subtract(subtract(subtract(load16(get(AT), 4), first), length), constant(2)))),
      advance(4),
    ),
    ...set(RUN, load32(get(AT), 0)),
    ...set(SUM, add(get(SUM), length)),
    ...set(SIGN, or(get(SIGN), subtract(subtract(constant(0xffff), first), length))),
    ...[0, 1, 2, 3].reduce<Code>((sum, lane) => add(sum, lane32(get(SUMS), lane)), get(SUM)),
    ...constant(-1),
    // select: the first of the two if there is no sign.
    ...[...or(signs32(get(SIGNS)), isNegative(get(SIGN))), 0x45, 0x1b],
  ];
  return { name: 'sumRuns', locals: [V128, V128, V128, I32, I32, I32], code };
}

/** A module with `memory`, of so many bytes at least, and the three functions; each takes where its bytes begin and end in it. */
export function assembleContainerChecks(memoryBytes: number): Uint8Array {
  const functions = [countBits(), areAscending(), sumRuns()];
  const exported = functions.map(({ name }, index) => [...text(name), FUNCTION, index]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, 2, I32, I32, 1, I32]]),
    ...section(
      3,
      functions.map(() => [0]),
    ),
    ...section(5, [[0, ...unsigned(Math.ceil(memoryBytes / 65_536))]]),
    ...section(7, [[...text('memory'), MEMORY, 0], ...exported]),
    ...section(
      10,
      functions.map(({ locals, code }) => {
        const body = [...unsigned(locals.length), ...locals.flatMap((type) => [1, type]), ...code, 0x0b];
        return [...unsigned(body.length), ...body];
      }),
    ),
  ]);
}

function section(id: number, items: readonly Code[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function text(name: string): number[] {
  return [name.length, ...Buffer.from(name, 'latin1')];
}
