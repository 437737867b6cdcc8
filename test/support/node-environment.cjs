// Jest runs each spec in a vm context with built-ins of its own. Native modules (roaring, lmdb) and Node itself hand out
// typed arrays and errors made of the outer built-ins, so `instanceof` would answer differently than in production.
const { isNativeError } = require('node:util').types;
const { TestEnvironment } = require('jest-environment-node');

const SHARED_BUILT_INS = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

class NodeEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of SHARED_BUILT_INS) this.global[name] = globalThis[name];
    const contextError = this.global.Error;
    // Subclasses inherit this function: they keep the ordinary answer.
    Object.defineProperty(contextError, Symbol.hasInstance, {
      configurable: true,
      value(value) {
        if (this === contextError && isNativeError(value)) return true;
        return Function.prototype[Symbol.hasInstance].call(this, value);
      },
    });
  }
}

module.exports = NodeEnvironment;
