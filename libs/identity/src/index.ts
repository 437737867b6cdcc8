export { GuidsExhaustedError } from './guids-exhausted-error';
export { LocalIdentity } from './local-identity';
export type { LocalIdentityOptions } from './local-identity';
export { MalformedIdentityBlockError } from './malformed-identity-block-error';
