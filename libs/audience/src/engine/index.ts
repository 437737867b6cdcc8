export * from './compile-condition';
export * from './meets-exact';
export type * from './profile-reader';
export type * from './segmentation-engine';
export { UnanswerableError } from './unanswerable-error';
export type * from './user-reader';
export type * from './user-view';
