// JavaScript can't count the bits of a word at once, WebAssembly can: eight bytes an instruction, where the shortest way in JavaScript
// takes six times as long. So the module below, which is one loop:
//
//   (module
//     (memory (export "memory") 1)
//     (func (export "countBits") (param $at i32) (param $end i32) (result i32) (local $bits i64)
//       (loop $blocks
//         (local.set $bits (i64.add … (i64.add (local.get $bits)
//           (i64.popcnt (i64.load offset=0 (local.get $at)))) … (i64.popcnt (i64.load offset=56 (local.get $at)))))
//         (br_if $blocks (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
//       (i32.wrap_i64 (local.get $bits))))

/** Of a bitset container. */
export const BITSET_BYTES = 8_192;
const BLOCK_WORDS = 8;

const I32 = 0x7f;
const I64 = 0x7e;
const [AT, END, BITS] = [0, 1, 2];
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const FINISH = 0x0b;
const [MEMORY_EXPORT, FUNCTION_EXPORT] = [2, 0];

/** What is used of it: its types come with those of browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

const { memory, countBits } = new WebAssembly.Instance(new WebAssembly.Module(assemble())).exports as {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly countBits: (at: number, end: number) => number;
};
const bitset = new Uint8Array(memory.buffer, 0, BITSET_BYTES);

/** How many bits are set in the 8,192 bytes from `at` on. */
export function countBitsetValues(bytes: Uint8Array, at: number): number {
  bitset.set(bytes.subarray(at, at + BITSET_BYTES));
  return countBits(0, BITSET_BYTES);
}

// https://webassembly.github.io/spec/core/binary/index.html; numbers below 64 are the same in LEB128.
function assemble(): Uint8Array {
  const words = Array.from({ length: BLOCK_WORDS }, (_, index) => [
    ...[LOCAL_GET, AT],
    ...[0x29, 3, 8 * index], // i64.load, aligned to 2^3 bytes
    0x7b, // i64.popcnt
    0x7c, // i64.add
  ]);
  const code = [
    ...[1, 1, I64], // one local beside the parameters
    ...[0x03, 0x40], // loop
    ...[LOCAL_GET, BITS, ...words.flat(), LOCAL_SET, BITS],
    ...[LOCAL_GET, AT, I32_CONST, 0xc0, 0x00, 0x6a, LOCAL_TEE, AT], // 64 in LEB128; i32.add
    ...[LOCAL_GET, END, 0x49, 0x0d, 0, FINISH], // i32.lt_u, br_if
    ...[LOCAL_GET, BITS, 0xa7, FINISH], // i32.wrap_i64
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), MEMORY_EXPORT, 0, ...name('countBits'), FUNCTION_EXPORT, 0]),
    ...section(10, [1, ...length(code), ...code]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...length(content), ...content];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text, 'latin1')];
}

/** In LEB128; nothing here is longer than two such bytes tell. */
function length(content: readonly number[]): number[] {
  return content.length < 128 ? [content.length] : [(content.length & 127) | 128, content.length >>> 7];
}
