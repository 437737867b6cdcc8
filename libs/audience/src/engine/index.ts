export * from './compile-condition';
export * from './meets-exact';
export type * from './segmentation-engine';
