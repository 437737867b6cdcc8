export { LeafCompiler } from './leaf-compiler';
export type { LeafCompilerOptions } from './leaf-compiler';
export { LEAVES_MAX, LeafLimitError, PATTERN_BYTES_MAX, PATTERN_VALUES_MAX, RELATIONS_MAX } from './leaf-limits';
export { patternQuestions } from './patterns';
export type { PatternQuestion } from './patterns';
export { KnownLists } from './value-lists';
export type { ValueList } from './value-lists';
export { leafParts, testParts } from './leaf-parts';
