export * from './expression';
export * from './plan';
export * from './engine';
export * from './membership';
export * from './reference';
